// The order of work before the actions of a block, docs/spec/hyperliquid.md §2: one block in which all of it is due.
import type { Action, Address } from '@openliquid/primitives'
import { expect, it } from 'vitest'
import type { ExchangeEvent } from './events.ts'
import { ASSETS, TestExchange, testGenesis, testUser } from './testing/index.ts'

const HOUR_MS = 3_600_000
const [alice, bob, carol, dave, erin] = [1, 2, 3, 4, 5].map(testUser) as [
  Address,
  Address,
  Address,
  Address,
  Address,
]
const { btc, eth } = ASSETS

/** What an event is a sign of. */
function stepOf(event: ExchangeEvent): string | undefined {
  switch (event.kind) {
    case 'coreWriterExecuted':
      return '② order of a contract'
    case 'oracleUpdate':
      return '③ prices'
    case 'fundingRate':
      return '⑤ funding'
    case 'orderUpdate':
      if (event.status === 'scheduledCancel') return '② scheduled cancel'
      if (event.details.orderType === 'Twap Slice') return '② TWAP slice'
      if (event.status === 'triggered') return '④ trigger'
      return event.status === 'liquidatedCanceled' ? '⑥ liquidation' : undefined
    default:
      return undefined
  }
}

it('is: queues that wait for time, prices, triggers, funding, liquidation', () => {
  const x = new TestExchange(testGenesis(5))
  const boundaryMs = (Math.floor(x.timestampMs / HOUR_MS) + 1) * HOUR_MS
  x.endBlock(boundaryMs - 30_000 - x.timestampMs)
  // A slice every 30 s, and a cancel, are due as the hour begins.
  const twap = { a: btc, b: true, s: '1', r: false, m: 5, t: false }
  x.act(erin, { type: 'twapOrder', twap })
  x.order(carol, btc, 'sell', { px: '100000', size: '5' })
  x.order(carol, eth, 'buy', { px: '3000', size: '1' })
  x.act(bob, { type: 'scheduleCancel', time: boundaryMs })

  x.endBlock(28_500)
  for (const user of [bob, dave]) {
    x.act(user, { type: 'updateLeverage', asset: eth, isCross: true, leverage: 25 })
  }
  x.order(bob, eth, 'sell', { px: '4000', size: '5000' })
  x.order(dave, eth, 'buy', { px: '4000', size: '4000' })
  x.order(alice, eth, 'buy', { px: '4000', size: '1' })
  x.order(dave, btc, 'buy', { px: '50000', size: '0.001' })
  const stop: Action = {
    type: 'order',
    orders: [
      {
        a: eth,
        b: false,
        p: '3000',
        s: '1',
        r: true,
        t: { trigger: { isMarket: true, triggerPx: '3900', tpsl: 'sl' } },
      },
    ],
    grouping: 'na',
  }
  x.act(alice, stop)
  x.machine.applyCoreWriterAction(
    carol,
    {
      type: 'limitOrder',
      asset: eth,
      isBuy: true,
      limitPx: 3_500_00000000n,
      size: 1_00000000n,
      reduceOnly: false,
      timeInForce: 'gtc',
      clientOrderId: 0n,
    },
    { evmTxHash: new Uint8Array(32), logIndex: 0 },
  )
  x.moveOracle({ [eth]: '3800' })
  const steps = x.events().flatMap((event) => stepOf(event) ?? [])
  expect([...new Set(steps)]).toEqual([
    '② order of a contract',
    '② scheduled cancel',
    '② TWAP slice',
    '③ prices',
    '④ trigger',
    '⑤ funding',
    '⑥ liquidation',
  ])
  // Each step is over before the next one begins.
  expect(steps.filter((step, i) => step !== steps[i - 1])).toHaveLength(7)
})
