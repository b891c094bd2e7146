// Twins: how many views of all scenarios are exhausted, states merged, and how many scenarios of five views a minute of
// CPU plays when nothing is merged. `consensus.twins [views]`; the processes share the last layer.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { report } from '../../../bench/figure.ts'
import { Prng, PropertyViolation, playTwins, Twins } from '../src/index.ts'
import { twinsScenarioOf } from './twinsScenarioOf.ts'

const VIEWS = 5
const SCENARIOS = 5_000

interface Share {
  readonly views: number
  readonly part: number
  readonly parts: number
}

/** What one process came to. */
interface Result {
  readonly exhausted: number
  readonly spentMs: number
  readonly violation?: string
}

if (process.send === undefined) await lead()
else {
  process.on('message', (share: Share) => {
    process.send?.(search(share), () => process.exit())
  })
}

async function lead(): Promise<void> {
  measurePlays()
  const views = Number(process.argv[2] ?? VIEWS)
  const parts = availableParallelism()
  const results = await Promise.all(
    Array.from({ length: parts }, async (_, part): Promise<Result> => {
      const child = fork(fileURLToPath(import.meta.url), { execArgv: process.execArgv })
      child.send({ views, part, parts } satisfies Share)
      const ended = once(child, 'exit').then(([code]) => {
        throw new Error(`a process of the search ended with ${code}`)
      })
      const [result] = (await Promise.race([once(child, 'message'), ended])) as [Result]
      ended.catch(() => undefined)
      return result
    }),
  )
  const exhausted = Math.min(...results.map((result) => result.exhausted))
  const violations = results.flatMap(({ violation }) => violation ?? [])
  const spentMs = results.reduce((sum, result) => sum + result.spentMs, 0)
  console.log(`${Math.round(spentMs / 1_000)} s of CPU`)
  for (const violation of violations) {
    console.log(violation)
    console.log(`replay: openliquid-node simulate --twins '${violation.split('; scenario ')[1]}'`)
  }
  report({
    id: 'consensus.twins',
    value: exhausted,
    unit: `views exhausted, ${violations.length} violations`,
    op: '>=',
    target: VIEWS,
    runs: [exhausted],
  })
}

/** Layers before the last are alike in all processes; each plays its part of the last. */
function search({ part, parts, views }: Share): Result {
  let exhausted = 0
  let violation: string | undefined
  const twins = new Twins()
  const before = process.cpuUsage()
  try {
    twins.exhaust(
      views,
      ({ played, scenarios, states, view }) => {
        exhausted = view
        if (part > 0 && view < views) return
        const share = view < views ? '' : ` (part ${part + 1} of ${parts})`
        console.log(
          `view ${view}: ${states} states, ${played} played, ${scenarios} scenarios${share}`,
        )
      },
      { part, parts },
    )
  } catch (error) {
    if (!(error instanceof PropertyViolation)) throw error
    violation = error.message
  }
  const spentMs = cpuMsSince(before)
  console.log(JSON.stringify(twins.counts))
  return { exhausted, spentMs, ...(violation === undefined ? {} : { violation }) }
}

function measurePlays(): void {
  const prng = new Prng(1)
  for (let i = 0; i < 500; i++) playTwins(twinsScenarioOf(prng, VIEWS))
  const before = process.cpuUsage()
  for (let i = 0; i < SCENARIOS; i++) playTwins(twinsScenarioOf(prng, VIEWS))
  const perMinute = (60_000 * SCENARIOS) / cpuMsSince(before)
  report({
    id: 'consensus.twins.perMinute',
    value: perMinute,
    unit: 'scenarios of 5 views per CPU-minute, unmerged',
    op: '>=',
    target: 50_000,
    runs: [perMinute],
  })
}

function cpuMsSince(before: NodeJS.CpuUsage): number {
  const { system, user } = process.cpuUsage(before)
  return (system + user) / 1_000
}
