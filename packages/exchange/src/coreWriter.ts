import {
  type Address,
  bytesToHex,
  type CoreWriterAction,
  type CoreWriterSource,
  unreachable,
} from '@openliquid/primitives'
import { cancelCloid, cancelOid } from './actions/cancel.ts'
import { isFault } from './actions/outcome.ts'
import { transferUsdClass } from './actions/usdClassTransfer.ts'
import type { CoreState } from './coreState.ts'
import { formatUnits } from './decimal.ts'
import { CORE_WRITER_QUEUE_MAX } from './limits.ts'
import { placeOrder } from './orderEntry.ts'
import type { Cloid, DelayedOrder, User } from './records.ts'

/** How long orders of contracts wait, so that the EVM is no faster way in; docs/spec/hyperliquid.md §12. */
export const CORE_WRITER_DELAY_MS = 3_000
/** Prices and sizes of contracts are in 1e-8, whatever the market. */
const CORE_WRITER_DECIMALS = 8
const WIRE_TIMES_IN_FORCE = { gtc: 'Gtc', ioc: 'Ioc', alo: 'Alo' } as const

/** Carries out what a contract asked for, or queues it; what is refused becomes an event. */
export function applyCoreWriter(
  state: CoreState,
  address: Address,
  action: CoreWriterAction,
  source: CoreWriterSource,
): void {
  const user = bytesToHex(address)
  const origin = { user, evmTxHash: bytesToHex(source.evmTxHash), logIndex: source.logIndex }
  const reject = (reason: string): void => emitRejected(state, origin, reason)
  if (!state.accounts.has(user)) {
    reject('User does not exist.')
    return
  }
  state.cause = origin.evmTxHash
  switch (action.type) {
    case 'limitOrder':
      delayOrder(state, origin, action)
      return
    case 'usdClassTransfer': {
      const outcome = transferUsdClass(state, user, action.ntl, action.toPerp)
      if (isFault(outcome)) reject(outcome.text)
      else emitExecuted(state, origin)
      return
    }
    case 'cancelByOid':
    case 'cancelByCloid': {
      const result =
        action.type === 'cancelByOid'
          ? cancelOid(state, user, action.asset, Number(action.oid))
          : cancelCloid(state, user, action.asset, cloidOf(action.clientOrderId) ?? '')
      if (result === 'success') emitExecuted(state, origin)
      else reject(result.error)
      return
    }
    case 'unsupported':
      reject(`Action not supported: ${action.actionId}`)
      return
    default:
      unreachable(action)
  }
}

/** Begin-block step ②: places the orders whose delay is over, first come first served; §2, §12. */
export function matureDelayedOrders(state: CoreState): void {
  for (;;) {
    const sequence = state.oldestDelayed
    const order = state.delayedOrders.get(sequence)
    if (order === undefined || order.dueMs > state.now.timestampMs) return
    state.delayedOrders.set(sequence, undefined)
    state.cause = order.evmTxHash
    placeDelayed(state, order)
  }
}

interface Origin {
  readonly user: User
  readonly evmTxHash: string
  readonly logIndex: number
}

function delayOrder(
  state: CoreState,
  origin: Origin,
  action: Extract<CoreWriterAction, { type: 'limitOrder' }>,
): void {
  if (state.delayedOrders.size >= CORE_WRITER_QUEUE_MAX) {
    emitRejected(state, origin, 'Too many orders of contracts are waiting.')
    return
  }
  state.delayedOrders.set(state.nextCoreWriterSequence(), {
    ...origin,
    dueMs: state.now.timestampMs + CORE_WRITER_DELAY_MS,
    asset: action.asset,
    isBuy: action.isBuy,
    limitPx: action.limitPx,
    size: action.size,
    reduceOnly: action.reduceOnly,
    timeInForce: action.timeInForce,
    cloid: cloidOf(action.clientOrderId),
  })
}

function placeDelayed(state: CoreState, order: DelayedOrder): void {
  const { oid } = state.counters.get(0) ?? {}
  const result = placeOrder(state, order.user, {
    a: order.asset,
    b: order.isBuy,
    p: formatUnits(order.limitPx, CORE_WRITER_DECIMALS),
    s: formatUnits(order.size, CORE_WRITER_DECIMALS),
    r: order.reduceOnly,
    t: { limit: { tif: WIRE_TIMES_IN_FORCE[order.timeInForce] } },
    ...(order.cloid === undefined ? {} : { c: order.cloid }),
  })
  if (typeof result === 'object' && 'error' in result) emitRejected(state, order, result.error)
  else emitExecuted(state, order, oid)
}

function emitExecuted(state: CoreState, origin: Origin, oid?: number): void {
  state.emit({
    kind: 'coreWriterExecuted',
    user: state.addressOf(origin.user),
    evmTxHash: origin.evmTxHash,
    logIndex: origin.logIndex,
    ...(oid === undefined ? {} : { oid }),
  })
}

function emitRejected(state: CoreState, origin: Origin, reason: string): void {
  state.emit({
    kind: 'coreWriterRejected',
    user: state.addressOf(origin.user),
    evmTxHash: origin.evmTxHash,
    logIndex: origin.logIndex,
    reason,
  })
}

/** Client order ids of contracts are numbers, 0 for none. */
function cloidOf(id: bigint): Cloid | undefined {
  return id === 0n ? undefined : `0x${id.toString(16).padStart(32, '0')}`
}
