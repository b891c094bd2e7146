import { assert } from '@openliquid/primitives'
import type { CoreState } from './coreState.ts'
import { formatUnits, maxOf, minOf, product } from './decimal.ts'
import { averagePremium, fundingOf, hourlyRate, premiumOf, RATE_DECIMALS } from './fundingRate.ts'
import { fundingPremium } from './hyperps.ts'
import { impactPx } from './impactPrice.ts'
import { FUNDING_POSITIONS_PER_BLOCK_MAX } from './limits.ts'
import { accountMargin, isolatedMargin } from './margin.ts'
import type { PerpMarket } from './market.ts'
import { markOpenInterests } from './openInterest.ts'
import { isOracleStale } from './oracle.ts'
import { formatSize } from './orderEvents.ts'
import { NO_CAUSE } from './orderPlacement.ts'
import { addRawUsd, setPosition } from './perpClearinghouse.ts'
import type { Position, User } from './records.ts'
import type { FundingDue } from './riskRecords.ts'
import { USD_DECIMALS } from './tradeEvents.ts'

/** Time between two premium samples; docs/spec/hyperliquid.md §7.3. */
const SAMPLE_MS = 5_000
/** Time between two settlements. */
const HOUR_MS = 3_600_000

/**
 * Begin-block step ⑤: settles when an hour has begun since the last block, goes on with what of a settlement is left, and
 * samples when 5 s have passed; §2, §7.3.
 *
 * @returns whether money moved
 */
export function advanceFunding(state: CoreState, previousMs: number): boolean {
  const { timestampMs } = state.now
  const isHour = periodOf(timestampMs, HOUR_MS) > periodOf(previousMs, HOUR_MS)
  // An hour that was over before its settlement was is not mixed with the next.
  const positionsMax = isHour ? Number.POSITIVE_INFINITY : FUNDING_POSITIONS_PER_BLOCK_MAX
  const settled = state.fundingDues.size === 0 ? 0 : settleDues(state, positionsMax)
  if (isHour) beginSettlement(state)
  if (periodOf(timestampMs, SAMPLE_MS) > periodOf(previousMs, SAMPLE_MS)) samplePremiums(state)
  return isHour || settled > 0
}

function periodOf(timestampMs: number, periodMs: number): number {
  return Math.floor(timestampMs / periodMs)
}

/** A sample that cannot be taken does not count. */
function samplePremiums(state: CoreState): void {
  for (const [perp] of state.perps.entries()) {
    if (state.delisted.has(perp)) continue
    const market = state.perpMarket(perp)
    const latest = isOracleStale(state, perp) ? undefined : currentPremium(state, market)
    const premiums = state.premiumsOf(perp)
    if (latest !== undefined) {
      const { sum, count, rate } = premiums
      state.premiums.set(perp, { sum: sum + latest, count: count + 1, latest, rate })
    } else if (premiums.latest !== undefined) {
      state.premiums.set(perp, { ...premiums, latest: undefined })
    }
  }
}

function currentPremium(state: CoreState, market: PerpMarket): bigint | undefined {
  const { asset, book, perp } = market
  const bid = impactPx(book, true, perp.impactNtl)
  const ask = impactPx(book, false, perp.impactNtl)
  if (bid === undefined || ask === undefined) return undefined
  return fundingPremium(market, premiumOf({ bid, ask }, state.pricesOf(asset).oraclePx))
}

/** A position that takes part in a settlement. */
interface Share {
  readonly user: User
  readonly position: Position
  /** What is due to it or from it, 1e-6 USDC. */
  readonly due: bigint
}

/** Fixes what the hour settles at, and settles as much of it as a block's share of such work allows. */
function beginSettlement(state: CoreState): void {
  markOpenInterests(state)
  for (const perp of [...state.perps.entries()].map(([index]) => index).sort((a, b) => a - b)) {
    if (state.delisted.has(perp)) continue
    const market = state.perpMarket(perp)
    const premiums = state.premiumsOf(perp)
    const rate = hourlyRate(premiums)
    state.premiums.set(perp, { ...premiums, sum: 0n, count: 0, rate })
    state.emit({
      kind: 'fundingRate',
      coin: market.coin,
      fundingRate: formatUnits(rate, RATE_DECIMALS),
      premium: formatUnits(averagePremium(premiums), RATE_DECIMALS),
      time: state.now.timestampMs,
    })
    if (rate === 0n) continue
    state.fundingDues.set(perp, { rate, oraclePx: state.pricesOf(perp).oraclePx })
  }
  settleDues(state, FUNDING_POSITIONS_PER_BLOCK_MAX)
}

/** Settles perps whole, the lowest asset id first, until so many positions were settled; returns how many were. */
function settleDues(state: CoreState, positionsMax: number): number {
  state.causeId = NO_CAUSE
  const holders = state.positions.holdersByPerp()
  const funds = new Funds(state)
  let settled = 0
  for (const [perp, due] of [...state.fundingDues.entries()].sort(([a], [b]) => a - b)) {
    if (settled >= positionsMax) break
    state.fundingDues.set(perp, undefined)
    if (state.delisted.has(perp)) continue
    const users = (holders.get(perp) ?? []).sort()
    settlePerp(state, state.perpMarket(perp), { ...due, holders: users, funds })
    settled += users.length
  }
  return settled
}

/**
 * Longs pay shorts, or the other way round; who pays more than it has pays what it has.
 *
 * When less comes in than is due, the receivers share it in proportion; what is left goes to the fee account.
 */
function settlePerp(
  state: CoreState,
  market: PerpMarket,
  {
    rate,
    oraclePx,
    holders,
    funds,
  }: FundingDue & {
    readonly holders: readonly User[]
    readonly funds: Funds
  },
): void {
  const payers: Share[] = []
  const receivers: Share[] = []
  for (const user of holders) {
    const position = state.positions.get(user, market.asset)
    assert(position !== undefined, 'a holder without position')
    const { owed, earned } = fundingOf(product(Math.abs(position.size), oraclePx), rate)
    const isPayer = position.size > 0 === rate > 0n
    if (isPayer) payers.push({ user, position, due: minOf(owed, funds.of(market, user, position)) })
    else receivers.push({ user, position, due: earned })
  }
  const collected = payers.reduce((sum, { due }) => sum + due, 0n)
  const earned = receivers.reduce((sum, { due }) => sum + due, 0n)
  let left = collected
  for (const payer of payers) {
    funds.spend(payer.user, payer.position, payer.due)
    book(state, market, payer, { paid: payer.due, rate })
  }
  for (const receiver of receivers) {
    const received = collected >= earned ? receiver.due : (receiver.due * collected) / earned
    left -= received
    book(state, market, receiver, { paid: -received, rate })
  }
  assert(left >= 0n, 'more funding paid out than came in')
  addRawUsd(state, state.rules.collector, left)
}

/** What accounts can pay, as far as this settlement has used it up. Credits of the same hour do not count. */
class Funds {
  readonly #state: CoreState
  readonly #cross = new Map<User, bigint>()

  constructor(state: CoreState) {
    this.#state = state
  }

  of(market: PerpMarket, user: User, position: Position): bigint {
    if (position.isIsolated) {
      return maxOf(0n, isolatedMargin(this.#state, market, position).accountValue)
    }
    const known = this.#cross.get(user)
    if (known !== undefined) return known
    const value = maxOf(0n, this.#crossValueOf(market, user))
    this.#cross.set(user, value)
    return value
  }

  /** By the sums that follow the account, where they are safe integers. */
  #crossValueOf({ asset }: PerpMarket, user: User): bigint {
    const { accounts, positions } = this.#state
    const handle = accounts.find(user)
    positions.margin.weigh(handle, asset, positions.find(handle, asset), 0, 0, 0, 0)
    const value = positions.margin.weighedValue
    return Number.isNaN(value) ? accountMargin(this.#state, user).accountValue : BigInt(value)
  }

  spend(user: User, { isIsolated }: Position, paid: bigint): void {
    if (!isIsolated) this.#cross.set(user, (this.#cross.get(user) ?? 0n) - paid)
  }
}

function book(
  state: CoreState,
  market: PerpMarket,
  { user, position }: Share,
  { paid, rate }: { readonly paid: bigint; readonly rate: bigint },
): void {
  const { allTime, sinceOpen, sinceChange } = position.cumFunding
  setPosition(state, user, market, {
    ...position,
    isolatedRawUsd: position.isolatedRawUsd - (position.isIsolated ? paid : 0n),
    cumFunding: {
      allTime: allTime + paid,
      sinceOpen: sinceOpen + paid,
      sinceChange: sinceChange + paid,
    },
  })
  if (!position.isIsolated) addRawUsd(state, user, -paid)
  state.emit({
    kind: 'funding',
    user: state.addressOf(user),
    time: state.now.timestampMs,
    hash: state.cause,
    delta: {
      type: 'funding',
      coin: market.coin,
      usdc: formatUnits(-paid, USD_DECIMALS),
      szi: formatSize(market, position.size),
      fundingRate: formatUnits(rate, RATE_DECIMALS),
      nSamples: null,
    },
  })
}
