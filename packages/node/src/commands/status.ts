import type { CommandUnknownOpts } from '@commander-js/extra-typings'
import { loadConfig } from '../config.ts'
import { requireDataDirectory } from '../dataDirectory.ts'
import { explain, NodeError, reasonOf } from '../errors.ts'
import { commonCommand, directoryOf } from './options.ts'
import { print } from './report.ts'

const ANSWER_MS_MAX = 5_000

/** Asks the node of a data folder how it is. */
export function statusCommand(): CommandUnknownOpts {
  const command = commonCommand('status', 'ask a running node: heights, view, peers')
  command.action(async (options) => {
    const directory = directoryOf(options)
    requireDataDirectory(directory)
    const { metrics } = loadConfig({ file: directory.config, environment: process.env })
    const status = await fetchStatus(`http://${metrics.host}:${metrics.port}`, directory.root)
    const lines = Object.entries(status).map(
      ([name, value]) =>
        `${name.padEnd(18)}${typeof value === 'object' ? JSON.stringify(value) : value}`,
    )
    print(status, lines, { json: options.json ?? false })
  })
  return command
}

/** @throws {NodeError} OL_NODE_NOT_RUNNING */
export async function fetchStatus(url: string, datadir: string): Promise<Record<string, unknown>> {
  try {
    const response = await fetch(`${url}/status`, { signal: AbortSignal.timeout(ANSWER_MS_MAX) })
    return (await response.json()) as Record<string, unknown>
  } catch (error) {
    throw new NodeError(
      explain(
        `no node answers for ${datadir}`,
        `${url}: ${reasonOf(error)}`,
        'start it with `openliquid-node start`, or check metrics.port',
      ),
      { code: 'OL_NODE_NOT_RUNNING', datadir },
      { cause: error },
    )
  }
}
