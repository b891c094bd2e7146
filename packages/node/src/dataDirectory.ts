import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import type { Hex } from '@openliquid/primitives'
import { codeOf, explain, NodeError, reasonOf } from './errors.ts'

/** Layout version of the folder itself; the database has its own. */
const FORMAT = 1
const MARKER = /^openliquid (\d{1,6})\ngenesis (0x[0-9a-f]{64})\n$/

/** Paths inside a data folder; docs/spec/ecosystem.md §5. */
export interface DataDirectory {
  readonly root: string
  readonly config: string
  readonly genesis: string
  /** 32-byte ed25519 seed in hex: libp2p identity, proposals, hello. */
  readonly nodeKey: string
  readonly keys: string
  readonly secrets: string
  readonly wal: string
  readonly db: string
  /** A database that state sync is restoring. */
  readonly dbSync: string
  /** The database that a restored one replaces, for a moment. */
  readonly dbOld: string
  readonly snapshots: string
  readonly logs: string
  /** Bans of peers that outlive a restart. */
  readonly bans: string
  /** Transactions of this node's own clients that wait. */
  readonly transactions: string
  readonly version: string
  readonly pid: string
}

/** `$XDG_DATA_HOME/openliquid`, or `~/.local/share/openliquid`. */
export function defaultDataDirectory(): string {
  return join(process.env['XDG_DATA_HOME'] ?? join(homedir(), '.local', 'share'), 'openliquid')
}

/** Names only; nothing is read or created. */
export function dataDirectoryAt(path: string): DataDirectory {
  const root = resolve(path)
  return {
    root,
    config: join(root, 'config.toml'),
    genesis: join(root, 'genesis.json'),
    nodeKey: join(root, 'node.key'),
    keys: join(root, 'keys'),
    secrets: join(root, 'secrets'),
    wal: join(root, 'wal'),
    db: join(root, 'db'),
    dbSync: join(root, 'db.sync'),
    dbOld: join(root, 'db.old'),
    snapshots: join(root, 'snapshots'),
    logs: join(root, 'logs'),
    bans: join(root, 'bans.json'),
    transactions: join(root, 'transactions'),
    version: join(root, 'VERSION'),
    pid: join(root, 'node.pid'),
  }
}

/** Whether a node's folder is there: someone ran `init`, `testnet` or `start --dev`. */
export function isDataDirectory(directory: DataDirectory): boolean {
  return existsSync(directory.version)
}

/**
 * Makes the folders and, last, the marker that says whose they are. Never touches a folder that holds something else.
 *
 * @throws {NodeError} OL_NODE_DATADIR_FOREIGN
 */
export function createDataDirectory(directory: DataDirectory, genesisHash: Hex): void {
  refuseForeign(directory)
  for (const path of [directory.root, directory.keys, directory.secrets, directory.logs]) {
    mkdirSync(path, { recursive: true, mode: 0o700 })
  }
  chmodSync(directory.root, 0o700)
  writeFileSync(directory.version, `openliquid ${FORMAT}\ngenesis ${genesisHash}\n`, {
    mode: 0o600,
    flush: true,
  })
}

/** @throws {NodeError} OL_NODE_DATADIR_FOREIGN if the folder exists, is not empty and is not a node's */
export function refuseForeign(directory: DataDirectory): void {
  if (!existsSync(directory.root) || existsSync(directory.version)) return
  if (!statSync(directory.root).isDirectory()) {
    throw foreign(directory, 'a file', 'an empty or absent folder')
  }
  const [first] = readdirSync(directory.root)
  if (first !== undefined) throw foreign(directory, `a folder with ${first} in it`, 'a node folder')
}

/**
 * Checks that the folder belongs to this program and to this genesis.
 *
 * @throws {NodeError} OL_NODE_NOT_FOUND, OL_NODE_DATADIR_FOREIGN, OL_NODE_DATADIR_DAMAGED, OL_NODE_GENESIS
 */
export function checkDataDirectory(directory: DataDirectory, genesisHash: Hex): void {
  requireDataDirectory(directory)
  const text = readText(directory.version)
  const [, format, recorded] = MARKER.exec(text) ?? []
  if (format === undefined || recorded === undefined) {
    throw new NodeError(
      explain(
        `the data folder ${directory.root} is damaged`,
        'its VERSION file is not readable as one',
        'restore the folder from a backup, or start from an empty one',
      ),
      { code: 'OL_NODE_DATADIR_DAMAGED', datadir: directory.root, what: 'VERSION' },
    )
  }
  if (Number(format) !== FORMAT) {
    throw foreign(directory, `format ${format}`, `format ${FORMAT}`)
  }
  if (recorded !== genesisHash) {
    throw new NodeError(
      explain(
        `the genesis file ${directory.genesis} is not the one this data folder began with`,
        `its hash is ${genesisHash}, the folder's is ${recorded}`,
        'put the original genesis file back, or use another data folder for the other chain',
      ),
      { code: 'OL_NODE_GENESIS', path: directory.genesis, reason: 'hash mismatch' },
    )
  }
}

/** @throws {NodeError} OL_NODE_NOT_FOUND, OL_NODE_DATADIR_FOREIGN */
export function requireDataDirectory(directory: DataDirectory): void {
  refuseForeign(directory)
  if (isDataDirectory(directory)) return
  throw new NodeError(
    explain(
      `there is no data folder at ${directory.root}`,
      '`start` continues a folder that exists',
      'run `openliquid-node init`, or `openliquid-node start --dev` for a chain that needs nothing',
    ),
    { code: 'OL_NODE_NOT_FOUND', path: directory.root },
  )
}

/** Names the process that holds the folder; call with the database lock held. */
export function writePid(directory: DataDirectory): void {
  writeFileSync(directory.pid, `${process.pid}\n`, { mode: 0o600 })
}

export function removePid(directory: DataDirectory): void {
  rmSync(directory.pid, { force: true })
}

/** The process that holds, or held, the folder. */
export function readPid(directory: DataDirectory): number | undefined {
  if (!existsSync(directory.pid)) return undefined
  const pid = Number.parseInt(readFileSync(directory.pid, 'utf8'), 10)
  return Number.isSafeInteger(pid) && pid > 0 ? pid : undefined
}

/** The error for a folder whose database another process has open. */
export function lockedError(directory: DataDirectory, cause: unknown): NodeError {
  const pid = readPid(directory)
  return new NodeError(
    explain(
      `the data folder ${directory.root} is in use`,
      pid === undefined ? 'another process holds its lock' : `process ${pid} holds its lock`,
      'stop the other node, or give this one a folder of its own with --datadir',
    ),
    {
      code: 'OL_NODE_DATADIR_LOCKED',
      datadir: directory.root,
      ...(pid === undefined ? {} : { pid }),
    },
    { cause },
  )
}

function foreign(directory: DataDirectory, found: string, wanted: string): NodeError {
  return new NodeError(
    explain(
      `${directory.root} is not a data folder of this program`,
      `it is ${found}, wanted is ${wanted}`,
      'choose another folder with --datadir, or use the program version that wrote it',
    ),
    { code: 'OL_NODE_DATADIR_FOREIGN', datadir: directory.root, found, wanted },
  )
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw new NodeError(
      explain(`cannot read ${path}`, reasonOf(error), 'check the folder and its owner'),
      { code: 'OL_NODE_DISK', path, reason: codeOf(error) ?? 'unreadable' },
      { cause: error },
    )
  }
}
