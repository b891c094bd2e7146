import {
  bytesToHex,
  equalBytes,
  hexToBytes,
  type PrecompileResult,
  uintToBytes,
  utf8ToBytes,
} from '@openliquid/primitives'
import { describe, expect, test } from 'vitest'
import { readPrecompiles } from './registry.ts'
import { fixedReader } from './testing/fixedReader.ts'

const user = hexToBytes(`0x${'ab'.repeat(20)}`)
const validator = hexToBytes(`0x${'cd'.repeat(20)}`)
const word = (value: bigint | number): Uint8Array =>
  uintToBytes(BigInt.asUintN(256, BigInt(value)), 32)
const addressWord = (address: Uint8Array): Uint8Array => {
  const bytes = new Uint8Array(32)
  bytes.set(address, 12)
  return bytes
}
const textWord = (text: string): Uint8Array => {
  const bytes = new Uint8Array(32)
  bytes.set(utf8ToBytes(text))
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
  userExists: (address) => equalBytes(address, user),
  vaultEquityOf: (_user, vault) =>
    equalBytes(vault, validator) ? { equity: 12n, lockedUntilMs: 34n } : undefined,
  withdrawableOf: () => 987n,
  delegationsOf: (address) =>
    equalBytes(address, user)
      ? [
          { validator, amount: 5n, lockedUntilMs: 6n },
          { validator: user, amount: 7n, lockedUntilMs: 8n },
        ]
      : [],
  delegatorSummaryOf: () => ({
    delegated: 1n,
    undelegated: 2n,
    pendingWithdrawal: 3n,
    pendingWithdrawalCount: 4n,
  }),
  spotPriceOf: (pair) => (pair === 0 ? 44n : undefined),
  perpInfoOf: (perp) =>
    perp === 3
      ? { coin: 'BTC', marginTableId: 56, szDecimals: 5, maxLeverage: 40, onlyIsolated: true }
      : undefined,
  spotInfoOf: (pair) => (pair === 0 ? { name: 'PURR/USDC', base: 1, quote: 0 } : undefined),
  tokenInfoOf: (token) =>
    token === 1
      ? {
          name: 'PURR',
          spotPairs: [0, 2],
          deployerTradingFeeShare: 9n,
          deployer: user,
          evmContract: validator,
          szDecimals: 0,
          weiDecimals: 5,
          evmExtraWeiDecimals: -2,
        }
      : undefined,
  tokenSupplyOf: (token) =>
    token === 1
      ? {
          maxSupply: 100n,
          totalSupply: 90n,
          circulatingSupply: 80n,
          futureEmissions: 10n,
          nonCirculating: [{ user, balance: 10n }],
        }
      : undefined,
  bestPricesOf: (asset) => (asset === 10_000 ? { bid: 41n, ask: 0n } : undefined),
  marginSummaryOf: (dex) =>
    dex === 0
      ? { accountValue: -1n, marginUsed: 2n, positionNotional: 3n, rawUsd: -4n }
      : undefined,
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
      ['0802', 'userVaultEquity'],
      ['0803', 'withdrawable'],
      ['0804', 'delegations'],
      ['0805', 'delegatorSummary'],
      ['0806', 'markPx'],
      ['0807', 'oraclePx'],
      ['0808', 'spotPx'],
      ['0809', 'l1BlockNumber'],
      ['080a', 'perpAssetInfo'],
      ['080b', 'spotInfo'],
      ['080c', 'tokenInfo'],
      ['080d', 'tokenSupply'],
      ['080e', 'bbo'],
      ['080f', 'accountMarginSummary'],
      ['0810', 'coreUserExists'],
      ['0813', 'position2'],
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

describe('every other read answers what `abi.encode` makes of its struct', () => {
  const w = word
  const a = addressWord
  test.each([
    ['userVaultEquity', [a(user), a(validator)], [w(12), w(34)]],
    ['withdrawable', [a(user)], [w(987)]],
    ['delegations', [a(user)], [w(32), w(2), a(validator), w(5), w(6), a(user), w(7), w(8)]],
    ['delegations', [a(validator)], [w(32), w(0)]],
    ['delegatorSummary', [a(user)], [w(1), w(2), w(3), w(4)]],
    ['spotPx', [w(0)], [w(44)]],
    ['perpAssetInfo', [w(3)], [w(32), w(160), w(56), w(5), w(40), w(1), w(3), textWord('BTC')]],
    ['spotInfo', [w(0)], [w(32), w(96), w(1), w(0), w(9), textWord('PURR/USDC')]],
    [
      'tokenInfo',
      [w(1)],
      [
        ...[w(32), w(256), w(320), w(9), a(user), a(validator), w(0), w(5), w(-2)],
        ...[w(4), textWord('PURR'), w(2), w(0), w(2)],
      ],
    ],
    ['tokenSupply', [w(1)], [w(32), w(100), w(90), w(80), w(10), w(160), w(1), a(user), w(10)]],
    ['bbo', [w(10_000)], [w(41), w(0)]],
    ['accountMarginSummary', [w(0), a(user)], [w(-1), w(2), w(3), w(-4)]],
    ['coreUserExists', [a(user)], [w(1)]],
    ['coreUserExists', [a(validator)], [w(0)]],
    ['position2', [a(user), w(65_535)], [w(0), w(0), w(0), w(20), w(0)]],
  ])('%s', (name, input, output) => {
    const bytes = join(...output)
    const gasUsed = 2_000n + 65n * BigInt(32 * input.length + bytes.length)
    expect(call(name, join(...input))).toEqual({ ok: true, gasUsed, output: bytes })
    expect(call(name, join(...input), gasUsed)).toMatchObject({ ok: true })
    expect(call(name, join(...input), gasUsed - 1n)).toEqual({ ok: false, reason: 'outOfGas' })
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
    ['userVaultEquity', 'an unknown vault', join(addressWord(user), addressWord(user))],
    ['withdrawable', 'two words', join(addressWord(user), word(0))],
    ['delegations', 'a dirty address', word(1n << 160n)],
    ['spotPx', 'an unknown pair', word(1)],
    ['perpAssetInfo', 'an unknown perp', word(4)],
    ['spotInfo', 'an unknown pair', word(1)],
    ['tokenInfo', 'an unknown token', word(2)],
    ['tokenSupply', 'an unknown token', word(2)],
    ['bbo', 'an unknown asset', word(1)],
    ['accountMarginSummary', 'an unknown perp dex', join(word(1), addressWord(user))],
    ['position2', 'above uint32', join(addressWord(user), word(1n << 32n))],
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
  const oraclePx = readPrecompiles.find(({ name }) => name === 'oraclePx')
  expect(oraclePx?.run(word(0), 1_000_000n, huge)).toEqual(INVALID)
})
