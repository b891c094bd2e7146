import type {
  Block,
  Epoch,
  EpochChange,
  GetBlocks,
  Height,
  PeerId,
  SnapshotOffer,
} from '@openliquid/primitives'

/** What is asked of a peer. */
export type StateSyncRequest =
  | { readonly kind: 'offers' }
  | { readonly kind: 'epochChange'; readonly fromEpoch: Epoch }
  | { readonly kind: 'blocks'; readonly request: GetBlocks }
  | { readonly kind: 'chunk'; readonly height: Height; readonly index: number }

/** Everything that can happen to a state sync. Plain data, as `ConsensusInput`. */
export type StateSyncInput =
  /** The peers that can be asked; `nodeKey` tells which of them are validators. Replaces what was said before. */
  | {
      readonly kind: 'peers'
      readonly nowMs: number
      readonly peers: readonly { readonly peer: PeerId; readonly nodeKey: Uint8Array }[]
    }
  | {
      readonly kind: 'offers'
      readonly nowMs: number
      readonly requestId: number
      readonly offers: readonly SnapshotOffer[]
    }
  | {
      readonly kind: 'epochChange'
      readonly nowMs: number
      readonly requestId: number
      readonly proofs: readonly EpochChange[]
    }
  | {
      readonly kind: 'blocks'
      readonly nowMs: number
      readonly requestId: number
      readonly blocks: readonly Block[]
    }
  | {
      readonly kind: 'chunk'
      readonly nowMs: number
      readonly requestId: number
      readonly bytes: Uint8Array
    }
  /** No answer in time, a refusal, or bytes that are no answer. */
  | { readonly kind: 'failed'; readonly nowMs: number; readonly requestId: number }
  /** The restore has begun, or goes on from what an earlier life put in; those chunks are not needed. */
  | { readonly kind: 'begun'; readonly nowMs: number; readonly restored: readonly number[] }
  | { readonly kind: 'restored'; readonly nowMs: number; readonly index: number }
  /** A chunk, or the manifest, is not of the certified state although the manifest names it. */
  | { readonly kind: 'refused'; readonly nowMs: number; readonly reason: string }
  | { readonly kind: 'timerFired'; readonly nowMs: number }
