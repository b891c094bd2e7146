import { type Fault, OpenLiquidError } from '@openliquid/primitives'
import type { Details } from './effect.ts'

/** Why a core cannot be made. */
export type ConsensusFailure =
  | { readonly code: 'OL_CONSENSUS_OPTIONS'; readonly setting: string; readonly reason: string }
  | { readonly code: 'OL_CONSENSUS_RECORD'; readonly record: string; readonly reason: string }
  | { readonly code: 'OL_CONSENSUS_RECOVERY'; readonly reason: string }

/** Thrown by constructors and by recovery, never by `step`. */
export class ConsensusError extends OpenLiquidError<ConsensusFailure> {
  override readonly name: string = 'ConsensusError'
}

/** Why a replica stops for good. */
export type HaltCode =
  /** A quorum certified a state root, or a next validator set, that is not ours (§3 B7). */
  | 'OL_CONSENSUS_STATE_ROOT'
  /** A quorum certified a block that breaks a rule of validity (§3). */
  | 'OL_CONSENSUS_CERTIFIED_INVALID'
  /** A certified block does not extend the last committed one: a third of the stake or more is faulty. */
  | 'OL_CONSENSUS_FORK'
  /** Somebody signs with our keys. */
  | 'OL_CONSENSUS_DOPPELGANGER'

/** Unwinds a step that found a reason to stop; `ConsensusCore.step` turns it into a `halt` effect. */
export class ConsensusHalt extends OpenLiquidError<{
  readonly code: HaltCode
  readonly details: Details
}> {
  override readonly name: string = 'ConsensusHalt'
  /** The message without the code. */
  readonly what: string

  constructor(code: HaltCode, what: string, details: Details) {
    super(what, { code, details })
    this.what = what
  }
}

/** Codes of what another node can do wrong. */
export type ConsensusFaultCode =
  | 'OL_CONSENSUS_EPOCH'
  | 'OL_CONSENSUS_MALFORMED'
  | 'OL_CONSENSUS_CERTIFICATE'
  | 'OL_CONSENSUS_SIGNATURE'
  | 'OL_CONSENSUS_NOT_LEADER'
  | 'OL_CONSENSUS_EQUIVOCATION'
  | 'OL_CONSENSUS_INVALID_BLOCK'
  | 'OL_CONSENSUS_PAYLOAD'
  | 'OL_CONSENSUS_TIMESTAMP'
  | 'OL_CONSENSUS_PROPOSED_STATE_ROOT'
  | 'OL_CONSENSUS_SYNC'
  | 'OL_CONSENSUS_STALE'
  | 'OL_CONSENSUS_FUTURE'
  | 'OL_CONSENSUS_EVIDENCE'

/** The message breaks the protocol: drop it and lower the sender's score. */
export function reject(code: ConsensusFaultCode, reason: string): Fault {
  return { verdict: 'reject', code, data: { reason } }
}

/** The message is of no use now: drop it. */
export function ignore(code: ConsensusFaultCode, reason: string): Fault {
  return { verdict: 'ignore', code, data: { reason } }
}
