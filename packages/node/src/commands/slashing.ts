import { readFileSync, writeFileSync } from 'node:fs'
import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings'
import { bytesToHex } from '@openliquid/primitives'
import { explain, NodeError, reasonOf } from '../errors.ts'
import type { Raised } from '../slashingProtection.ts'
import { type CommonOptions, commonCommand, directoryOf } from './options.ts'
import { print } from './report.ts'

/** What a stopped validator may no longer sign: shown, taken over, set. */
export function slashingCommand(): CommandUnknownOpts {
  const exporting = commonCommand('export', 'write the interchange file (EIP-3076)').option(
    '--output <file>',
    'file to write; without it the file is printed',
  )
  exporting.action(async (options) => {
    const text = `${JSON.stringify(await (await protectionOf(options)).export(), undefined, 2)}\n`
    const { json = false, output } = options
    if (output === undefined) {
      process.stdout.write(text)
      return
    }
    // Never over an older one: that may be the only record of what another key signed.
    writeFileSync(output, text, { mode: 0o600, flag: 'wx', flush: true })
    print({ output }, [`wrote ${output}`], { json })
  })

  const showing = commonCommand('show', 'what was signed last, by view')
  showing.action(async (options) => {
    const { json = false } = options
    const { voteKey, ...views } = await (await protectionOf(options)).show()
    const { epoch, lastVotedView, lockedView, proposal, timeout, vote } = views
    const texts = Object.entries(views).map(([name, view]) => [name, String(view)])
    const lines = [
      `key       ${bytesToHex(voteKey)}`,
      `epoch     ${epoch}`,
      `votes     above view ${lastVotedView}, timeouts with a QC of view ${lockedView} or more`,
      `signed    vote in view ${vote}, timeout in view ${timeout}, proposal in view ${proposal} (0: none)`,
    ]
    print({ pubkey: bytesToHex(voteKey), ...Object.fromEntries(texts) }, lines, { json })
  })

  const importing = commonCommand('import', 'take over an interchange file; the mark only rises')
    .argument('<file>', 'interchange file of the node that signed last')
    .option('--epoch <number>', 'epoch of its views, where the file does not say')
  importing.action(async (path, options) => {
    const { epoch, json = false } = options
    const text = readText(path)
    const of = epoch === undefined ? {} : { epoch: numberOf('--epoch', epoch) }
    report(await (await protectionOf(options)).import({ path, text, ...of }), { json })
  })

  const resetting = commonCommand('reset', 'set the mark: nothing was ever signed above this view')
    .requiredOption('--epoch <number>', 'epoch of the view')
    .requiredOption('--view <number>', 'a view at or above every one ever signed in')
  resetting.action(async (options) => {
    const mark = {
      epoch: numberOf('--epoch', options.epoch),
      view: numberOf('--view', options.view),
    }
    report(await (await protectionOf(options)).reset(mark), { json: options.json ?? false })
  })

  return new Command('slashing')
    .description('slashing protection of a stopped validator')
    .addCommand(showing)
    .addCommand(exporting)
    .addCommand(importing)
    .addCommand(resetting)
}

async function protectionOf(
  options: CommonOptions,
): Promise<import('../slashingProtection.ts').SlashingProtection> {
  const { SlashingProtection } = await import('../slashingProtection.ts')
  return new SlashingProtection(directoryOf(options))
}

function report({ before, now }: Raised, { json }: { readonly json: boolean }): void {
  const { epoch, view } = now
  const was = before === undefined ? 'nothing' : `epoch ${before.epoch}, view ${before.view}`
  const lines = [
    `votes and locks from epoch ${epoch}, view ${view} on (was: ${was})`,
    'the next start listens for two leader rotations before it signs',
  ]
  print({ epoch: String(epoch), view: String(view) }, lines, { json })
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw new NodeError(
      explain(`cannot read ${path}`, reasonOf(error), 'check the name and the rights of the file'),
      { code: 'OL_NODE_USAGE' },
      { cause: error },
    )
  }
}

function numberOf(option: string, text: string): bigint {
  if (/^(0|[1-9][0-9]{0,18})$/.test(text)) return BigInt(text)
  throw new NodeError(
    explain(`${option} cannot be read`, `${text} is no whole number`, `use ${option} 7`),
    { code: 'OL_NODE_USAGE' },
  )
}
