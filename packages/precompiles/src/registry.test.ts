import { bytesToHex, hexToBytes, type PrecompileResult, uintToBytes } from '@openliquid/primitives'
import { describe, expect, test } from 'vitest'
import { readPrecompiles } from './registry.ts'
import { fixedReader } from './testing/fixedReader.ts'

const user = hexToBytes(`0x${'ab'.repeat(20)}`)
const word = (value: bigint | number): Uint8Array =>
  uintToBytes(BigInt.asUintN(256, BigInt(value)), 32)
const addressWord = (address: Uint8Array): Uint8Array => {
  const bytes = new Uint8Array(32)
  bytes.set(address, 12)
  return bytes
}
const join = (...parts: Uint8Array[]): Uint8Array =>
  Uint8Array.from(parts.flatMap((part) => [...part]))

const reader = fixedReader({
  height: 77n,
  markPrices: { 3: 123_456n },
  oraclePrices: { 3: 123_000n, 65535: 1n },
  positions: {
    [`${bytesToHex(user)}/3`]: {
      size: -5n,
      entryNotional: 1_000_000n,
      isolatedRawUsd: -7n,
      leverage: 10,
      isIsolated: true,
    },
  },
  tokens: [0, 1],
  spotTotals: { [`${bytesToHex(user)}/1`]: 250n },
})

function call(name: string, input: Uint8Array, gasLimit = 1_000_000n): PrecompileResult {
  const precompile = readPrecompiles.find((candidate) => candidate.name === name)
  if (precompile === undefined) throw new Error(`no precompile ${name}`)
  return precompile.run(input, gasLimit, reader)
}

const INVALID = { ok: false, reason: 'invalidInput' }

test('the addresses are those of docs/spec/hyperliquid.md §11, ascending', () => {
  expect(readPrecompiles.map(({ address, name }) => [bytesToHex(address).slice(-4), name])).toEqual(
    [
      ['0800', 'position'],
      ['0801', 'spotBalance'],
      ['0806', 'markPx'],
      ['0807', 'oraclePx'],
      ['0809', 'l1BlockNumber'],
    ],
  )
})

describe('golden vector A8', () => {
  test('oraclePx of one word costs 6160 gas', () => {
    expect(call('oraclePx', word(3))).toEqual({ ok: true, gasUsed: 6_160n, output: word(123_000) })
  })
  test('l1BlockNumber costs 4080 gas', () => {
    expect(call('l1BlockNumber', new Uint8Array(0))).toEqual({
      ok: true,
      gasUsed: 4_080n,
      output: word(77),
    })
  })
})

test('position encodes signed fields in two’s complement', () => {
  const result = call('position', join(addressWord(user), word(3)))
  const output = join(word(-5n), word(1_000_000), word(-7n), word(10), word(1))
  expect(result).toEqual({ ok: true, gasUsed: 2_000n + 65n * (64n + 160n), output })
})

test('a user without position reads as zeros with the default leverage', () => {
  const result = call('position', join(addressWord(new Uint8Array(20)), word(3)))
  expect(result).toMatchObject({ output: join(word(0), word(0), word(0), word(20), word(0)) })
})

test('spotBalance gives total, hold and entry notional', () => {
  const result = call('spotBalance', join(addressWord(user), word(1)))
  expect(result).toEqual({
    ok: true,
    gasUsed: 2_000n + 65n * (64n + 96n),
    output: join(word(250), word(0), word(0)),
  })
})

test('markPx reads the mark price', () => {
  expect(call('markPx', word(3))).toMatchObject({ ok: true, output: word(123_456) })
})

describe('input is strict', () => {
  test.each([
    ['oraclePx', 'no input', new Uint8Array(0)],
    ['oraclePx', 'a byte short', word(3).subarray(1)],
    ['oraclePx', 'a byte long', join(word(3), Uint8Array.of(0))],
    ['oraclePx', 'two words', join(word(3), word(0))],
    ['oraclePx', 'above uint32', word(1n << 32n)],
    ['oraclePx', 'an unknown perp', word(4)],
    ['markPx', 'an unknown perp', word(4)],
    ['position', 'above uint16', join(addressWord(user), word(65_536))],
    ['position', 'dirty address', join(word(1n << 160n), word(3))],
    ['position', 'an unknown perp', join(addressWord(user), word(4))],
    ['spotBalance', 'above uint64', join(addressWord(user), word(1n << 64n))],
    ['spotBalance', 'above 2^53', join(addressWord(user), word(1n << 60n))],
    ['spotBalance', 'an unknown token', join(addressWord(user), word(2))],
    ['l1BlockNumber', 'any byte', Uint8Array.of(0)],
  ])('%s refuses %s', (name, _what, input) => {
    expect(call(name, input)).toEqual(INVALID)
  })

  test('the greatest uint16 is still a perp id', () => {
    expect(call('position', join(addressWord(user), word(65_535)))).toMatchObject({ ok: true })
  })
})

describe('gas is charged from lengths, before anything is decoded', () => {
  test.each([
    [6_159n, { ok: false, reason: 'outOfGas' }],
    [6_160n, INVALID],
  ])('an invalid word with %d gas', (gasLimit, expected) => {
    expect(call('oraclePx', word(1n << 32n), gasLimit)).toEqual(expected)
  })
  test('exactly enough gas is enough', () => {
    expect(call('oraclePx', word(3), 6_160n)).toMatchObject({ ok: true })
    expect(call('oraclePx', word(3), 6_159n)).toEqual({ ok: false, reason: 'outOfGas' })
  })
})

test('a reading that does not fit its ABI type fails the call', () => {
  const huge = fixedReader({ oraclePrices: { 0: 1n << 64n } })
  const oraclePx = readPrecompiles[3]!
  expect(oraclePx.run(word(0), 1_000_000n, huge)).toEqual(INVALID)
})
