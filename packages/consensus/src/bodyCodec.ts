import { bytesToUint } from '@openliquid/primitives'
import { ConsensusError } from './errors.ts'

/** Of the length in front of each part. */
export const LENGTH_BYTES = 4

/** A list of byte strings, each behind its length: the frame of log bodies that are more than one container. */
export function joinParts(parts: readonly Uint8Array[]): Uint8Array {
  let size = 0
  for (const part of parts) size += LENGTH_BYTES + part.length
  const body = new Uint8Array(size)
  const words = new DataView(body.buffer)
  let at = 0
  for (const part of parts) {
    words.setUint32(at, part.length)
    body.set(part, at + LENGTH_BYTES)
    at += LENGTH_BYTES + part.length
  }
  return body
}

/**
 * The parts of a body.
 *
 * @throws {ConsensusError} OL_CONSENSUS_RECORD unless there are exactly `count`
 */
export function splitParts(body: Uint8Array, record: string, count: number): Uint8Array[] {
  const parts: Uint8Array[] = []
  let at = 0
  while (at < body.length) {
    const start = at + LENGTH_BYTES
    if (start > body.length) throw malformed(record, 'cut inside a length')
    const end = start + Number(bytesToUint(body.subarray(at, start)))
    if (end > body.length) throw malformed(record, 'cut inside a part')
    parts.push(body.slice(start, end))
    at = end
  }
  if (parts.length !== count) throw malformed(record, `${parts.length} parts, not ${count}`)
  return parts
}

/** The error for a log body that is not what it claims to be. */
export function malformed(record: string, reason: string): ConsensusError {
  return new ConsensusError(
    `a ${record} record of the consensus log cannot be read (${reason}); the log is of another version or damaged`,
    { code: 'OL_CONSENSUS_RECORD', record, reason },
  )
}
