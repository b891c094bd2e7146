import { Command, type OptionValues } from '@commander-js/extra-typings'
import type { SettingValues } from '../config.ts'
import { SETTINGS } from '../configSchema.ts'
import { type DataDirectory, dataDirectoryAt, defaultDataDirectory } from '../dataDirectory.ts'
import { explain, NodeError } from '../errors.ts'
import { PROFILES, type Profile } from '../genesisProfile.ts'

/** What every command takes. */
export type CommonOptions = {
  readonly datadir?: string
  readonly json?: boolean
}

/** A command with `--datadir` and `--json`. */
export function commonCommand(name: string, summary: string): Command<[], CommonOptions> {
  return new Command(name)
    .description(summary)
    .option('--datadir <folder>', 'data folder (default: ~/.local/share/openliquid)')
    .option('--json', 'machine-readable output')
}

/** Help of `--profile`. */
export const PROFILE_HELP: string = `which chain to make: ${PROFILES.join(', ')}`

/** @throws {NodeError} OL_NODE_USAGE */
export function parseProfile(text: string): Profile {
  const profile = PROFILES.find((name) => name === text)
  if (profile !== undefined) return profile
  throw new NodeError(
    explain(
      `there is no profile ${text}`,
      `a chain is one of ${PROFILES.join(', ')}`,
      'choose one of them with --profile',
    ),
    { code: 'OL_NODE_USAGE' },
  )
}

/** Adds `--section.key` for every setting of the node. */
export function withSettings<Args extends unknown[], Opts extends OptionValues>(
  command: Command<Args, Opts>,
): Command<Args, Opts> {
  for (const { path, help, defaultValue } of SETTINGS) {
    const argument = typeof defaultValue === 'boolean' ? '[true|false]' : '<value>'
    command.option(`--${path} ${argument}`, `${help} (default: ${JSON.stringify(defaultValue)})`)
  }
  return command
}

/** The settings among the options of a command made by `withSettings`. */
export function settingsOf(options: object): SettingValues {
  const values: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(options)) {
    const setting = SETTINGS.find(({ section, key }) => `${section}.${key}` === name)
    if (setting !== undefined) values[setting.path] = value
  }
  return values
}

/** The folder that `--datadir` names, or the default one. */
export function directoryOf({ datadir }: CommonOptions): DataDirectory {
  return dataDirectoryAt(datadir ?? defaultDataDirectory())
}
