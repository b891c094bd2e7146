import type { CommandUnknownOpts } from '@commander-js/extra-typings'
import {
  commonCommand,
  directoryOf,
  PROFILE_HELP,
  parseProfile,
  settingsOf,
  withSettings,
} from './options.ts'
import { print } from './report.ts'

/** Makes a data folder; never overwrites one. */
export function initCommand(): CommandUnknownOpts {
  const command = withSettings(
    commonCommand('init', 'make a data folder: keys, genesis, config')
      .option(
        '--genesis <file>',
        'genesis file of an existing chain to follow; without it a new development chain is made',
      )
      .option('--profile <name>', PROFILE_HELP, parseProfile, 'dev' as const),
  )
  command.addHelpText(
    'after',
    '\nExamples:\n  openliquid-node init --datadir ./node\n  openliquid-node init --datadir ./follower --genesis ./genesis.json',
  )
  command.action(async (options) => {
    const { genesis, profile, json = false } = options
    const { DEV_SETTINGS, initDevDirectory, initFollowerDirectory } = await import(
      '../initDirectory.ts'
    )
    const directory = directoryOf(options)
    const settings = settingsOf(options)
    if (genesis === undefined) {
      await initDevDirectory(directory, {
        genesisTimeMs: Date.now(),
        settings: { ...DEV_SETTINGS, ...settings },
        profile,
      })
    } else {
      initFollowerDirectory(directory, { genesisPath: genesis, settings })
    }
    print({ datadir: directory.root }, [`made ${directory.root}; run openliquid-node start`], {
      json,
    })
  })
  return command
}
