import {
  invalidParams,
  isAbsent,
  parseAddress,
  parseData,
  parseHash,
  parseObject,
  parseQuantity,
} from './ethParams.ts'
import type { EvmBlockOverride, EvmSlotValue, EvmStateOverride } from './evmTypes.ts'

/** Accounts, and slots of one account, that one call may override. */
const OVERRIDES_MAX = 1_000

const STATE_FIELDS = ['nonce', 'balance', 'code', 'movePrecompileToAddress', 'state', 'stateDiff']

/** State overrides of eth_call and its like: accounts by address. */
export function parseStateOverrides(value: unknown): readonly EvmStateOverride[] {
  if (isAbsent(value)) return []
  return entriesOf(value, 'state overrides').map(([address, override]) => {
    const fields = parseObject(override, 'state override')
    const { nonce, balance, code, movePrecompileToAddress: target, state, stateDiff } = fields
    checkNames(fields, STATE_FIELDS)
    if (!isAbsent(state) && !isAbsent(stateDiff)) {
      throw invalidParams('state and stateDiff exclude each other')
    }
    return {
      address: parseAddress(address, 'override address'),
      ...(isAbsent(nonce) ? {} : { nonce: parseQuantity(nonce, 'nonce') }),
      ...(isAbsent(balance) ? {} : { balance: parseQuantity(balance, 'balance') }),
      ...(isAbsent(code) ? {} : { code: parseData(code, 'code') }),
      ...(isAbsent(target) ? {} : { movePrecompileTo: parseAddress(target, 'precompile target') }),
      ...(isAbsent(state) ? {} : { state: parseSlots(state) }),
      ...(isAbsent(stateDiff) ? {} : { stateDiff: parseSlots(stateDiff) }),
    }
  })
}

function parseSlots(value: unknown): readonly EvmSlotValue[] {
  return entriesOf(value, 'slots').map(([slot, word]) => ({
    slot: parseHash(slot, 'slot'),
    value: parseHash(word, 'slot value'),
  }))
}

/** Block overrides, under the names of both generations of clients. */
export function parseBlockOverrides(value: unknown): EvmBlockOverride | undefined {
  if (isAbsent(value)) return undefined
  const fields = parseObject(value, 'block overrides')
  checkNames(fields, Object.values(BLOCK_FIELDS).flat())
  const quantityOf = (names: readonly string[]): bigint | undefined => {
    const given = names.find((name) => !isAbsent(fields[name]))
    return given === undefined ? undefined : parseQuantity(fields[given], given)
  }
  const coinbase = fields['feeRecipient'] ?? fields['coinbase']
  const prevRandao = fields['prevRandao'] ?? fields['random']
  const [number, timestamp] = [quantityOf(BLOCK_FIELDS.number), quantityOf(BLOCK_FIELDS.timestamp)]
  const gasLimit = quantityOf(BLOCK_FIELDS.gasLimit)
  const baseFeePerGas = quantityOf(BLOCK_FIELDS.baseFeePerGas)
  return {
    ...(number === undefined ? {} : { number }),
    ...(timestamp === undefined ? {} : { timestamp }),
    ...(gasLimit === undefined ? {} : { gasLimit }),
    ...(baseFeePerGas === undefined ? {} : { baseFeePerGas }),
    ...(isAbsent(coinbase) ? {} : { coinbase: parseAddress(coinbase, 'feeRecipient') }),
    ...(isAbsent(prevRandao) ? {} : { prevRandao: parseHash(prevRandao, 'prevRandao') }),
  }
}

const BLOCK_FIELDS = {
  number: ['number'],
  timestamp: ['time', 'timestamp'],
  gasLimit: ['gasLimit'],
  baseFeePerGas: ['baseFeePerGas', 'baseFee'],
  coinbase: ['feeRecipient', 'coinbase'],
  prevRandao: ['prevRandao', 'random'],
} as const

/** An override that was ignored would give a wrong answer. */
function checkNames(fields: Readonly<Record<string, unknown>>, known: readonly string[]): void {
  const unknown = Object.keys(fields).find(
    (name) => !known.includes(name) && !isAbsent(fields[name]),
  )
  if (unknown !== undefined) {
    throw invalidParams(`the override ${unknown.slice(0, 50)} is not supported`)
  }
}

function entriesOf(value: unknown, what: string): [string, unknown][] {
  const entries = Object.entries(parseObject(value, what))
  if (entries.length > OVERRIDES_MAX) {
    throw invalidParams(`${what} have more than ${OVERRIDES_MAX} entries`)
  }
  return entries
}
