import type {
  Block,
  ConsensusMessage,
  Hash,
  Height,
  Payload,
  PeerId,
  QuorumCertificate,
  ValidatorInfo,
  View,
} from '@openliquid/primitives'

/** What a timer of the core is for. Setting a timer replaces the one with the same id. */
export type TimerId = 'view' | 'backup' | 'hold' | 'fetch' | 'quarantine'

/**
 * Everything that can happen to a replica. Plain data: a recorded list of inputs is a bug report.
 *
 * `nowMs` is the wall clock in milliseconds and never decreases from one input to the next.
 */
export type ConsensusInput =
  /** First input, once. */
  | { readonly kind: 'start'; readonly nowMs: number }
  /** `from` has delivered the message; it need not be its author. */
  | {
      readonly kind: 'message'
      readonly nowMs: number
      readonly from: PeerId
      readonly message: ConsensusMessage
    }
  | { readonly kind: 'timerFired'; readonly nowMs: number; readonly timerId: TimerId }
  /** Answers `buildPayload`. Ignored when the view has passed. */
  | {
      readonly kind: 'payloadBuilt'
      readonly nowMs: number
      readonly view: View
      readonly payload: Payload
      /** Block time the payload was built for, if later than the effect's; an empty one fits any time. */
      readonly timestampMs?: number
    }
  /** Answers `checkPayload`. */
  | {
      readonly kind: 'payloadChecked'
      readonly nowMs: number
      readonly blockHash: Hash
      readonly ok: boolean
    }
  /** A committed block was executed and is on disk. Heights come in order, one each. */
  | {
      readonly kind: 'executed'
      readonly nowMs: number
      readonly height: Height
      readonly stateRoot: Hash
      /** Members of the next epoch by the state after this height, by address; absent: as now. Read when an epoch ends. */
      readonly validators?: readonly ValidatorInfo[]
    }
  /** Answers `fetchBlocks` with what a peer sent; nothing in it was verified. */
  | {
      readonly kind: 'blocksFetched'
      readonly nowMs: number
      readonly requestId: number
      readonly from?: PeerId
      readonly blocks: readonly Block[]
      /** Certifies the last block. */
      readonly qc?: QuorumCertificate
    }
  /** Answers `fetchBlocks` when nobody answered in time. */
  | { readonly kind: 'fetchFailed'; readonly nowMs: number; readonly requestId: number }
  /** A validator channel or another connection to the peer came up. */
  | { readonly kind: 'peerConnected'; readonly nowMs: number; readonly peer: PeerId }
