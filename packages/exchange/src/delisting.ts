import { assert } from '@openliquid/primitives'
import { type ActionFault, type ActionOutcome, DONE, fault } from './actions/outcome.ts'
import type { CoreState } from './coreState.ts'
import { tradeByForce } from './forcedTrade.ts'
import { L1_VOTE_MS } from './limits.ts'
import type { PerpMarket } from './market.ts'
import { NO_ROW } from './orderArena.ts'
import { removeOrder, removeTrigger } from './orderCancel.ts'
import { positionSize } from './perpClearinghouse.ts'
import type { User } from './records.ts'
import { cancelTwap } from './twap.ts'
import type { L1VoteReading } from './view.ts'

/**
 * A validator's vote to delist a perp; with those of more than two thirds of the stake it is done at once (own rule).
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

/** Takes every order and TWAP of a perp out, and settles its positions at the mark, long against short. */
function delist(state: CoreState, market: PerpMarket): void {
  const { asset, book } = market
  for (const [voter, votes] of [...state.l1Votes.owners()]) {
    if (votes.has(asset)) state.l1Votes.set(voter, asset, undefined)
  }
  state.delisted.set(asset, state.now.timestampMs)
  for (const trigger of [...state.triggers.entries()].map(([, order]) => order).sort(byOid)) {
    if (trigger.asset === asset) removeTrigger(state, trigger, 'delistedCanceled')
  }
  for (const isBuy of [true, false]) {
    for (let row = book.best(isBuy); row !== NO_ROW; row = book.best(isBuy)) {
      removeOrder(state, state.orders.read(row), 'delistedCanceled')
    }
  }
  for (const [twapId, twap] of [...state.twaps.entries()].sort(([a], [b]) => a - b)) {
    if (twap.asset === asset) cancelTwap(state, twap.user, asset, twapId)
  }
  settle(state, market)
}

function settle(state: CoreState, market: PerpMarket): void {
  const { asset } = market
  const { markPx } = state.pricesOf(asset)
  const holders = [...state.positions.owners()]
    .filter(([, positions]) => (positions.get(asset)?.size ?? 0) !== 0)
    .map(([user]) => user)
    .sort()
  const longs = holders.filter((user) => positionSize(state, user, asset) > 0)
  const shorts = holders.filter((user) => positionSize(state, user, asset) < 0)
  const dir = { user: 'Settlement', counterparty: 'Settlement' }
  let [long, short] = [longs.shift(), shorts.shift()]
  while (long !== undefined && short !== undefined) {
    const [open, owed] = [positionSize(state, long, asset), -positionSize(state, short, asset)]
    const size = Math.min(open, owed)
    tradeByForce(state, market, { user: long, counterparty: short, size, px: markPx, dir })
    if (size === open) long = longs.shift()
    if (size === owed) short = shorts.shift()
  }
  assert(long === undefined && short === undefined, 'a position without counterpart')
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

function byOid(a: { readonly oid: number }, b: { readonly oid: number }): number {
  return a.oid - b.oid
}

function refused(text: string): ActionFault {
  return fault('OL_ACTION_VOTE', text)
}
