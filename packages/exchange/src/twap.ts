import {
  concatBytes,
  type Hash,
  sha256,
  type TwapOrderAction,
  uintToBytes,
} from '@openliquid/primitives'
import type { CoreState } from './coreState.ts'
import { formatUnits, product } from './decimal.ts'
import type { TwapUpdateEvent } from './events.ts'
import { TWAPS_OF_USER_MAX } from './limits.ts'
import { type Market, parseSize, slippagePx } from './market.ts'
import { emitStatus, formatSize, marketOf, ORDER_DETAILS, sideLetter } from './orderEvents.ts'
import {
  checkOrder,
  executeOrder,
  isDelisted,
  isRejection,
  NO_CAUSE,
  type OrderRequest,
} from './orderPlacement.ts'
import { TWAP_SLICE_MS, type Twap } from './orderRecords.ts'
import { ORDER_REJECTIONS } from './orderRejection.ts'
import { closable } from './perpClearinghouse.ts'
import type { TwapResult } from './receipt.ts'
import type { User } from './records.ts'
import { USD_DECIMALS } from './tradeEvents.ts'

// docs/spec/hyperliquid.md §5.
const MINUTES_MIN = 5
const MINUTES_MAX = 10_080
const SLIPPAGE_PERCENT = 3
/** A slice may catch up on missed ones, up to this many times the normal size. */
const CATCH_UP_MAX = 3
/** 100 USDC in perp units (1e-6) and in spot units (1e-8 quote). */
const PERP_NTL_MIN = 100_000_000n
const SPOT_NTL_MIN = 10_000_000_000n
/** A randomised slice is this many thousandths of its size, and up to twice the spread more. */
const RANDOM_MIN_PERMILLE = 800n
const RANDOM_SPREAD_PERMILLE = 401n

/** Starts an order that trades in slices; docs/spec/hyperliquid.md §5. */
export function startTwap(
  state: CoreState,
  user: User,
  { a, b, s, r, m, t }: TwapOrderAction['twap'],
): TwapResult {
  const market = state.markets.get(a)
  if (market === undefined) return { error: ORDER_REJECTIONS.asset.text }
  if (isDelisted(state, market)) return { error: ORDER_REJECTIONS.delisted.text }
  if (m < MINUTES_MIN || m > MINUTES_MAX) return { error: `Invalid TWAP duration: ${m} min(s)` }
  const size = parseSize(s, market)
  if (size === undefined) return { error: ORDER_REJECTIONS.size.text }
  const canReduce = market.kind === 'perp' && closable(state, user, a, b) > 0
  if (r && !canReduce) return { error: ORDER_REJECTIONS.reduceOnly.text }
  const ntlMin = market.kind === 'perp' ? PERP_NTL_MIN : SPOT_NTL_MIN
  if (product(referencePx(state, market), size) < ntlMin) {
    return { error: 'TWAP order must have minimum value of $100.' }
  }
  if (state.twapsOf(user).size >= TWAPS_OF_USER_MAX) return { error: 'Too many running TWAPs.' }
  const twap: Twap = {
    twapId: state.nextTwapId(),
    user,
    asset: a,
    isBuy: b,
    size,
    reduceOnly: r,
    minutes: m,
    randomize: t,
    startMs: state.now.timestampMs,
    executed: 0,
    executedNtl: 0n,
    slice: 0,
  }
  state.twaps.set(twap.twapId, twap)
  emitTwap(state, twap, 'activated')
  return { running: { twapId: twap.twapId } }
}

/** Ends a TWAP of the user; what it traded stays. */
export function cancelTwap(state: CoreState, user: User, asset: number, twapId: number): boolean {
  const twap = state.twaps.get(twapId)
  if (twap?.user !== user || twap.asset !== asset) return false
  state.twaps.set(twapId, undefined)
  emitTwap(state, twap, 'terminated')
  return true
}

/** Begin-block step ②: trades the slices whose time has come, one a block for each TWAP; §2, §5. */
export function runTwapSlices(state: CoreState, blockHash: Hash): void {
  const { timestampMs } = state.now
  state.causeId = NO_CAUSE
  for (;;) {
    const twapId = state.dueTwaps.next(timestampMs)
    const twap = twapId === undefined ? undefined : state.twaps.get(twapId)
    if (twap === undefined) return
    const slice = Math.min(
      sliceCount(twap),
      Math.floor((timestampMs - twap.startMs) / TWAP_SLICE_MS),
    )
    runSlice(state, { ...twap, slice }, blockHash)
  }
}

/** The TWAP as APIs print it. */
export function twapJson(state: CoreState, twap: Twap): TwapUpdateEvent['state'] {
  const market = marketOf(state, twap)
  const ntlDecimals = market.kind === 'perp' ? USD_DECIMALS : market.pxDecimals + market.szDecimals
  return {
    coin: market.coin,
    user: twap.user,
    side: sideLetter(twap.isBuy),
    sz: formatSize(market, twap.size),
    executedSz: formatSize(market, twap.executed),
    executedNtl: formatUnits(twap.executedNtl, ntlDecimals),
    minutes: twap.minutes,
    reduceOnly: twap.reduceOnly,
    randomize: twap.randomize,
    timestamp: twap.startMs,
  }
}

function runSlice(state: CoreState, twap: Twap, blockHash: Hash): void {
  const { filled, notional } = tradeSlice(state, twap, sliceSize(twap, blockHash))
  const next: Twap = {
    ...twap,
    executed: twap.executed + filled,
    executedNtl: twap.executedNtl + notional,
  }
  const isOver = twap.slice === sliceCount(twap) || next.executed === twap.size
  state.twaps.set(twap.twapId, isOver ? undefined : next)
  if (isOver) emitTwap(state, next, 'finished')
}

interface Traded {
  readonly filled: number
  readonly notional: bigint
}

const NOTHING: Traded = { filled: 0, notional: 0n }

function tradeSlice(state: CoreState, twap: Twap, size: number): Traded {
  const market = marketOf(state, twap)
  const px = referencePx(state, market)
  if (size <= 0 || px === 0) return NOTHING
  const slippage = { isBuy: twap.isBuy, slippagePercent: SLIPPAGE_PERCENT }
  const request: OrderRequest = {
    user: twap.user,
    oid: state.nextOid(),
    isBuy: twap.isBuy,
    px: slippagePx(market, px, slippage),
    size,
    kind: 'twapSlice',
    reduceOnly: twap.reduceOnly,
    cloid: undefined,
    group: 0,
    builder: undefined,
    twapId: twap.twapId,
  }
  const placed = checkOrder(state, market, request) ?? executeOrder(state, market, request)
  if (!isRejection(placed)) return placed
  const order = {
    ...request,
    asset: twap.asset,
    origSize: size,
    timeInForce: 'gtc',
    timestampMs: state.now.timestampMs,
  } as const
  const details = ORDER_DETAILS.twapSlice
  emitStatus(state, order, placed.status, { details, rejection: placed })
  return NOTHING
}

/** Lots to trade now so that what is executed keeps up with the time that went by. */
function sliceSize(twap: Twap, blockHash: Hash): number {
  const count = BigInt(sliceCount(twap))
  const whole = BigInt(twap.size)
  const target = (whole * BigInt(twap.slice)) / count
  const normal = (whole + count - 1n) / count
  let size = target - BigInt(twap.executed)
  if (twap.randomize && twap.slice < sliceCount(twap)) {
    size = (size * randomPermille(twap, blockHash)) / 1000n
  }
  const most = BigInt(CATCH_UP_MAX) * normal
  const open = whole - BigInt(twap.executed)
  return Number([size, most, open].reduce((least, value) => (value < least ? value : least)))
}

/** 800 to 1200, from what no one knows before the block is there, and everyone afterwards. */
function randomPermille({ twapId, slice, startMs }: Twap, blockHash: Hash): bigint {
  const seed = [twapId, slice, startMs].map((value) => uintToBytes(value, 8))
  const digest = sha256(concatBytes(...seed, blockHash))
  const value = new DataView(digest.buffer, digest.byteOffset).getBigUint64(0)
  return RANDOM_MIN_PERMILLE + (value % RANDOM_SPREAD_PERMILLE)
}

function sliceCount({ minutes }: Twap): number {
  return (minutes * 60_000) / TWAP_SLICE_MS
}

/** What slices may slip from: the mark, on spot the mid, else the last trade; 0 is none. */
function referencePx(state: CoreState, market: Market): number {
  const { markPx, lastPx } = state.pricesOf(market.asset)
  if (market.kind === 'perp') return markPx
  const [bid, ask] = [market.book.bestPx(true), market.book.bestPx(false)]
  return bid === 0 || ask === 0 ? lastPx : Math.floor((bid + ask) / 2)
}

function emitTwap(state: CoreState, twap: Twap, status: TwapUpdateEvent['status']): void {
  state.emit({
    kind: 'twapUpdate',
    user: state.addressOf(twap.user),
    twapId: twap.twapId,
    state: twapJson(state, twap),
    status,
    time: state.now.timestampMs,
  })
}
