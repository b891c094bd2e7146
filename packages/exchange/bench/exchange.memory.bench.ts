// Memory of a resting order, and of an account with five positions: what the process holds after the block, collected. Of
// so many that what a machine and the engine need for themselves, a megabyte more or less, does not count.
import { report } from '../../../bench/figure.ts'
import { prng, testUser } from '../src/testing/index.ts'
import { limitOrder, MarketMachine, orderAction } from './marketMachine.ts'

const ORDERS = 400_000
const ACCOUNTS = 20_000
const PERPS = 5

/** What a block of many orders needs itself is given back by halves in the blocks after it. */
function settle(market: MarketMachine): void {
  for (let block = 0; block < 200; block++) market.endBlock()
}

/** Columns that grow in place are shared memory, which `process.memoryUsage` leaves out. */
const columns: WeakRef<SharedArrayBuffer>[] = []
globalThis.SharedArrayBuffer = class extends SharedArrayBuffer {
  constructor(...options: ConstructorParameters<typeof SharedArrayBuffer>) {
    super(...options)
    columns.push(new WeakRef(this))
  }
}

async function used(): Promise<number> {
  // What a weak reference was made for or asked about is held until the job is over.
  await new Promise(setImmediate)
  const { gc } = globalThis as { gc?: () => void }
  gc?.()
  gc?.()
  const { heapUsed, external } = process.memoryUsage()
  const shared = columns.reduce((bytes, column) => bytes + (column.deref()?.byteLength ?? 0), 0)
  return heapUsed + external + shared
}

async function bytesPerOrder(): Promise<number> {
  const next = prng(1)
  const market = new MarketMachine({ perps: PERPS, accounts: 1_000 })
  for (let user = 0; user < 1_000; user++) {
    market.prepare(user, orderAction([limitOrder(next, { asset: 0, spread: 900, tif: 'Alo' })]))()
  }
  settle(market)
  const before = await used()
  for (let i = 0; i < ORDERS; i += 50) {
    const orders = Array.from({ length: 50 }, () =>
      limitOrder(next, { asset: next(PERPS), spread: 900, tif: 'Alo' }),
    )
    market.prepare(next(1_000), orderAction(orders))()
    if (i % 5_000 === 0) market.endBlock()
  }
  settle(market)
  let resting = 0
  for (let perp = 0; perp < PERPS; perp++) {
    resting += Number(market.machine.view.l2Book(`P${perp}`)?.levels[0].length ?? 0)
  }
  if (resting === 0) throw new Error('nothing rests')
  return ((await used()) - before) / ORDERS
}

/** Accounts with five positions each, half of them long and half short. */
function tradingMarket(users: readonly Uint8Array[]): MarketMachine {
  const market = new MarketMachine({ perps: PERPS, accounts: users.length, users })
  for (let user = 0; user < users.length; user += 2) {
    const side = (b: boolean) =>
      orderAction(
        Array.from({ length: PERPS }, (_, a) => ({
          a,
          b,
          p: '1000',
          s: '0.1',
          r: false,
          t: { limit: { tif: 'Gtc' } } as const,
        })),
      )
    market.prepare(user, side(true))()
    market.prepare(user + 1, side(false))()
    if (user % 500 === 0) market.endBlock()
  }
  // What finds accounts in danger comes with the first oracle update; thirty blocks lie between two buckets.
  for (let block = 0; block < 300; block++) {
    market.submitOracle(PERPS)
    market.endBlock()
  }
  settle(market)
  if (market.machine.entryCount < users.length * 6) throw new Error('positions are missing')
  return market
}

/** What a machine holds, code that the first one warms up left out; the addresses are the bench's own. */
async function bytesPerAccount(): Promise<number> {
  const users = Array.from({ length: ACCOUNTS }, (_, i) => testUser(i + 1))
  tradingMarket(users.slice(0, 50))
  const start = await used()
  const market = tradingMarket(users)
  const bytes = ((await used()) - start) / ACCOUNTS
  market.machine.view.l2Book('P0')
  return bytes
}

const account = await bytesPerAccount()
const order = await bytesPerOrder()
report({
  id: 'exchange.memory.order',
  value: order,
  unit: 'bytes',
  op: '<=',
  target: 200,
  runs: [order],
})
report({
  id: 'exchange.memory.account',
  value: account,
  unit: 'bytes',
  op: '<=',
  target: 2_000,
  runs: [account],
})
