import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import {
  generateValidatorKeys,
  provePossession,
  schemeOf,
  type ValidatorKeys,
} from '@openliquid/crypto'
import {
  bytesToHex,
  compareBytes,
  type Genesis,
  type GenesisValidator,
  genesisHash,
  hexToBytes,
  VALIDATORS_MAX,
} from '@openliquid/primitives'
import { configFileText, loadConfig, type SettingValues } from './config.ts'
import { createDataDirectory, type DataDirectory, dataDirectoryAt } from './dataDirectory.ts'
import { explain, NodeError } from './errors.ts'
import { readGenesisFile, writeGenesisFile } from './genesisFile.ts'
import { chainIdOf, genesisOf, type Profile } from './genesisProfile.ts'
import { writeKeyFiles } from './keyFiles.ts'
import { peerIdText } from './peerIdText.ts'

/** 10,000 HYPE in 1e-8. */
const DEV_STAKE = '1000000000000'
const P2P_PORT = 9_600
const METRICS_PORT = 9_601
const RPC_PORT = 8_545
const NODE_KEY_BYTES = 32
const PORT_MAX = 65_535
const GENESIS_FILE = 'genesis.json'

/** Ports of one validator on this machine. */
export interface ValidatorPorts {
  readonly p2p: number
  readonly metrics: number
  readonly rpc: number
}

/** One validator of a local network. */
export interface LocalValidator {
  readonly name: string
  readonly directory: DataDirectory
  readonly ports: ValidatorPorts
}

/** A local network on disk. */
export interface LocalNetwork {
  readonly root: string
  readonly genesis: Genesis
  readonly validators: readonly LocalValidator[]
  /** False when the folder was there before: the chain in it goes on. */
  readonly isNew: boolean
}

/**
 * Creates the folders of a local network, or recognises the ones that are there.
 *
 * @param options.basePort - p2p port of validator 0; moves the other ports by as much
 * @throws {NodeError} OL_NODE_USAGE, OL_NODE_DATADIR_FOREIGN, OL_NODE_GENESIS
 */
export async function prepareLocalNetwork(options: {
  readonly output: string
  readonly validators: number
  readonly basePort?: number
  readonly genesisTimeMs: number
  readonly minBlockIntervalMs?: number
  /** `dev` when absent; a network that is there keeps its own. */
  readonly profile?: Profile
}): Promise<LocalNetwork> {
  const { validators: count, basePort } = options
  if (!Number.isInteger(count) || count < 1 || count > VALIDATORS_MAX) {
    throw usage(`--validators is ${count}`, `a network has 1 to ${VALIDATORS_MAX} validators`)
  }
  const root = resolve(options.output)
  const validators = Array.from({ length: count }, (_, i) => ({
    name: `validator-${i}`,
    directory: dataDirectoryAt(join(root, `validator-${i}`)),
    ports: portsOf(i, basePort ?? P2P_PORT),
  }))
  if (!existsSync(join(root, GENESIS_FILE))) {
    refuseOther(root)
    return { root, genesis: await create(root, validators, options), validators, isNew: true }
  }
  const { genesis } = readGenesisFile(join(root, GENESIS_FILE))
  if (genesis.validators.length !== count) {
    throw usage(
      `${root} holds a network of ${genesis.validators.length} validators, asked for is ${count}`,
      'a network keeps its validators; use another --output for another network',
    )
  }
  // Without a new --base-port what an operator wrote into the files stays.
  if (basePort !== undefined) writeConfigs(validators, genesis)
  const known = validators.map((validator) => ({
    ...validator,
    ports: configuredPorts(validator.directory),
  }))
  return { root, genesis, validators: known, isNew: false }
}

/** A validator of a development genesis, with its proofs of possession. */
export function devValidator(keys: ValidatorKeys, profile: Profile = 'dev'): GenesisValidator {
  const proofs = provePossession(schemeOf(keys.scheme), {
    chainId: chainIdOf(profile),
    voteSecret: keys.voteSecret,
    nodeSecret: keys.nodeSecret,
    address: keys.signer,
  })
  return {
    address: bytesToHex(keys.signer),
    signer: bytesToHex(keys.signer),
    voteKey: bytesToHex(keys.voteKey),
    nodeKey: bytesToHex(keys.nodeKey),
    proofs: { voteKey: bytesToHex(proofs.voteKey), nodeKey: bytesToHex(proofs.nodeKey) },
    stake: DEV_STAKE,
  }
}

/** All keys and folders first, the shared genesis file last: a half-made network is never taken for a whole one. */
async function create(
  root: string,
  validators: readonly LocalValidator[],
  options: {
    readonly genesisTimeMs: number
    readonly minBlockIntervalMs?: number
    readonly profile?: Profile
  },
): Promise<Genesis> {
  // The validator set is sorted by address: so sorted, folder i holds validator i.
  const keys = validators
    .map(() => generateValidatorKeys({ scheme: 'bls' }))
    .sort((a, b) => compareBytes(a.signer, b.signer))
  const { profile = 'dev' } = options
  const members = keys.map((one) => devValidator(one, profile))
  const genesis = genesisOf(profile, { ...options, validators: members })
  const hash = bytesToHex(genesisHash(genesis))
  mkdirSync(root, { recursive: true, mode: 0o700 })
  const folders = validators.map(async ({ directory }, i) => {
    createDataDirectory(directory, hash)
    writeGenesisFile(directory.genesis, genesis)
    await writeKeyFiles(directory, keys[i] as ValidatorKeys)
  })
  await Promise.all(folders)
  writeConfigs(validators, genesis)
  writeGenesisFile(join(root, GENESIS_FILE), genesis)
  return genesis
}

function writeConfigs(validators: readonly LocalValidator[], genesis: Genesis): void {
  const addresses = validators.map(({ ports }, i) => {
    const nodeKey = hexToBytes(genesis.validators[i]?.nodeKey ?? '', NODE_KEY_BYTES)
    return `/ip4/127.0.0.1/tcp/${ports.p2p}/p2p/${peerIdText(nodeKey)}`
  })
  for (const [i, { name, directory, ports }] of validators.entries()) {
    const settings: SettingValues = {
      'node.moniker': name,
      'network.port': ports.p2p,
      'network.peers': addresses.filter((_, other) => other !== i),
      'rpc.port': ports.rpc,
      'rpc.serve-eth': true,
      'rpc.serve-info': true,
      'metrics.port': ports.metrics,
      'oracle.source': 'walk',
    }
    writeFileSync(directory.config, configFileText(settings), { mode: 0o600 })
  }
}

function configuredPorts(directory: DataDirectory): ValidatorPorts {
  const { network, metrics, rpc } = loadConfig({ file: directory.config })
  return { p2p: network.port, metrics: metrics.port, rpc: rpc.port }
}

function portsOf(index: number, basePort: number): ValidatorPorts {
  const shift = basePort - P2P_PORT
  const ports = {
    p2p: P2P_PORT + shift + 10 * index,
    metrics: METRICS_PORT + shift + 10 * index,
    rpc: RPC_PORT + shift + index,
  }
  for (const port of Object.values(ports)) {
    if (!Number.isInteger(port) || port < 1 || port > PORT_MAX) {
      throw usage(`--base-port ${basePort} gives port ${port}`, `ports are 1 to ${PORT_MAX}`)
    }
  }
  return ports
}

function refuseOther(root: string): void {
  if (!existsSync(root)) return
  const [first] = readdirSync(root)
  if (first === undefined) return
  throw new NodeError(
    explain(
      `${root} is not a local network`,
      `it holds ${first}, but no ${GENESIS_FILE}`,
      'choose an empty folder with --output, or remove this one',
    ),
    { code: 'OL_NODE_DATADIR_FOREIGN', datadir: root, found: first, wanted: GENESIS_FILE },
  )
}

function usage(what: string, why: string): NodeError {
  return new NodeError(explain(what, why, 'see `openliquid-node testnet --help`'), {
    code: 'OL_NODE_USAGE',
  })
}
