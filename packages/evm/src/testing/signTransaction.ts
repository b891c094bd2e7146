import { signDigest } from '@openliquid/crypto'
import { bytesToUint, concatBytes, hexToBytes, keccak256 } from '@openliquid/primitives'
import type { AccessListEntry } from '../evmTransaction.ts'
import { encodeRlp, type RlpItem, uintToRlp } from '../rlp.ts'

/** Fields of a transaction to sign. Missing ones are zero or empty; the gas limit is 1,000,000, the price 10 gwei. */
export interface UnsignedTransaction {
  readonly type?: 0 | 1 | 2
  readonly chainId: number
  readonly nonce?: bigint | number
  readonly gasLimit?: bigint
  readonly to?: Uint8Array
  readonly value?: bigint
  readonly data?: Uint8Array
  /** Gas price of types 0 and 1. */
  readonly maxFeePerGas?: bigint
  readonly maxPriorityFeePerGas?: bigint
  readonly accessList?: readonly AccessListEntry[]
}

/** Secret keys of the accounts of the mnemonic `test … junk`, which the development profile funds. */
export const TEST_SECRET_KEYS: readonly Uint8Array[] = [
  '0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80',
  '0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d',
  '0x5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a',
].map((text) => hexToBytes(text))

/** The raw bytes of a signed transaction, without any library that the decoder is tested against. */
export function signTransaction(unsigned: UnsignedTransaction, secretKey: Uint8Array): Uint8Array {
  const { type = 2, chainId } = unsigned
  const fields = fieldsOf(unsigned, type)
  if (type === 0) {
    const replay = [uintToRlp(BigInt(chainId)), uintToRlp(0n), uintToRlp(0n)]
    const { r, s, v } = signDigest(secretKey, keccak256(encodeRlp([...fields, ...replay])))
    const vItem = uintToRlp(BigInt(chainId) * 2n + 35n + BigInt(v - 27))
    return encodeRlp([...fields, vItem, shortened(r), shortened(s)])
  }
  const prefix = Uint8Array.of(type)
  const { r, s, v } = signDigest(secretKey, keccak256(concatBytes(prefix, encodeRlp(fields))))
  const parity = uintToRlp(BigInt(v - 27))
  return concatBytes(prefix, encodeRlp([...fields, parity, shortened(r), shortened(s)]))
}

function fieldsOf(unsigned: UnsignedTransaction, type: 0 | 1 | 2): RlpItem[] {
  const { chainId, nonce = 0n, gasLimit = 1_000_000n, value = 0n, accessList = [] } = unsigned
  const { to = NOTHING, data = NOTHING, maxFeePerGas = 10_000_000_000n } = unsigned
  const { maxPriorityFeePerGas = 0n } = unsigned
  const prices =
    type === 2
      ? [uintToRlp(maxPriorityFeePerGas), uintToRlp(maxFeePerGas)]
      : [uintToRlp(maxFeePerGas)]
  const list: RlpItem = accessList.map(({ address, storageKeys }) => [address, storageKeys])
  return [
    ...(type === 0 ? [] : [uintToRlp(BigInt(chainId))]),
    uintToRlp(BigInt(nonce)),
    ...prices,
    uintToRlp(gasLimit),
    to,
    uintToRlp(value),
    data,
    ...(type === 0 ? [] : [list]),
  ]
}

const NOTHING: Uint8Array = new Uint8Array(0)

function shortened(bytes: Uint8Array): Uint8Array {
  return uintToRlp(bytesToUint(bytes))
}
