// 99.9th percentile of the CPU time of one order action while 1,000 levels rest on each side: post-only orders, and one
// in five that takes from the best. CPU time, so that other work of the machine does not count; it includes the
// collector's. The same history runs several times in one process, and the time of an order is the median of its times:
// so the tail is what orders do, every time, as where a column grows or a book takes longer. What hits whatever runs just
// then, as the timer of the kernel does (40 us once in a millisecond on a virtual machine, so that it is in one of a
// hundred windows of 10 us), is in `exchange.tail.single`, which has no target: the same percentile of a single run.
// Beside both a loop of about the same length that allocates nothing.
import { type Figure, median, percentile, report } from '../../../bench/figure.ts'
import { prng } from '../src/testing/index.ts'
import { limitOrder, MarketMachine, orderAction } from './marketMachine.ts'

const LEVELS = 1_000
const SAMPLES = 40_000
/** Orders of a history before those that are measured. */
const WARM_UP = 10_000
const BLOCK = 500
const USERS = 1_000
const RUNS = 5
/** Until all code is compiled. */
const RUNS_BEFORE = 2
/** As a node takes it at its start. */
const ROOM = 100_000

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

interface Times {
  readonly ordersUs: number[]
  readonly loopsUs: number[]
}

/** The same orders every time. */
function run(): Times {
  const next = prng(1)
  const market = new MarketMachine({ perps: 1, accounts: USERS, room: ROOM })
  for (let level = 1; level <= LEVELS; level++) {
    for (const isBuy of [true, false]) {
      const px = String((100_000 + (isBuy ? -10 : 10) * level) / 100)
      const order = {
        a: 0,
        b: isBuy,
        p: px,
        s: '2',
        r: false,
        t: { limit: { tif: 'Gtc' } },
      } as const
      market.prepare(next(USERS), orderAction([order]))()
    }
  }
  market.endBlock()
  const times: Times = { ordersUs: [], loopsUs: [] }
  for (let i = -WARM_UP; i < SAMPLES; i++) {
    const isTaker = next(10) >= 8
    const order = limitOrder(next, { asset: 0, spread: LEVELS, tif: isTaker ? 'Ioc' : 'Alo' })
    // Whoever takes names a price behind all levels.
    const px = order.b ? '1100' : '900'
    const act = market.prepare(next(USERS), orderAction([isTaker ? { ...order, p: px } : order]))
    const orderUs = cpuUsOf(act)
    const loopUs = cpuUsOf(doTheSame)
    if (i >= 0) {
      times.ordersUs.push(orderUs)
      times.loopsUs.push(loopUs)
    }
    if (i % BLOCK === 0) market.endBlock()
  }
  return times
}

/** Of each sample the median over the runs. */
function mediansOf(runs: readonly (readonly number[])[]): number[] {
  return Array.from({ length: SAMPLES }, (_, i) => median(runs.map((run) => run[i] as number)))
}

function reportTail(
  id: string,
  bound: Pick<Figure, 'op' | 'target'>,
  { ordersUs, loopsUs }: Times,
): void {
  const tail = percentile(ordersUs, 0.999)
  report({
    id,
    value: tail,
    unit: 'µs',
    ...bound,
    baseline: {
      name: `a loop of ${percentile(loopsUs, 0.5)} µs`,
      value: percentile(loopsUs, 0.999),
      unit: 'µs',
    },
    runs: [percentile(ordersUs, 0.5), percentile(ordersUs, 0.99), tail],
  })
}

for (let i = 0; i < RUNS_BEFORE; i++) run()
const runs = Array.from({ length: RUNS }, run)
reportTail(
  'exchange.tail',
  { op: '<=', target: 50 },
  {
    ordersUs: mediansOf(runs.map(({ ordersUs }) => ordersUs)),
    loopsUs: mediansOf(runs.map(({ loopsUs }) => loopsUs)),
  },
)
const single = runs.toSorted(
  (a, b) => percentile(a.ordersUs, 0.999) - percentile(b.ordersUs, 0.999),
)
reportTail('exchange.tail.single', { op: '>=', target: 0 }, single[RUNS >> 1] as Times)
