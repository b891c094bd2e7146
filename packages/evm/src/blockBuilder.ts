import { skipReason } from './admission.ts'
import { type BlockPosition, BlockSealer, type SealedBlock } from './blockSealer.ts'
import { byteText } from './byteText.ts'
import { type EvmSkipReason, EvmTransactionError } from './errors.ts'
import { decodeKnownTransaction, type EvmTransaction } from './evmTransaction.ts'
import type { EvmPayloadTransaction, EvmSkip } from './evmTransition.ts'
import type { JournaledState } from './journaledState.ts'
import type { BlockEnvironment, Execution, Machine, Refusal } from './machine.ts'

export interface BlockBuilderOptions {
  readonly machine: Machine
  readonly state: JournaledState
  readonly environment: BlockEnvironment
  readonly chainId: number
  /** Transactions that one sender may have in the block. */
  readonly nonceWindow: number
}

/**
 * Runs the transactions of one EVM block one after the other.
 *
 * What cannot be part of the block is skipped with a reason; a transaction that runs and fails is part of it.
 *
 * @see docs/spec/evm.md §4, §7
 */
export class BlockBuilder {
  readonly #options: BlockBuilderOptions
  readonly #sealer: BlockSealer
  readonly #skipped: EvmSkip[] = []
  readonly #countBySender = new Map<string, number>()
  readonly #outputs: Uint8Array[] = []

  constructor(options: BlockBuilderOptions) {
    this.#options = options
    this.#sealer = new BlockSealer(options.environment)
  }

  /** Nothing ran. */
  get empty(): boolean {
    return this.#sealer.empty
  }

  get skipped(): readonly EvmSkip[] {
    return this.#skipped
  }

  /** What each transaction that ran gave back, in order. */
  get outputs(): readonly Uint8Array[] {
    return this.#outputs
  }

  /** Runs a transaction or skips it. @returns a promise only where the engine waits */
  add(payload: EvmPayloadTransaction, index: number): Promise<void> | undefined {
    const { hash } = payload
    const transaction = this.#decode(payload)
    const reason = 'code' in transaction ? transaction : this.#skipReason(transaction)
    if ('code' in transaction || reason !== undefined) {
      if (reason !== undefined) this.#skipped.push({ hash, index, reason })
      return undefined
    }
    const { machine, environment } = this.#options
    const run = machine.runTransaction(transaction, environment)
    const settle = (outcome: Execution | Refusal): void => {
      if (!('refused' in outcome)) {
        this.#include(transaction, outcome)
        return
      }
      const refused: EvmSkipReason = { code: 'OL_EVM_SKIP_REFUSED', reason: outcome.refused }
      this.#skipped.push({ hash, index, reason: refused })
    }
    if (run instanceof Promise) return run.then(settle)
    settle(run)
    return undefined
  }

  /** Seals the block over the state root that its transactions led to. */
  seal(position: BlockPosition): SealedBlock {
    return this.#sealer.seal(position)
  }

  #skipReason(transaction: EvmTransaction): EvmSkipReason | undefined {
    const { state, environment, nonceWindow } = this.#options
    const gasAvailable = environment.gasLimit - this.#sealer.gasUsed
    const { baseFeePerGas } = environment
    const reason = skipReason(transaction, state, { gasAvailable, baseFeePerGas })
    if (reason !== undefined) return reason
    const count = this.#countBySender.get(byteText(transaction.sender)) ?? 0
    return count < nonceWindow
      ? undefined
      : { code: 'OL_EVM_SKIP_NONCE_WINDOW', window: nonceWindow }
  }

  #decode(payload: EvmPayloadTransaction): EvmTransaction | EvmSkipReason {
    const { bytes, sender, hash, decoded } = payload
    if (decoded !== undefined && decoded.bytes === bytes) return decoded
    try {
      return decodeKnownTransaction(bytes, this.#options.chainId, { sender, hash })
    } catch (error) {
      if (!(error instanceof EvmTransactionError)) throw error
      return { code: 'OL_EVM_SKIP_MALFORMED', reason: error.code }
    }
  }

  #include(transaction: EvmTransaction, execution: Execution): void {
    const sender = byteText(transaction.sender)
    this.#countBySender.set(sender, (this.#countBySender.get(sender) ?? 0) + 1)
    this.#outputs.push(execution.output)
    this.#sealer.include(transaction, execution)
  }
}
