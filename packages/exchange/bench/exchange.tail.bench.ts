// 99.9th percentile of the CPU time of one order action while 1,000 levels rest on each side: post-only orders, orders that
// take, and cancels. CPU time, so that other work of the machine does not count; it includes the collector's.
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

const runs: number[] = []
for (let i = -WARM_UP; i < SAMPLES; i++) {
  const tif = next(10) < 8 ? 'Alo' : 'Ioc'
  const spread = tif === 'Alo' ? LEVELS : 12
  const act = market.prepare(
    next(USERS),
    orderAction([limitOrder(next, { asset: 0, spread, tif })]),
  )
  const before = process.cpuUsage()
  act()
  const { user, system } = process.cpuUsage(before)
  if (i >= 0) runs.push(user + system)
  if (i % BLOCK === 0) market.endBlock()
}
report({
  id: 'exchange.tail',
  value: percentile(runs, 0.999),
  unit: 'µs',
  op: '<=',
  target: 50,
  runs: [percentile(runs, 0.5), percentile(runs, 0.99), percentile(runs, 0.999)],
})
