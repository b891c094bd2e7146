import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { DataDirectory } from './dataDirectory.ts'
import { codeOf, explain, NodeError, reasonOf } from './errors.ts'
import { EXIT_CODE, exitCodeOf } from './exitCodes.ts'
import type { Logger } from './logger.ts'

/**
 * Keeps for people what led to a halt, in a file under the logs.
 *
 * @returns what the operator is told
 */
export function reportHalt(
  error: unknown,
  details: Readonly<Record<string, unknown>>,
  { directory, logger, nowMs }: { directory: DataDirectory; logger: Logger; nowMs: number },
): NodeError {
  const dump = join(directory.logs, `halt-${nowMs}.json`)
  const facts = { code: codeOf(error), reason: reasonOf(error), details }
  const stack = error instanceof Error ? error.stack : undefined
  try {
    writeFileSync(dump, JSON.stringify({ ...facts, stack }, bigintText, 2), { mode: 0o600 })
  } catch (cause) {
    logger.error({ err: cause }, 'the dump of the halt cannot be written')
  }
  logger.fatal({ ...facts, dump }, 'stopped signing for good')
  return haltError(error, { directory, dump })
}

function haltError(
  error: unknown,
  { directory, dump }: { readonly directory: DataDirectory; readonly dump: string },
): NodeError {
  const reason = codeOf(error) ?? 'unexpected'
  const cause = { cause: error }
  if (exitCodeOf(error) === EXIT_CODE.disk) {
    return new NodeError(
      explain(
        'the node has stopped: the disk does not take what it must keep',
        reasonOf(error),
        `check free space and the disk under ${directory.root}, then start again`,
      ),
      { code: 'OL_NODE_DISK', path: directory.root, reason },
      cause,
    )
  }
  return new NodeError(
    explain(
      'the node has stopped for good and signs nothing more',
      reasonOf(error),
      `keep the data folder and ${dump}; compare with other nodes before starting again`,
    ),
    { code: 'OL_NODE_HALTED', reason, dump },
    cause,
  )
}

function bigintText(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value
}
