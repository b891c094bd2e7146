// Actions of random histories with price gaps of ± 50 %, liquidations and auto-deleveraging, without one violation of the
// invariants of docs/spec/hyperliquid.md §6.8. Replay one history with: SEED=<n> npm run sim exchange.invariants
import { report } from '../../../bench/figure.ts'
import { prng } from '../src/testing/index.ts'
import { type RiskHistoryResult, runRiskHistory } from './riskHistory.ts'

const TARGET = 10_000_000
const HISTORY_ACTIONS = 50_000

const only = process.env['SEED']
const totals = {
  actions: 0,
  accepted: 0,
  blocks: 0,
  fills: 0,
  marketLiquidations: 0,
  backstops: 0,
  deleveraged: 0,
  fundings: 0,
  reloads: 0,
  vaultTransfers: 0,
  vaultCloses: 0,
  stakeChanges: 0,
  rewards: 0,
  slashes: 0,
  epochs: 0,
}

for (let seed = Number(only ?? 1); totals.actions < TARGET; seed++) {
  let result: RiskHistoryResult
  try {
    result = runRiskHistory({
      seed,
      next: prng(seed),
      actions: HISTORY_ACTIONS,
      users: 6 + (seed % 15),
      reloadBlocks: 501,
    })
  } catch (cause) {
    throw new Error(`replay: SEED=${seed} npm run sim exchange.invariants`, { cause })
  }
  for (const name of Object.keys(totals) as (keyof typeof totals)[]) totals[name] += result[name]
  if (only !== undefined) break
  if (seed % 10 === 0) process.stdout.write(`${seed} histories, ${totals.actions} actions\n`)
}
process.stdout.write(`${JSON.stringify(totals)}\n`)
report({
  id: 'exchange.invariants',
  value: totals.actions,
  unit: 'actions',
  op: '>=',
  target: TARGET,
  runs: [totals.actions],
})
