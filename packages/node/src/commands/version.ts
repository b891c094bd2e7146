import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings'
import { programVersion } from '../version.ts'
import { print } from './report.ts'

/** Version of this package, of Node and of the data on disk. */
export function versionCommand(): CommandUnknownOpts {
  return new Command('version')
    .description('print versions')
    .option('--json', 'machine-readable output')
    .action(async ({ json = false }) => {
      const { STORE_SCHEMA } = await import('@openliquid/storage')
      const version = programVersion()
      const facts = { version, node: process.version, storeSchema: STORE_SCHEMA }
      print(
        facts,
        [`openliquid-node ${version} (Node ${process.version}, store ${STORE_SCHEMA})`],
        {
          json,
        },
      )
    })
}
