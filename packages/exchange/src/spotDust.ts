import { hexToBytes } from '@openliquid/primitives'
import { activate, isSystemAddress } from './actions/activation.ts'
import { ByteReader } from './byteCodec.ts'
import type { CoreState } from './coreState.ts'
import { utcDay } from './feeSchedule.ts'
import { emitLedgerUpdate, spotTransferDelta } from './ledgerEvents.ts'
import { DUST_BALANCES_PER_BLOCK_MAX } from './limits.ts'
import { type SpotMarket, slippagePx } from './market.ts'
import { matchOrder } from './matching.ts'
import { NO_ROW } from './orderArena.ts'
import { NO_CAUSE } from './orderPlacement.ts'
import { type DustCursor, SPOT_BALANCES, type Token, type User } from './records.ts'
import { spotBalance, spotValue, transferSpot, USDC } from './spotClearinghouse.ts'
import { spotBalanceKey } from './stateKeys.ts'

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
 * Begin-block step ②, from the first block of a UTC day on: what is below a lot, and worth a dollar at most, is gathered
 * and sold to the bids of the token's USDC pair; §9.
 *
 * Own rule: a block looks at so many balances at most, in the order of their keys, and the next one goes on behind them.
 * The holders that one block finds share the proceeds and what was not sold by what they had, and rounding goes to the
 * first of them; where there is no bid or less than a lot together, nothing happens.
 */
export function sweepDust(state: CoreState, previousMs: number): void {
  const isNewDay = utcDay(previousMs) !== utcDay(state.now.timestampMs)
  const from = isNewDay ? FIRST_BALANCE : state.dustCursor.get(0)
  if (from === undefined) return
  const { held, last } = nextBalances(state, from)
  state.dustCursor.set(0, last)
  const swept = new Set<number>()
  for (const [, market] of [...state.markets.entries()].sort(([a], [b]) => a - b)) {
    if (market.kind !== 'spot' || market.quote.index !== USDC) continue
    if (swept.has(market.base.index)) continue
    swept.add(market.base.index)
    const holders = held.get(market.base.index)
    if (holders !== undefined && market.book.best(true) !== NO_ROW) {
      sweepToken(state, market, holders)
    }
  }
}

/** Before all keys of balances. */
const FIRST_BALANCE: DustCursor = { user: `0x${'00'.repeat(20)}`, token: 0 }

/** The balances behind one, holders by token, ascending; and the last of them when others may follow. */
function nextBalances(
  state: CoreState,
  { user, token }: DustCursor,
): { readonly held: ReadonlyMap<number, User[]>; readonly last: DustCursor | undefined } {
  const held = new Map<number, User[]>()
  const keys = state.storedKeys.keysAfter(
    spotBalanceKey(hexToBytes(user, 20), token),
    DUST_BALANCES_PER_BLOCK_MAX,
  )
  let last: DustCursor | undefined
  for (const key of keys) {
    const reader = new ByteReader(key)
    reader.u8()
    if (reader.u8() !== SPOT_BALANCES.tag) return { held, last: undefined }
    const [holder, index] = SPOT_BALANCES.readKey(reader)
    last = { user: holder, token: index }
    const holders = held.get(index)
    if (holders === undefined) held.set(index, [holder])
    else holders.push(holder)
  }
  return { held, last: keys.length < DUST_BALANCES_PER_BLOCK_MAX ? undefined : last }
}

function sweepToken(state: CoreState, market: SpotMarket, holders: readonly User[]): void {
  const { base, lotWei } = market
  const { lastPx } = state.pricesOf(market.asset)
  const dust = lastPx === 0 ? [] : dustOf(state, holders, base, lotWei)
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

/** In the order of the holders. */
function dustOf(state: CoreState, holders: readonly User[], token: Token, lotWei: bigint): Dust[] {
  const found: Dust[] = []
  for (const user of holders) {
    const balance = state.spotBalances.get(user, token.index)
    if (balance === undefined || balance.hold > 0n || balance.total >= lotWei) continue
    if (state.profiles.keepsDust.has(user) || isSystemAddress(user)) continue
    if (spotValue(state, token, balance.total) > DUST_NTL_MAX) continue
    found.push({ user, wei: balance.total })
  }
  return found
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
