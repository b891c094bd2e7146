import type {
  Block,
  BlockContext,
  BlockHeader,
  CommitProof,
  ConsensusMessage,
  Epoch,
  Fault,
  GetBlocks,
  Hash,
  Height,
  PeerId,
  ValidatorSet,
  View,
} from '@openliquid/primitives'
import type { TimerId } from './input.ts'

/** One record of the consensus log; the body is encoded here. */
export interface LogRecord {
  readonly kind: 'safety' | 'block' | 'qc' | 'tc' | 'commit' | 'reputation'
  readonly body: Uint8Array
}

/** Validators are named by their index in the epoch's set, other nodes by peer id. */
export type Recipient = { readonly validator: number } | { readonly peer: PeerId }

/** A block behind the commit rule, with what its execution may know of it. */
export interface CommittedBlock {
  readonly block: Block
  readonly blockHash: Hash
  readonly context: BlockContext
}

/** Details of an alarm or a halt: short texts for a log line. */
export type Details = Readonly<Record<string, string>>

/**
 * What the core wants done, in this order. A `persist` is durable (`sync`) before any later effect is carried out;
 * if it fails the process ends.
 */
export type Effect =
  | { readonly kind: 'persist'; readonly records: readonly LogRecord[]; readonly sync: boolean }
  | { readonly kind: 'send'; readonly to: Recipient; readonly message: ConsensusMessage }
  /** To all others: proposals and AdvanceView by gossip, timeouts over all validator channels. Never back to the core. */
  | { readonly kind: 'broadcast'; readonly message: ConsensusMessage }
  | { readonly kind: 'setTimer'; readonly timerId: TimerId; readonly atMs: number }
  | { readonly kind: 'cancelTimer'; readonly timerId: TimerId }
  /** Answer with `payloadBuilt`: at once when there is a transaction, else at `emptyAllowedAtMs`. Replaces an earlier request. */
  | {
      readonly kind: 'buildPayload'
      readonly epoch: Epoch
      readonly view: View
      readonly height: Height
      /** Block time if the payload is built now; a later answer may name a later one. */
      readonly timestampMs: number
      readonly parent: { readonly header: BlockHeader; readonly blockHash: Hash }
      /** Blocks of the branch above the new header's executedHeight, ascending, the parent last. */
      readonly ancestors: readonly Block[]
      /** §3 B6: too much is unexecuted. The empty payload may then go out at `emptyAllowedAtMs`. */
      readonly mustBeEmpty: boolean
      /** Bytes of the block that evidence takes: the core puts it there, and the payload leaves room. */
      readonly evidenceBytes: number
      readonly emptyAllowedAtMs: number
    }
  /** Answer with `payloadChecked`. */
  | {
      readonly kind: 'checkPayload'
      readonly block: Block
      readonly blockHash: Hash
      /** Blocks of the branch above the header's executedHeight, ascending, the parent last. */
      readonly ancestors: readonly Block[]
    }
  /** Ask one of the validators (best first, then anyone); answer with `blocksFetched` or `fetchFailed`. */
  | {
      readonly kind: 'fetchBlocks'
      readonly requestId: number
      readonly validators: readonly number[]
      readonly request: GetBlocks
    }
  /** Execute in height order; each block comes once. The proof is of the last block. */
  | {
      readonly kind: 'commit'
      readonly blocks: readonly CommittedBlock[]
      readonly proof: CommitProof
    }
  /** The commit before was the last of its epoch: from here on indexes are positions in this set. */
  | {
      readonly kind: 'enterEpoch'
      readonly validatorSet: ValidatorSet
      /** Our own position; absent for a follower, or a validator that has left. */
      readonly selfIndex: number | undefined
    }
  /** Send the peer the changes of epochs from that one on, from the store: see `answerEpochChange`. */
  | { readonly kind: 'sendEpochChange'; readonly peer: PeerId; readonly fromEpoch: Epoch }
  | {
      readonly kind: 'enterView'
      readonly epoch: Epoch
      readonly view: View
      readonly leader: number
    }
  /** A peer broke the protocol. */
  | { readonly kind: 'report'; readonly peer: PeerId; readonly fault: Fault }
  /** Something an operator must hear of; the replica goes on. */
  | {
      readonly kind: 'alarm'
      readonly code: `OL_${string}`
      readonly message: string
      readonly details: Details
    }
  /** The replica has stopped for good: it signs nothing more and ignores every input. */
  | {
      readonly kind: 'halt'
      readonly code: `OL_${string}`
      readonly message: string
      readonly details: Details
    }
