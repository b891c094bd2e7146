import type { ExchangeEvent, FillEvent } from '@openliquid/exchange'
import { memoryStore } from '@openliquid/storage/testing'
import { expect, test } from 'vitest'
import { History } from './history.ts'

const alice = new Uint8Array(20).fill(0xaa)
const bob = new Uint8Array(20).fill(0xbb)

function fill(user: Uint8Array, tid: number, time: number = 1): FillEvent {
  return {
    kind: 'fill',
    user,
    fill: {
      coin: 'BTC',
      px: '60000.0',
      sz: '1.0',
      side: 'B',
      time,
      startPosition: '0.0',
      dir: 'Open Long',
      closedPnl: '0.0',
      hash: '0x',
      oid: 1,
      crossed: true,
      fee: '0.0',
      tid,
      feeToken: 'USDC',
      twapId: null,
    },
  }
}

test('answers receipts, events and fills of the blocks whose writes were made', async () => {
  const store = memoryStore()
  const history = new History(store)
  const actionId = new Uint8Array(32).fill(1)
  const evmId = new Uint8Array(32).fill(2)
  const evmHash = new Uint8Array(32).fill(3)
  const receipt = {
    txId: actionId,
    status: 'err',
    response: 'no',
    code: 'OL_ACTION_NONCE',
  } as const
  const events: ExchangeEvent[] = [fill(alice, 1), fill(bob, 1), fill(alice, 2)]
  await store.batch(
    history.writesOf({ height: 7n, receipts: [receipt], events, evm: [{ txId: evmId, evmHash }] }),
    { sync: true },
  )
  expect(history.outcomeOf(actionId)).toEqual({ kind: 'action', height: 7n, index: 0 })
  expect(history.receiptAt(7n, 0)).toEqual(receipt)
  expect(history.outcomeOf(evmId)).toEqual({ kind: 'evm', height: 7n, evmHash })
  expect(history.outcomeOf(evmHash)).toBeUndefined()
  expect(history.eventsAt(7n)).toEqual(events)
  expect(history.eventsAt(8n)).toEqual([])
  expect(await history.userFills(bob)).toEqual([fill(bob, 1)])
})

test('gives the fills of a user newest first, and no more than asked for', async () => {
  const store = memoryStore()
  const history = new History(store)
  for (let height = 1; height <= 300; height++) {
    const events = [fill(alice, 10 * height), fill(bob, 0), fill(alice, 10 * height + 1)]
    await store.batch(history.writesOf({ height: BigInt(height), receipts: [], events, evm: [] }), {
      sync: false,
    })
  }
  const tids = (await history.userFills(alice, 4)).map((event) => event.fill.tid)
  expect(tids).toEqual([3001, 3000, 2991, 2990])
  expect(await history.userFills(alice)).toHaveLength(600)
})

const details = {
  triggerCondition: 'N/A',
  isTrigger: false,
  triggerPx: '0.0',
  isPositionTpsl: false,
  orderType: 'Limit',
  tif: 'Gtc',
}

function update(oid: number, status: 'open' | 'filled', cloid?: string): ExchangeEvent {
  const order = {
    coin: 'BTC',
    side: 'B',
    limitPx: '1.0',
    sz: '1.0',
    oid,
    timestamp: 1,
    origSz: '1.0',
    ...(cloid === undefined ? {} : { cloid }),
  } as const
  return { kind: 'orderUpdate', user: alice, order, details, status, statusTimestamp: oid }
}

test('keeps the last word on each order, by oid and by client id', async () => {
  const store = memoryStore()
  const history = new History(store)
  const cloid = `0x${'0c'.repeat(16)}`
  const events = [update(1, 'open', cloid), update(2, 'open'), update(1, 'filled', cloid)]
  await store.batch(history.writesOf({ height: 1n, receipts: [], events, evm: [] }), {
    sync: false,
  })
  expect(history.orderByOid(alice, 1)?.status).toBe('filled')
  expect(history.orderByCloid(alice, cloid)?.order.oid).toBe(1)
  expect(history.orderByOid(bob, 1)).toBeUndefined()
  expect(history.orderByCloid(bob, cloid)).toBeUndefined()
  const orders = await history.userOrders(alice)
  expect(orders.map(({ order, status }) => [order.oid, status])).toEqual([
    [2, 'open'],
    [1, 'filled'],
  ])
  expect(await history.userOrders(alice, 1)).toHaveLength(1)
})

test('lists fills, funding, ledger and trades by time, each user and coin its own', async () => {
  const store = memoryStore()
  const history = new History(store)
  for (let second = 1; second <= 5; second++) {
    const time = 1_000 * second
    const events: ExchangeEvent[] = [
      fill(alice, second, time),
      fill(bob, second, time),
      {
        kind: 'funding',
        user: alice,
        time,
        hash: '0x',
        delta: {
          type: 'funding',
          coin: 'BTC',
          usdc: '-1.0',
          szi: '1.0',
          fundingRate: '0.0000125',
          nSamples: null,
        },
      },
      { kind: 'fundingRate', coin: 'BTC', fundingRate: '0.0000125', premium: '0.0', time },
      {
        kind: 'ledgerUpdate',
        user: alice,
        time,
        hash: '0x',
        delta: { type: 'accountClassTransfer', usdc: '5.0', toPerp: true },
      },
      {
        kind: 'trade',
        trade: {
          coin: 'BTC',
          side: 'B',
          px: '1.0',
          sz: '1.0',
          time,
          hash: '0x',
          tid: second,
          users: ['0x', '0x'],
        },
      },
    ]
    const height = BigInt(second)
    await store.batch(history.writesOf({ height, receipts: [], events, evm: [] }), { sync: false })
  }
  const range = { startMs: 2_000, endMs: 4_000 }
  const fills = await history.userFillsByTime(alice, range)
  expect(fills.map((event) => event.fill.tid)).toEqual([2, 3, 4])
  expect(await history.userFillsByTime(alice, range, 2)).toHaveLength(2)
  const times = [2_000, 3_000, 4_000]
  expect((await history.userFunding(alice, range)).map(({ time }) => time)).toEqual(times)
  expect(await history.userFunding(bob, range)).toEqual([])
  expect((await history.userLedgerUpdates(alice, range)).map(({ time }) => time)).toEqual(times)
  expect((await history.fundingRates('BTC', range)).map(({ time }) => time)).toEqual(times)
  expect(await history.fundingRates('BT', range)).toEqual([])
  const trades = await history.recentTrades('BTC', 2)
  expect(trades.map(({ trade }) => trade.tid)).toEqual([5, 4])
})
