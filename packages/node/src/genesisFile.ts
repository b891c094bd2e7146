import { readFileSync, statSync, writeFileSync } from 'node:fs'
import {
  GENESIS_BYTES_MAX,
  type Genesis,
  genesisHash,
  type Hash,
  parseGenesis,
} from '@openliquid/primitives'
import { explain, NodeError, reasonOf } from './errors.ts'

/** A checked genesis and what every signature and hello names it by. */
export interface LoadedGenesis {
  readonly genesis: Genesis
  readonly hash: Hash
}

/** @throws {NodeError} OL_NODE_GENESIS: missing, too large, not JSON, or not a genesis */
export function readGenesisFile(path: string): LoadedGenesis {
  try {
    const { size } = statSync(path)
    if (size > GENESIS_BYTES_MAX) {
      throw new RangeError(`${size} bytes, at most ${GENESIS_BYTES_MAX}`)
    }
    const genesis = parseGenesis(JSON.parse(readFileSync(path, 'utf8')))
    return { genesis, hash: genesisHash(genesis) }
  } catch (error) {
    throw new NodeError(
      explain(
        `the genesis file ${path} cannot be used`,
        reasonOf(error),
        'put the genesis file of the chain there; every node of a chain has the same one',
      ),
      { code: 'OL_NODE_GENESIS', path, reason: reasonOf(error) },
      { cause: error },
    )
  }
}

/** Never overwrites. */
export function writeGenesisFile(path: string, genesis: Genesis): void {
  const text = `${JSON.stringify(genesis, undefined, 2)}\n`
  writeFileSync(path, text, { mode: 0o644, flag: 'wx', flush: true })
}
