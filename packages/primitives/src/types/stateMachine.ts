import type { Epoch, Hash, Height, View } from './ids.ts'

/** A proven breach of protocol by a validator, delivered with the block that carries its evidence. */
export interface Misbehavior {
  readonly kind:
    | 'duplicateVote'
    | 'duplicateProposal'
    | 'lockRegression'
    | 'conflictingTimeouts'
    | 'conflictingQCs'
  readonly validator: number
  readonly epoch: Epoch
  readonly view: View
}

/** What a block knows about itself when it executes. All of it comes from certified headers. */
export interface BlockContext {
  readonly height: Height
  readonly epoch: Epoch
  readonly view: View
  readonly timestampMs: number
  readonly proposer: number
  readonly blockHash: Hash
  readonly parentHash: Hash
  readonly parentTimestampMs: number
  /** Validator indexes in the QC of the parent, ascending. */
  readonly parentSigners: readonly number[]
  /** Validators charged with a view that brought no block since the parent, in view order. */
  readonly missedSlots: readonly number[]
  readonly misbehavior: readonly Misbehavior[]
}

/** One put, or with `undefined` one delete. */
export type Write = readonly [key: Uint8Array, value: Uint8Array | undefined]

export interface StateTransition<Receipt> {
  readonly stateRoot: Hash
  readonly receipts: readonly Receipt[]
  /** In order, under the machine's own key prefix. */
  readonly writes: readonly Write[]
}

/** A deterministic executor of committed blocks. The Core is one, the EVM is one, a user's own application is one. */
export interface StateMachine<Payload, Receipt> {
  readonly name: string
  /** Executes one committed block on top of the current tip. Writes nothing durable: the writes are in the transition. */
  applyBlock(
    context: BlockContext,
    payload: Payload,
  ): StateTransition<Receipt> | Promise<StateTransition<Receipt>>
}
