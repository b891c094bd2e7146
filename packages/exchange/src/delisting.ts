import { assert } from '@openliquid/primitives'
import { type ActionFault, type ActionOutcome, DONE, fault } from './actions/outcome.ts'
import type { CoreState } from './coreState.ts'
import { tradeByForce } from './forcedTrade.ts'
import { DELISTING_STEPS_MAX, L1_VOTE_MS } from './limits.ts'
import type { PerpMarket } from './market.ts'
import { NO_ROW } from './orderArena.ts'
import { removeOrder, removeTrigger } from './orderCancel.ts'
import { NO_CAUSE } from './orderPlacement.ts'
import { positionSize } from './perpClearinghouse.ts'
import type { Order, User } from './records.ts'
import { cancelTwap } from './twap.ts'
import type { L1VoteReading } from './view.ts'

/**
 * A validator's vote to delist a perp; those of more than two thirds of the stake do it (own rule).
 *
 * A vote counts for a day, with the stake that its validator has in the running epoch.
 * @see docs/spec/hyperliquid.md §9
 */
export function voteToDelist(state: CoreState, signer: User, coin: string): ActionOutcome {
  const validator = state.oracleSigners.get(signer)?.validator
  if (validator === undefined) return refused('Signer is not the signer of a validator.')
  const market = state.marketsByCoin.get(coin)
  if (market?.kind !== 'perp') return refused('Perp does not exist.')
  if (state.delisted.has(market.asset)) return refused('Perp is already delisted.')
  const { timestampMs } = state.now
  state.l1Votes.set(validator, market.asset, timestampMs + L1_VOTE_MS)
  let [total, agreed] = [0n, 0n]
  for (const [, { validator: member, stake }] of state.oracleSigners.entries()) {
    total += stake
    if ((state.l1Votes.get(member, market.asset) ?? 0) > timestampMs) agreed += stake
  }
  if (3n * agreed > 2n * total) delist(state, market)
  return DONE
}

/** Nothing trades any more; orders and positions go as far as a block's share of such work allows, and on in the next blocks. */
function delist(state: CoreState, { asset }: PerpMarket): void {
  for (const [voter, votes] of [...state.l1Votes.owners()]) {
    if (votes.has(asset)) state.l1Votes.set(voter, asset, undefined)
  }
  state.delisted.set(asset, state.now.timestampMs)
  closeDown(state, asset, DELISTING_STEPS_MAX)
}

/**
 * Begin-block step ②: goes on with what delisted perps still have, the lowest asset id first; docs/spec/hyperliquid.md §9.
 *
 * There is no cursor: what is left of a perp says where to go on.
 */
export function continueDelistings(state: CoreState): void {
  if (state.delisted.size === 0) return
  state.causeId = NO_CAUSE
  let left = DELISTING_STEPS_MAX
  for (const asset of [...state.delisted.keys()].sort((a, b) => a - b)) {
    left = closeDown(state, asset, left)
    if (left === 0) return
  }
}

/** Takes out orders, then settles positions: so many at most. Returns how many more there may be. */
function closeDown(state: CoreState, asset: number, steps: number): number {
  const market = state.perpMarket(asset)
  let left = steps
  for (; left > 0; left--) {
    const armed = state.triggerBooks.get(asset)?.first()
    const trigger = armed === undefined ? undefined : state.triggers.get(armed.oid)
    if (trigger === undefined) break
    removeTrigger(state, trigger, 'delistedCanceled')
  }
  for (; left > 0; left--) {
    const watched = state.twapWatches.get(asset)?.first()
    const twap = watched === undefined ? undefined : state.twaps.get(watched.oid)
    if (twap === undefined) break
    cancelTwap(state, twap.user, asset, twap.twapId)
  }
  for (const isBuy of [true, false]) {
    for (; left > 0; left--) {
      const row = market.book.best(isBuy)
      if (row === NO_ROW) break
      const order = state.orders.read(row)
      // What waits for the fill of the order is of the same perp.
      if (order.group === order.oid) removeWaiting(state, order)
      removeOrder(state, order, 'delistedCanceled')
    }
  }
  return left === 0 ? 0 : left - settle(state, market, left)
}

function removeWaiting(state: CoreState, { user, group }: Order): void {
  const members = state.ordersOf(user).groups.get(group) ?? []
  for (const oid of [...members].sort((a, b) => a - b)) {
    const trigger = state.triggers.get(oid)
    if (trigger !== undefined) removeTrigger(state, trigger, 'delistedCanceled')
  }
}

/** Closes longs against shorts at the mark, by address: so many trades at most. Returns how many there were. */
function settle(state: CoreState, market: PerpMarket, tradesMax: number): number {
  const { asset } = market
  const openLots = state.positions.openInterest.get(asset)
  if (openLots === undefined || openLots.isZero) return 0
  const { markPx } = state.pricesOf(asset)
  const { positions } = state
  const longs = leastOf(positions.holdersOf(asset, true), tradesMax)
  const shorts = leastOf(positions.holdersOf(asset, false), tradesMax)
  const dir = { user: 'Settlement', counterparty: 'Settlement' }
  let [nextLong, nextShort, trades] = [0, 0, 0]
  for (; trades < tradesMax; trades++) {
    const [long, short] = [longs[nextLong], shorts[nextShort]]
    if (long === undefined || short === undefined) break
    const [open, owed] = [positionSize(state, long, asset), -positionSize(state, short, asset)]
    const size = Math.min(open, owed)
    tradeByForce(state, market, { user: long, counterparty: short, size, px: markPx, dir })
    if (size === open) nextLong += 1
    if (size === owed) nextShort += 1
  }
  assert(trades > 0, 'a position without counterpart')
  return trades
}

/** The first users by address, without sorting the others. */
function leastOf(users: Iterable<User>, countMax: number): User[] {
  const least: User[] = []
  for (const user of users) {
    const last = least.at(-1)
    if (last !== undefined && least.length >= countMax && user > last) continue
    least.splice(placeOf(user, least), 0, user)
    if (least.length > countMax) least.pop()
  }
  return least
}

/** Where a user belongs among others that ascend: halved, since holders may come in the worst order there is. */
function placeOf(user: User, ascending: readonly User[]): number {
  let [low, high] = [0, ascending.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((ascending[middle] as User) < user) low = middle + 1
    else high = middle
  }
  return low
}

/** Votes that count, by perp. */
export function l1VotesOf(state: CoreState): readonly L1VoteReading[] {
  const { timestampMs } = state.now
  const found = new Map<number, { untilMs: number; votes: User[] }>()
  for (const [validator, votes] of state.l1Votes.owners()) {
    for (const [perp, untilMs] of votes) {
      if (untilMs <= timestampMs) continue
      const present = found.get(perp) ?? { untilMs, votes: [] }
      present.untilMs = Math.min(present.untilMs, untilMs)
      present.votes.push(validator)
      found.set(perp, present)
    }
  }
  return [...found]
    .sort(([a], [b]) => a - b)
    .map(([perp, { untilMs, votes }]) => ({
      coin: state.perpMarket(perp).coin,
      expireMs: untilMs,
      votes: votes.sort(),
    }))
}

function refused(text: string): ActionFault {
  return fault('OL_ACTION_VOTE', text)
}
