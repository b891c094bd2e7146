// Full execution of parsed, verified actions of 10 orders each: 50 perps, 10,000 accounts, cross margin, events, writes and
// root at the end of every block of 2,000 orders. 70 % of the orders rest near the touch, 30 % are IOC.
import { cpuMs, median, repeat, report } from '../../../bench/figure.ts'
import { prng } from '../src/testing/index.ts'
import { limitOrder, MarketMachine, orderAction } from './marketMachine.ts'

const ACCOUNTS = 10_000
const PERPS = 50
const BATCH = 10
const BLOCK_ACTIONS = 200
const BLOCKS = 15

const next = prng(1)
const market = new MarketMachine({ perps: PERPS, accounts: ACCOUNTS })

const runs = await repeat(3, 1, async () => {
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
      if (i % BLOCK_ACTIONS === BLOCK_ACTIONS - 1) market.endBlock()
    }
  })
  return (1_000 * BLOCKS * BLOCK_ACTIONS * BATCH) / ms
})
report({
  id: 'exchange.execution',
  value: median(runs),
  unit: 'orders/s',
  op: '>=',
  target: 500_000,
  runs,
})
