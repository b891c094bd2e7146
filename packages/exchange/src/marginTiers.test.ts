import { describe, expect, it } from 'vitest'
import { liquidationPx } from './liquidationPx.ts'
import { maintenanceMargin, marginTiers, tierAt } from './marginTiers.ts'
import { perpMarket } from './market.ts'
import { OrderArena } from './orderArena.ts'
import { LinkedOrderBook } from './orderBook.ts'

const usd = (n: number): bigint => BigInt(n) * 1_000_000n

describe('maintenance margin: §6.4', () => {
  const btcTestnet = marginTiers({
    description: '',
    tiers: [
      { lowerBound: 0n, maxLeverage: 40 },
      { lowerBound: usd(10_000), maxLeverage: 25 },
      { lowerBound: usd(50_000), maxLeverage: 10 },
    ],
  })

  it('is half of the initial margin at the greatest leverage', () => {
    expect(maintenanceMargin(btcTestnet, usd(8_000))).toBe(usd(100))
    expect(maintenanceMargin(btcTestnet, 0n)).toBe(0n)
  })

  it('is continuous where tiers meet', () => {
    for (const bound of [usd(10_000), usd(50_000)]) {
      const [below, on] = [bound - 1n, bound].map((value) => maintenanceMargin(btcTestnet, value))
      expect(on! - below!).toBeLessThanOrEqual(1n)
      expect(on! - below!).toBeGreaterThanOrEqual(0n)
    }
    // 10,000 at 1/80, 40,000 at 1/50, 10,000 at 1/20.
    expect(maintenanceMargin(btcTestnet, usd(60_000))).toBe(usd(125 + 800 + 500))
  })

  it('finds the tier below, on and above a bound', () => {
    expect(tierAt(btcTestnet, usd(10_000) - 1n).maxLeverage).toBe(40)
    expect(tierAt(btcTestnet, usd(10_000)).maxLeverage).toBe(25)
    expect(tierAt(btcTestnet, usd(50_000)).maxLeverage).toBe(10)
  })
})

it('finds the liquidation price of the published sample: §6.5', () => {
  const market = perpMarket(
    {
      index: 0,
      name: 'ETH',
      szDecimals: 4,
      maxLeverage: 50,
      marginTableId: 49,
      onlyIsolated: false,
      marginMode: 'normal',
      impactNtl: 0n,
      openInterestCap: 0n,
      openInterestIncrease: 0n,
      hyperpPx: 0,
    },
    undefined,
    new LinkedOrderBook(new OrderArena()),
  )
  const fifty = {
    ...market,
    tiers: marginTiers({ description: '', tiers: [{ lowerBound: 0n, maxLeverage: 50 }] }),
  }
  const value = 100_027_650n
  const margin = {
    accountValue: value - 95_059_824n,
    maintenance: maintenanceMargin(fifty.tiers, value),
  }
  // The sample prints 2866.26936529: its collateral has digits behind the six that it shows.
  expect(liquidationPx(fifty, { size: 335, markPx: 298_590, margin })).toBe('2866.26938037')
})
