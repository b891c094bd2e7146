// Full execution of parsed, verified actions of 10 orders each: 50 perps, 10,000 accounts, cross margin, events, and the
// sorted writes of the state at the end of every block. 70 % of the orders rest near the touch, 30 % are IOC. A block has
// 2,000 actions, 20,000 orders: at the figure that is what comes in 40 ms, less than the time of a block.
// The root over the state is a figure of its own (exchange.root): what the tree takes is left out of the first line and
// in the second, which has no target. The actions of a block are made before it, and what making them leaves to the
// collector is collected before it: somebody else parsed and verified them. The writes are read as objects, as the store
// takes them; events are encoded and in their order: to make objects of them is the reader's, as printing them is.
// In the first two lines nobody cancels, so the books grow with every block. The memory of a million orders is taken when
// the machine is made, as a node takes it at its start (`core.room-orders`): a page that the kernel has to find and clear
// takes 20 us on a virtual machine, and is dear in a block. In the third line, which has no target, and before the first
// two, until all code is compiled, the orders of the oldest block are canceled after every block, outside the measured
// time, and rows are used again, as in a node that has run for a while.
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
const WARM_UP = 10
const ROOM = 1_000_000
const ORDERS = BLOCKS * BLOCK_ACTIONS * BATCH
/** The id of the first order after genesis. */
const FIRST_OID = 1

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
const market = new MarketMachine({ perps: PERPS, accounts: ACCOUNTS, room: ROOM })

/** Collects what is young, and leaves code that was optimised alone. */
function collectYoung(): void {
  const { gc } = globalThis as { gc?: (options: { readonly type: 'minor' }) => void }
  // What survives twice is not young any more.
  gc?.({ type: 'minor' })
  gc?.({ type: 'minor' })
}

interface Block {
  readonly actions: readonly (() => boolean)[]
  /** Makes what takes out of the books what came with it. */
  readonly cancels: () => readonly (() => boolean)[]
}

let oid = FIRST_OID
function makeBlock(): Block {
  const users = Array.from({ length: BLOCK_ACTIONS }, () => next(ACCOUNTS))
  const assets = users.map(() => next(PERPS))
  const actions = users.map((user, i) => {
    const orders = Array.from({ length: BATCH }, () =>
      limitOrder(next, {
        asset: assets[i] as number,
        spread: 20,
        tif: next(10) < 7 ? 'Gtc' : 'Ioc',
      }),
    )
    return market.prepare(user, orderAction(orders))
  })
  const firstOid = oid
  const cancels = () =>
    users.map((user, i) => {
      const orders = Array.from({ length: BATCH }, (_, j) => ({
        a: assets[i] as number,
        o: firstOid + i * BATCH + j,
      }))
      return market.prepare(user, { type: 'cancel', cancels: orders })
    })
  oid += BLOCK_ACTIONS * BATCH
  collectYoung()
  return { actions, cancels }
}

interface Parts {
  execute: number
  end: number
  read: number
}

/** Executes a block, and adds what its parts take, in milliseconds. */
async function execute(actions: Block['actions'], parts: Parts): Promise<void> {
  parts.execute += await seriesCpuMs(() => {
    for (const act of actions) act()
  })
  let transition: ExchangeTransition | undefined
  parts.end += await seriesCpuMs(() => {
    transition = market.machine.endBlock()
  })
  parts.read += await seriesCpuMs(() => {
    if (transition?.writes.length === 0) throw new Error('a block without writes')
  })
  parts.execute += await seriesCpuMs(() => market.beginBlock())
}

/** Orders a second, without the root and with it; `after` is done after every block and not measured. */
async function round(
  name: string,
  after: (block: Block) => Promise<void>,
): Promise<{ readonly withoutRoot: number; readonly withRoot: number }> {
  const parts: Parts = { execute: 0, end: 0, read: 0 }
  let treeMs = 0
  for (let i = 0; i < BLOCKS; i++) {
    const block = makeBlock()
    rootMs = 0
    await execute(block.actions, parts)
    treeMs += rootMs
    await after(block)
  }
  const all = parts.execute + parts.end + parts.read
  const ns = [parts.execute, parts.end - treeMs, treeMs, parts.read].map((ms) =>
    Math.round((1e6 * ms) / ORDERS),
  )
  process.stdout.write(
    `${name}, an order: ${ns[0]} ns to execute, ${ns[1]} ns of writes, ${ns[2]} ns of root, ` +
      `${ns[3]} ns to read the writes; blocks of ${BLOCK_ACTIONS} actions of ${BATCH} orders\n`,
  )
  return { withoutRoot: (1_000 * ORDERS) / (all - treeMs), withRoot: (1_000 * ORDERS) / all }
}

/** Of the blocks whose orders rest. */
const waiting: Block['cancels'][] = []
async function cancelOldest({ cancels }: Block): Promise<void> {
  waiting.push(cancels)
  await execute(waiting.shift()?.() ?? [], { execute: 0, end: 0, read: 0 })
}
for (let i = 0; i < WARM_UP; i++) await round('warm-up', cancelOldest)

const withRoot: number[] = []
const withoutRoot = await repeat(RUNS, 0, async () => {
  const rates = await round('books that grow', async ({ cancels }) => {
    waiting.push(cancels)
  })
  withRoot.push(rates.withRoot)
  return rates.withoutRoot
})
report({
  id: 'exchange.execution',
  value: median(withoutRoot),
  unit: 'orders/s',
  op: '>=',
  target: 500_000,
  runs: withoutRoot,
})
report({
  id: 'exchange.execution.withRoot',
  value: median(withRoot),
  unit: 'orders/s',
  op: '>=',
  target: 0,
  runs: withRoot,
})
const steady = await repeat(RUNS, 0, async () => {
  const rates = await round('books that stay', cancelOldest)
  return rates.withoutRoot
})
report({
  id: 'exchange.execution.steady',
  value: median(steady),
  unit: 'orders/s',
  op: '>=',
  target: 0,
  runs: steady,
})
