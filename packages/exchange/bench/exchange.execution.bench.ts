// Full execution of parsed, verified actions of 10 orders each: 50 perps, 10,000 accounts, cross margin, events, and the
// sorted writes of the state at the end of every block. 70 % of the orders rest near the touch, 30 % are IOC. A block has
// 2,000 actions, 20,000 orders: at the figure that is what comes in 40 ms, less than the time of a block.
// The root over the state is a figure of its own (exchange.root): what the tree takes is left out of the first line and
// in the second, which has no target. The actions of a block are made before it, and what making them leaves to the
// collector is collected before it: somebody else parsed and verified them. The writes are read as objects, as the store
// takes them; events are encoded and in their order: to make objects of them is the reader's, as printing them is.
import { median, repeat, report, seriesCpuMs } from '../../../bench/figure.ts'
import { CoreTree } from '../src/coreTree.ts'
import type { ExchangeTransition } from '../src/index.ts'
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

/** Collects what is young, and leaves code that was optimised alone. */
function collectYoung(): void {
  const { gc } = globalThis as { gc?: (options: { readonly type: 'minor' }) => void }
  // What survives twice is not young any more.
  gc?.({ type: 'minor' })
  gc?.({ type: 'minor' })
}

function blockOfActions(): (() => boolean)[] {
  const actions = Array.from({ length: BLOCK_ACTIONS }, () => {
    const asset = next(PERPS)
    const orders = Array.from({ length: BATCH }, () =>
      limitOrder(next, { asset, spread: 20, tif: next(10) < 7 ? 'Gtc' : 'Ioc' }),
    )
    return market.prepare(next(ACCOUNTS), orderAction(orders))
  })
  collectYoung()
  return actions
}

const withRoot: number[] = []
const withoutRoot = await repeat(RUNS, WARM_UP, async () => {
  rootMs = 0
  let executeMs = 0
  let endMs = 0
  let readMs = 0
  for (let block = 0; block < BLOCKS; block++) {
    const actions = blockOfActions()
    executeMs += await seriesCpuMs(() => {
      for (const act of actions) act()
    })
    let transition: ExchangeTransition | undefined
    endMs += await seriesCpuMs(() => {
      transition = market.machine.endBlock()
    })
    readMs += await seriesCpuMs(() => {
      if (transition?.writes.length === 0) throw new Error('a block without writes')
    })
    executeMs += await seriesCpuMs(() => market.beginBlock())
  }
  const parts = [executeMs, endMs - rootMs, rootMs, readMs]
  const [execute, writes, root, read] = parts.map((ms) => Math.round((1e6 * ms) / ORDERS))
  process.stdout.write(
    `an order: ${execute} ns to execute, ${writes} ns of writes, ${root} ns of root, ` +
      `${read} ns to read the writes; blocks of ${BLOCK_ACTIONS} actions of ${BATCH} orders\n`,
  )
  withRoot.push((1_000 * ORDERS) / (executeMs + endMs + readMs))
  return (1_000 * ORDERS) / (executeMs + endMs + readMs - rootMs)
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
