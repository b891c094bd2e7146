import { decodeSafetyData, type LogRecord, type SafetyData } from '@openliquid/consensus'
import { blockCodec, blockHash, equalBytes, type Hash } from '@openliquid/primitives'
import type { VirtualDisk } from './virtualDisk.ts'

/** What binds every vote. */
export type SafetyMarks = Pick<SafetyData, 'epoch' | 'lastVotedView' | 'lockedView'>

/** What of a node's promises would survive the worst crash at this moment. */
export interface DurableLog {
  /** Of the newest safety data: asked for at every vote, so they are read alone. */
  readonly marks: SafetyMarks | undefined
  /** The newest safety data. */
  readonly safety: SafetyData | undefined
  hasBlock(hash: Hash): boolean
}

/** Reads the records that are on a virtual disk. */
export class DiskLog implements DurableLog {
  readonly #disk: VirtualDisk

  constructor(disk: VirtualDisk) {
    this.#disk = disk
  }

  get marks(): SafetyMarks | undefined {
    const record = this.#newestSafety()
    return record === undefined ? undefined : marksIn(record)
  }

  get safety(): SafetyData | undefined {
    const record = this.#newestSafety()
    return record === undefined ? undefined : safetyIn(record)
  }

  #newestSafety(): LogRecord | undefined {
    return this.#disk.lastDurable(({ kind }) => kind === 'safety')
  }

  hasBlock(hash: Hash): boolean {
    const isIt = (record: LogRecord): boolean =>
      record.kind === 'block' && equalBytes(hashIn(record), hash)
    return this.#disk.lastDurable(isIt) !== undefined
  }
}

/** What records say, read once: they never change. */
const safetyOf = new WeakMap<LogRecord, SafetyData>()
const hashes = new WeakMap<LogRecord, Hash>()

function safetyIn(record: LogRecord): SafetyData {
  const known = safetyOf.get(record)
  if (known !== undefined) return known
  const data = decodeSafetyData(record.body)
  safetyOf.set(record, data)
  return data
}

/** As `encodeSafetyData` writes it, big-endian: length and version of the first part, epoch, lastVotedView, lockedView. */
function marksIn({ body }: LogRecord): SafetyMarks {
  const words = new DataView(body.buffer, body.byteOffset, body.byteLength)
  return {
    epoch: words.getBigUint64(5),
    lastVotedView: words.getBigUint64(13),
    lockedView: words.getBigUint64(21),
  }
}

function hashIn(record: LogRecord): Hash {
  const known = hashes.get(record)
  if (known !== undefined) return known
  const hash = blockHash(blockCodec.decode(record.body).header)
  hashes.set(record, hash)
  return hash
}
