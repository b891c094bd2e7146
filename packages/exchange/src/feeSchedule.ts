/** Rates in millionths; a negative maker rate is a rebate. */
export interface FeeRates {
  readonly perpTakerPpm: number
  readonly perpMakerPpm: number
  readonly spotTakerPpm: number
  readonly spotMakerPpm: number
}

/** Genesis parameters beside the rates of everyone; docs/spec/hyperliquid.md §8.1. */
export interface FeeSchedule {
  /** Ascending by volume (1e-6 USDC). The rates apply above it. */
  readonly tiers: readonly (FeeRates & { readonly volume: bigint })[]
  /** Ascending by share of all maker volume (millionths). The rebate applies above it. */
  readonly makerRebates: readonly { readonly sharePpm: number; readonly rebatePpm: number }[]
}

/** What one side did on a UTC day, 1e-6 USDC: perps, and spot twice. */
export interface DayVolume {
  readonly day: number
  readonly taker: bigint
  readonly maker: bigint
}

/** Days that count, before the running one. */
export const FEE_DAYS = 14
const DAY_MS = 86_400_000
const MILLION = 1_000_000n

export function utcDay(timestampMs: number): number {
  return Math.floor(timestampMs / DAY_MS)
}

/** Volume of the days that count for a day: the 14 before it. */
export function assessedVolume(
  days: readonly DayVolume[],
  today: number,
): { readonly taker: bigint; readonly maker: bigint } {
  let [taker, maker] = [0n, 0n]
  for (const volume of days) {
    if (volume.day >= today || volume.day < today - FEE_DAYS) continue
    taker += volume.taker
    maker += volume.maker
  }
  return { taker, maker }
}

/** The days with one more trade of today; those that count no longer are gone. */
export function withVolume(
  days: readonly DayVolume[],
  today: number,
  trade: { readonly taker: bigint; readonly maker: bigint },
): readonly DayVolume[] {
  const last = days.at(-1)
  const running = last?.day === today ? last : { day: today, taker: 0n, maker: 0n }
  const past = last?.day === today ? days.slice(0, -1) : days
  return [
    ...past.filter(({ day }) => day >= today - FEE_DAYS),
    { day: today, taker: running.taker + trade.taker, maker: running.maker + trade.maker },
  ]
}

/**
 * The rates of a user, from what was traded before the running day.
 *
 * The maker share earns a rebate on perps; on spot, where a fee is taken from what is received, there is none to pay.
 */
export function ratesFor(
  base: FeeRates,
  { tiers, makerRebates }: FeeSchedule,
  own: { readonly taker: bigint; readonly maker: bigint },
  allMaker: bigint,
): FeeRates {
  const volume = own.taker + own.maker
  const rates = tiers.findLast((tier) => volume > tier.volume) ?? base
  const rebate = makerRebates.findLast(
    ({ sharePpm }) => own.maker * MILLION > BigInt(sharePpm) * allMaker,
  )
  return {
    perpTakerPpm: rates.perpTakerPpm,
    perpMakerPpm: rebate === undefined ? rates.perpMakerPpm : -rebate.rebatePpm,
    spotTakerPpm: rates.spotTakerPpm,
    spotMakerPpm: rates.spotMakerPpm,
  }
}
