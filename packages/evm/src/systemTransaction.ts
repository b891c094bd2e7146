import {
  type Address,
  bytesToUint,
  keccak256,
  SYSTEM_TRANSACTION_GAS,
} from '@openliquid/primitives'
import { decodeKnownTransaction, type EvmTransaction } from './evmTransaction.ts'
import { encodeRlp, uintToRlp } from './rlp.ts'

/** A message that the chain itself sends, in the name of a system address. */
export interface EvmSystemTransaction {
  readonly from: Address
  readonly to: Address
  readonly value: bigint
  readonly data: Uint8Array
  /** That of a plain transfer when absent. */
  readonly gasLimit?: bigint
}

/**
 * The transaction of the legacy type that carries a message of the chain: gas price 0, and in the place of a signature
 * 1 and the address of its sender. The sender's nonce makes its hash its own.
 *
 * @see docs/spec/hyperliquid.md §13
 */
export function systemTransaction(
  { from, to, value, data, gasLimit = SYSTEM_TRANSACTION_GAS }: EvmSystemTransaction,
  { chainId, nonce }: { readonly chainId: number; readonly nonce: bigint },
): EvmTransaction {
  const bytes = encodeRlp([
    uintToRlp(nonce),
    uintToRlp(0n),
    uintToRlp(gasLimit),
    to,
    uintToRlp(value),
    data,
    uintToRlp(BigInt(chainId) * 2n + 35n),
    uintToRlp(1n),
    uintToRlp(bytesToUint(from)),
  ])
  return decodeKnownTransaction(bytes, chainId, { sender: from, hash: keccak256(bytes) })
}
