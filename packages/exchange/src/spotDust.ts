import { activate, isSystemAddress } from './actions/activation.ts'
import type { CoreState } from './coreState.ts'
import { utcDay } from './feeSchedule.ts'
import { emitLedgerUpdate, spotTransferDelta } from './ledgerEvents.ts'
import { type SpotMarket, slippagePx } from './market.ts'
import { matchOrder } from './matching.ts'
import { NO_ROW } from './orderArena.ts'
import { NO_CAUSE } from './orderPlacement.ts'
import type { Token, User } from './records.ts'
import { spotBalance, spotValue, transferSpot, USDC } from './spotClearinghouse.ts'

/** 1e-6 USDC that a balance below one lot may be worth to be dust; docs/spec/hyperliquid.md §9. */
const DUST_NTL_MAX = 1_000_000n
const SLIPPAGE_PERCENT = 10
/** Sells what was swept. Nobody signs for it, and it is empty between sweeps. */
export const DUST_ACCOUNT: User = `0x${'fb'.repeat(20)}`

interface Dust {
  readonly user: User
  readonly wei: bigint
}

/**
 * Begin-block step ② of the first block of a UTC day: what is below a lot, and worth a dollar at most, is gathered and
 * sold to the bids of the token's USDC pair; §9.
 *
 * Own rule: holders share the proceeds and what was not sold by what they had, and rounding goes to the first of them;
 * where there is no bid or less than a lot together, nothing happens.
 */
export function sweepDust(state: CoreState, previousMs: number): void {
  if (utcDay(previousMs) === utcDay(state.now.timestampMs)) return
  const swept = new Set<number>()
  for (const [, market] of [...state.markets.entries()].sort(([a], [b]) => a - b)) {
    if (market.kind !== 'spot' || market.quote.index !== USDC) continue
    if (swept.has(market.base.index)) continue
    swept.add(market.base.index)
    if (market.book.best(true) !== NO_ROW) sweepToken(state, market)
  }
}

function sweepToken(state: CoreState, market: SpotMarket): void {
  const { base, lotWei } = market
  const { lastPx } = state.pricesOf(market.asset)
  const dust = lastPx === 0 ? [] : dustOf(state, base, lotWei)
  const total = dust.reduce((sum, { wei }) => sum + wei, 0n)
  const lots = Number(total / lotWei)
  if (lots === 0) return
  state.causeId = NO_CAUSE
  activate(state, DUST_ACCOUNT)
  for (const { user, wei } of dust) move(state, base, { from: user, to: DUST_ACCOUNT, wei })
  matchOrder(state, market, {
    user: DUST_ACCOUNT,
    oid: state.nextOid(),
    cloid: undefined,
    isBuy: false,
    px: slippagePx(market, lastPx, { isBuy: false, slippagePercent: SLIPPAGE_PERCENT }),
    size: lots,
    reduceOnly: false,
  })
  for (const token of [base, state.token(USDC)]) share(state, token, dust, total)
}

/** Ascending by owner. */
function dustOf(state: CoreState, token: Token, lotWei: bigint): Dust[] {
  const found: Dust[] = []
  for (const [user, balances] of state.spotBalances.owners()) {
    const balance = balances.get(token.index)
    if (balance === undefined || balance.hold > 0n || balance.total >= lotWei) continue
    if (state.profiles.keepsDust.has(user) || isSystemAddress(user)) continue
    if (spotValue(state, token, balance.total) > DUST_NTL_MAX) continue
    found.push({ user, wei: balance.total })
  }
  return found.sort((a, b) => (a.user < b.user ? -1 : 1))
}

/** Hands out what the dust account has of a token. */
function share(state: CoreState, token: Token, dust: readonly Dust[], total: bigint): void {
  const all = spotBalance(state, DUST_ACCOUNT, token.index).total
  const shares = dust.map(({ user, wei }) => ({ to: user, wei: (all * wei) / total }))
  const rest = all - shares.reduce((sum, { wei }) => sum + wei, 0n)
  for (const [i, { to, wei }] of shares.entries()) {
    move(state, token, { from: DUST_ACCOUNT, to, wei: i === 0 ? wei + rest : wei })
  }
}

function move(
  state: CoreState,
  token: Token,
  { from, to, wei }: { readonly from: User; readonly to: User; readonly wei: bigint },
): void {
  if (wei === 0n) return
  const entryNtl = spotValue(state, token, wei)
  transferSpot(state, from, to, { token: token.index, wei, entryNtl })
  const owner = from === DUST_ACCOUNT ? to : from
  const delta = spotTransferDelta(token, { user: from, destination: to, wei, value: entryNtl })
  emitLedgerUpdate(state, [owner], delta)
}
