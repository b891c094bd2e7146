import { concatBytes } from '@openliquid/primitives'
import { type EvmTransaction, TRANSACTION_LAYOUTS } from './evmTransaction.ts'
import { keccak256 } from './keccak.ts'
import { encodeRlp, type RlpItem, uintToRlp } from './rlp.ts'

/** What a transaction says beside its signature. */
export type UnsignedTransaction = Omit<
  EvmTransaction,
  'hash' | 'bytes' | 'yParity' | 'v' | 'r' | 's'
>

/** A transaction as if it were signed: with a signature of zeros, and so with bytes and a hash. */
export function unsignedTransaction(fields: UnsignedTransaction): EvmTransaction {
  const { type, maxFeePerGas, maxPriorityFeePerGas, to, accessList } = fields
  const items: Readonly<Record<(typeof TRANSACTION_LAYOUTS)[0 | 1 | 2][number], RlpItem>> = {
    chainId: uintToRlp(fields.chainId),
    nonce: uintToRlp(fields.nonce),
    gasPrice: uintToRlp(maxFeePerGas),
    maxPriorityFeePerGas: uintToRlp(maxPriorityFeePerGas),
    maxFeePerGas: uintToRlp(maxFeePerGas),
    gasLimit: uintToRlp(fields.gasLimit),
    to: to ?? new Uint8Array(0),
    value: uintToRlp(fields.value),
    data: fields.data,
    accessList: accessList.map(({ address, storageKeys }) => [address, storageKeys]),
    v: uintToRlp(0n),
    r: uintToRlp(0n),
    s: uintToRlp(0n),
  }
  const encoded = encodeRlp(TRANSACTION_LAYOUTS[type].map((name) => items[name]))
  const bytes = type === 0 ? encoded : concatBytes(Uint8Array.of(type), encoded)
  return { ...fields, hash: keccak256(bytes), bytes, yParity: 0, v: 0n, r: 0n, s: 0n }
}
