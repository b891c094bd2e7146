import { Command, type CommandUnknownOpts, Option } from '@commander-js/extra-typings'
import type { Simulation } from '@openliquid/simulator'
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
    .option('--json', 'machine-readable output')
  command.action(async (options) => {
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
