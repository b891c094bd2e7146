// CPU time of the end of a block that touched 10,000 entries (5,000 accounts and their nonces) of a state of 60,000:
// encoding, sorted writes, invariants and the root.
import { cpuMs, median, repeat, report } from '../../../bench/figure.ts'
import { MarketMachine } from './marketMachine.ts'

const ACCOUNTS = 30_000
const TOUCHED = 5_000

const market = new MarketMachine({ perps: 3, accounts: ACCOUNTS })
for (let user = 0; user < ACCOUNTS; user++) market.prepare(user, { type: 'noop' })()
market.endBlock()

let usingBigBlocks = false
const runs = await repeat(9, 3, () => {
  usingBigBlocks = !usingBigBlocks
  for (let i = 0; i < TOUCHED; i++) {
    market.prepare((i * 5) % ACCOUNTS, { type: 'evmUserModify', usingBigBlocks })()
  }
  let writes = 0
  const ms = cpuMs(() => {
    writes = market.machine.endBlock().writes.length
  })
  market.beginBlock()
  if (writes < 2 * TOUCHED) throw new Error(`only ${writes} entries`)
  return ms
})
report({ id: 'exchange.root', value: median(runs), unit: 'ms', op: '<=', target: 60, runs })
