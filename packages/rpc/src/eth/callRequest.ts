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

/** Entries of an access list, and slots in one entry: bounds what a call warms before it runs. */
const ACCESS_LIST_MAX = 1_000

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
