// 99.9th percentile of the CPU time of one order action while 1,000 levels rest on each side: post-only orders, and one
// in five that takes from the best. CPU time, so that other work of the machine does not count; it includes the collector's. Beside it a
// loop of about the same length that allocates nothing: what the clock and the machine themselves have for a tail.
import { percentile, report } from '../../../bench/figure.ts'
import { prng } from '../src/testing/index.ts'
import { limitOrder, MarketMachine, orderAction } from './marketMachine.ts'

const LEVELS = 1_000
const SAMPLES = 40_000
const WARM_UP = 10_000
const BLOCK = 500
const USERS = 1_000

const next = prng(1)
const market = new MarketMachine({ perps: 1, accounts: USERS })
for (let level = 1; level <= LEVELS; level++) {
  for (const isBuy of [true, false]) {
    const px = String((100_000 + (isBuy ? -10 : 10) * level) / 100)
    const order = { a: 0, b: isBuy, p: px, s: '2', r: false, t: { limit: { tif: 'Gtc' } } } as const
    market.prepare(next(USERS), orderAction([order]))()
  }
}
market.endBlock()

const loop = new Float64Array(1_024)
function doTheSame(): void {
  for (let i = 0; i < loop.length; i++) loop[i] = ((loop[i] as number) * 3 + i) % 7
}

function cpuUsOf(work: () => unknown): number {
  const before = process.cpuUsage()
  work()
  const { user, system } = process.cpuUsage(before)
  return user + system
}

const runs: number[] = []
const floors: number[] = []
for (let i = -WARM_UP; i < SAMPLES; i++) {
  const isTaker = next(10) >= 8
  const order = limitOrder(next, { asset: 0, spread: LEVELS, tif: isTaker ? 'Ioc' : 'Alo' })
  // Whoever takes names a price behind all levels.
  const px = order.b ? '1100' : '900'
  const act = market.prepare(next(USERS), orderAction([isTaker ? { ...order, p: px } : order]))
  const spentUs = cpuUsOf(act)
  const floorUs = cpuUsOf(doTheSame)
  if (i >= 0) {
    runs.push(spentUs)
    floors.push(floorUs)
  }
  if (i % BLOCK === 0) market.endBlock()
}
report({
  id: 'exchange.tail',
  value: percentile(runs, 0.999),
  unit: 'µs',
  op: '<=',
  target: 50,
  baseline: {
    name: `a loop of ${percentile(floors, 0.5)} µs`,
    value: percentile(floors, 0.999),
    unit: 'µs',
  },
  runs: [percentile(runs, 0.5), percentile(runs, 0.99), percentile(runs, 0.999)],
})
