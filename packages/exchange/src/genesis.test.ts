import type { GenesisCore } from '@openliquid/primitives'
import { describe, expect, it } from 'vitest'
import { ExchangeMachine } from './exchangeMachine.ts'
import { GENESIS_MS, testCore, testGenesis, testUserHex, testValidators } from './testing/index.ts'

const core = testCore(1)
const [usdc, purr, hype] = core.tokens
const [pair] = core.spotPairs
const [perp] = core.perps
const [table] = core.marginTables
const start = (overrides: Partial<GenesisCore>) => () =>
  ExchangeMachine.genesis(testGenesis(1, overrides))

describe('genesis of the Core', () => {
  it('is the same state for the same file', () => {
    expect(ExchangeMachine.genesis(testGenesis(3)).coreRoot).toEqual(
      ExchangeMachine.genesis(testGenesis(3)).coreRoot,
    )
    expect(ExchangeMachine.genesis(testGenesis(3)).coreRoot).not.toEqual(
      ExchangeMachine.genesis(testGenesis(4)).coreRoot,
    )
  })

  it('pins the stored form: a change here breaks every running chain', () => {
    const { coreRoot, writes } = ExchangeMachine.genesis(testGenesis(3))
    expect(Buffer.from(coreRoot).toString('hex')).toMatchInlineSnapshot(
      `"b85dc06733f27c15ab2f01e093fd14eff07fee1c34cddcf433abe89d2ac16c3c"`,
    )
    expect(writes).toHaveLength(58)
    expect(writes.every(([key]) => key[0] === 0x63)).toBe(true)
  })

  it.each<[string, Partial<GenesisCore>]>([
    ['an index that is not its position', { tokens: [usdc!, { ...purr!, index: 2 }] }],
    ['a name twice', { tokens: [usdc!, { ...purr!, name: 'USDC' }, hype!] }],
    ['no USDC', { tokens: [{ ...usdc!, name: 'USDT' }, purr!, hype!] }],
    ['USDC in another unit', { tokens: [{ ...usdc!, weiDecimals: 9 }, purr!, hype!] }],
    ['no tokens', { tokens: [] }],
    ['lots finer than wei', { tokens: [usdc!, { ...purr!, szDecimals: 6 }, hype!] }],
    ['wei that no one can count', { tokens: [usdc!, { ...purr!, weiDecimals: 19 }, hype!] }],
    ['a token id of another size', { tokens: [usdc!, { ...purr!, tokenId: '0x01' }, hype!] }],
  ])('refuses tokens with %s', (_name, overrides) => {
    expect(start(overrides)).toThrow('OL_CORE_GENESIS_TOKEN')
  })

  it.each<[string, Partial<GenesisCore>]>([
    ['a token that is not there', { spotPairs: [{ ...pair!, base: 7 }] }],
    ['one token on both sides', { spotPairs: [{ ...pair!, base: 0 }] }],
    ['a quote coarser than 1e-8', { spotPairs: [{ ...pair!, base: 2, quote: 1 }] }],
    ['an index twice', { spotPairs: [pair!, { ...pair!, name: 'X' }] }],
    ['an index out of range', { spotPairs: [{ ...pair!, index: 10_000 }] }],
    ['a name twice', { spotPairs: [pair!, { ...pair!, index: 1 }] }],
    ['a price that is none', { spotPairs: [{ ...pair!, px: '-1' }] }],
  ])('refuses pairs with %s', (_name, overrides) => {
    expect(start(overrides)).toThrow('OL_CORE_GENESIS_SPOT_PAIR')
  })

  it.each<[string, Partial<GenesisCore>]>([
    ['no name', { perps: [{ ...perp!, name: '' }] }],
    ['a name twice', { perps: [perp!, perp!] }],
    ['the name of a pair', { perps: [{ ...perp!, name: 'PURR/USDC' }] }],
    ['too many size decimals', { perps: [{ ...perp!, szDecimals: 7 }] }],
    ['no leverage', { perps: [{ ...perp!, maxLeverage: 0 }] }],
    ['more leverage than its table', { perps: [{ ...perp!, maxLeverage: 41 }] }],
    ['a margin table that is not there', { perps: [{ ...perp!, marginTableId: 57 }] }],
    ['no oracle price', { perps: [{ ...perp!, oraclePx: '0' }] }],
    ['an oracle price finer than a tick', { perps: [{ ...perp!, oraclePx: '1.05' }] }],
  ])('refuses perps with %s', (_name, overrides) => {
    expect(start(overrides)).toThrow('OL_CORE_GENESIS_PERP')
  })

  it.each<[string, GenesisCore['marginTables'][number]]>([
    ['an id of the single tiers', { ...table!, id: 49 }],
    ['no tiers', { ...table!, marginTiers: [] }],
    ['a first tier above 0', { ...table!, marginTiers: [{ lowerBound: '1', maxLeverage: 40 }] }],
    [
      'bounds that do not ascend',
      {
        ...table!,
        marginTiers: [
          { lowerBound: '0', maxLeverage: 40 },
          { lowerBound: '0', maxLeverage: 20 },
        ],
      },
    ],
    [
      'leverage that does not descend',
      {
        ...table!,
        marginTiers: [
          { lowerBound: '0', maxLeverage: 40 },
          { lowerBound: '5', maxLeverage: 40 },
        ],
      },
    ],
  ])('refuses margin tables with %s', (_name, marginTable) => {
    expect(start({ marginTables: [marginTable] })).toThrow('OL_CORE_GENESIS_MARGIN_TABLE')
  })

  it.each<[string, GenesisCore['balances']]>([
    ['an unknown token', [{ address: testUserHex(1), spot: { BTC: '1' } }]],
    ['a negative amount', [{ address: testUserHex(1), perp: '-1' }]],
    ['an amount finer than its unit', [{ address: testUserHex(1), perp: '0.0000001' }]],
    ['an address twice', [{ address: testUserHex(1) }, { address: testUserHex(1) }]],
    ['no address', [{ address: '0x01' }]],
    ['more than 2^63 wei', [{ address: testUserHex(1), spot: { HYPE: '92233720368.54775804' } }]],
    [
      'more than 2^63 wei of USDC over both sides',
      [{ address: testUserHex(1), spot: { USDC: '92233720368.54775807' }, perp: '0.000001' }],
    ],
  ])('refuses balances with %s', (_name, balances) => {
    expect(start({ balances })).toThrow('OL_CORE_GENESIS_BALANCE')
  })

  it('takes balances on the limit', () => {
    // The four validators of the test have one wei each.
    const balances = [{ address: testUserHex(1), spot: { HYPE: '92233720368.54775803' } }]
    expect(start({ balances })).not.toThrow()
  })

  it('refuses fees and limits that are none', () => {
    const { fees, limits } = core
    expect(start({ fees: { ...fees, perpTakerPpm: 1_000_001 } })).toThrow('OL_CORE_GENESIS_FEES')
    expect(start({ fees: { ...fees, spotMakerPpm: -1 } })).toThrow('OL_CORE_GENESIS_FEES')
    expect(start({ fees: { ...fees, collector: '0xfe' } })).toThrow('OL_CORE_GENESIS_FEES')
    expect(start({ limits: { ...limits, openOrdersMax: 0 } })).toThrow('OL_CORE_GENESIS_LIMITS')
  })

  it('refuses validators that share a signer or have no stake', () => {
    const [first] = testValidators([1])
    const begin = (validators: Parameters<typeof ExchangeMachine.genesis>[0]['validators']) => () =>
      ExchangeMachine.genesis({ core, validators, timestampMs: GENESIS_MS })
    expect(begin([first!, first!])).toThrow('OL_CORE_GENESIS_VALIDATOR')
    expect(begin([{ ...first!, stake: '0' }])).toThrow('OL_CORE_GENESIS_VALIDATOR')
    expect(begin([{ ...first!, signer: '0x' }])).toThrow('OL_CORE_GENESIS_VALIDATOR')
  })
})
