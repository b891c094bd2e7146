import type {
  Hash,
  NoEndorse,
  QuorumCertificate,
  TimeoutCertificate,
  TimeoutVote,
  View,
  Vote,
} from '@openliquid/primitives'
import type { BlockNode } from './blockTree.ts'
import type { ConsensusStatus } from './core.ts'
import type { TimerId } from './input.ts'
import type { Orphan } from './orphanPool.ts'
import type { SafetyData } from './safetyData.ts'

/**
 * Everything a replica decides by, as plain data: what a report about a broken invariant needs, what tests compare
 * states by, and where the size of every buffer can be seen. A snapshot of references, not to be changed.
 */
export interface CoreDump {
  readonly status: ConsensusStatus
  readonly highQC: QuorumCertificate
  readonly lastTC?: TimeoutCertificate
  /** Views in a row that were entered by a timeout certificate. */
  readonly failures: number
  /** Absent while the replica may not sign. */
  readonly safety?: SafetyData
  readonly committed: Hash
  /** At and above the last committed block, a parent before its children. */
  readonly blocks: readonly BlockNode[]
  readonly votes: readonly Vote[]
  readonly timeouts: readonly TimeoutVote[]
  /** The proposal that waits for our vote. */
  readonly candidate?: {
    readonly blockHash: Hash
    readonly tc: TimeoutCertificate | undefined
    readonly payload: 'unchecked' | 'checking' | 'good'
  }
  /** Our own block that waits for its payload; when its parent was cut off meanwhile, the payload is asked for anew. */
  readonly draft?: { readonly view: View; readonly parent: Hash; readonly isCutOff: boolean }
  /** Under `highTip`: the block of a TC's tip that we asked for as leader, and that the leader asked us for (§12.3). */
  readonly recovery: {
    readonly own?: {
      readonly view: View
      readonly tip: Hash
      readonly refusals: readonly NoEndorse[]
    }
    readonly asked?: { readonly view: View; readonly tc: TimeoutCertificate }
    /** Payload of the tip judged last. */
    readonly payload?: { readonly hash: Hash; readonly state: 'checking' | 'good' | 'bad' }
  }
  /** Certificates of blocks that are being fetched. */
  readonly wanted: readonly QuorumCertificate[]
  readonly orphans: readonly Orphan[]
  readonly timers: ReadonlyMap<TimerId, number>
  /** Messages of the next epoch that wait for it. */
  readonly earlyMessages: number
}
