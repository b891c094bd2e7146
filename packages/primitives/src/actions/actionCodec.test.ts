import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { concatBytes } from '../codec/bytes.ts'
import { bytesToHex, hexToBytes } from '../codec/hex.ts'
import { ACTION_EXAMPLES } from '../testing/actionExamples.ts'
import { packPlain } from '../testing/packPlain.ts'
import { DecodeError } from '../types/errors.ts'
import { decodeAction, encodeAction, parseAction } from './actionCodec.ts'
import { actionTable } from './actionTable.ts'
import { ACTION_BYTES_MAX, ACTION_LIST_MAX, ACTION_NAME_BYTES_MAX } from './limits.ts'

const examples = Object.values(ACTION_EXAMPLES)

function shuffleKeys(json: unknown): unknown {
  if (Array.isArray(json)) return json.map(shuffleKeys)
  if (typeof json !== 'object' || json === null) return json
  const entries = Object.entries(json).map(([key, value]) => [key, shuffleKeys(value)])
  return Object.fromEntries(entries.reverse())
}

function expectCanonicalOrRefused(bytes: Uint8Array): void {
  let action: ReturnType<typeof decodeAction>
  try {
    action = decodeAction(bytes)
  } catch (error) {
    expect(error).toBeInstanceOf(DecodeError)
    return
  }
  expect(encodeAction(action)).toEqual(new Uint8Array(bytes))
  expect(parseAction(JSON.parse(JSON.stringify(action)))).toEqual(action)
}

const order = ACTION_EXAMPLES.order
const firstOrder = order.orders[0]!
const withOrder = (change: object): unknown => ({
  ...order,
  orders: [{ ...firstOrder, ...change }],
})

describe.each(examples)('action $type', (example) => {
  const bytes = encodeAction(example)

  it('is the same after JSON and after msgpack, whatever the order of keys', () => {
    expect(parseAction(JSON.parse(JSON.stringify(example)))).toEqual(example)
    expect(decodeAction(bytes)).toEqual(example)
    expect(encodeAction(parseAction(shuffleKeys(example)))).toEqual(bytes)
  })

  it('is msgpack like any other, in the order of the table', () => {
    expect(bytes).toEqual(packPlain(example))
  })

  it('is refused when cut short, and with a trailing byte', () => {
    for (let size = 0; size < bytes.length; size++) {
      expect(() => decodeAction(bytes.subarray(0, size))).toThrow(DecodeError)
    }
    expect(() => decodeAction(concatBytes(bytes, Uint8Array.of(0)))).toThrow(DecodeError)
  })

  it('is canonical or refused when bytes change', () => {
    const edit = fc.tuple(fc.nat({ max: bytes.length - 1 }), fc.integer({ min: 0, max: 255 }))
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 3 }), (edits) => {
        const mutated = bytes.slice()
        for (const [at, byte] of edits) mutated[at] = byte
        expectCanonicalOrRefused(mutated)
      }),
      { numRuns: 100 },
    )
  })
})

describe('parseAction', () => {
  it.each<[string, object, object]>([
    ['needless zeros', { p: '060000.50', s: '0.010' }, { p: '60000.5', s: '0.01' }],
    ['zero with places', { s: '0.00' }, { s: '0' }],
    ['upper-case hex', { c: '0x000000000000000000000000000000AB' }, { c: `0x${'0'.repeat(30)}ab` }],
  ])('normalises %s', (_, given, expected) => {
    expect(parseAction(withOrder(given))).toEqual(withOrder(expected))
  })

  it('keeps the amount of a user-signed action as it was signed', () => {
    expect(parseAction({ ...ACTION_EXAMPLES.usdSend, amount: '1.0' })).toMatchObject({
      amount: '1.0',
    })
  })

  it('takes the chain id of a wallet in any spelling, and writes one', () => {
    const spelled = { ...ACTION_EXAMPLES.usdSend, signatureChainId: '0x00066EEE' }
    expect(parseAction(spelled)).toMatchObject({ signatureChainId: '0x66eee' })
  })

  it.each<[string, unknown, string]>([
    ['no object', 7, 'action'],
    ['null', null, 'action'],
    ['a list', [], 'action'],
    ['no type', {}, 'action.type'],
    ['an unknown type', { type: 'perpDeploy' }, 'action.type'],
    ['a type from the prototype', { type: 'constructor' }, 'action.type'],
    ['a type that is no text', { type: { toString: 'order' } }, 'action.type'],
    ['an unknown field', { type: 'noop', extra: 1 }, 'action'],
    ['a field named like the prototype', JSON.parse('{"type":"noop","__proto__":{}}'), 'action'],
    ['a missing field', { type: 'createSubAccount' }, 'action.name'],
    ['a false flag', { type: 'cancel', cancels: [], f: false }, 'action.f'],
    ['null for an absent field', withOrder({ c: null }), 'action.orders[0].c'],
    ['a negative price', withOrder({ p: '-1' }), 'action.orders[0].p'],
    ['an exponent', withOrder({ p: '1e3' }), 'action.orders[0].p'],
    ['a price as number', withOrder({ p: 1 }), 'action.orders[0].p'],
    ['a fraction for an integer', withOrder({ a: 1.5 }), 'action.orders[0].a'],
    ['an asset above 32 bits', withOrder({ a: 2 ** 32 }), 'action.orders[0].a'],
    ['a negative asset', withOrder({ a: -1 }), 'action.orders[0].a'],
    ['minus zero', withOrder({ a: -0 }), 'action.orders[0].a'],
    ['an integer above 2^53', { type: 'scheduleCancel', time: 2 ** 53 }, 'action.time'],
    ['an unknown time in force', withOrder({ t: { limit: { tif: 'gtc' } } }), 'limit.tif'],
    ['two order types', withOrder({ t: { limit: { tif: 'Gtc' }, trigger: {} } }), 'orders[0].t'],
    ['no order type', withOrder({ t: {} }), 'orders[0].t'],
    ['a short cloid', withOrder({ c: '0x01' }), 'orders[0].c'],
    ['a grouping of no kind', { ...order, grouping: true }, 'action.grouping'],
    ['two variants', { type: 'CSignerAction', jailSelf: null, unjailSelf: null }, 'action'],
    ['no variant', { type: 'CSignerAction' }, 'action'],
    ['a pair of three', { ...ACTION_EXAMPLES.validatorOracle, prices: [[0, '1']] }, 'prices[0]'],
    ['a lone surrogate', { type: 'createSubAccount', name: '\ud800' }, 'action.name'],
    ['a foreign chain', { ...ACTION_EXAMPLES.usdSend, hyperliquidChain: 'Other' }, 'hyperliquidC'],
    ['a negative chain id', { ...ACTION_EXAMPLES.usdSend, signatureChainId: '-1' }, 'signatureC'],
    [
      'a huge chain id',
      { ...ACTION_EXAMPLES.usdSend, signatureChainId: `0x${'f'.repeat(16)}` },
      '',
    ],
  ])('refuses %s and names the field', (_, json, path) => {
    const error = catchError(() => parseAction(json))
    expect(error).toBeInstanceOf(DecodeError)
    expect((error as DecodeError).data).toMatchObject({ what: expect.stringContaining(path) })
  })

  it('takes a list and a text of the greatest length, and none above', () => {
    const cancels = (count: number): unknown => ({
      type: 'cancel',
      cancels: Array.from({ length: count }, () => ({ a: 0, o: 1 })),
    })
    const longest = parseAction(cancels(ACTION_LIST_MAX))
    expect(decodeAction(encodeAction(longest))).toEqual(longest)
    expect(() => parseAction(cancels(ACTION_LIST_MAX + 1))).toThrow(DecodeError)

    const named = (size: number): unknown => ({ type: 'createSubAccount', name: 'é'.repeat(size) })
    expect(parseAction(named(ACTION_NAME_BYTES_MAX / 2))).toBeDefined()
    expect(() => parseAction(named(ACTION_NAME_BYTES_MAX / 2 + 1))).toThrow(DecodeError)
  })
})

describe('decodeAction', () => {
  const hex = (text: string): Uint8Array => hexToBytes(`0x${text.replaceAll(' ', '')}`)
  // {type: "scheduleCancel", time: …}
  const time = (value: string): Uint8Array =>
    hex(`82 a474797065 ae7363686564756c6543616e63656c a474696d65 ${value}`)

  it('takes every integer in its shortest form only', () => {
    for (const value of [
      0,
      127,
      128,
      255,
      256,
      65_535,
      65_536,
      2 ** 32 - 1,
      2 ** 32,
      2 ** 53 - 1,
    ]) {
      const action = { type: 'scheduleCancel', time: value } as const
      expect(decodeAction(encodeAction(action))).toEqual(action)
    }
    for (const ntli of [-1, -32, -33, -128, -129, -32_768, -32_769, -(2 ** 31), -(2 ** 31) - 1]) {
      const action = { ...ACTION_EXAMPLES.updateIsolatedMargin, ntli }
      expect(encodeAction(action)).toEqual(packPlain(action))
      expect(decodeAction(encodeAction(action))).toEqual(action)
    }
    const lowest = { ...ACTION_EXAMPLES.updateIsolatedMargin, ntli: Number.MIN_SAFE_INTEGER }
    expect(decodeAction(encodeAction(lowest))).toEqual(lowest)
    expect(decodeAction(time('07'))).toEqual({ type: 'scheduleCancel', time: 7 })
  })

  it.each([
    ['an 8-bit integer that fits 7', 'cc7f'],
    ['a 16-bit integer that fits 8', 'cd00ff'],
    ['a 32-bit integer that fits 16', 'ce0000ffff'],
    ['a 64-bit integer that fits 32', 'cf00000000ffffffff'],
    ['an integer of 2^53', 'cf0020000000000000'],
    ['a positive integer in signed form', 'd000'],
    ['a positive 64-bit integer in signed form', 'd30000000100000000'],
    ['a negative integer', 'ff'],
    ['a float that is an integer', 'cb401c000000000000'],
    ['a short float', 'ca40e00000'],
    ['nil', 'c0'],
    ['text', 'a137'],
    ['bytes', 'c40107'],
    ['an extension', 'd40107'],
    ['the unused head', 'c1'],
  ])('refuses %s', (_, value) => {
    expect(() => decodeAction(time(value))).toThrow(DecodeError)
  })

  it.each<[string, unknown]>([
    ['fields out of order', { name: 'a', type: 'createSubAccount' }],
    ['an unknown field', { type: 'noop', a: 1 }],
    ['nil for an absent field', { type: 'scheduleCancel', time: null }],
    ['a false flag', { type: 'cancel', cancels: [], f: false }],
    ['needless zeros', withOrder({ p: '1.0' })],
    ['a leading zero', withOrder({ p: '01' })],
    ['upper-case hex', withOrder({ c: '0x000000000000000000000000000000AB' })],
    ['an empty agent name', { ...ACTION_EXAMPLES.approveAgent, agentName: '' }],
    ['a padded chain id', { ...ACTION_EXAMPLES.usdSend, signatureChainId: '0x066eee' }],
    ['a duplicate key', new Map([['type', 'noop']])],
  ])('refuses %s, which parseAction would put right or refuse', (_, json) => {
    expect(() => decodeAction(packPlain(json))).toThrow(DecodeError)
  })

  it('refuses text in a longer form than it needs, and text that is not UTF-8', () => {
    const named = (text: string): Uint8Array =>
      hex(`82 a474797065 b06372656174655375624163636f756e74 a46e616d65 ${text}`)
    expect(decodeAction(named('a161'))).toEqual({ type: 'createSubAccount', name: 'a' })
    for (const text of ['d90161', 'da000161', 'db0000000161', 'a1ff', 'a2c080', 'a3eda080']) {
      expect(() => decodeAction(named(text)), text).toThrow(DecodeError)
    }
  })

  it('keeps a byte order mark: it was signed', () => {
    const action = { type: 'createSubAccount', name: '\ufeffa' } as const
    expect(decodeAction(encodeAction(action))).toEqual(action)
  })

  it('refuses deep nesting and claimed lengths at once', () => {
    const hostile = [
      new Uint8Array(250).fill(0xdd),
      new Uint8Array(250).fill(0x91),
      hex('81 a474797065 dbffffffff'),
      hex('82 a474797065 a663616e63656c a763616e63656c73 ddffffffff'),
      hex('df ffffffff a474797065'),
    ]
    for (const bytes of hostile) expect(() => decodeAction(bytes)).toThrow(DecodeError)
    const wrapper = ACTION_EXAMPLES.multiSig
    const nested = { ...wrapper, payload: { ...wrapper.payload, action: wrapper } }
    expect(() => decodeAction(packPlain(nested))).toThrow(DecodeError)
  })

  it('refuses random bytes with a code', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 100 }), expectCanonicalOrRefused))
  })

  it('refuses more bytes than an action may have', () => {
    const error = catchError(() => decodeAction(new Uint8Array(ACTION_BYTES_MAX + 1)))
    expect(error).toMatchObject({ code: 'OL_DECODE_SIZE' })
    expect(catchError(() => decodeAction(new Uint8Array(ACTION_BYTES_MAX)))).toMatchObject({
      code: 'OL_DECODE_MALFORMED',
    })
  })
})

describe('actionTable', () => {
  it('has one row per action, with its fields in canonical order', () => {
    const rows = actionTable()
    expect(rows.map(({ type }) => type).sort()).toEqual(Object.keys(ACTION_EXAMPLES).sort())
    expect(rows.find(({ type }) => type === 'cancel')?.notation).toBe(
      '{type:"cancel", cancels:[{a:uint, o:uint}], f?:true}',
    )
    expect(rows.find(({ type }) => type === 'usdSend')).toMatchObject({ scheme: 'user-signed' })
  })
})

describe('encodeAction', () => {
  it('writes 64-bit integers where clients do', () => {
    expect(bytesToHex(packPlain(2 ** 32))).toBe('0xcf0000000100000000')
    expect(bytesToHex(packPlain(-(2 ** 31) - 1))).toBe('0xd3ffffffff7fffffff')
  })
})

function catchError(run: () => unknown): unknown {
  try {
    run()
  } catch (error) {
    return error
  }
  throw new Error('nothing was thrown')
}
