import type { Address, Hash } from '@openliquid/primitives'
import { hexToBytes } from '@openliquid/primitives'
import { RpcError } from '../errors.ts'

/** Names of blocks. With one-slot finality `latest`, `safe` and `finalized` are the same block. */
const BLOCK_TAGS = ['latest', 'safe', 'finalized', 'pending', 'earliest'] as const
export type BlockTag = (typeof BLOCK_TAGS)[number]

/** A block as clients name it: tag, number or (EIP-1898) hash. */
export type BlockId =
  | { readonly kind: 'tag'; readonly tag: BlockTag }
  | { readonly kind: 'number'; readonly number: bigint }
  | { readonly kind: 'hash'; readonly hash: Hash }

/** Makes the -32602 answer. */
export function invalidParams(reason: string): RpcError {
  return new RpcError(`invalid params: ${reason}`, { code: 'OL_RPC_PARAMS', reason })
}

/** Checks how many parameters there are. Trailing nulls count as absent, as some clients send them. */
export function checkParamCount(
  params: readonly unknown[],
  count: { readonly min: number; readonly max: number },
): void {
  let given = params.length
  while (given > 0 && isAbsent(params[given - 1])) given--
  if (given < count.min) throw invalidParams(`missing value for required argument ${given}`)
  if (given > count.max) throw invalidParams(`too many arguments, want at most ${count.max}`)
}

/** Whether an optional field or parameter was not given. */
export function isAbsent(value: unknown): value is undefined | null {
  return value === undefined || value === null
}

/** `0x` and hex digits without leading zeros, at most 256 bits. */
export function parseQuantity(value: unknown, what: string): bigint {
  if (typeof value !== 'string' || !/^0x(0|[1-9a-f][0-9a-f]{0,63})$/i.test(value)) {
    throw invalidParams(`${what} must be a hex quantity of at most 256 bits`)
  }
  return BigInt(value)
}

/** `0x` and an even number of hex digits. */
export function parseData(value: unknown, what: string, size?: number): Uint8Array {
  if (typeof value !== 'string') throw invalidParams(`${what} must be a hex string`)
  try {
    return hexToBytes(value, size)
  } catch {
    throw invalidParams(
      size === undefined
        ? `${what} must be 0x and an even number of hex digits`
        : `${what} must be ${size} bytes of hex`,
    )
  }
}

export function parseAddress(value: unknown, what: string): Address {
  return parseData(value, what, 20)
}

export function parseHash(value: unknown, what: string): Hash {
  return parseData(value, what, 32)
}

/** A quantity or 32 bytes, as geth takes it. */
export function parseSlot(value: unknown): Uint8Array {
  if (typeof value !== 'string' || !/^0x[0-9a-f]{1,64}$/i.test(value)) {
    throw invalidParams('slot must be a hex number of at most 256 bits')
  }
  return hexToBytes(`0x${value.slice(2).padStart(64, '0')}`)
}

export function parseBoolean(value: unknown, what: string): boolean {
  if (typeof value !== 'boolean') throw invalidParams(`${what} must be true or false`)
  return value
}

/** A small count, as a JSON integer or a quantity. */
export function parseCount(value: unknown, what: string): number {
  const count = typeof value === 'number' ? value : Number(parseQuantity(value, what))
  if (!Number.isSafeInteger(count) || count < 0) {
    throw invalidParams(`${what} must be a whole number from 0`)
  }
  return count
}

/** A JSON object that is no array; its fields are read by name only. */
export function parseObject(value: unknown, what: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw invalidParams(`${what} must be an object`)
  }
  return value as Readonly<Record<string, unknown>>
}

export function parseList(value: unknown, what: string, max: number): readonly unknown[] {
  if (!Array.isArray(value)) throw invalidParams(`${what} must be an array`)
  if (value.length > max) throw invalidParams(`${what} has more than ${max} entries`)
  return value
}

/** A tag or a number; absent is `latest`. */
export function parseBlockNumber(value: unknown): BlockId {
  if (isAbsent(value)) return { kind: 'tag', tag: 'latest' }
  const tag = BLOCK_TAGS.find((name) => name === value)
  if (tag !== undefined) return { kind: 'tag', tag }
  return { kind: 'number', number: parseQuantity(value, 'block') }
}

/** A tag, a number, a block hash, or an EIP-1898 object of one of the last two; absent is `latest`. */
export function parseBlockId(value: unknown): BlockId {
  if (typeof value === 'string' && /^0x[0-9a-f]{64}$/i.test(value)) {
    return { kind: 'hash', hash: hexToBytes(value) }
  }
  if (typeof value !== 'object' || value === null) return parseBlockNumber(value)
  const { blockNumber, blockHash, requireCanonical } = parseObject(value, 'block')
  if (isAbsent(blockNumber) === isAbsent(blockHash)) {
    throw invalidParams('block needs either blockNumber or blockHash')
  }
  // Committed blocks are never replaced, so every block that has a hash is canonical.
  if (!isAbsent(requireCanonical)) parseBoolean(requireCanonical, 'requireCanonical')
  return isAbsent(blockHash)
    ? parseBlockNumber(blockNumber)
    : { kind: 'hash', hash: parseHash(blockHash, 'blockHash') }
}
