import type { NodeConfig } from './configSchema.ts'
import { type DataDirectory, lockedError } from './dataDirectory.ts'
import { codeOf, explain, NodeError, reasonOf } from './errors.ts'

const DAMAGED: ReadonlySet<string> = new Set([
  'OL_STORE_CORRUPT',
  'OL_STORE_OPEN',
  'OL_STORE_READ',
  'OL_WAL_CORRUPT',
  'OL_WAL_OPEN',
  'OL_EXECUTION_STATE',
  'OL_CONSENSUS_RECORD',
  'OL_CONSENSUS_RECOVERY',
])

/** What a package found wrong with folder, port or setting, in the three lines that an operator gets. */
export function operatorError(
  error: unknown,
  { directory, config }: { readonly directory: DataDirectory; readonly config: NodeConfig },
): unknown {
  const code = codeOf(error)
  if (error instanceof NodeError || code === undefined) return error
  const why = reasonOf(error)
  const { root: datadir } = directory
  const cause = { cause: error }
  if (DAMAGED.has(code)) {
    return new NodeError(
      explain(
        `the data folder ${datadir} is damaged`,
        why,
        'restore it from a backup, or sync again in an empty folder; never copy keys to two running nodes',
      ),
      { code: 'OL_NODE_DATADIR_DAMAGED', datadir, what: code },
      cause,
    )
  }
  switch (code) {
    case 'OL_STORE_LOCKED':
      return lockedError(directory, error)
    case 'OL_STORE_SCHEMA':
      return new NodeError(
        explain(
          `the database of ${datadir} is of another program version`,
          why,
          'use the program version that wrote it, or another data folder',
        ),
        { code: 'OL_NODE_DATADIR_FOREIGN', datadir, found: 'other schema', wanted: 'ours' },
        cause,
      )
    case 'OL_EXECUTION_GENESIS':
      return new NodeError(
        explain(
          `the database of ${datadir} belongs to another chain`,
          why,
          'put the genesis file it was made with back, or use another data folder',
        ),
        { code: 'OL_NODE_GENESIS', path: directory.genesis, reason: 'hash mismatch' },
        cause,
      )
    case 'OL_RPC_PORT_IN_USE':
      return portError(config.rpc, 'rpc.port', error)
    case 'OL_NETWORK_LISTEN':
      return portError(config.network, 'network.port', error)
    case 'OL_RPC_REMOTE_BIND':
      return new NodeError(
        explain(
          `rpc.host ${config.rpc.host} is not a loopback address`,
          'whoever reaches it can send transactions: there are no passwords',
          'use 127.0.0.1, or allow it with --rpc.allow-remote behind a proxy or firewall of yours',
        ),
        { code: 'OL_NODE_CONFIG', key: 'rpc.host' },
        cause,
      )
    default:
      return error
  }
}

function portError(
  { host, port }: { readonly host: string; readonly port: number },
  key: string,
  cause: unknown,
): NodeError {
  return new NodeError(
    explain(
      `cannot listen on port ${port} of ${host}`,
      'another program listens there, or the address is not of this machine',
      `stop the other program, or choose another port with --${key}`,
    ),
    { code: 'OL_NODE_PORT_IN_USE', host, port },
    { cause },
  )
}
