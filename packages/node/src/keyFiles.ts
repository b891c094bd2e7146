import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { decryptKeystore, encryptKeystore, type ValidatorKeys } from '@openliquid/crypto'
import { bytesToHex, hexToBytes } from '@openliquid/primitives'
import type { DataDirectory } from './dataDirectory.ts'
import { explain, NodeError, reasonOf } from './errors.ts'

const OWNER_ONLY = 0o600
const OTHERS = 0o077

/** The secrets in a data folder. A follower has only the first. */
export interface NodeSecrets {
  /** 32-byte ed25519 seed. */
  readonly nodeSecret: Uint8Array
  readonly voteSecret?: Uint8Array
}

/** Writes `node.key`, the two keystores and their password files, all readable by the owner only. Never overwrites. */
export async function writeKeyFiles(directory: DataDirectory, keys: ValidatorKeys): Promise<void> {
  writeNodeKey(directory, keys.nodeSecret)
  // Deriving a key from a password is slow on purpose: both at the same time.
  await Promise.all([
    writeKeystore(directory, 'vote', {
      secret: keys.voteSecret,
      ...(keys.scheme === 'bls' ? { publicKey: keys.voteKey } : {}),
    }),
    writeKeystore(directory, 'signer', { secret: keys.signerSecret }),
  ])
}

/** Writes the identity alone: what a follower has. Never overwrites. */
export function writeNodeKey(directory: DataDirectory, nodeSecret: Uint8Array): void {
  writeSecret(directory.nodeKey, `${bytesToHex(nodeSecret)}\n`)
}

/**
 * Reads what the node signs with.
 *
 * @throws {NodeError} OL_NODE_KEYS: missing, readable by others, damaged, or the password does not fit
 */
export async function readKeyFiles(directory: DataDirectory): Promise<NodeSecrets> {
  const nodeSecret = readNodeKey(directory.nodeKey)
  const votePath = join(directory.keys, 'vote.json')
  if (!existsSync(votePath)) return { nodeSecret }
  const passwordPath = join(directory.secrets, 'vote.txt')
  const keystore = readSecret(votePath)
  const password = readSecret(passwordPath)
  try {
    return { nodeSecret, voteSecret: await decryptKeystore(JSON.parse(keystore), password) }
  } catch (error) {
    throw keyError(votePath, reasonOf(error), 'restore the key file and its password', error)
  }
}

/**
 * Reads the key of the validator's signer; `undefined` where there is none.
 *
 * @throws {NodeError} OL_NODE_KEYS
 */
export async function readSignerSecret(directory: DataDirectory): Promise<Uint8Array | undefined> {
  const path = join(directory.keys, 'signer.json')
  if (!existsSync(path)) return undefined
  const keystore = readSecret(path)
  const password = readSecret(join(directory.secrets, 'signer.txt'))
  try {
    return await decryptKeystore(JSON.parse(keystore), password)
  } catch (error) {
    throw keyError(path, reasonOf(error), 'restore the key file and its password', error)
  }
}

function readNodeKey(path: string): Uint8Array {
  const text = readSecret(path)
  try {
    return hexToBytes(text, 32)
  } catch (error) {
    throw keyError(path, reasonOf(error), 'restore the file: 0x and 64 hex digits', error)
  }
}

async function writeKeystore(
  directory: DataDirectory,
  name: string,
  key: { readonly secret: Uint8Array; readonly publicKey?: Uint8Array },
): Promise<void> {
  const password = randomBytes(24).toString('base64url')
  const description = `OpenLiquid ${name} key`
  const keystore = await encryptKeystore({ ...key, password, description })
  writeSecret(join(directory.secrets, `${name}.txt`), `${password}\n`)
  writeSecret(join(directory.keys, `${name}.json`), `${JSON.stringify(keystore, undefined, 2)}\n`)
}

function writeSecret(path: string, text: string): void {
  writeFileSync(path, text, { mode: OWNER_ONLY, flag: 'wx', flush: true })
}

/** Without the line end; refuses a file that others could have read. */
function readSecret(path: string): string {
  let text: string
  let mode: number
  try {
    mode = statSync(path).mode
    text = readFileSync(path, 'utf8').trim()
  } catch (error) {
    throw keyError(path, reasonOf(error), 'restore the file, or run `openliquid-node init`', error)
  }
  if (process.platform !== 'win32' && (mode & OTHERS) !== 0) {
    const bits = (mode & 0o777).toString(8)
    throw keyError(path, `its mode is 0${bits}: others can read it`, `chmod 600 ${path}`)
  }
  return text
}

function keyError(path: string, reason: string, remedy: string, cause?: unknown): NodeError {
  return new NodeError(
    explain(`the key file ${path} cannot be used`, reason, remedy),
    { code: 'OL_NODE_KEYS', path, reason },
    cause === undefined ? {} : { cause },
  )
}
