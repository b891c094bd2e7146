// Actions of random histories with price gaps of ± 50 %, liquidations and auto-deleveraging, without one violation of the
// invariants of docs/spec/hyperliquid.md §6.8. Replay one history with: SEED=<n> npm run sim exchange.invariants
import { report } from '../../../bench/figure.ts'
import { doTasks, onAllCores } from '../../../bench/onAllCores.ts'
import { prng } from '../src/testing/index.ts'
import { type RiskHistoryResult, runRiskHistory } from './riskHistory.ts'

const TARGET = 10_000_000
const HISTORY_ACTIONS = 50_000
/** Histories between two lines that tell how far it is. */
const TOLD = 10

type Totals = Omit<RiskHistoryResult, 'root'>

if (!doTasks(historyOf)) await lead()

async function lead(): Promise<void> {
  const only = process.env['SEED']
  let totals: Totals | undefined
  let histories = 0
  let given = 0
  await onAllCores<number, Totals>(import.meta.url, {
    next: () => {
      if (only !== undefined) return given++ === 0 ? Number(only) : undefined
      if (given * HISTORY_ACTIONS >= TARGET) return undefined
      given += 1
      return given
    },
    onResult: (result) => {
      totals = totals === undefined ? result : sumOf(totals, result)
      histories += 1
      if (histories % TOLD === 0) console.log(`${histories} histories, ${totals.actions} actions`)
    },
  })
  console.log(JSON.stringify(totals))
  const actions = totals?.actions ?? 0
  report({
    id: 'exchange.invariants',
    value: actions,
    unit: 'actions',
    op: '>=',
    target: TARGET,
    runs: [actions],
  })
}

function historyOf(seed: number): Totals {
  try {
    const { root: _, ...totals } = runRiskHistory({
      seed,
      next: prng(seed),
      actions: HISTORY_ACTIONS,
      users: 6 + (seed % 15),
      reloadBlocks: 501,
    })
    return totals
  } catch (cause) {
    throw new Error(`replay: SEED=${seed} npm run sim exchange.invariants`, { cause })
  }
}

function sumOf(a: Totals, b: Totals): Totals {
  const sum: { -readonly [Name in keyof Totals]: number } = { ...a }
  for (const name of Object.keys(b) as (keyof Totals)[]) sum[name] += b[name]
  return sum
}
