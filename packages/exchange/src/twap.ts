import {
  assert,
  concatBytes,
  type Hash,
  sha256,
  type TwapOrderAction,
  uintToBytes,
} from '@openliquid/primitives'
import type { CoreState } from './coreState.ts'
import { formatUnits, product } from './decimal.ts'
import type { TwapUpdateEvent } from './events.ts'
import { DUE_PER_BLOCK_MAX, TWAPS_OF_USER_MAX } from './limits.ts'
import { type Market, parsePx, parseSize, slippagePx } from './market.ts'
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

/** Starts an order that trades in slices, or lets it wait for the price that does; docs/spec/hyperliquid.md §5. */
export function startTwap(
  state: CoreState,
  user: User,
  wire: TwapOrderAction['twap'],
  details: TwapOrderAction['details'],
): TwapResult {
  const market = state.markets.get(wire.a)
  if (market === undefined) return { error: ORDER_REJECTIONS.asset.text }
  const twap = parseTwap(state, user, { market, wire, details })
  const error = twap.error ?? checkTwap(state, market, twap)
  if (error !== undefined) {
    emitTwap(state, twap, 'error', error)
    return { error }
  }
  const placed = { ...twap, twapId: state.nextTwapId() }
  state.twaps.set(placed.twapId, placed)
  emitTwap(state, placed, placed.isWaiting ? 'waitingForTrigger' : 'activated')
  return { running: { twapId: placed.twapId } }
}

/** A TWAP that has no id yet; `error` says what cannot be read. */
type NewTwap = Omit<Twap, 'twapId'> & { readonly error?: string }

function parseTwap(
  state: CoreState,
  user: User,
  asked: {
    readonly market: Market
    readonly wire: TwapOrderAction['twap']
    readonly details: TwapOrderAction['details']
  },
): NewTwap {
  const { market, details } = asked
  const { a, b, s, r, m, t } = asked.wire
  const [start, stop] = [details?.t ?? undefined, details?.s ?? undefined]
  const size = parseSize(s, market)
  const startPx = start && parsePx(start.p, market)
  const stopPx = stop === undefined ? 0 : parsePx(stop, market)
  const trigger = start && startPx !== undefined ? { px: startPx, above: start.a } : undefined
  const unread =
    size === undefined
      ? ORDER_REJECTIONS.size
      : stopPx === undefined || (start !== undefined && trigger === undefined)
        ? ORDER_REJECTIONS.tick
        : undefined
  return {
    user,
    asset: a,
    isBuy: b,
    size: size ?? 0,
    reduceOnly: r,
    minutes: m,
    randomize: t,
    startMs: state.now.timestampMs,
    executed: 0,
    executedNtl: 0n,
    slice: 0,
    trigger,
    isWaiting: trigger !== undefined && !isReached(trigger, referencePx(state, market)),
    stopPx: stopPx ?? 0,
    ...(unread === undefined ? {} : { error: unread.text }),
  }
}

/** Why a TWAP may not start. */
function checkTwap(state: CoreState, market: Market, twap: NewTwap): string | undefined {
  const { user, asset, isBuy, minutes, size, reduceOnly, trigger, stopPx } = twap
  if (isDelisted(state, market)) return ORDER_REJECTIONS.delisted.text
  if (minutes < MINUTES_MIN || minutes > MINUTES_MAX) {
    return `Invalid TWAP duration: ${minutes} min(s)`
  }
  const canReduce = market.kind === 'perp' && closable(state, user, asset, isBuy) > 0
  if (reduceOnly && !canReduce) return ORDER_REJECTIONS.reduceOnly.text
  const px = twap.isWaiting ? (trigger?.px ?? 0) : referencePx(state, market)
  // One that would stop where it starts never trades.
  if (stopPx !== 0 && px !== 0 && isReached({ px: stopPx, above: isBuy }, px)) {
    return ORDER_REJECTIONS.badTriggerPx.text
  }
  const ntlMin = market.kind === 'perp' ? PERP_NTL_MIN : SPOT_NTL_MIN
  if (product(px, size) < ntlMin) return 'TWAP order must have minimum value of $100.'
  return state.twapsOf(user).size >= TWAPS_OF_USER_MAX ? 'Too many running TWAPs.' : undefined
}

function isReached({ px, above }: NonNullable<Twap['trigger']>, now: number): boolean {
  return now !== 0 && (above ? now >= px : now <= px)
}

/** Ends a TWAP of the user; what it traded stays. */
export function cancelTwap(state: CoreState, user: User, asset: number, twapId: number): boolean {
  const twap = state.twaps.get(twapId)
  if (twap?.user !== user || twap.asset !== asset) return false
  state.twaps.set(twapId, undefined)
  emitTwap(state, twap, 'terminated')
  return true
}

/** Begin-block step ④: starts and stops the TWAPs whose price has come; §2, §5. Costs what starts and stops. */
export function watchTwaps(state: CoreState): void {
  state.causeId = NO_CAUSE
  for (const [asset, watches] of [...state.twapWatches].sort(([a], [b]) => a - b)) {
    const market = watches.size === 0 ? undefined : state.markets.get(asset)
    const px = market === undefined ? 0 : referencePx(state, market)
    if (px === 0) continue
    for (const { oid } of watches.due(px).sort((a, b) => a.oid - b.oid)) {
      const twap = state.twaps.get(oid)
      assert(twap !== undefined, 'a watch without its TWAP')
      const started = { ...twap, isWaiting: false, startMs: state.now.timestampMs }
      state.twaps.set(oid, twap.isWaiting ? started : undefined)
      emitTwap(state, twap.isWaiting ? started : twap, twap.isWaiting ? 'activated' : 'stopped')
    }
  }
}

/**
 * Begin-block step ②: trades the slices whose time has come, one a block for each TWAP; §2, §5.
 *
 * A TWAP of a delisted perp ends instead; what is too much for one block comes in the next.
 */
export function runTwapSlices(state: CoreState, blockHash: Hash): void {
  const { timestampMs } = state.now
  state.causeId = NO_CAUSE
  for (let left = DUE_PER_BLOCK_MAX; left > 0; left--) {
    const twapId = state.dueTwaps.next(timestampMs)
    const twap = twapId === undefined ? undefined : state.twaps.get(twapId)
    if (twap === undefined) return
    if (isDelisted(state, marketOf(state, twap))) {
      cancelTwap(state, twap.user, twap.asset, twap.twapId)
      continue
    }
    const slice = Math.min(
      sliceCount(twap),
      Math.floor((timestampMs - twap.startMs) / TWAP_SLICE_MS),
    )
    runSlice(state, { ...twap, slice }, blockHash)
  }
}

/** The TWAP as APIs print it. */
export function twapJson(state: CoreState, twap: NewTwap): TwapUpdateEvent['state'] {
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
    stopPx: twap.stopPx === 0 ? null : formatUnits(twap.stopPx, market.pxDecimals),
    trigger: twap.trigger
      ? { px: formatUnits(twap.trigger.px, market.pxDecimals), above: twap.trigger.above }
      : null,
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
  if (!isRejection(placed)) return { filled: placed.filled, notional: placed.notional.value }
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

function emitTwap(
  state: CoreState,
  twap: NewTwap & { readonly twapId?: number },
  status: TwapUpdateEvent['status'],
  description?: string,
): void {
  const { user, twapId } = twap
  state.emit({
    kind: 'twapUpdate',
    user: state.addressOf(user),
    ...(twapId === undefined ? {} : { twapId }),
    state: twapJson(state, twap),
    status,
    ...(description === undefined ? {} : { description }),
    time: state.now.timestampMs,
  })
}
