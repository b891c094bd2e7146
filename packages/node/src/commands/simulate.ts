import { Command, type CommandUnknownOpts, Option } from '@commander-js/extra-typings'
import type { ScopeFinding, Simulation } from '@openliquid/simulator'
import { explain, NodeError } from '../errors.ts'
import { print } from './report.ts'

/** Runs the whole protocol in virtual time: what a seed of a test report means, on any machine. */
export function simulateCommand(): CommandUnknownOpts {
  const command = new Command('simulate')
    .description('replay runs of the simulator by their seeds')
    .option('--seed <number>', 'run this seed and print its trace hash')
    .option('--seeds <first..last>', 'run all seeds from first to last')
    .addOption(
      new Option(
        '--high-tip <on|off>',
        'tail-fork resistance, instead of as each seed says',
      ).choices(['on', 'off'] as const),
    )
    .option('--twins <scenario>', 'play a scenario of the Twins again, as its finding prints it')
    .option('--explorer <path>', 'go a path of the explorer again, as its finding prints it')
    .option('--json', 'machine-readable output')
  command.action(async (options) => {
    if (options.twins !== undefined || options.explorer !== undefined) {
      await replay(options)
      return
    }
    const { first, last } = seedsOf(options)
    // Only here: a node that validates has no use for it.
    const { simulate } = await import('@openliquid/simulator')
    let failed = 0
    for (let seed = first; seed <= last; seed++) {
      const { highTip } = options
      const simulation = simulate(seed, highTip === undefined ? {} : { highTip: highTip === 'on' })
      if (simulation.finding !== undefined) failed += 1
      const lines = linesOf(simulation, highTip)
      print(summaryOf(simulation), lines, { json: options.json ?? false })
    }
    if (failed > 0) process.exitCode = 1
  })
  return command
}

interface ReplayOptions {
  readonly twins?: string
  readonly explorer?: string
  readonly highTip?: 'on' | 'off'
  readonly json?: true
}

/** What the exhaustive searches found, played again by itself and made as small as it gets. */
async function replay({ explorer, highTip, json, twins }: ReplayOptions): Promise<void> {
  const simulator = await import('@openliquid/simulator')
  const { parseExplorerPath, parseTwinsScenario, replayExplorer, replayTwins } = simulator
  const name = twins === undefined ? 'explorer' : 'twins'
  const text = twins ?? explorer ?? ''
  const scenario = twins === undefined ? undefined : parseTwinsScenario(twins)
  const path = twins === undefined ? parseExplorerPath(text) : undefined
  const isUsable = path === undefined || highTip !== 'on'
  if ((scenario === undefined && path === undefined) || !isUsable) {
    throw new NodeError(
      explain(
        'the scenario cannot be read',
        `${text.slice(0, 200)} is none of this command`,
        `copy what stands behind --${name} in the finding; the explorer knows no --high-tip`,
      ),
      { code: 'OL_NODE_USAGE' },
    )
  }
  const stage = highTip === undefined ? {} : { highTip: highTip === 'on' }
  const finding: ScopeFinding<unknown> | undefined =
    scenario === undefined ? path && replayExplorer(path) : replayTwins({ ...scenario, ...stage })
  if (finding === undefined) {
    print({ [name]: text, failed: null }, ['nothing breaks'], { json: json ?? false })
    return
  }
  process.exitCode = 1
  const smallest = JSON.stringify(finding.smallest)
  print(
    { [name]: finding.smallest, failed: finding.message },
    [finding.message, `  smallest: openliquid-node simulate --${name} '${smallest}'`],
    { json: json ?? false },
  )
}

function seedsOf({ seed, seeds }: { readonly seed?: string; readonly seeds?: string }): {
  readonly first: number
  readonly last: number
} {
  const range = /^(\d{1,15})(?:\.\.(\d{1,15}))?$/.exec(seeds ?? seed ?? '')
  const first = Number(range?.[1])
  const last = Number(range?.[2] ?? range?.[1])
  if (range !== null && first <= last) return { first, last }
  const given = seeds ?? seed ?? 'nothing'
  throw new NodeError(
    explain(
      'the seeds cannot be read',
      `${given} is not a seed or a range`,
      'use --seed 7 or --seeds 1..100',
    ),
    { code: 'OL_NODE_USAGE' },
  )
}

function summaryOf({ finding, outcome, seed, traceHash }: Simulation): Record<string, unknown> {
  return {
    seed,
    traceHash,
    ...outcome,
    ...(finding === undefined ? {} : { failed: finding.message }),
  }
}

function linesOf(
  { finding, outcome, seed, traceHash }: Simulation,
  highTip: string | undefined,
): string[] {
  if (finding === undefined) {
    return [
      `seed ${seed}: ${outcome?.views} views, ${outcome?.heights} heights, trace ${traceHash}`,
    ]
  }
  const plan = JSON.stringify(finding.plan, (_, value) =>
    typeof value === 'bigint' ? `${value}` : value,
  )
  return [
    `seed ${seed}: ${finding.message}`,
    `  smallest plan: ${plan}`,
    ...finding.trace.map((line) => `  ${line}`),
    `  replay: openliquid-node simulate --seed ${seed}${highTip === undefined ? '' : ` --high-tip ${highTip}`}`,
  ]
}
