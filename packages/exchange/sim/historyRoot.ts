// Prints the roots that fixed random histories end with: the same on every supported Node, in any time zone and locale.
import { applyStep, prng, randomStep, TestExchange, testGenesis } from '../src/testing/index.ts'
import { runRiskHistory } from './riskHistory.ts'

const SEED = 9
const STEPS = 4_000
const USERS = 6

const { root, ...counts } = runRiskHistory({
  seed: SEED,
  next: prng(SEED),
  actions: 20_000,
  users: 9,
  reloadBlocks: 101,
})
/** Orders of every kind, TWAPs, agents, sub-accounts, transfers and contracts, where the risk history has price gaps. */
const exchange = new TestExchange(testGenesis(USERS))
const next = prng(SEED)
for (let step = 0; step < STEPS; step++) applyStep(exchange, randomStep(next, USERS), false)
const roots = [root, exchange.root].map((one) => Buffer.from(one).toString('hex'))
process.stdout.write(`${roots.join(' ')} ${JSON.stringify(counts)}\n`)
