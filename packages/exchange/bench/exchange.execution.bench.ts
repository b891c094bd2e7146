// Full execution of parsed, verified actions of 10 orders each: 50 perps, 10,000 accounts, cross margin, events, and the
// sorted writes of the state at the end of every block. 70 % of the orders rest near the touch, 30 % are IOC. A block has
// 2,000 actions, 20,000 orders: at the figure that is what comes in 40 ms, less than the time of a block.
// The root over the state is a figure of its own (exchange.root): what the tree takes is left out of the first line and
// in the second, which has no target. The actions are made before, and what giving them ids leaves to the collector is
// collected before each block: somebody else parsed and verified them. What the block itself leaves is collected in the
// measured time. The writes are read as objects, as the store takes them; events are encoded and in their order: to make
// objects of them is the reader's, as printing them is.
// In the first two lines nobody cancels, so the books grow with every block. The memory of a million orders is taken when
// the machine is made, as a node takes it at its start (`core.room-orders`): a page that the kernel has to find and clear
// takes 20 us on a virtual machine, and is dear in a block. In the third line, which has no target, and before the first
// two, until all code is compiled, the orders of the oldest block are canceled after every block, outside the measured
// time, and rows are used again, as in a node that has run for a while.
import type { Action } from '@openliquid/primitives'
import { median, report } from '../../../bench/figure.ts'
import { CoreTree } from '../src/coreTree.ts'
import type { ExchangeTransition } from '../src/index.ts'
import { prng } from '../src/testing/index.ts'
import { limitOrder, MarketMachine, orderAction } from './marketMachine.ts'

const ACCOUNTS = 10_000
const PERPS = 50
const BATCH = 10
const BLOCK_ACTIONS = 2_000
/** The batches of so many blocks are made before, and come again and again: nobody collects them in a block. */
const PLANS = 8
/** Blocks of each line. */
const RUNS = 25
const WARM_UP = 30
const ROOM = 1_000_000
const ORDERS = BLOCK_ACTIONS * BATCH
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

/** Collects what is young and leaves code that was optimised alone. What survives twice is not young any more. */
function collectYoung(): void {
  const { gc } = globalThis as { gc?: (options: { readonly type: 'minor' }) => void }
  gc?.({ type: 'minor' })
}

interface Block {
  readonly actions: readonly (() => boolean)[]
  /** Makes what takes out of the books what came with it. */
  readonly cancels: () => readonly (() => boolean)[]
}

interface Batch {
  readonly user: number
  readonly asset: number
  readonly action: Action
}

function makeBatches(): Batch[] {
  return Array.from({ length: BLOCK_ACTIONS }, () => {
    const [user, asset] = [next(ACCOUNTS), next(PERPS)]
    const orders = Array.from({ length: BATCH }, () =>
      limitOrder(next, { asset, spread: 20, tif: next(10) < 7 ? 'Gtc' : 'Ioc' }),
    )
    return { user, asset, action: orderAction(orders) }
  })
}
const plans = Array.from({ length: PLANS }, makeBatches)

let oid = FIRST_OID
let blocks = 0
async function makeBlock(): Promise<Block> {
  const batches = plans[blocks % PLANS] as readonly Batch[]
  blocks += 1
  const actions = batches.map(({ user, action }) => market.prepare(user, action))
  const firstOid = oid
  const cancels = () =>
    batches.map(({ user, asset }, i) => {
      const orders = Array.from({ length: BATCH }, (_, j) => ({
        a: asset,
        o: firstOid + i * BATCH + j,
      }))
      return market.prepare(user, { type: 'cancel', cancels: orders })
    })
  oid += ORDERS
  // As between two blocks of a node: what the collector does for old memory it ends in a turn of the event loop only.
  await new Promise(setImmediate)
  collectYoung()
  collectYoung()
  return { actions, cancels }
}

/** Nanoseconds an order. */
interface Parts {
  readonly execute: number
  readonly end: number
  readonly root: number
  readonly read: number
  readonly collect: number
}

function cpuNs(work: () => void): number {
  const before = process.cpuUsage()
  work()
  const { user, system } = process.cpuUsage(before)
  return (1e3 * (user + system)) / ORDERS
}

/** Executes a block without a break, and collects what it left: then as much is free for the next as was for it. */
function execute(actions: Block['actions']): Parts {
  rootMs = 0
  const acting = cpuNs(() => {
    for (const act of actions) act()
  })
  const { ending, read } = endBlock()
  const collect = cpuNs(collectYoung)
  const root = (1e6 * rootMs) / ORDERS
  const beginning = cpuNs(() => market.beginBlock())
  return { execute: acting + beginning, end: ending - root, root, read, collect }
}

/** Nobody holds the writes when it returns. */
function endBlock(): { readonly ending: number; readonly read: number } {
  let transition: ExchangeTransition | undefined
  const ending = cpuNs(() => {
    transition = market.machine.endBlock()
  })
  const read = cpuNs(() => {
    if (transition?.writes.length === 0) throw new Error('a block without writes')
  })
  return { ending, read }
}

/** Executes blocks one after another; `after` is done after each and not measured. Prints the median of each part. */
async function series(name: string, after: (block: Block) => void): Promise<Parts[]> {
  const parts: Parts[] = []
  for (let i = 0; i < RUNS; i++) {
    const block = await makeBlock()
    parts.push(execute(block.actions))
    after(block)
  }
  const of = (part: keyof Parts): number => Math.round(median(parts.map((block) => block[part])))
  process.stdout.write(
    `${name}, an order: ${of('execute')} ns to execute, ${of('end')} ns of writes, ${of('root')} ns of root, ` +
      `${of('read')} ns to read the writes, ${of('collect')} ns of garbage; blocks of ${BLOCK_ACTIONS} actions of ${BATCH} orders\n`,
  )
  return parts
}

/** Orders a second. */
const withoutRoot = ({ execute, end, read, collect }: Parts): number =>
  1e9 / (execute + end + read + collect)
const withRoot = (parts: Parts): number => 1e9 / (1e9 / withoutRoot(parts) + parts.root)

function reportRates(id: string, target: number, rates: readonly number[]): void {
  const value = median(rates)
  report({ id, value, unit: 'orders/s', op: '>=', target, runs: rates.map(Math.round) })
}

/** Of the blocks whose orders rest. */
const waiting: Block['cancels'][] = []
function rest({ cancels }: Block): void {
  waiting.push(cancels)
}
function cancelOldest(block: Block): void {
  rest(block)
  execute(waiting.shift()?.() ?? [])
}

for (let i = 0; i < WARM_UP; i++) {
  const block = await makeBlock()
  execute(block.actions)
  cancelOldest(block)
}
const growing = await series('books that grow', rest)
reportRates('exchange.execution', 500_000, growing.map(withoutRoot))
reportRates('exchange.execution.withRoot', 0, growing.map(withRoot))
const steady = await series('books that stay', cancelOldest)
reportRates('exchange.execution.steady', 0, steady.map(withoutRoot))
