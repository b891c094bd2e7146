import { existsSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import type { CommandUnknownOpts } from '@commander-js/extra-typings'
import { readPid, requireDataDirectory } from '../dataDirectory.ts'
import { codeOf, explain, NodeError } from '../errors.ts'
import { commonCommand, directoryOf } from './options.ts'
import { print } from './report.ts'

const STOP_MS_MAX = 15_000
const POLL_MS = 50

/** Asks the node of a data folder to stop and waits until it has let the folder go. */
export function stopCommand(): CommandUnknownOpts {
  const command = commonCommand('stop', 'stop a running node gracefully')
  command.action(async (options) => {
    const directory = directoryOf(options)
    requireDataDirectory(directory)
    const pid = readPid(directory)
    if (pid === undefined || !signal(pid)) {
      throw new NodeError(
        explain(
          `no node runs on ${directory.root}`,
          pid === undefined ? 'it has no node.pid' : `process ${pid} is gone`,
          'nothing is to be done',
        ),
        { code: 'OL_NODE_NOT_RUNNING', datadir: directory.root },
      )
    }
    const endMs = Date.now() + STOP_MS_MAX
    while (existsSync(directory.pid) && isAlive(pid)) {
      if (Date.now() > endMs) throw new Error(`process ${pid} does not stop`)
      await delay(POLL_MS)
    }
    print({ stopped: pid }, [`stopped process ${pid}`], { json: options.json ?? false })
  })
  return command
}

function signal(pid: number): boolean {
  try {
    process.kill(pid, 'SIGTERM')
    return true
  } catch (error) {
    if (codeOf(error) === 'ESRCH') return false
    throw error
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
