import {
  bytesToUint,
  type Codec,
  concatBytes,
  noEndorseCodec,
  proposalCodec,
  quorumCertificateCodec,
  timeoutCertificateCodec,
  timeoutVoteCodec,
  tipCodec,
  uintToBytes,
  voteCodec,
} from '@openliquid/primitives'
import { joinParts, LENGTH_BYTES, malformed, splitParts } from './bodyCodec.ts'
import type { EntryCertificate, SafetyData } from './safetyData.ts'

const RECORD = 'SAFETY'
const VERSION = 1
/** With the two parts of docs/spec/consensus.md §12. */
const HIGH_TIP_VERSION = 2
const ENTRY_QC = 1
const ENTRY_TC = 2
/** version ‖ epoch ‖ lastVotedView ‖ lockedView, integers big-endian. */
const FIXED_BYTES = 25
const PARTS = 6
const HIGH_TIP_PARTS = 8
const HASH_BYTES = 32

/**
 * Body of a SAFETY record: fixed fields, then lockedQC, entry, lastVote, lastTimeout, lastProposed, and in version 2
 * highTip and lastNoEndorse; an absent one is empty. Version 1 is what a chain without `highTip` writes.
 */
export function encodeSafetyData(data: SafetyData): Uint8Array {
  const isHighTip = data.highTip !== undefined || data.lastNoEndorse !== undefined
  return joinParts([
    concatBytes(
      Uint8Array.of(isHighTip ? HIGH_TIP_VERSION : VERSION),
      uintToBytes(data.epoch, 8),
      uintToBytes(data.lastVotedView, 8),
      uintToBytes(data.lockedView, 8),
    ),
    encodeOptional(quorumCertificateCodec, data.lockedQC),
    data.entry === undefined ? new Uint8Array(0) : encodeEntry(data.entry),
    encodeOptional(voteCodec, data.lastVote),
    encodeOptional(timeoutVoteCodec, data.lastTimeout),
    encodeOptional(proposalCodec, data.lastProposed),
    ...(isHighTip
      ? [encodeOptional(tipCodec, data.highTip), encodeOptional(refusalCodec, data.lastNoEndorse)]
      : []),
  ])
}

/**
 * Reads the body of a SAFETY record.
 *
 * @throws {ConsensusError} OL_CONSENSUS_RECORD
 * @throws {DecodeError} a message or certificate in it is malformed
 */
export function decodeSafetyData(body: Uint8Array): SafetyData {
  // The version is the first byte of the first part.
  const isHighTip = body[LENGTH_BYTES] === HIGH_TIP_VERSION
  const [fixed, lockedQC, entry, lastVote, lastTimeout, lastProposed, highTip, lastNoEndorse] =
    splitParts(body, RECORD, isHighTip ? HIGH_TIP_PARTS : PARTS) as [
      Uint8Array,
      Uint8Array,
      Uint8Array,
      Uint8Array,
      Uint8Array,
      Uint8Array,
      Uint8Array?,
      Uint8Array?,
    ]
  if (fixed.length !== FIXED_BYTES) throw malformed(RECORD, 'wrong size of the fixed fields')
  if (!isHighTip && fixed[0] !== VERSION) throw malformed(RECORD, `version ${fixed[0]}`)
  const data: SafetyData = {
    epoch: bytesToUint(fixed.subarray(1, 9)),
    lastVotedView: bytesToUint(fixed.subarray(9, 17)),
    lockedView: bytesToUint(fixed.subarray(17, 25)),
    ...decodeOptional('lockedQC', quorumCertificateCodec, lockedQC),
    ...decodeOptional('entry', { decode: decodeEntry }, entry),
    ...decodeOptional('lastVote', voteCodec, lastVote),
    ...decodeOptional('lastTimeout', timeoutVoteCodec, lastTimeout),
    ...decodeOptional('lastProposed', proposalCodec, lastProposed),
    ...decodeOptional('highTip', tipCodec, highTip),
    ...decodeOptional('lastNoEndorse', refusalCodec, lastNoEndorse),
  }
  if (data.lockedQC !== undefined && data.lockedQC.view !== data.lockedView) {
    throw malformed(RECORD, 'lock and QC differ')
  }
  return data
}

/** The hash of the tip, then the refusal. */
const refusalCodec: Codec<NonNullable<SafetyData['lastNoEndorse']>> = {
  encode: ({ noEndorse, tip }) => concatBytes(tip, noEndorseCodec.encode(noEndorse)),
  decode: (bytes) => ({
    noEndorse: noEndorseCodec.decode(bytes.slice(HASH_BYTES)),
    tip: bytes.slice(0, HASH_BYTES),
  }),
}

function encodeEntry(entry: EntryCertificate): Uint8Array {
  return entry.kind === 'qc'
    ? concatBytes(Uint8Array.of(ENTRY_QC), quorumCertificateCodec.encode(entry.qc))
    : concatBytes(Uint8Array.of(ENTRY_TC), timeoutCertificateCodec.encode(entry.tc))
}

function decodeEntry(bytes: Uint8Array): EntryCertificate {
  const certificate = bytes.slice(1)
  switch (bytes[0]) {
    case ENTRY_QC:
      return { kind: 'qc', qc: quorumCertificateCodec.decode(certificate) }
    case ENTRY_TC:
      return { kind: 'tc', tc: timeoutCertificateCodec.decode(certificate) }
    default:
      throw malformed(RECORD, 'unknown kind of entry certificate')
  }
}

function encodeOptional<T>(codec: Codec<T>, value: T | undefined): Uint8Array {
  return value === undefined ? new Uint8Array(0) : codec.encode(value)
}

function decodeOptional<K extends string, T>(
  key: K,
  codec: Pick<Codec<T>, 'decode'>,
  bytes: Uint8Array | undefined,
): { [P in K]?: T } {
  return (bytes === undefined || bytes.length === 0 ? {} : { [key]: codec.decode(bytes) }) as {
    [P in K]?: T
  }
}
