import { InvariantError } from '@openliquid/primitives'
import { codeOf } from './errors.ts'

/** Exit codes of `openliquid-node`; docs/spec/ecosystem.md §3. */
export const EXIT_CODE = {
  ok: 0,
  unexpected: 1,
  usage: 2,
  notRunning: 3,
  config: 10,
  locked: 11,
  foreign: 12,
  damaged: 13,
  genesis: 14,
  keys: 15,
  slashing: 16,
  portInUse: 17,
  disk: 18,
  invariant: 19,
  trust: 20,
} as const
export type ExitCode = (typeof EXIT_CODE)[keyof typeof EXIT_CODE]

const BY_CODE: Readonly<Record<string, ExitCode>> = {
  OL_NODE_USAGE: EXIT_CODE.usage,
  OL_NODE_NOT_RUNNING: EXIT_CODE.notRunning,
  OL_NODE_NOT_FOUND: EXIT_CODE.notRunning,
  OL_NODE_CONFIG: EXIT_CODE.config,
  OL_NODE_DATADIR_LOCKED: EXIT_CODE.locked,
  OL_NODE_DATADIR_FOREIGN: EXIT_CODE.foreign,
  OL_NODE_DATADIR_DAMAGED: EXIT_CODE.damaged,
  OL_NODE_GENESIS: EXIT_CODE.genesis,
  OL_NODE_KEYS: EXIT_CODE.keys,
  OL_NODE_PORT_IN_USE: EXIT_CODE.portInUse,
  OL_NODE_SLASHING: EXIT_CODE.slashing,
  OL_CONSENSUS_DOPPELGANGER: EXIT_CODE.slashing,
  OL_NODE_DISK: EXIT_CODE.disk,
  OL_NODE_HALTED: EXIT_CODE.invariant,
  OL_NODE_TRUST_EXPIRED: EXIT_CODE.trust,
  OL_NODE_CHECKPOINT: EXIT_CODE.trust,
  OL_STORE_LOCKED: EXIT_CODE.locked,
  OL_STORE_SCHEMA: EXIT_CODE.foreign,
  OL_STORE_OPEN: EXIT_CODE.damaged,
  OL_STORE_CORRUPT: EXIT_CODE.damaged,
  OL_STORE_READ: EXIT_CODE.disk,
  OL_STORE_WRITE: EXIT_CODE.disk,
  OL_WAL_OPEN: EXIT_CODE.damaged,
  OL_WAL_WRITE: EXIT_CODE.disk,
  OL_WAL_SYNC: EXIT_CODE.disk,
  OL_WAL_CORRUPT: EXIT_CODE.damaged,
  OL_EXECUTION_GENESIS: EXIT_CODE.genesis,
  OL_EXECUTION_STATE: EXIT_CODE.damaged,
  OL_CONSENSUS_RECORD: EXIT_CODE.damaged,
  OL_CONSENSUS_RECOVERY: EXIT_CODE.damaged,
  OL_RPC_PORT_IN_USE: EXIT_CODE.portInUse,
  OL_RPC_REMOTE_BIND: EXIT_CODE.config,
  OL_RPC_CONFIG: EXIT_CODE.config,
  OL_NETWORK_LISTEN: EXIT_CODE.portInUse,
  OL_NETWORK_CONFIG: EXIT_CODE.config,
  EADDRINUSE: EXIT_CODE.portInUse,
  ENOSPC: EXIT_CODE.disk,
  EIO: EXIT_CODE.disk,
}

/** The exit code that tells a supervisor what happened; walks the causes until one says. */
export function exitCodeOf(error: unknown): ExitCode {
  for (let cause = error; cause !== undefined; cause = (cause as Error | undefined)?.cause) {
    if (cause instanceof InvariantError) return EXIT_CODE.invariant
    const code = codeOf(cause)
    const exitCode = code === undefined ? undefined : BY_CODE[code]
    if (exitCode !== undefined) return exitCode
  }
  return EXIT_CODE.unexpected
}
