import type { BlockHeader } from '../types/block.ts'
import { assert } from '../types/errors.ts'
import type { Hash } from '../types/ids.ts'
import { CERTIFICATE_SIGNATURE_BYTES_MAX, SIGNER_BITMAP_BYTES_MAX } from '../types/limits.ts'
import { utf8ToBytes } from './bytes.ts'

const DOMAIN = utf8ToBytes('BLK1')
const HASH_BYTES = 32
/** In front of the header. */
export const PREIMAGE_DOMAIN_BYTES: number = DOMAIN.length
/** Of a header and of a QC up to where their parts of variable size begin. */
export const HEADER_FIXED_BYTES = 217
export const QC_FIXED_BYTES = 56

/** One for all: an array of this size lies outside the heap of the engine, and making a new one costs more than the hash. */
const bytes = new Uint8Array(
  DOMAIN.length +
    HEADER_FIXED_BYTES +
    QC_FIXED_BYTES +
    SIGNER_BITMAP_BYTES_MAX +
    CERTIFICATE_SIGNATURE_BYTES_MAX,
)
const words = new DataView(bytes.buffer)
let filled = bytes
bytes.set(DOMAIN)

/**
 * "BLK1" ‖ SSZ header, in one pass, since every replica hashes every header. The array is only good until the next call.
 */
export function blockHashPreimage(header: BlockHeader): Uint8Array {
  const { qc } = header
  let at = DOMAIN.length
  words.setUint16(at, header.version, true)
  words.setBigUint64(at + 2, header.chainId, true)
  words.setBigUint64(at + 10, header.epoch, true)
  words.setBigUint64(at + 18, header.view, true)
  words.setBigUint64(at + 26, header.height, true)
  writeHash(at + 34, header.parentHash)
  words.setUint32(at + 66, HEADER_FIXED_BYTES, true)
  words.setUint16(at + 70, header.proposer, true)
  words.setBigUint64(at + 72, BigInt(header.timestampMs), true)
  writeHash(at + 80, header.payloadRoot)
  words.setBigUint64(at + 112, header.executedHeight, true)
  writeHash(at + 120, header.stateRoot)
  writeHash(at + 152, header.validatorSetHash)
  writeHash(at + 184, header.nextValidatorSetHash)
  bytes[at + 216] = header.flags

  at += HEADER_FIXED_BYTES
  words.setBigUint64(at, qc.epoch, true)
  words.setBigUint64(at + 8, qc.view, true)
  writeHash(at + 16, qc.blockHash)
  words.setUint32(at + 48, QC_FIXED_BYTES, true)
  words.setUint32(at + 52, QC_FIXED_BYTES + qc.signers.length, true)
  assert(qc.signers.length <= SIGNER_BITMAP_BYTES_MAX, 'the bitmap keeps its limit')
  assert(qc.signature.length <= CERTIFICATE_SIGNATURE_BYTES_MAX, 'the signature keeps its limit')

  at += QC_FIXED_BYTES
  bytes.set(qc.signers, at)
  at += qc.signers.length
  bytes.set(qc.signature, at)
  at += qc.signature.length
  // Headers of a chain have one size nearly always.
  if (filled.length !== at) filled = bytes.subarray(0, at)
  return filled
}

function writeHash(at: number, hash: Hash): void {
  assert(hash.length === HASH_BYTES, 'a hash has 32 bytes')
  bytes.set(hash, at)
}
