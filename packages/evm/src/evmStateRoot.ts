import { type Hash, sha256, uintToBytes, utf8ToBytes } from '@openliquid/primitives'
import type { EvmHead } from './blockArchive.ts'

const PREFIX = utf8ToBytes('EVM')
const WORD_BYTES = 32

/**
 * Everything of the EVM that a later block depends on: SHA-256("EVM" ‖ root of the accounts ‖ hash of the newest EVM block ‖
 * base fee of each lane's next block, 32 bytes each).
 *
 * The block's hash covers its number and, through its parents, what BLOCKHASH answers.
 *
 * @see docs/spec/evm.md §6
 */
export function evmStateRoot({ block, baseFees }: EvmHead): Hash {
  const fees = baseFees.map((fee) => uintToBytes(fee, WORD_BYTES))
  return sha256(PREFIX, block.header.stateRoot, block.hash, ...fees)
}
