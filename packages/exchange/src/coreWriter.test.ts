import type { CoreWriterAction } from '@openliquid/primitives'
import { describe, expect, it } from 'vitest'
import { CORE_WRITER_DELAY_MS } from './coreWriter.ts'
import type { ExchangeEvent } from './events.ts'
import { ASSETS, TestExchange, testGenesis, testUser } from './testing/index.ts'

const { eth, hype, hypePerp } = ASSETS
const [alice, bob] = [testUser(1), testUser(2)]
const source = { evmTxHash: new Uint8Array(32).fill(0xee), logIndex: 4 }
const evmTxHash = `0x${'ee'.repeat(32)}`

const order = (
  over: Partial<Extract<CoreWriterAction, { type: 'limitOrder' }>> = {},
): CoreWriterAction => ({
  type: 'limitOrder',
  asset: hypePerp,
  isBuy: true,
  limitPx: 40_00000000n,
  size: 1_00000000n,
  reduceOnly: false,
  timeInForce: 'gtc',
  clientOrderId: 0n,
  ...over,
})

const outcomes = (events: readonly ExchangeEvent[]) =>
  events.filter(({ kind }) => kind === 'coreWriterExecuted' || kind === 'coreWriterRejected')

describe('orders of contracts: §12', () => {
  it('wait 3000 ms of block time, to the millisecond', () => {
    const x = new TestExchange(testGenesis(2))
    x.machine.applyCoreWriterAction(alice, order(), source)
    expect(outcomes(x.events(CORE_WRITER_DELAY_MS - 1))).toEqual([])
    expect(x.machine.view.openOrders(alice)).toEqual([])
    expect(outcomes(x.events(1))).toEqual([])
    expect(x.machine.view.openOrders(alice)).toHaveLength(1)
    expect(outcomes(x.events())).toEqual([
      { kind: 'coreWriterExecuted', user: alice, evmTxHash, logIndex: 4, oid: 1 },
    ])
  })

  it('keep the order of their logs, across a reload', () => {
    const x = new TestExchange(testGenesis(2))
    for (const limitPx of [38_00000000n, 37_00000000n]) {
      x.machine.applyCoreWriterAction(alice, order({ limitPx }), source)
    }
    x.reload()
    x.machine.applyCoreWriterAction(alice, order({ limitPx: 36_00000000n }), source)
    x.endBlock(2_900)
    x.reload()
    x.endBlock(3_000)
    const prices = x.machine.view.openOrders(alice).map(({ oid, limitPx }) => [oid, limitPx])
    expect(prices).toEqual([
      [3, '36.0'],
      [2, '37.0'],
      [1, '38.0'],
    ])
  })

  it('fill like any other, under the hash of the EVM transaction', () => {
    const x = new TestExchange(testGenesis(2))
    x.order(bob, hypePerp, 'sell', { px: '40', size: '1' })
    x.machine.applyCoreWriterAction(alice, order({ clientOrderId: 5n, timeInForce: 'ioc' }), source)
    x.endBlock(3_000)
    const fills = x.events().filter((e) => e.kind === 'fill')
    expect(fills).toMatchObject([
      { user: alice, fill: { hash: evmTxHash, cloid: `0x${'0'.repeat(31)}5`, crossed: true } },
      { user: bob, fill: { hash: evmTxHash, crossed: false } },
    ])
  })

  it.each([
    [
      'a price finer than the tick',
      order({ limitPx: 40_00000001n }),
      'Price must be divisible by tick size.',
    ],
    ['a size finer than the lot', order({ size: 1_00000001n }), 'Order has invalid size.'],
    [
      'the greatest numbers',
      order({ limitPx: 2n ** 64n - 1n, size: 2n ** 64n - 1n }),
      'Price must be divisible by tick size.',
    ],
    ['an unknown asset', order({ asset: 4_000_000_000 }), 'Asset does not exist.'],
  ])('are refused when due: %s', (_name, action, reason) => {
    const x = new TestExchange(testGenesis(2))
    x.machine.applyCoreWriterAction(alice, action, source)
    x.endBlock(3_000)
    expect(outcomes(x.events())).toEqual([
      { kind: 'coreWriterRejected', user: alice, evmTxHash, logIndex: 4, reason },
    ])
  })

  it('trade spot too', () => {
    const x = new TestExchange(testGenesis(2))
    x.machine.applyCoreWriterAction(alice, order({ asset: hype }), source)
    x.endBlock(3_000)
    expect(x.machine.view.openOrders(alice)).toMatchObject([{ coin: '@1', limitPx: '40.0' }])
  })
})

describe('what is done at once: §12', () => {
  it('class transfers and cancels', () => {
    const x = new TestExchange(testGenesis(2))
    x.order(alice, eth, 'buy', { px: '3900', size: '1' })
    x.order(alice, eth, 'buy', { px: '3900', size: '1', cloid: `0x${'0'.repeat(31)}9` })
    x.events()
    const act = (action: CoreWriterAction) => x.machine.applyCoreWriterAction(alice, action, source)
    act({ type: 'cancelByOid', asset: eth, oid: 1n })
    act({ type: 'cancelByCloid', asset: eth, clientOrderId: 9n })
    act({ type: 'cancelByOid', asset: eth, oid: 2n ** 64n - 1n })
    act({ type: 'cancelByCloid', asset: eth, clientOrderId: 0n })
    act({ type: 'usdClassTransfer', ntl: 1_000_000n, toPerp: true })
    act({ type: 'usdClassTransfer', ntl: 2n ** 64n - 1n, toPerp: false })
    act({ type: 'usdClassTransfer', ntl: 0n, toPerp: false })
    act({ type: 'unsupported', actionId: 4 })
    expect(x.machine.view.openOrders(alice)).toEqual([])
    expect(x.machine.view.clearinghouseState(alice).withdrawable).toBe('1000001.0')
    expect(outcomes(x.events()).map(({ kind }) => kind)).toEqual([
      'coreWriterExecuted',
      'coreWriterExecuted',
      'coreWriterRejected',
      'coreWriterRejected',
      'coreWriterExecuted',
      'coreWriterRejected',
      'coreWriterRejected',
      'coreWriterRejected',
    ])
  })

  it('nothing for an account that does not exist', () => {
    const x = new TestExchange(testGenesis(2))
    x.machine.applyCoreWriterAction(testUser(9), order(), source)
    expect(outcomes(x.events())).toMatchObject([{ reason: 'User does not exist.' }])
  })
})
