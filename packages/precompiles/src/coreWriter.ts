import { assert, bytesToUint, type CoreWriterAction } from '@openliquid/primitives'
import { type AbiType, readWord, WORD_BYTES } from './abi.ts'
import type { CoreWriterRejection } from './errors.ts'

/** The action of a log, or why there is none. */
export type CoreWriterDecoding =
  | { readonly ok: true; readonly action: CoreWriterAction }
  | { readonly ok: false; readonly rejection: CoreWriterRejection }

const VERSION = 1
/** Version byte and 24-bit action id. */
const HEADER_BYTES = 4

/** Actions of docs/spec/hyperliquid.md §12 that this chain does not execute. */
const UNSUPPORTED_IDS: ReadonlySet<number> = new Set([2, 3, 4, 5, 6, 8, 9, 12, 13, 15, 16, 17])

/** Names and types of an action's fields, in ABI order. */
type Fields = readonly (readonly [name: string, type: AbiType])[]

interface Definition {
  readonly fields: Fields
  /** @returns the name of the field whose value has no meaning, if there is one */
  toAction(field: (name: string) => bigint): CoreWriterAction | { readonly invalid: string }
}

const TIMES_IN_FORCE = [undefined, 'alo', 'gtc', 'ioc'] as const

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
        const timeInForce = TIMES_IN_FORCE[Number(field('tif'))]
        if (timeInForce === undefined) return { invalid: 'tif' }
        return {
          type: 'limitOrder',
          asset: Number(field('asset')),
          isBuy: field('isBuy') === 1n,
          limitPx: field('limitPx'),
          size: field('sz'),
          reduceOnly: field('reduceOnly') === 1n,
          timeInForce,
          clientOrderId: field('cloid'),
        }
      },
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
        ntl: field('ntl'),
        toPerp: field('toPerp') === 1n,
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
        asset: Number(field('asset')),
        oid: field('oid'),
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
        asset: Number(field('asset')),
        clientOrderId: field('cloid'),
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
  const expected = fields.length * WORD_BYTES
  if (payload.length !== expected) {
    return reject({ code: 'OL_CORE_WRITER_SIZE', actionId, size: payload.length, expected })
  }
  const values = new Map<string, bigint>()
  for (const [index, [name, type]] of fields.entries()) {
    const value = readWord(payload, index, type)
    if (typeof value !== 'bigint') {
      return reject({ code: 'OL_CORE_WRITER_FIELD', actionId, field: name })
    }
    values.set(name, value)
  }
  const action = toAction((name) => {
    const value = values.get(name)
    assert(value !== undefined, `action ${actionId} has the field ${name}`)
    return value
  })
  if ('invalid' in action) {
    return reject({ code: 'OL_CORE_WRITER_FIELD', actionId, field: action.invalid })
  }
  return { ok: true, action }
}

function reject(rejection: CoreWriterRejection): CoreWriterDecoding {
  return { ok: false, rejection }
}
