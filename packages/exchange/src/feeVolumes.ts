import type { CoreState } from './coreState.ts'
import { tradingAs } from './feeDiscounts.ts'
import { assessedVolume, type FeeRates, ratesFor, utcDay, withVolume } from './feeSchedule.ts'
import type { User } from './records.ts'

/** Volume on spot counts this often for fee tiers; docs/spec/hyperliquid.md §8.1. */
const SPOT_WEIGHT = 2n

/** What a user pays today; assessed from the days before, so it holds for the whole UTC day; §8.1. */
export function feeRatesOf(state: CoreState, user: User): FeeRates {
  const { rules, feeSchedule } = state
  if (!hasFeeTiers(state)) return rules
  const today = utcDay(state.now.timestampMs)
  const own = assessedVolume(state.feeVolumes.get(tradingAs(state, user)) ?? [], today)
  const all = assessedVolume(state.exchangeVolumes.get(0) ?? [], today)
  return ratesFor(rules, feeSchedule, own, all.maker)
}

/** Share of a user in all maker volume of the days that count, millionths; `undefined` when there is none. */
export function makerSharePpm(state: CoreState, user: User): number | undefined {
  const today = utcDay(state.now.timestampMs)
  const all = assessedVolume(state.exchangeVolumes.get(0) ?? [], today).maker
  if (all === 0n) return undefined
  const own = assessedVolume(state.feeVolumes.get(tradingAs(state, user)) ?? [], today).maker
  return Number((own * 1_000_000n) / all)
}

/** Adds a trade (1e-6 USDC) to what fees are assessed from. A chain with the same rates for all keeps no volumes. */
export function noteFeeVolume(
  state: CoreState,
  trade: {
    readonly taker: User
    readonly maker: User
    readonly notional: bigint
    readonly isSpot: boolean
  },
): void {
  if (!hasFeeTiers(state)) return
  const volume = trade.isSpot ? SPOT_WEIGHT * trade.notional : trade.notional
  const today = utcDay(state.now.timestampMs)
  const add = (trader: User, taker: bigint, maker: bigint): void => {
    const user = tradingAs(state, trader)
    const days = state.feeVolumes.get(user) ?? []
    state.feeVolumes.set(user, withVolume(days, today, { taker, maker }))
  }
  add(trade.taker, volume, 0n)
  add(trade.maker, 0n, volume)
  const all = state.exchangeVolumes.get(0) ?? []
  state.exchangeVolumes.set(0, withVolume(all, today, { taker: volume, maker: volume }))
}

/** Whether rates depend on what was traded. */
export function hasFeeTiers({ feeSchedule }: CoreState): boolean {
  return feeSchedule.tiers.length + feeSchedule.makerRebates.length > 0
}
