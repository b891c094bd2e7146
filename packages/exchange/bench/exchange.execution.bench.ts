// Full execution of parsed, verified actions of 10 orders each: 50 perps, 10,000 accounts, cross margin, events, writes and
// root at the end of every block. 70 % of the orders rest near the touch, 30 % are IOC. A block holds 20,000 orders: at the
// figure that is what comes in 40 ms, less than the time of a block. What ending blocks takes of it is printed.
import { cpuMs, median, repeat, report } from '../../../bench/figure.ts'
import { prng } from '../src/testing/index.ts'
import { limitOrder, MarketMachine, orderAction } from './marketMachine.ts'

const ACCOUNTS = 10_000
const PERPS = 50
const BATCH = 10
const BLOCK_ACTIONS = 2_000
const BLOCKS = 3

const next = prng(1)
const market = new MarketMachine({ perps: PERPS, accounts: ACCOUNTS })

let endMs = 0
const runs = await repeat(5, 2, async () => {
  endMs = 0
  const actions = Array.from({ length: BLOCKS * BLOCK_ACTIONS }, () => {
    const asset = next(PERPS)
    const orders = Array.from({ length: BATCH }, () =>
      limitOrder(next, { asset, spread: 20, tif: next(10) < 7 ? 'Gtc' : 'Ioc' }),
    )
    return market.prepare(next(ACCOUNTS), orderAction(orders))
  })
  const ms = await cpuMs(() => {
    for (const [i, act] of actions.entries()) {
      act()
      if (i % BLOCK_ACTIONS !== BLOCK_ACTIONS - 1) continue
      const before = process.cpuUsage()
      market.endBlock()
      const { user, system } = process.cpuUsage(before)
      endMs += (user + system) / 1_000
    }
  })
  const orders = BLOCKS * BLOCK_ACTIONS * BATCH
  const nanoseconds = (time: number): number => Math.round((1e6 * time) / orders)
  process.stdout.write(
    `an order: ${nanoseconds(ms)} ns, ${nanoseconds(endMs)} of them for writes and root\n`,
  )
  return (1_000 * orders) / ms
})
report({
  id: 'exchange.execution',
  value: median(runs),
  unit: 'orders/s',
  op: '>=',
  target: 500_000,
  runs,
})
