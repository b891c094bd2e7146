// Events of the exchange as blocks tell them, for tests.
import type { ExchangeEvent, FillEvent, OrderUpdateEvent } from '@openliquid/execution'
import { hexToBytes } from '@openliquid/primitives'
import { EXCHANGE_USER } from './memoryChainView.ts'

export const HASH = `0x${'00'.repeat(32)}`
/** Time of the block in which they happen. */
export const TIME_MS = 1_700_000_000_000

const user = hexToBytes(EXCHANGE_USER)

export function fillEvent(fields: Partial<FillEvent['fill']> = {}): FillEvent {
  return {
    kind: 'fill',
    user,
    fill: {
      coin: 'BTC',
      px: '60000.0',
      sz: '0.1',
      side: 'B',
      time: TIME_MS,
      startPosition: '0.0',
      dir: 'Open Long',
      closedPnl: '0.0',
      hash: HASH,
      oid: 7,
      crossed: true,
      fee: '2.7',
      tid: 1,
      feeToken: 'USDC',
      twapId: null,
      ...fields,
    },
  }
}

export function orderEvent(
  status: OrderUpdateEvent['status'],
  oid: number,
  cloid?: string,
): OrderUpdateEvent {
  return {
    kind: 'orderUpdate',
    user,
    order: {
      coin: 'BTC',
      side: 'B',
      limitPx: '60000.0',
      sz: '0.0',
      oid,
      timestamp: TIME_MS,
      origSz: '0.1',
      ...(cloid === undefined ? {} : { cloid }),
    },
    details: {
      triggerCondition: 'N/A',
      isTrigger: false,
      triggerPx: '0.0',
      isPositionTpsl: false,
      orderType: 'Limit',
      tif: 'Gtc',
    },
    status,
    statusTimestamp: TIME_MS + 1,
  }
}

export function tradeEvent(px: string, tid: number, timeMs: number = TIME_MS): ExchangeEvent {
  return {
    kind: 'trade',
    trade: {
      coin: 'BTC',
      side: 'B',
      px,
      sz: '0.5',
      time: timeMs,
      hash: HASH,
      tid,
      users: [EXCHANGE_USER, `0x${'bb'.repeat(20)}`],
    },
  }
}

export function bookEvent(): ExchangeEvent {
  return {
    kind: 'bookDiff',
    user,
    oid: 7,
    coin: 'BTC',
    side: 'B',
    px: '60000.0',
    rawBookDiff: 'remove',
  }
}

export function fundingEvent(): ExchangeEvent {
  return {
    kind: 'funding',
    user,
    time: TIME_MS,
    hash: HASH,
    delta: {
      type: 'funding',
      coin: 'BTC',
      usdc: '-1.5',
      szi: '0.1',
      fundingRate: '0.0000125',
      nSamples: null,
    },
  }
}

export function fundingRateEvent(): ExchangeEvent {
  return {
    kind: 'fundingRate',
    coin: 'BTC',
    fundingRate: '0.0000125',
    premium: '0.0',
    time: TIME_MS,
  }
}

export function ledgerEvent(): ExchangeEvent {
  return {
    kind: 'ledgerUpdate',
    user,
    time: TIME_MS,
    hash: HASH,
    delta: { type: 'accountClassTransfer', usdc: '5.0', toPerp: true },
  }
}

export function twapEvent(): ExchangeEvent {
  return {
    kind: 'twapUpdate',
    user,
    twapId: 3,
    state: {
      coin: 'BTC',
      user: EXCHANGE_USER,
      side: 'B',
      sz: '1.0',
      executedSz: '0.0',
      executedNtl: '0.0',
      minutes: 5,
      reduceOnly: false,
      randomize: false,
      timestamp: TIME_MS,
      stopPx: null,
      trigger: null,
    },
    status: 'activated',
    time: TIME_MS,
  }
}
