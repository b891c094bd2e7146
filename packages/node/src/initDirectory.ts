import { writeFileSync } from 'node:fs'
import { generateValidatorKeys } from '@openliquid/crypto'
import { bytesToHex, genesisHash } from '@openliquid/primitives'
import { configFileText, type SettingValues } from './config.ts'
import { createDataDirectory, type DataDirectory, isDataDirectory } from './dataDirectory.ts'
import { explain, NodeError } from './errors.ts'
import { readGenesisFile, writeGenesisFile } from './genesisFile.ts'
import { genesisOf, type Profile } from './genesisProfile.ts'
import { writeKeyFiles, writeNodeKey } from './keyFiles.ts'
import { devValidator } from './localNetwork.ts'

/** What a development chain of one validator sets unless told otherwise. */
export const DEV_SETTINGS: SettingValues = {
  'node.moniker': 'dev',
  'rpc.serve-eth': true,
  'rpc.serve-info': true,
  'oracle.source': 'walk',
}

/**
 * Makes the data folder of a new development chain with one validator: keys, genesis, config. Never overwrites.
 *
 * @throws {NodeError} OL_NODE_DATADIR_FOREIGN, OL_NODE_USAGE
 */
export async function initDevDirectory(
  directory: DataDirectory,
  options: {
    readonly genesisTimeMs: number
    readonly settings?: SettingValues
    readonly profile?: Profile
  },
): Promise<void> {
  refuseExisting(directory)
  const keys = generateValidatorKeys({ scheme: 'bls' })
  const { genesisTimeMs, settings = DEV_SETTINGS, profile = 'dev' } = options
  const validators = [devValidator(keys, profile)]
  const genesis = genesisOf(profile, { genesisTimeMs, validators })
  createDataDirectory(directory, bytesToHex(genesisHash(genesis)))
  writeGenesisFile(directory.genesis, genesis)
  await writeKeyFiles(directory, keys)
  writeConfigFile(directory, settings)
}

/**
 * Makes the data folder of a node that follows an existing chain: node key, genesis, config. Never overwrites.
 *
 * @throws {NodeError} OL_NODE_DATADIR_FOREIGN, OL_NODE_USAGE, OL_NODE_GENESIS
 */
export function initFollowerDirectory(
  directory: DataDirectory,
  options: { readonly genesisPath: string; readonly settings?: SettingValues },
): void {
  refuseExisting(directory)
  const { genesis, hash } = readGenesisFile(options.genesisPath)
  createDataDirectory(directory, bytesToHex(hash))
  writeGenesisFile(directory.genesis, genesis)
  writeNodeKey(directory, generateValidatorKeys({ scheme: 'ed25519' }).nodeSecret)
  writeConfigFile(directory, { 'node.validator': false, ...options.settings })
}

function writeConfigFile(directory: DataDirectory, settings: SettingValues): void {
  writeFileSync(directory.config, configFileText(settings), { mode: 0o600, flag: 'wx' })
}

function refuseExisting(directory: DataDirectory): void {
  if (!isDataDirectory(directory)) return
  throw new NodeError(
    explain(
      `there is a data folder at ${directory.root} already`,
      'a folder is made once and never overwritten',
      'run `openliquid-node start` to go on with it, or choose another --datadir',
    ),
    { code: 'OL_NODE_USAGE' },
  )
}
