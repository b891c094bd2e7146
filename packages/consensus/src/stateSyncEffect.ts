import type {
  Block,
  BlockHeader,
  CommitProof,
  EpochChange,
  Fault,
  PeerId,
  SnapshotManifest,
  ValidatorSet,
} from '@openliquid/primitives'
import type { StateSyncRequest } from './stateSyncInput.ts'

/** A state that is certified and vouched for, and all that a replica needs to go on from it. */
export interface StateSyncTarget {
  readonly manifest: SnapshotManifest
  /** From K of the height up to the block below the certifying one. */
  readonly headers: readonly BlockHeader[]
  /** Blocks from K of the height up to the height. */
  readonly blocks: readonly Block[]
  readonly certified: CommitProof
  /** From the first epoch on, without a gap up to the epoch of the certifying block. */
  readonly changes: readonly EpochChange[]
  /** Of the epoch that grows on the height. */
  readonly validatorSet: ValidatorSet
}

/** What a state sync wants done. */
export type StateSyncEffect =
  /** Answer with the input of the same kind, or with `failed`; the one who asks sets the deadline. */
  | {
      readonly kind: 'request'
      readonly requestId: number
      readonly peer: PeerId
      readonly request: StateSyncRequest
    }
  /** Answer with `begun`, or `refused`. What an earlier `begin` of another manifest put in is of no use. */
  | { readonly kind: 'begin'; readonly target: StateSyncTarget }
  /** Answer with `restored` or `refused`. The bytes have the hash that the manifest names. */
  | { readonly kind: 'restore'; readonly index: number; readonly bytes: Uint8Array }
  | { readonly kind: 'finish'; readonly target: StateSyncTarget }
  | { readonly kind: 'report'; readonly peer: PeerId; readonly fault: Fault }
  | { readonly kind: 'setTimer'; readonly atMs: number }
