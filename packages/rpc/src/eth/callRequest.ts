import type { EvmCallRequest } from '@openliquid/execution'
import { equalBytes } from '@openliquid/primitives'
import {
  invalidParams,
  isAbsent,
  parseAddress,
  parseData,
  parseHash,
  parseList,
  parseObject,
  parseQuantity,
} from './ethParams.ts'
import type { EvmSimulatedRequest } from './evmTypes.ts'

/** Entries of an access list, and slots in one entry: bounds what a call warms before it runs. */
const ACCESS_LIST_MAX = 1_000

/** EIP-2681: the greatest nonce cannot be used. */
const NONCE_MAX = (1n << 64n) - 2n

/** Fields of a message that this chain has no meaning for (EIP-4844, EIP-7702). */
const UNSUPPORTED_FIELDS = [
  'blobVersionedHashes',
  'blobs',
  'maxFeePerBlobGas',
  'authorizationList',
] as const

/** The first parameter of eth_call and eth_estimateGas. */
export function parseCallRequest(value: unknown, chainId: bigint): EvmCallRequest {
  const fields = parseObject(value, 'transaction')
  for (const name of UNSUPPORTED_FIELDS) {
    if (!isAbsent(fields[name])) throw invalidParams(`${name} is not supported on this chain`)
  }
  const { from, to, gas, value: amount, nonce, type, accessList } = fields
  // These are part of a transaction and do not change what a call does; they must still be well-formed.
  if (!isAbsent(nonce)) parseQuantity(nonce, 'nonce')
  if (!isAbsent(type)) parseQuantity(type, 'type')
  if (!isAbsent(fields['chainId']) && parseQuantity(fields['chainId'], 'chainId') !== chainId) {
    throw invalidParams(`chainId is not this chain's, which is ${chainId}`)
  }

  const code = parseCode(fields['data'], fields['input'])
  const gasPrice = parseGasPrice(fields)
  return {
    ...(isAbsent(from) ? {} : { from: parseAddress(from, 'from') }),
    ...(isAbsent(to) ? {} : { to: parseAddress(to, 'to') }),
    ...(code === undefined ? {} : { data: code }),
    ...(isAbsent(amount) ? {} : { value: parseQuantity(amount, 'value') }),
    ...(isAbsent(gas) ? {} : { gas: parseQuantity(gas, 'gas') }),
    ...(gasPrice === undefined ? {} : { gasPrice }),
    ...(isAbsent(accessList) ? {} : { accessList: parseAccessList(accessList) }),
  }
}

/** One call of eth_simulateV1: a transaction but for its signature. */
export function parseSimulatedRequest(value: unknown, chainId: bigint): EvmSimulatedRequest {
  const { gasPrice: maxFeePerGas = 0n, ...request } = parseCallRequest(value, chainId)
  const fields = parseObject(value, 'transaction')
  const fees = feesOf(fields)
  const maxPriorityFeePerGas = fees === 'price' ? maxFeePerGas : tipOf(fields)
  if (maxPriorityFeePerGas > maxFeePerGas) {
    throw invalidParams('maxPriorityFeePerGas is above maxFeePerGas')
  }
  const nonce = isAbsent(fields['nonce']) ? undefined : parseQuantity(fields['nonce'], 'nonce')
  if (nonce !== undefined && nonce > NONCE_MAX) throw invalidParams('nonce is above 2^64 - 2')
  return {
    ...request,
    type: parseType(fields, fees),
    ...(nonce === undefined ? {} : { nonce }),
    maxFeePerGas,
    maxPriorityFeePerGas,
  }
}

type Fields = Readonly<Record<string, unknown>>

/** Which fields say what gas costs: the one of types 0 and 1, those of type 2, or none. */
function feesOf(fields: Fields): 'price' | 'fees' | undefined {
  if (!isAbsent(fields['gasPrice'])) return 'price'
  const isDynamic = !isAbsent(fields['maxFeePerGas']) || !isAbsent(fields['maxPriorityFeePerGas'])
  return isDynamic ? 'fees' : undefined
}

function tipOf({ maxPriorityFeePerGas }: Fields): bigint {
  if (isAbsent(maxPriorityFeePerGas)) return 0n
  return parseQuantity(maxPriorityFeePerGas, 'maxPriorityFeePerGas')
}

/** The type that a transaction is said to have, or else the one that its fields are of. */
function parseType({ type, accessList }: Fields, fees: ReturnType<typeof feesOf>): 0 | 1 | 2 {
  if (isAbsent(type)) {
    if (fees !== 'price') return 2
    return isAbsent(accessList) ? 0 : 1
  }
  const given = Number(parseQuantity(type, 'type'))
  if (given !== 0 && given !== 1 && given !== 2) {
    throw invalidParams('type is none of 0x0, 0x1 and 0x2')
  }
  if (fees === (given === 2 ? 'price' : 'fees')) {
    throw invalidParams(`the gas of type 0x${given} is not priced that way`)
  }
  if (given === 0 && !isAbsent(accessList)) throw invalidParams('type 0x0 has no accessList')
  return given
}

/** Old clients say `data`, new ones `input`, some both. */
function parseCode(oldField: unknown, newField: unknown): Uint8Array | undefined {
  const old = isAbsent(oldField) ? undefined : parseData(oldField, 'data')
  const code = isAbsent(newField) ? undefined : parseData(newField, 'input')
  if (old !== undefined && code !== undefined && !equalBytes(old, code)) {
    throw invalidParams('data and input differ; give one of them')
  }
  return code ?? old
}

function parseGasPrice(fields: Readonly<Record<string, unknown>>): bigint | undefined {
  const { gasPrice, maxFeePerGas, maxPriorityFeePerGas } = fields
  const price = isAbsent(gasPrice) ? undefined : parseQuantity(gasPrice, 'gasPrice')
  const maxFee = isAbsent(maxFeePerGas) ? undefined : parseQuantity(maxFeePerGas, 'maxFeePerGas')
  const tip = isAbsent(maxPriorityFeePerGas)
    ? undefined
    : parseQuantity(maxPriorityFeePerGas, 'maxPriorityFeePerGas')
  if (price !== undefined && (maxFee !== undefined || tip !== undefined)) {
    throw invalidParams('gasPrice and maxFeePerGas or maxPriorityFeePerGas exclude each other')
  }
  if (maxFee !== undefined && tip !== undefined && tip > maxFee) {
    throw invalidParams('maxPriorityFeePerGas is above maxFeePerGas')
  }
  return price ?? maxFee
}

function parseAccessList(value: unknown): NonNullable<EvmCallRequest['accessList']> {
  return parseList(value, 'accessList', ACCESS_LIST_MAX).map((item) => {
    const { address, storageKeys } = parseObject(item, 'accessList entry')
    const keys = isAbsent(storageKeys)
      ? []
      : parseList(storageKeys, 'storageKeys', ACCESS_LIST_MAX).map((key) =>
          parseHash(key, 'storage key'),
        )
    return { address: parseAddress(address, 'accessList address'), storageKeys: keys }
  })
}
