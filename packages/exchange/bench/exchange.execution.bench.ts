// Full execution of parsed, verified actions of 10 orders each: 50 perps, 10,000 accounts, cross margin, events, and the
// sorted writes of the state at the end of every block. 70 % of the orders rest near the touch, 30 % are IOC. A block has
// 2,000 actions, 20,000 orders: at the figure that is what comes in 40 ms, less than the time of a block.
// The root over the state is a figure of its own (exchange.root): what the tree takes is left out of the first line and
// in the second, which has no target.
import { median, repeat, report, seriesCpuMs } from '../../../bench/figure.ts'
import { CoreTree } from '../src/coreTree.ts'
import { prng } from '../src/testing/index.ts'
import { limitOrder, MarketMachine, orderAction } from './marketMachine.ts'

const ACCOUNTS = 10_000
const PERPS = 50
const BATCH = 10
const BLOCK_ACTIONS = 2_000
const BLOCKS = 3
const RUNS = 5
const WARM_UP = 5
const ORDERS = BLOCKS * BLOCK_ACTIONS * BATCH

let rootMs = 0
/** Adds the CPU time of a part of the tree's work, which comes twice a block. */
function timed<A extends unknown[], R>(work: (...inputs: A) => R): (...inputs: A) => R {
  return function (this: unknown, ...inputs: A): R {
    const before = process.cpuUsage()
    const result = work.apply(this, inputs)
    const { user, system } = process.cpuUsage(before)
    rootMs += (user + system) / 1_000
    return result
  }
}
CoreTree.prototype.apply = timed(CoreTree.prototype.apply)
CoreTree.prototype.root = timed(CoreTree.prototype.root)

const next = prng(1)
const market = new MarketMachine({ perps: PERPS, accounts: ACCOUNTS })

const withRoot: number[] = []
const withoutRoot = await repeat(RUNS, WARM_UP, async () => {
  const actions = Array.from({ length: BLOCKS * BLOCK_ACTIONS }, () => {
    const asset = next(PERPS)
    const orders = Array.from({ length: BATCH }, () =>
      limitOrder(next, { asset, spread: 20, tif: next(10) < 7 ? 'Gtc' : 'Ioc' }),
    )
    return market.prepare(next(ACCOUNTS), orderAction(orders))
  })
  rootMs = 0
  let endMs = 0
  const allMs = await seriesCpuMs(() => {
    for (const [i, act] of actions.entries()) {
      act()
      if (i % BLOCK_ACTIONS !== BLOCK_ACTIONS - 1) continue
      const before = process.cpuUsage()
      market.endBlock()
      const { user, system } = process.cpuUsage(before)
      endMs += (user + system) / 1_000
    }
  })
  const parts = [allMs - endMs, endMs - rootMs, rootMs].map((ms) => Math.round((1e6 * ms) / ORDERS))
  process.stdout.write(
    `an order: ${parts[0]} ns to execute, ${parts[1]} ns of writes, ${parts[2]} ns of root; ` +
      `blocks of ${BLOCK_ACTIONS} actions of ${BATCH} orders\n`,
  )
  withRoot.push((1_000 * ORDERS) / allMs)
  return (1_000 * ORDERS) / (allMs - rootMs)
})
report({
  id: 'exchange.execution',
  value: median(withoutRoot),
  unit: 'orders/s',
  op: '>=',
  target: 500_000,
  runs: withoutRoot,
})
const withRootRuns = withRoot.slice(WARM_UP)
report({
  id: 'exchange.execution.withRoot',
  value: median(withRootRuns),
  unit: 'orders/s',
  op: '>=',
  target: 0,
  runs: withRootRuns,
})
