// Prints the root that a fixed random history ends with: the same on every supported Node, in any time zone and locale.
import { prng } from '../src/testing/index.ts'
import { runRiskHistory } from './riskHistory.ts'

const SEED = 9

const { root, ...counts } = runRiskHistory({
  seed: SEED,
  next: prng(SEED),
  actions: 20_000,
  users: 9,
  reloadBlocks: 101,
})
process.stdout.write(`${Buffer.from(root).toString('hex')} ${JSON.stringify(counts)}\n`)
