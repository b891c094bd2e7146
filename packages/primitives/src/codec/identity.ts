import type { BlockHeader, Payload } from '../types/block.ts'
import type { Hash } from '../types/ids.ts'
import { TRANSACTION_KIND, type TransactionKind } from '../types/transaction.ts'
import type { ValidatorSet } from '../types/validator.ts'
import { blockHashPreimage } from './blockHashPreimage.ts'
import { utf8ToBytes } from './bytes.ts'
import { validatorSetCodec } from './codecs.ts'
import { sha256 } from './hash.ts'

const VALIDATOR_SET = utf8ToBytes('VSET')
const LEAF = Uint8Array.of(0)
const NODE = Uint8Array.of(1)
const EMPTY: Hash = new Uint8Array(32)
const EMPTY_PAYLOAD_ROOT: Hash = sha256(EMPTY, EMPTY, EMPTY)

/** Headers whose hash is remembered: those of the few blocks in use, in several copies. A power of two. */
const REMEMBERED = 64

/**
 * Hashes of the headers in use: a header is never changed once it is made, and hashed many times. A place is found by
 * the time of the block and another header takes it over; a weak map would grow with every block of a long run and
 * cost the collector more than the hash.
 */
const hashedHeaders: (BlockHeader | undefined)[] = new Array(REMEMBERED).fill(undefined)
const hashes: Hash[] = new Array(REMEMBERED).fill(EMPTY)

/** SHA-256("BLK1" ‖ SSZ header); docs/spec/consensus.md §2. */
export function blockHash(header: BlockHeader): Hash {
  const place = header.timestampMs % REMEMBERED
  const known = hashedHeaders[place] === header ? hashes[place] : undefined
  if (known !== undefined) return known
  const hash = sha256(blockHashPreimage(header))
  hashedHeaders[place] = header
  hashes[place] = hash
  return hash
}

/** SHA-256("VSET" ‖ SSZ set). */
export function validatorSetHash(set: ValidatorSet): Hash {
  return sha256(VALIDATOR_SET, validatorSetCodec.encode(set))
}

/** SHA-256(kind ‖ bytes): the id of a transaction in mempool, gossip, payload and receipts. */
export function transactionId(kind: TransactionKind, bytes: Uint8Array): Hash {
  return sha256(Uint8Array.of(kind), bytes)
}

/**
 * Binary SHA-256 tree over 32-byte leaves; 32 zero bytes for none.
 *
 * Leaves and inner nodes are hashed under different prefixes, and an odd node moves up unhashed,
 * so no two lists share a root.
 */
export function merkleRoot(leaves: readonly Hash[]): Hash {
  if (leaves.length === 0) return EMPTY
  let level = leaves.map((leaf) => sha256(LEAF, leaf))
  while (level.length > 1) {
    const next: Hash[] = []
    for (let i = 0; i < level.length; i += 2) {
      const left = level[i] as Hash
      const right = level[i + 1]
      next.push(right === undefined ? left : sha256(NODE, left, right))
    }
    level = next
  }
  return level[0] as Hash
}

/** The payload hashed last: whoever makes a block hashes it for the header, and again where the block is judged. */
let hashedPayload: { readonly payload: Payload; readonly root: Hash } | undefined

/** SHA-256 over the roots of the three sections; what a header's `payloadRoot` holds. A payload is never changed. */
export function payloadRoot(payload: Payload): Hash {
  const { actions, evm, evidence } = payload
  if (actions.length + evm.length + evidence.length === 0) return EMPTY_PAYLOAD_ROOT
  if (hashedPayload?.payload === payload) return hashedPayload.root
  const root = sha256(
    merkleRoot(actions.map((bytes) => transactionId(TRANSACTION_KIND.action, bytes))),
    merkleRoot(evm.map((bytes) => transactionId(TRANSACTION_KIND.evm, bytes))),
    merkleRoot(evidence.map((bytes) => sha256(bytes))),
  )
  hashedPayload = { payload, root }
  return root
}
