import { equalBytes } from '@openliquid/primitives'
import { EMPTY_CODE_HASH, NO_ACCOUNT } from './account.ts'
import type { EvmSkipReason } from './errors.ts'
import type { EvmTransaction } from './evmTransaction.ts'
import type { JournaledState } from './journaledState.ts'

/** What a block still has to give, and asks. */
export interface BlockRoom {
  readonly gasAvailable: bigint
  readonly baseFeePerGas: bigint
}

/**
 * Why a transaction cannot be part of a block on this state, or `undefined` if it can.
 *
 * Depends on state and block alone, so every node skips the same transactions.
 *
 * @see docs/spec/evm.md §4
 */
export function skipReason(
  transaction: EvmTransaction,
  state: JournaledState,
  { gasAvailable, baseFeePerGas }: BlockRoom,
): EvmSkipReason | undefined {
  const { gasLimit, maxFeePerGas, value } = transaction
  const sender = state.account(transaction.sender) ?? NO_ACCOUNT
  const { nonce } = transaction
  if (nonce < sender.nonce) {
    return { code: 'OL_EVM_SKIP_NONCE_TOO_LOW', nonce, expected: sender.nonce }
  }
  if (nonce > sender.nonce) {
    return { code: 'OL_EVM_SKIP_NONCE_TOO_HIGH', nonce, expected: sender.nonce }
  }
  // EIP-3607: whoever has code cannot have a key.
  if (!equalBytes(sender.codeHash, EMPTY_CODE_HASH)) return { code: 'OL_EVM_SKIP_SENDER_HAS_CODE' }
  if (gasLimit > gasAvailable) {
    return { code: 'OL_EVM_SKIP_BLOCK_GAS', gasLimit, available: gasAvailable }
  }
  if (maxFeePerGas < baseFeePerGas) {
    return { code: 'OL_EVM_SKIP_BASE_FEE', maxFee: maxFeePerGas, baseFee: baseFeePerGas }
  }
  const required = gasLimit * maxFeePerGas + value
  if (sender.balance < required) {
    return { code: 'OL_EVM_SKIP_FUNDS', required, balance: sender.balance }
  }
  return undefined
}
