import { bytesToUint, concatBytes, uintToBytes } from '@openliquid/primitives'
import { malformed } from './bodyCodec.ts'
import type { LeaderWindow } from './leaderElection.ts'
import type { ReputationState, SlotRecord } from './reputation.ts'

const RECORD = 'REPUTATION'
const VERSION = 1
/** Index of a validator that is not in the set. */
const NOBODY = 0xff_ff

/** Body of a REPUTATION record; all integers big-endian, bitmaps of one length. */
export function encodeReputation({ epoch, height, windows, records }: ReputationState): Uint8Array {
  const count = windows[0]?.multipliers.length ?? 0
  const parts = [
    Uint8Array.of(VERSION),
    uintToBytes(epoch, 8),
    uintToBytes(height, 8),
    uintToBytes(count, 2),
    uintToBytes(windows.length, 2),
    uintToBytes(records.length, 2),
  ]
  for (const { boundaryHeight, startView, multipliers } of windows) {
    parts.push(uintToBytes(boundaryHeight, 8), uintToBytes(startView, 8))
    for (const multiplier of multipliers) parts.push(uintToBytes(multiplier, 2))
  }
  for (const { proposer, missed, signers } of records) {
    parts.push(uintToBytes(proposer < 0 ? NOBODY : proposer, 2), signers)
    parts.push(uintToBytes(missed.length, 2))
    for (const [index, slots] of missed) {
      parts.push(uintToBytes(index < 0 ? NOBODY : index, 2), uintToBytes(slots, 2))
    }
  }
  return concatBytes(...parts)
}

/**
 * Reads the body of a REPUTATION record.
 *
 * @throws {ConsensusError} OL_CONSENSUS_RECORD
 */
export function decodeReputation(body: Uint8Array): ReputationState {
  const reader = new Reader(body)
  const version = reader.number(1)
  if (version !== VERSION) throw malformed(RECORD, `version ${version}`)
  const epoch = reader.uint(8)
  const height = reader.uint(8)
  const [count, windowCount, recordCount] = [reader.number(2), reader.number(2), reader.number(2)]
  const windows: LeaderWindow[] = []
  for (let i = 0; i < windowCount; i++) {
    const boundaryHeight = reader.uint(8)
    const startView = reader.uint(8)
    const multipliers = Array.from({ length: count }, () => reader.number(2))
    windows.push({ boundaryHeight, startView, multipliers })
  }
  const records: SlotRecord[] = []
  for (let i = 0; i < recordCount; i++) {
    const proposer = reader.index()
    const signers = reader.bytes(Math.ceil(count / 8))
    const missed = Array.from(
      { length: reader.number(2) },
      () => [reader.index(), reader.number(2)] as const,
    )
    records.push({ proposer, missed, signers })
  }
  if (!reader.isAtEnd) throw malformed(RECORD, 'bytes after the end')
  if (windows.length === 0) throw malformed(RECORD, 'no window')
  return { epoch, height, windows, records }
}

class Reader {
  readonly #body: Uint8Array
  #at = 0

  constructor(body: Uint8Array) {
    this.#body = body
  }

  get isAtEnd(): boolean {
    return this.#at === this.#body.length
  }

  bytes(length: number): Uint8Array {
    const end = this.#at + length
    if (end > this.#body.length) throw malformed(RECORD, 'cut short')
    const bytes = this.#body.slice(this.#at, end)
    this.#at = end
    return bytes
  }

  uint(length: number): bigint {
    return bytesToUint(this.bytes(length))
  }

  number(length: 1 | 2): number {
    return Number(this.uint(length))
  }

  index(): number {
    const index = this.number(2)
    return index === NOBODY ? -1 : index
  }
}
