import type { BlockHeader } from '../types/block.ts'
import { DecodeError } from '../types/errors.ts'
import { CERTIFICATE_SIGNATURE_BYTES_MAX, SIGNER_BITMAP_BYTES_MAX } from '../types/limits.ts'
import {
  blockHashPreimage,
  HEADER_FIXED_BYTES,
  PREIMAGE_DOMAIN_BYTES,
  QC_FIXED_BYTES,
} from './blockHashPreimage.ts'
import { type Codec, safeInteger } from './codec.ts'

const HEADER_BYTES_MAX =
  HEADER_FIXED_BYTES + QC_FIXED_BYTES + SIGNER_BITMAP_BYTES_MAX + CERTIFICATE_SIGNATURE_BYTES_MAX

/**
 * The SSZ container of a header, read and written in one pass each: headers are the most decoded of all containers.
 *
 * Every field has its place and the two offsets one value each, so what passes has exactly one encoding.
 */
export const blockHeaderCodec: Codec<BlockHeader> = {
  encode: (header) => blockHashPreimage(header).slice(PREIMAGE_DOMAIN_BYTES),
  decode(bytes) {
    const size = bytes.length
    if (size > HEADER_BYTES_MAX) {
      throw new DecodeError(
        `block header of ${size} bytes, at most ${HEADER_BYTES_MAX} are allowed`,
        { code: 'OL_DECODE_SIZE', what: 'block header', size, max: HEADER_BYTES_MAX },
      )
    }
    if (size < HEADER_FIXED_BYTES + QC_FIXED_BYTES) throw malformed('too short')
    const words = new DataView(bytes.buffer, bytes.byteOffset, size)
    const qcAt = HEADER_FIXED_BYTES
    const signersAt = qcAt + QC_FIXED_BYTES
    const signatureAt = qcAt + words.getUint32(qcAt + 52, true)
    const isPlaced =
      words.getUint32(66, true) === HEADER_FIXED_BYTES &&
      words.getUint32(qcAt + 48, true) === QC_FIXED_BYTES &&
      signatureAt >= signersAt &&
      signatureAt <= size
    if (!isPlaced) throw malformed('an offset is not where it must be')
    if (signatureAt - signersAt > SIGNER_BITMAP_BYTES_MAX) throw malformed('too many signers')
    if (size - signatureAt > CERTIFICATE_SIGNATURE_BYTES_MAX) {
      throw malformed('the signature is too long')
    }
    // A plain array also where the bytes are a Node buffer, whose `slice` would share the memory.
    const plain = new Uint8Array(bytes.buffer, bytes.byteOffset, size)
    return {
      version: words.getUint16(0, true),
      chainId: words.getBigUint64(2, true),
      epoch: words.getBigUint64(10, true),
      view: words.getBigUint64(18, true),
      height: words.getBigUint64(26, true),
      parentHash: plain.slice(34, 66),
      qc: {
        epoch: words.getBigUint64(qcAt, true),
        view: words.getBigUint64(qcAt + 8, true),
        blockHash: plain.slice(qcAt + 16, qcAt + 48),
        signers: plain.slice(signersAt, signatureAt),
        signature: plain.slice(signatureAt),
      },
      proposer: words.getUint16(70, true),
      timestampMs: safeInteger('timestampMs', words.getBigUint64(72, true)),
      payloadRoot: plain.slice(80, 112),
      executedHeight: words.getBigUint64(112, true),
      stateRoot: plain.slice(120, 152),
      validatorSetHash: plain.slice(152, 184),
      nextValidatorSetHash: plain.slice(184, 216),
      flags: words.getUint8(216),
    }
  },
}

function malformed(reason: string): DecodeError {
  return new DecodeError(`block header is malformed: ${reason}`, {
    code: 'OL_DECODE_MALFORMED',
    what: 'block header',
    reason,
  })
}
