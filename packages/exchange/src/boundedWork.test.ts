// What one block does of work that can be of any size is bounded: the rest comes in the next blocks, and a machine that
// was loaded in between goes on as the one that wrote the state. docs/spec/hyperliquid.md §2.
import type { Action, Address } from '@openliquid/primitives'
import { expect, it, vi } from 'vitest'
import type { FillEvent, FundingEvent, OrderUpdateEvent } from './events.ts'
import {
  ASSETS,
  TestExchange,
  TOKENS,
  testGenesis,
  testUser,
  testUserHex,
} from './testing/index.ts'

vi.mock('./limits.ts', async (original) => ({
  ...(await original<typeof import('./limits.ts')>()),
  DELISTING_STEPS_MAX: 2,
  DUST_BALANCES_PER_BLOCK_MAX: 3,
  DUE_PER_BLOCK_MAX: 1,
  FUNDING_POSITIONS_PER_BLOCK_MAX: 2,
  SCHEDULED_CANCELS_PER_BLOCK_MAX: 2,
  TRIGGERS_PER_BLOCK_MAX: 1,
}))

const DAY_MS = 86_400_000
const [alice, bob, carol] = [1, 2, 3].map(testUser) as [Address, Address, Address]
const { btc, eth, hype, hypePerp } = ASSETS

/** What a block did: how orders ended, and the lots of fills. */
function told(x: TestExchange, afterMs = 100): { ended: string[]; fills: string[] } {
  const events = x.events(afterMs)
  const orders = events.filter((event): event is OrderUpdateEvent => event.kind === 'orderUpdate')
  const fills = events.filter((event): event is FillEvent => event.kind === 'fill')
  return {
    ended: orders.map(({ order, status }) => `${order.limitPx} ${status}`),
    fills: fills.map(({ fill }) => `${fill.dir} ${fill.sz} at ${fill.px}`),
  }
}

/** Alice is long 3 ETH, bob short 1 and carol 2; three orders rest and a stop waits when the perp is delisted. */
function delisted(): TestExchange {
  const x = new TestExchange(testGenesis(3))
  x.order(bob, eth, 'sell', { px: '4000', size: '1' })
  x.order(carol, eth, 'sell', { px: '4010', size: '2' })
  x.order(alice, eth, 'buy', { px: '4010', size: '3' })
  x.order(bob, eth, 'buy', { px: '3900', size: '1' })
  x.order(bob, eth, 'buy', { px: '3800', size: '1' })
  x.order(carol, eth, 'sell', { px: '4500', size: '1' })
  const trigger = { isMarket: true, triggerPx: '3500', tpsl: 'sl' } as const
  const stop = { a: eth, b: false, p: '3000', s: '1', r: true, t: { trigger } }
  x.act(alice, { type: 'order', orders: [stop], grouping: 'na' })
  x.endBlock()
  const vote: Action = { type: 'validatorL1Vote', D: 'ETH' }
  for (const signer of [1001, 1002, 1003]) expect(x.act(testUser(signer), vote).status).toBe('ok')
  return x
}

/** At the mark when it was delisted. */
const SETTLED = [1, 1, 2, 2].map((lots) => `Settlement ${lots}.0 at 4000.0`)

it('a delisting takes so many orders out and settles so many positions in a block', () => {
  const x = delisted()
  const blocks = [told(x), told(x), told(x), told(x)]
  expect(blocks).toEqual([
    { ended: ['3000.0 delistedCanceled', '3900.0 delistedCanceled'], fills: [] },
    { ended: ['3800.0 delistedCanceled', '4500.0 delistedCanceled'], fills: [] },
    { ended: [], fills: SETTLED },
    { ended: [], fills: [] },
  ])
})

it('of stops and of trades that settle a delisting takes so many in a block, too', () => {
  const x = new TestExchange(testGenesis(4))
  for (const n of [2, 3, 4]) x.order(testUser(n), eth, 'sell', { px: '4000', size: '1' })
  x.order(alice, eth, 'buy', { px: '4000', size: '3' })
  for (const p of ['3000', '3100', '3200']) {
    const trigger = { isMarket: true, triggerPx: '3500', tpsl: 'sl' } as const
    const stop = { a: eth, b: false, p, s: '1', r: true, t: { trigger } }
    x.act(alice, { type: 'order', orders: [stop], grouping: 'na' })
  }
  x.endBlock()
  const vote: Action = { type: 'validatorL1Vote', D: 'ETH' }
  for (const signer of [1001, 1002, 1003]) x.act(testUser(signer), vote)
  const blocks = [told(x), told(x), told(x), told(x)]
  expect(blocks.map(({ ended }) => ended.length)).toEqual([2, 1, 0, 0])
  // Each trade is a fill on either side.
  expect(blocks.map(({ fills }) => fills.length / 2)).toEqual([0, 1, 2, 0])
})

it('nothing trades in a perp whose delisting goes on, and its mark stays', () => {
  const x = delisted()
  const stopNow = { isMarket: true, triggerPx: '3900', tpsl: 'sl' } as const
  for (const t of [{ trigger: stopNow }, { limit: { tif: 'Ioc' as const } }]) {
    const order = { a: eth, b: false, p: '3000', s: '1', r: true, t }
    const receipt = x.act(alice, { type: 'order', orders: [order], grouping: 'na' })
    expect(JSON.stringify(receipt)).toContain('Asset is delisted.')
  }
  const { ended } = told(x)
  expect(ended.filter((line) => line.endsWith('delistedCanceled'))).toHaveLength(2)
  x.moveOracle({ [eth]: '3900' })
  expect(told(x).fills).toEqual(SETTLED)
})

it('a liquidation leaves alone what of a delisted perp is still in its book', () => {
  const balances = [1, 2, 3].map((n) => ({
    address: testUserHex(n),
    perp: n === 1 ? '2000' : '1000000',
  }))
  const x = new TestExchange(testGenesis(0, { balances }))
  for (const [asset, px, size, leverage] of [
    [eth, '4000', '1', 20],
    [hypePerp, '40', '400', 10],
  ] as const) {
    x.act(alice, { type: 'updateLeverage', asset, isCross: true, leverage })
    x.order(bob, asset, 'sell', { px, size })
    x.order(alice, asset, 'buy', { px, size })
  }
  for (let i = 0; i < 9; i++) x.order(carol, eth, 'buy', { px: '3950', size: '1' })
  const vote: Action = { type: 'validatorL1Vote', D: 'ETH' }
  for (const signer of [1001, 1002, 1003]) expect(x.act(testUser(signer), vote).status).toBe('ok')
  x.moveOracle({ [hypePerp]: '37' })
  expect(x.machine.view.liquidatable()).toEqual([testUserHex(1)])
  expect(x.machine.view.openOrders(carol).length).toBeGreaterThan(0)
  expect(told(x).fills).toEqual([])
  expect(x.machine.view.clearinghouseState(alice).assetPositions).toHaveLength(2)
})

it('a loaded machine goes on with a delisting where the other was', () => {
  const [x, y] = [delisted(), delisted()]
  for (let block = 0; block < 4; block++) {
    x.endBlock()
    y.reload()
    expect(y.root).toEqual(x.root)
  }
  expect(y.machine.view.openOrders(bob)).toEqual([])
})

it('the sweep of dust looks at so many balances in a block', () => {
  const dusty = [1, 2, 3, 4, 5].map((n) => ({ address: testUserHex(n), spot: { HYPE: '0.009' } }))
  const maker = { address: testUserHex(9), spot: { USDC: '1000' } }
  const sweeps = (): TestExchange => {
    const x = new TestExchange(testGenesis(0, { balances: [...dusty, maker] }))
    x.order(testUser(9), hype, 'buy', { px: '39', size: '1' })
    x.endBlock(DAY_MS)
    return x
  }
  const [x, y] = [sweeps(), sweeps()]
  const holders = (): number[] =>
    [1, 2, 3, 4, 5].filter((n) => {
      const balance = x.machine.reader(0n).spotBalanceOf(testUser(n), TOKENS.hype)
      return balance?.total === 900_000n
    })
  expect(holders()).toEqual([4, 5])
  for (let block = 0; block < 3; block++) {
    x.endBlock()
    y.reload()
    expect(y.root).toEqual(x.root)
    // Two lots less 1 % make one: the last two holders are 0.018 together.
    expect(holders()).toEqual([])
  }
})

it('scheduled cancels end where a block has taken enough orders out', () => {
  const x = new TestExchange(testGenesis(3))
  for (const user of [alice, bob, carol]) {
    x.order(user, eth, 'buy', { px: '3000', size: '1' })
    x.order(user, eth, 'buy', { px: '3100', size: '1' })
    x.act(user, { type: 'scheduleCancel', time: x.timestampMs + 5_000 })
  }
  x.endBlock(5_000)
  const open = (): number[] =>
    [alice, bob, carol].map((user) => x.machine.view.openOrders(user).length)
  expect(open()).toEqual([0, 2, 2])
  x.reload()
  expect(open()).toEqual([0, 0, 2])
  x.endBlock()
  expect(open()).toEqual([0, 0, 0])
})

it('slices of TWAPs that are too many for a block come in the next', () => {
  const x = new TestExchange(testGenesis(3))
  x.order(carol, eth, 'sell', { px: '4000', size: '10' })
  for (const user of [alice, bob]) {
    const twap = { a: eth, b: true, s: '1', r: false, m: 5, t: false }
    expect(x.act(user, { type: 'twapOrder', twap }).status).toBe('ok')
  }
  x.endBlock(30_000)
  const sizes = (): (string | undefined)[] =>
    [alice, bob].map(
      (user) => x.machine.view.clearinghouseState(user).assetPositions[0]?.position.szi,
    )
  expect(sizes()).toEqual(['0.1', undefined])
  x.endBlock()
  expect(sizes()).toEqual(['0.1', '0.1'])
})

it('an agent whose time is over signs nothing while it waits to be let go', () => {
  const x = new TestExchange(testGenesis(3))
  const until = x.timestampMs + 1_000
  const agents = [alice, bob].map((user, i) => {
    const agentName = `bot valid_until ${until}`
    const agentAddress = testUserHex(501 + i)
    const nonce = x.timestampMs + i
    const signed = { hyperliquidChain: 'Testnet', signatureChainId: '0x66eee', nonce } as const
    const receipt = x.act(
      user,
      { type: 'approveAgent', ...signed, agentAddress, agentName },
      { nonce },
    )
    expect(receipt.status).toBe('ok')
    return testUser(501 + i)
  })
  const signs = (): string[] => agents.map((agent) => x.act(agent, { type: 'noop' }).status)
  expect(signs()).toEqual(['ok', 'ok'])
  x.endBlock(1_001)
  expect(signs()).toEqual(['err', 'err'])
  expect([alice, bob].map((user) => x.machine.view.extraAgents(user).length)).toEqual([0, 1])
  x.reload()
  expect([alice, bob].map((user) => x.machine.view.extraAgents(user).length)).toEqual([0, 0])
})

it('TP/SL orders that are too many for a block fire in the next, the oldest first', () => {
  const x = new TestExchange(testGenesis(3))
  x.order(carol, eth, 'sell', { px: '4000', size: '2' })
  for (const user of [alice, bob]) x.order(user, eth, 'buy', { px: '4000', size: '1' })
  x.order(carol, eth, 'buy', { px: '3900', size: '2' })
  const trigger = { isMarket: true, triggerPx: '3950', tpsl: 'sl' } as const
  for (const user of [bob, alice]) {
    const stop = { a: eth, b: false, p: '3800', s: '1', r: true, t: { trigger } }
    expect(x.act(user, { type: 'order', orders: [stop], grouping: 'na' }).status).toBe('ok')
  }
  x.moveOracle({ [eth]: '3900' })
  const open = (): number[] =>
    [alice, bob].map((user) => x.machine.view.clearinghouseState(user).assetPositions.length)
  expect(open()).toEqual([1, 0])
  x.reload()
  expect(open()).toEqual([0, 0])
})

/** Alice is long and bob is short in three perps, of which carol is long in one, half an hour before the hour. */
function holding(): TestExchange {
  const x = new TestExchange(testGenesis(3))
  x.endBlock(3_600_000 - (x.timestampMs % 3_600_000) + 1_800_000)
  for (const [asset, px] of [
    [btc, '100000'],
    [eth, '4000'],
    [hypePerp, '40'],
  ] as const) {
    x.order(bob, asset, 'sell', { px, size: '2' })
    x.order(alice, asset, 'buy', { px, size: '1' })
    if (asset === btc) x.order(carol, asset, 'buy', { px, size: '1' })
    else x.order(alice, asset, 'buy', { px, size: '1' })
  }
  return x
}

/** Who was paid or charged for what in a block. */
function settled(x: TestExchange, afterMs = 100): string[] {
  const events = x
    .events(afterMs)
    .filter((event): event is FundingEvent => event.kind === 'funding')
  return events.map(({ delta }) => `${delta.coin} ${delta.szi} ${delta.usdc}`)
}

it('funding settles perps whole until so many positions were settled, and the others in the next blocks', () => {
  const x = holding()
  x.endBlock(1_800_000)
  expect([settled(x), settled(x), settled(x), settled(x)]).toEqual([
    ['BTC 1.0 -1.25', 'BTC 1.0 -1.25', 'BTC -2.0 2.5'],
    ['ETH 2.0 -0.1', 'ETH -2.0 0.1'],
    ['HYPE 2.0 -0.001', 'HYPE -2.0 0.001'],
    [],
  ])
})

it('what waits of a settlement is settled at the price of its hour, by a loaded machine too', () => {
  const [x, y] = [holding(), holding()]
  for (const exchange of [x, y]) {
    exchange.endBlock(1_800_000)
    exchange.moveOracle({ [eth]: '4400' })
  }
  for (let block = 0; block < 4; block++) {
    x.endBlock()
    y.reload()
    expect(y.root).toEqual(x.root)
  }
  const { cumFunding } = x.machine.view.clearinghouseState(alice).assetPositions[1]?.position ?? {}
  expect(cumFunding?.allTime).toBe('0.1')
})

it('an hour that ends before its settlement is settled whole before the next', () => {
  const x = holding()
  x.endBlock(1_800_000)
  x.endBlock(3_600_000)
  expect(settled(x)).toEqual([
    ...['ETH 2.0 -0.1', 'ETH -2.0 0.1', 'HYPE 2.0 -0.001', 'HYPE -2.0 0.001'],
    ...['BTC 1.0 -1.25', 'BTC 1.0 -1.25', 'BTC -2.0 2.5'],
  ])
})
