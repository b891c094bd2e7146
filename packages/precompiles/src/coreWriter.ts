import { type Address, assert, bytesToUint, type CoreWriterAction } from '@openliquid/primitives'
import { type AbiType, readWord, WORD_BYTES } from './abi.ts'
import type { CoreWriterRejection } from './errors.ts'

/** The action of a log, or why there is none. */
export type CoreWriterDecoding =
  | { readonly ok: true; readonly action: CoreWriterAction }
  | { readonly ok: false; readonly rejection: CoreWriterRejection }

const VERSION = 1
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
/** Version byte and 24-bit action id. */
const HEADER_BYTES = 4

/** Actions of docs/spec/hyperliquid.md §12 that are out of this chain's scope. */
const UNSUPPORTED_IDS: ReadonlySet<number> = new Set([15, 16, 17])

/** Names and types of an action's fields, in ABI order. A string may only stand last. */
type Fields = readonly (readonly [name: string, type: AbiType | 'string'])[]

/** The decoded fields of one action, by name. */
interface FieldReader {
  uint(name: string): bigint
  number(name: string): number
  flag(name: string): boolean
  address(name: string): Address
  text(name: string): string
}

interface Definition {
  readonly fields: Fields
  /** @returns the name of the field whose value has no meaning, if there is one */
  toAction(field: FieldReader): CoreWriterAction | { readonly invalid: string }
}

const TIMES_IN_FORCE = [undefined, 'alo', 'gtc', 'ioc'] as const
const LINK_INPUTS = [undefined, 'create', 'firstStorageSlot', 'customStorageSlot'] as const

const DEFINITIONS: ReadonlyMap<number, Definition> = new Map<number, Definition>([
  [
    1,
    {
      fields: [
        ['asset', 'uint32'],
        ['isBuy', 'bool'],
        ['limitPx', 'uint64'],
        ['sz', 'uint64'],
        ['reduceOnly', 'bool'],
        ['tif', 'uint8'],
        ['cloid', 'uint128'],
      ],
      toAction(field) {
        const timeInForce = TIMES_IN_FORCE[field.number('tif')]
        if (timeInForce === undefined) return { invalid: 'tif' }
        return {
          type: 'limitOrder',
          asset: field.number('asset'),
          isBuy: field.flag('isBuy'),
          limitPx: field.uint('limitPx'),
          size: field.uint('sz'),
          reduceOnly: field.flag('reduceOnly'),
          timeInForce,
          clientOrderId: field.uint('cloid'),
        }
      },
    },
  ],
  [
    2,
    {
      fields: [
        ['vault', 'address'],
        ['isDeposit', 'bool'],
        ['usd', 'uint64'],
      ],
      toAction: (field) => ({
        type: 'vaultTransfer',
        vault: field.address('vault'),
        isDeposit: field.flag('isDeposit'),
        usd: field.uint('usd'),
      }),
    },
  ],
  [
    3,
    {
      fields: [
        ['validator', 'address'],
        ['wei', 'uint64'],
        ['isUndelegate', 'bool'],
      ],
      toAction: (field) => ({
        type: 'tokenDelegate',
        validator: field.address('validator'),
        wei: field.uint('wei'),
        isUndelegate: field.flag('isUndelegate'),
      }),
    },
  ],
  [
    4,
    {
      fields: [['wei', 'uint64']],
      toAction: (field) => ({ type: 'stakingDeposit', wei: field.uint('wei') }),
    },
  ],
  [
    5,
    {
      fields: [['wei', 'uint64']],
      toAction: (field) => ({ type: 'stakingWithdraw', wei: field.uint('wei') }),
    },
  ],
  [
    6,
    {
      fields: [
        ['destination', 'address'],
        ['token', 'uint64'],
        ['wei', 'uint64'],
      ],
      toAction: (field) => ({
        type: 'spotSend',
        destination: field.address('destination'),
        token: field.uint('token'),
        wei: field.uint('wei'),
      }),
    },
  ],
  [
    7,
    {
      fields: [
        ['ntl', 'uint64'],
        ['toPerp', 'bool'],
      ],
      toAction: (field) => ({
        type: 'usdClassTransfer',
        ntl: field.uint('ntl'),
        toPerp: field.flag('toPerp'),
      }),
    },
  ],
  [
    8,
    {
      fields: [
        ['token', 'uint64'],
        ['variant', 'uint8'],
        ['createNonce', 'uint64'],
      ],
      toAction(field) {
        const kind = LINK_INPUTS[field.number('variant')]
        if (kind === undefined) return { invalid: 'variant' }
        const input = kind === 'create' ? { kind, nonce: field.uint('createNonce') } : { kind }
        return { type: 'finalizeEvmContract', token: field.uint('token'), input }
      },
    },
  ],
  [
    9,
    {
      fields: [
        ['wallet', 'address'],
        ['name', 'string'],
      ],
      toAction: (field) => ({
        type: 'addApiWallet',
        wallet: field.address('wallet'),
        name: field.text('name'),
      }),
    },
  ],
  [
    10,
    {
      fields: [
        ['asset', 'uint32'],
        ['oid', 'uint64'],
      ],
      toAction: (field) => ({
        type: 'cancelByOid',
        asset: field.number('asset'),
        oid: field.uint('oid'),
      }),
    },
  ],
  [
    11,
    {
      fields: [
        ['asset', 'uint32'],
        ['cloid', 'uint128'],
      ],
      toAction: (field) => ({
        type: 'cancelByCloid',
        asset: field.number('asset'),
        clientOrderId: field.uint('cloid'),
      }),
    },
  ],
  [
    12,
    {
      fields: [
        ['maxFeeRate', 'uint64'],
        ['builder', 'address'],
      ],
      toAction: (field) => ({
        type: 'approveBuilderFee',
        maxFeeRate: field.uint('maxFeeRate'),
        builder: field.address('builder'),
      }),
    },
  ],
  [
    13,
    {
      fields: [
        ['destination', 'address'],
        ['subAccount', 'address'],
        ['sourceDex', 'uint32'],
        ['destinationDex', 'uint32'],
        ['token', 'uint64'],
        ['wei', 'uint64'],
      ],
      toAction: (field) => ({
        type: 'sendAsset',
        destination: field.address('destination'),
        subAccount: field.address('subAccount'),
        sourceDex: field.number('sourceDex'),
        destinationDex: field.number('destinationDex'),
        token: field.uint('token'),
        wei: field.uint('wei'),
      }),
    },
  ],
])

/**
 * Reads what a contract gave to `sendRawAction`: version, action id, ABI-encoded fields.
 *
 * Exact: another version, an unknown id, a payload of the wrong length and a word outside of its type's range are
 * rejected. An action of the table that this chain does not execute comes back as `unsupported`.
 *
 * @see docs/spec/hyperliquid.md §12
 */
export function decodeCoreWriterLog(data: Uint8Array): CoreWriterDecoding {
  if (data.length < HEADER_BYTES) {
    return reject({ code: 'OL_CORE_WRITER_HEADER', size: data.length })
  }
  const version = data[0] as number
  if (version !== VERSION) return reject({ code: 'OL_CORE_WRITER_VERSION', version })

  const actionId = Number(bytesToUint(data.subarray(1, HEADER_BYTES)))
  if (UNSUPPORTED_IDS.has(actionId)) return { ok: true, action: { type: 'unsupported', actionId } }
  const definition = DEFINITIONS.get(actionId)
  if (definition === undefined) return reject({ code: 'OL_CORE_WRITER_ACTION', actionId })
  return decodeFields(actionId, definition, data.subarray(HEADER_BYTES))
}

function decodeFields(
  actionId: number,
  { fields, toAction }: Definition,
  payload: Uint8Array,
): CoreWriterDecoding {
  const expected = payloadBytes(fields, payload)
  if (payload.length !== expected) {
    return reject({ code: 'OL_CORE_WRITER_SIZE', actionId, size: payload.length, expected })
  }
  const values = new Map<string, bigint | Address | string>()
  for (const [index, [name, type]] of fields.entries()) {
    const value = type === 'string' ? readText(payload, index) : readWord(payload, index, type)
    if (value === undefined) {
      return reject({ code: 'OL_CORE_WRITER_FIELD', actionId, field: name })
    }
    values.set(name, value)
  }
  const action = toAction(fieldReader(values))
  if ('invalid' in action) {
    return reject({ code: 'OL_CORE_WRITER_FIELD', actionId, field: action.invalid })
  }
  return { ok: true, action }
}

/** How long the payload must be: its words and, behind them, the length and the content of a string. */
function payloadBytes(fields: Fields, payload: Uint8Array): number {
  const heads = fields.length * WORD_BYTES
  if (fields.at(-1)?.[1] !== 'string') return heads
  const length = bytesToUint(payload.subarray(heads, heads + WORD_BYTES))
  if (length > BigInt(payload.length)) return heads + WORD_BYTES
  return heads + WORD_BYTES + Math.ceil(Number(length) / WORD_BYTES) * WORD_BYTES
}

/** A string in the only form that `abi.encode` gives it: right behind the words, padded with zeros, valid UTF-8. */
function readText(payload: Uint8Array, index: number): string | undefined {
  const offset = (index + 1) * WORD_BYTES
  const head = bytesToUint(payload.subarray(index * WORD_BYTES, offset))
  if (head !== BigInt(offset)) return undefined
  const length = Number(bytesToUint(payload.subarray(offset, offset + WORD_BYTES)))
  const start = offset + WORD_BYTES
  if (payload.subarray(start + length).some((byte) => byte !== 0)) return undefined
  try {
    return UTF8.decode(payload.subarray(start, start + length))
  } catch {
    return undefined
  }
}

function fieldReader(values: ReadonlyMap<string, bigint | Address | string>): FieldReader {
  const uint = (name: string): bigint => {
    const value = values.get(name)
    assert(typeof value === 'bigint', `${name} is an integer`)
    return value
  }
  return {
    uint,
    number: (name) => Number(uint(name)),
    flag: (name) => uint(name) === 1n,
    address(name) {
      const value = values.get(name)
      assert(value instanceof Uint8Array, `${name} is an address`)
      return value
    },
    text(name) {
      const value = values.get(name)
      assert(typeof value === 'string', `${name} is a string`)
      return value
    },
  }
}

function reject(rejection: CoreWriterRejection): CoreWriterDecoding {
  return { ok: false, rejection }
}
