// Twins: how many views of all scenarios are exhausted, states merged, and how many scenarios of five views a minute of
// CPU plays when nothing is merged. The same on a chain with tips (§12), to a lesser depth. `consensus.twins [views
// [views with tips]]`; one process for each core plays, this one merges.
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { report } from '../../../bench/figure.ts'
import {
  Prng,
  PropertyViolation,
  playTwins,
  TWINS_ROOTS,
  Twins,
  type TwinsBranch,
  TwinsLayer,
  type TwinsScenario,
  type TwinsStep,
} from '../src/index.ts'
import { twinsScenarioOf } from './twinsScenarioOf.ts'

const VIEWS = 5
const TIP_VIEWS = 3
const SCENARIOS = 5_000
/** Branches that a process is given at a time: neighbours, which share their beginnings. */
const CHUNK = 16
const PROGRESS_MS = 60_000

interface Task {
  readonly scenarios: readonly TwinsScenario[]
  readonly highTip: boolean
  readonly isLast: boolean
}

interface Answer {
  /** Of each scenario. */
  readonly steps: readonly (readonly TwinsStep[])[]
  readonly violation?: string
  readonly cpuMs: number
  readonly bytes: number
}

async function lead(): Promise<void> {
  measurePlays()
  await exhaust('consensus.twins', { target: VIEWS, views: process.argv[2], highTip: false })
  await exhaust('consensus.twins.highTip', {
    target: TIP_VIEWS,
    views: process.argv[3],
    highTip: true,
  })
}

async function exhaust(
  id: string,
  {
    highTip,
    target,
    views = `${target}`,
  }: { readonly highTip: boolean; readonly target: number; readonly views?: string | undefined },
): Promise<void> {
  const players = Array.from({ length: availableParallelism() }, () => new Player(highTip))
  const { exhausted, violations } = await search(Number(views), players)
  await Promise.all(players.map((player) => player.end()))
  for (const violation of violations) {
    console.log(violation)
    console.log(`replay: openliquid-node simulate --twins '${violation.split('; scenario ')[1]}'`)
  }
  report({
    id,
    value: exhausted,
    unit: `views exhausted, ${violations.length} violations`,
    op: '>=',
    target,
    runs: [exhausted],
  })
}

/** Layer by layer, as `Twins.exhaust` does it in one process. */
async function search(
  views: number,
  players: readonly Player[],
): Promise<{ readonly exhausted: number; readonly violations: readonly string[] }> {
  const violations: string[] = []
  let frontier = TWINS_ROOTS
  for (let view = 1; view <= views; view++) {
    const layer = new TwinsLayer()
    await expand(frontier, { isLast: view === views, layer, players, violations })
    if (violations.length > 0) return { exhausted: view - 1, violations }
    frontier = layer.branches
    const cpuMs = players.reduce((sum, player) => sum + player.cpuMs, 0)
    const bytes = Math.max(...players.map((player) => player.bytes))
    console.log(
      `view ${view}: ${layer.played} played, ${frontier.length} states, ${layer.scenarios} scenarios; ` +
        `${Math.round(cpuMs / 1_000)} s of CPU, at most ${Math.round(bytes / 1e6)} MB a process`,
    )
  }
  return { exhausted: views, violations }
}

/** Plays on from each branch, and adds what comes of it in their order: so nothing depends on who played what. */
async function expand(
  frontier: readonly TwinsBranch[],
  {
    isLast,
    layer,
    players,
    violations,
  }: {
    readonly isLast: boolean
    readonly layer: TwinsLayer
    readonly players: readonly Player[]
    readonly violations: string[]
  },
): Promise<void> {
  const ready = new Map<number, readonly TwinsStep[]>()
  let given = 0
  let added = 0
  let toldMs = performance.now()
  await Promise.all(
    players.map(async (player) => {
      while (given < frontier.length && violations.length === 0) {
        const first = given
        const branches = frontier.slice(first, first + CHUNK)
        given += branches.length
        const { steps, violation } = await player.play({
          scenarios: branches.map(({ scenario }) => scenario),
          isLast,
        })
        if (violation !== undefined) violations.push(violation)
        for (const [i, one] of steps.entries()) ready.set(first + i, one)
        for (let next = ready.get(added); next !== undefined; next = ready.get(added)) {
          layer.add(frontier[added] as TwinsBranch, next)
          ready.delete(added)
          added += 1
        }
        if (performance.now() - toldMs < PROGRESS_MS) continue
        toldMs = performance.now()
        console.log(`  ${added} of ${frontier.length} states played on`)
      }
    }),
  )
}

/** A process that plays. */
class Player {
  readonly #highTip: boolean
  readonly #child: ChildProcess = fork(fileURLToPath(import.meta.url), {
    // Most of what a step makes is gone soon, but not before the next collection of a small space.
    execArgv: [...process.execArgv, '--max-semi-space-size=64'],
  })
  readonly #ended = once(this.#child, 'exit')
  cpuMs = 0
  bytes = 0

  constructor(highTip: boolean) {
    this.#highTip = highTip
  }

  async play(task: Omit<Task, 'highTip'>): Promise<Answer> {
    this.#child.send({ ...task, highTip: this.#highTip } satisfies Task)
    const next = await Promise.race([once(this.#child, 'message'), this.#ended.then(() => [])])
    const [answer] = next as [Answer?]
    if (answer === undefined) throw new Error('a process of the search ended')
    this.cpuMs = answer.cpuMs
    this.bytes = Math.max(this.bytes, answer.bytes)
    return answer
  }

  async end(): Promise<void> {
    this.#child.disconnect()
    await this.#ended
  }
}

function answerOf(twins: Twins, { isLast, scenarios }: Task): Answer {
  const steps: TwinsStep[][] = []
  let violation: string | undefined
  try {
    for (const scenario of scenarios) steps.push(twins.expand(scenario, { isLast }))
  } catch (error) {
    if (!(error instanceof PropertyViolation)) throw error
    violation = error.message
  }
  const { system, user } = process.cpuUsage()
  return {
    steps,
    ...(violation === undefined ? {} : { violation }),
    cpuMs: (system + user) / 1_000,
    bytes: process.memoryUsage.rss(),
  }
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

if (process.send === undefined) await lead()
else {
  let twins: Twins | undefined
  process.on('message', (task: Task) => {
    twins ??= new Twins(undefined, { highTip: task.highTip })
    process.send?.(answerOf(twins, task))
  })
}
