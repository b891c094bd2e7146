import type { TwapOrderAction } from '@openliquid/primitives'
import { describe, expect, it } from 'vitest'
import type { ExchangeEvent, FillEvent } from './events.ts'
import { ASSETS, TestExchange, testGenesis, testUser } from './testing/index.ts'

const { hypePerp, hype } = ASSETS
const [alice, bob] = [testUser(1), testUser(2)]
const SLICE_MS = 30_000

function start(
  x: TestExchange,
  twap: Partial<TwapOrderAction['twap']> = {},
  details?: TwapOrderAction['details'],
) {
  const receipt = x.act(alice, {
    type: 'twapOrder',
    twap: { a: hypePerp, b: true, s: '100', r: false, m: 5, t: false, ...twap },
    ...(details === undefined ? {} : { details }),
  })
  if (receipt.status !== 'ok' || receipt.response.type !== 'twapOrder') throw new Error('refused')
  return receipt.response.data.status
}

/** Bob sells all there is to buy, at the mark. */
function market(users = 2): TestExchange {
  const x = new TestExchange(testGenesis(users))
  x.order(bob, hypePerp, 'sell', { px: '40', size: '1000' })
  return x
}

/** Records of TWAPs since the last block. */
function twapUpdates(x: TestExchange, afterMs?: number): readonly ExchangeEvent[] {
  return x.events(afterMs).filter(({ kind }) => kind === 'twapUpdate')
}

/** Lots bought in the block that the last slice opened. */
function bought(x: TestExchange, afterMs = SLICE_MS): string[] {
  return x
    .endBlock(afterMs)
    .events.filter((event): event is FillEvent => event.kind === 'fill' && event.fill.crossed)
    .map(({ fill }) => fill.sz)
}

describe('TWAP: §5', () => {
  it('trades one slice every 30 s until all is executed', () => {
    const x = market()
    expect(start(x)).toEqual({ running: { twapId: 1 } })
    expect(bought(x)).toEqual([])
    for (let slice = 1; slice <= 9; slice++) expect(bought(x)).toEqual(['10.0'])
    const { events } = x.endBlock()
    expect(events.filter(({ kind }) => kind === 'twapUpdate')).toMatchObject([
      { status: 'finished', twapId: 1, state: { executedSz: '100.0', executedNtl: '4000.0' } },
    ])
    expect(x.machine.view.twapStates(alice)).toEqual([])
  })

  it('marks the fills of its side with its id and no transaction', () => {
    const x = market()
    start(x)
    x.endBlock(SLICE_MS)
    const fills = x.events().filter((event): event is FillEvent => event.kind === 'fill')
    expect(fills.map(({ fill }) => [fill.crossed, fill.twapId, fill.hash])).toEqual([
      [true, 1, `0x${'00'.repeat(32)}`],
      [false, null, `0x${'00'.repeat(32)}`],
    ])
  })

  it('catches up after a gap, three slices at most at once', () => {
    const x = market()
    start(x)
    x.endBlock(5 * SLICE_MS)
    expect(bought(x)).toEqual(['30.0'])
    expect(bought(x)).toEqual(['30.0'])
    expect(bought(x)).toEqual(['10.0'])
  })

  it('slips at most 3 % from the mark, and goes on when a slice meets nothing', () => {
    const x = new TestExchange(testGenesis(2))
    x.order(bob, hypePerp, 'sell', { px: '41.21', size: '1000' })
    start(x)
    x.endBlock(SLICE_MS)
    const { events } = x.endBlock(SLICE_MS)
    expect(events).toMatchObject([
      { kind: 'orderUpdate', status: 'iocCancelRejected', details: { orderType: 'Twap Slice' } },
    ])
    x.order(bob, hypePerp, 'sell', { px: '41.2', size: '1000' })
    expect(bought(x)).toEqual([])
    expect(bought(x)).toEqual(['30.0'])
  })

  it('ends after its last slice though not all was executed', () => {
    const x = new TestExchange(testGenesis(2))
    start(x)
    x.endBlock(10 * SLICE_MS)
    const { events } = x.endBlock()
    expect(events.at(-1)).toMatchObject({
      kind: 'twapUpdate',
      status: 'finished',
      state: { executedSz: '0.0' },
    })
  })

  it('randomises by what every replica knows: the sizes differ, the sum does not', () => {
    const run = (): string[] => {
      const x = market()
      start(x, { t: true })
      x.endBlock(SLICE_MS)
      return Array.from({ length: 10 }, () => bought(x)[0] ?? '')
    }
    const sizes = run()
    expect(run()).toEqual(sizes)
    expect(new Set(sizes).size).toBeGreaterThan(3)
    expect(sizes.reduce((sum, size) => sum + Number(size), 0)).toBeCloseTo(100, 9)
    for (const size of sizes.slice(0, 1)) {
      expect(Number(size)).toBeGreaterThanOrEqual(8)
      expect(Number(size)).toBeLessThanOrEqual(12)
    }
  })

  it('only reduces when it is reduce-only', () => {
    const x = market()
    x.order(alice, hypePerp, 'buy', { px: '40', size: '15' })
    x.order(bob, hypePerp, 'buy', { px: '39.9', size: '1000' })
    expect(start(x, { b: false, r: true })).toHaveProperty('running')
    x.endBlock(SLICE_MS)
    expect([bought(x), bought(x), bought(x)]).toEqual([['10.0'], ['5.0'], []])
  })

  it('trades on spot from the mid', () => {
    const x = new TestExchange(testGenesis(2))
    x.order(bob, hype, 'sell', { px: '41', size: '1000' })
    x.order(bob, hype, 'buy', { px: '39', size: '1000' })
    start(x, { a: hype })
    x.endBlock(SLICE_MS)
    expect(bought(x)).toEqual(['10.0'])
  })

  it('survives a reload', () => {
    const x = market()
    start(x)
    x.endBlock(SLICE_MS)
    x.reload()
    x.endBlock(SLICE_MS)
    expect(x.machine.view.twapStates(alice)).toMatchObject([[1, { executedSz: '20.0' }]])
    expect(bought(x)).toEqual(['10.0'])
  })

  it('is ended by its owner', () => {
    const x = market()
    start(x)
    const cancel = (user: Uint8Array, a: number, t: number) =>
      x.act(user, { type: 'twapCancel', a, t })
    const missing = {
      response: {
        type: 'twapCancel',
        data: { status: { error: 'TWAP was never placed, already canceled, or filled.' } },
      },
    }
    expect(cancel(bob, hypePerp, 1)).toMatchObject(missing)
    expect(cancel(alice, hype, 1)).toMatchObject(missing)
    expect(cancel(alice, hypePerp, 1)).toMatchObject({ response: { data: { status: 'success' } } })
    expect(cancel(alice, hypePerp, 1)).toMatchObject(missing)
    expect(bought(x, 10 * SLICE_MS)).toEqual([])
  })

  it.each([
    ['too short', { m: 4 }, 'Invalid TWAP duration: 4 min(s)'],
    ['too long', { m: 10_081 }, 'Invalid TWAP duration: 10081 min(s)'],
    ['too small', { s: '2.49' }, 'TWAP order must have minimum value of $100.'],
    ['no size', { s: '0' }, 'Order has invalid size.'],
    ['an unknown asset', { a: 77 }, 'Asset does not exist.'],
    ['nothing to reduce', { r: true }, 'Reduce only order would increase position.'],
  ])('is refused when it is %s', (_name, twap, error) => {
    expect(start(market(), twap)).toEqual({ error })
  })

  it('takes the shortest, the longest and the smallest, and twenty of one user', () => {
    const x = market()
    expect(start(x, { m: 10_080, s: '2.5' })).toHaveProperty('running')
    for (let i = 1; i < 20; i++) expect(start(x)).toHaveProperty('running')
    expect(start(x)).toEqual({ error: 'Too many running TWAPs.' })
  })

  it('leaves a record of its refusal, without an id', () => {
    const x = market()
    start(x, { m: 4 })
    expect(twapUpdates(x)).toMatchObject([
      { status: 'error', description: 'Invalid TWAP duration: 4 min(s)', state: { minutes: 4 } },
    ])
    start(x, { a: 77 })
    expect(twapUpdates(x)).toEqual([])
  })
})

describe('TWAP with details: §5', () => {
  it.each([
    ['rises to it', true, '41', '40.9', '41'],
    ['falls to it', false, '39', '39.1', '39'],
  ])('waits until the mark %s', (_name, above, trigger, before, at) => {
    const x = market()
    expect(start(x, {}, { t: { p: trigger, a: above }, s: null })).toEqual({
      running: { twapId: 1 },
    })
    expect(twapUpdates(x)).toMatchObject([
      {
        status: 'waitingForTrigger',
        state: { trigger: { px: `${trigger}.0`, above }, stopPx: null },
      },
    ])
    x.moveOracle({ [hypePerp]: before })
    expect([bought(x), bought(x, 20 * SLICE_MS)]).toEqual([[], []])
    x.moveOracle({ [hypePerp]: at })
    expect(twapUpdates(x, SLICE_MS)).toMatchObject([{ status: 'activated', twapId: 1 }])
    expect(x.machine.view.twapStates(alice)[0]?.[1].executedSz).toBe('10.0')
  })

  it('starts at once when its price is there already', () => {
    const x = market()
    start(x, {}, { t: { p: '40', a: true }, s: null })
    expect(twapUpdates(x, SLICE_MS)).toMatchObject([{ status: 'activated' }])
    expect(bought(x)).toEqual(['10.0'])
  })

  it.each([
    ['a buyer above', true, '42', '41.9', '42'],
    ['a seller below', false, '38', '38.1', '38'],
  ])('stops %s its stop price, for ever', (_name, b, s, before, at) => {
    const x = market()
    start(x, { b }, { t: null, s })
    expect(twapUpdates(x)).toMatchObject([{ status: 'activated', state: { stopPx: `${s}.0` } }])
    x.moveOracle({ [hypePerp]: before })
    expect(twapUpdates(x)).toEqual([])
    x.moveOracle({ [hypePerp]: at })
    expect(twapUpdates(x)).toMatchObject([{ status: 'stopped', twapId: 1 }])
    x.moveOracle({ [hypePerp]: '40' })
    expect(x.machine.view.twapStates(alice)).toEqual([])
  })

  it('is not stopped before it has started', () => {
    const x = market()
    start(x, {}, { t: { p: '38', a: false }, s: '41' })
    x.moveOracle({ [hypePerp]: '42' })
    x.endBlock()
    expect(x.machine.view.twapStates(alice)).toHaveLength(1)
  })

  it('waits on spot for the mid of the book', () => {
    const x = new TestExchange(testGenesis(2))
    x.order(bob, hype, 'sell', { px: '41', size: '1000' })
    x.order(bob, hype, 'buy', { px: '39', size: '1000' })
    start(x, { a: hype }, { t: { p: '40.5', a: true }, s: null })
    x.endBlock(SLICE_MS)
    expect(bought(x)).toEqual([])
    x.order(bob, hype, 'buy', { px: '40', size: '10' })
    x.endBlock()
    expect(twapUpdates(x, SLICE_MS)).toMatchObject([{ status: 'activated' }])
    expect(bought(x)).toEqual(['10.0'])
  })

  it('survives a reload, waiting and watching', () => {
    const x = market()
    start(x, {}, { t: { p: '41', a: true }, s: '43' })
    x.reload()
    x.moveOracle({ [hypePerp]: '41' })
    x.reload()
    expect(x.machine.view.twapStates(alice)).toMatchObject([
      [1, { stopPx: '43.0', trigger: { px: '41.0', above: true } }],
    ])
    x.moveOracle({ [hypePerp]: '43' })
    expect(x.machine.view.twapStates(alice)).toEqual([])
  })

  it('is ended by its owner while it waits', () => {
    const x = market()
    start(x, {}, { t: { p: '41', a: true }, s: null })
    expect(x.act(alice, { type: 'twapCancel', a: hypePerp, t: 1 })).toMatchObject({
      response: { data: { status: 'success' } },
    })
    x.moveOracle({ [hypePerp]: '41' })
    expect(bought(x, SLICE_MS)).toEqual([])
  })

  it.each([
    ['a start price off the tick', { t: { p: '40.00001', a: true }, s: null }, 'tick size'],
    ['a stop price of nothing', { t: null, s: '0' }, 'tick size'],
    ['a stop price that is reached', { t: null, s: '40' }, 'Invalid TP/SL price.'],
    ['a stop price before its start', { t: { p: '42', a: true }, s: '41' }, 'Invalid TP/SL price.'],
  ])('is refused for %s', (_name, details, error) => {
    expect(start(market(), {}, details)).toEqual({ error: expect.stringContaining(error) })
  })

  it('is worth what its start price says', () => {
    expect(start(market(), { s: '2' }, { t: { p: '51', a: true }, s: null })).toHaveProperty(
      'running',
    )
    expect(start(market(), { s: '2' }, { t: { p: '49', a: true }, s: null })).toHaveProperty(
      'error',
    )
  })
})
