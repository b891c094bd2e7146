// The book core in exchange-core's mix (9 % GTC, 3 % IOC, 6 % cancel, 82 % move): 1,000 users, about 750 price levels, events
// of every command in columns. One stream of commands is made beforehand; the peer `nodejs-order-book` gets the first part
// of the same stream. A move is what a modify of the exchange is: cancel, and a new order behind those at its new price.
import { createRequire } from 'node:module'
import { median, repeat, report } from '../../../bench/figure.ts'
import { EventColumns } from '../src/eventColumns.ts'
import {
  NO_ROW,
  ORDER_IS_BUY,
  ORDER_ORIG_SIZE,
  ORDER_OWNER,
  ORDER_PX,
  ORDER_SIZE,
  OrderArena,
} from '../src/orderArena.ts'
import { LinkedOrderBook } from '../src/orderBook.ts'
import { prng } from '../src/testing/index.ts'

const COMMANDS = 1_000_000
const PEER_COMMANDS = 40_000
const ORDERS = 1_300
const USERS = 1_000
const MIDDLE = 100_000
/** Ticks on each side that orders rest within. */
const SPREAD = 520

const GTC = 0
const IOC = 1
const CANCEL = 2
const MOVE = 3

const NEW = 1
const REMOVED = 2
const TRADE = 3

/** A command: `oid` is the order it makes, `target` the one it takes out. */
interface Stream {
  readonly kind: Uint8Array
  readonly oid: Float64Array
  readonly target: Float64Array
  readonly user: Int32Array
  readonly isBuy: Uint8Array
  readonly px: Float64Array
  readonly size: Float64Array
}

/** Matching without a clearinghouse, on the arena and the book that the machine uses. */
class BookCore {
  readonly arena = new OrderArena()
  readonly book = new LinkedOrderBook(this.arena)
  readonly events = new EventColumns()

  place(kind: number, oid: number, user: number, isBuy: boolean, px: number, size: number): void {
    const { arena, book } = this
    let left = size
    while (left > 0) {
      const bestPx = book.bestPx(!isBuy)
      if (bestPx === 0 || (isBuy ? bestPx > px : bestPx < px)) break
      const maker = book.best(!isBuy)
      const open = arena.size(maker)
      const traded = Math.min(left, open)
      this.#event(TRADE, arena.oid(maker), oid, bestPx, traded)
      left -= traded
      if (traded === open) this.remove(maker)
      else book.resize(maker, open - traded)
    }
    if (left === 0 || kind === IOC) return
    const row = arena.take()
    arena.setOid(row, oid)
    arena.setWord(row, ORDER_OWNER, user)
    arena.setFlags(row, isBuy ? ORDER_IS_BUY : 0)
    arena.setDouble(row, ORDER_PX, px)
    arena.setDouble(row, ORDER_SIZE, left)
    arena.setDouble(row, ORDER_ORIG_SIZE, size)
    arena.index(row)
    book.insert(row)
    this.#event(NEW, oid, user, px, left)
  }

  cancel(oid: number): void {
    const row = this.arena.find(oid)
    if (row === NO_ROW) throw new Error('the stream cancels an order that is gone')
    this.#event(REMOVED, oid, this.arena.owner(row), 0, this.arena.size(row))
    this.remove(row)
  }

  remove(row: number): void {
    this.book.remove(row)
    this.arena.unindex(row)
    this.arena.release(row)
  }

  run(stream: Stream, i: number): void {
    const kind = stream.kind[i] as number
    if (kind >= CANCEL) this.cancel(stream.target[i] as number)
    if (kind === CANCEL) return
    this.place(
      kind,
      stream.oid[i] as number,
      stream.user[i] as number,
      stream.isBuy[i] === 1,
      stream.px[i] as number,
      stream.size[i] as number,
    )
  }

  #event(kind: number, a: number, b: number, px: number, size: number): void {
    const at = this.events.reserve(5)
    const { cells } = this.events
    cells[at] = kind
    cells[at + 1] = a
    cells[at + 2] = b
    cells[at + 3] = px
    cells[at + 4] = size
  }
}

/** Draws commands against a running book, so that every cancel and move names an order that is there. */
function makeStream(): {
  readonly stream: Stream
  readonly levels: number
  readonly trades: number
} {
  const next = prng(1)
  const total = ORDERS + COMMANDS
  const stream: Stream = {
    kind: new Uint8Array(total),
    oid: new Float64Array(total),
    target: new Float64Array(total),
    user: new Int32Array(total),
    isBuy: new Uint8Array(total),
    px: new Float64Array(total),
    size: new Float64Array(total),
  }
  const core = new BookCore()
  const live: number[] = []
  let levels = 0
  for (let i = 0; i < total; i++) {
    const dice = i < ORDERS ? 0 : next(100)
    const kind = dice < 9 ? GTC : dice < 12 ? IOC : dice < 18 ? CANCEL : MOVE
    stream.kind[i] = kind
    stream.oid[i] = i + 1
    stream.user[i] = next(USERS)
    stream.size[i] = 1 + next(100)
    let isBuy = next(2) === 0
    if (kind >= CANCEL) {
      let row = NO_ROW
      while (row === NO_ROW) {
        const at = next(live.length)
        row = core.arena.find(live[at] as number)
        stream.target[i] = live[at] as number
        live[at] = live[live.length - 1] as number
        live.pop()
      }
      isBuy = (core.arena.flags(row) & ORDER_IS_BUY) !== 0
      if (kind === MOVE) stream.size[i] = core.arena.size(row)
    }
    stream.isBuy[i] = isBuy ? 1 : 0
    // What is too much in the book is taken out again by orders that cross.
    const crosses = kind === IOC || (kind === GTC && core.book.size > ORDERS)
    const offset = crosses ? -2 - next(3) : 1 + next(SPREAD)
    stream.px[i] = MIDDLE + (isBuy ? -offset : offset)
    core.run(stream, i)
    if (core.arena.find(i + 1) !== NO_ROW) live.push(i + 1)
    if (i % 1_000 === 0)
      levels += core.book.levels(true, 9_999).length + core.book.levels(false, 9_999).length
    if (i % 10_000 === 0) core.events.take()
  }
  return { stream, levels: levels / (total / 1_000), trades: 0 }
}

const { stream, levels } = makeStream()
process.stdout.write(`${Math.round(levels)} levels on average\n`)

function nanosecondsOf(commands: number, prepare: () => (i: number) => void): number {
  const run = prepare()
  for (let i = 0; i < ORDERS; i++) run(i)
  const before = process.cpuUsage()
  for (let i = ORDERS; i < ORDERS + commands; i++) run(i)
  const { user, system } = process.cpuUsage(before)
  return ((user + system) * 1_000) / commands
}

const runs = await repeat(5, 2, () =>
  nanosecondsOf(COMMANDS, () => {
    const core = new BookCore()
    return (i) => {
      core.run(stream, i)
      // Whoever reads events takes them at the end of a block.
      if (i % 10_000 === 0) core.events.take()
    }
  }),
)

/** What the bench needs of the peer. */
interface Peer {
  limit(order: {
    readonly side: 'buy' | 'sell'
    readonly id: string
    readonly size: number
    readonly price: number
    readonly timeInForce: 'GTC' | 'IOC'
  }): { readonly err: unknown }
  cancel(id: string): { readonly err?: unknown } | undefined
  modify(id: string, change: { readonly price: number }): { readonly err: unknown }
}
const { OrderBook } = createRequire(import.meta.url)('nodejs-order-book') as {
  readonly OrderBook: new () => Peer
}

/** The peer keeps the id of an order that it moves. */
const names = new Map<number, string>()
for (let i = 0; i < ORDERS + PEER_COMMANDS; i++) {
  const moved = stream.kind[i] === MOVE ? names.get(stream.target[i] as number) : undefined
  names.set(i + 1, moved ?? String(i + 1))
}
const ids = Array.from({ length: ORDERS + PEER_COMMANDS }, (_, i) => names.get(i + 1) as string)
const peerRuns = await repeat(3, 1, () =>
  nanosecondsOf(PEER_COMMANDS, () => {
    const peer = new OrderBook()
    return (i) => {
      const kind = stream.kind[i] as number
      const target = (stream.target[i] as number) - 1
      let done: { readonly err?: unknown } | undefined
      if (kind === CANCEL) done = peer.cancel(ids[target] as string)
      else if (kind === MOVE) {
        done = peer.modify(ids[target] as string, { price: stream.px[i] as number })
      } else {
        done = peer.limit({
          side: stream.isBuy[i] === 1 ? 'buy' : 'sell',
          id: ids[i] as string,
          size: stream.size[i] as number,
          price: stream.px[i] as number,
          timeInForce: kind === IOC ? 'IOC' : 'GTC',
        })
      }
      // The peer calls an IOC order that found nothing an error; anything else would mean that the books differ.
      if (kind !== IOC && (done === undefined || (done.err ?? null) !== null)) {
        throw new Error(`command ${i} of kind ${kind} failed at the peer: ${String(done?.err)}`)
      }
    }
  }),
)

const baseline = { name: 'nodejs-order-book', value: median(peerRuns), unit: 'ns/op' }
report({ id: 'exchange.book', value: median(runs), unit: 'ns/op', op: '<=', target: 200, runs })
report({
  id: 'exchange.book.ratio',
  value: baseline.value / median(runs),
  unit: '×',
  op: '>=',
  target: 40,
  baseline,
  runs: runs.map((value) => baseline.value / value),
})
