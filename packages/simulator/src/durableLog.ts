import { decodeSafetyData, type LogRecord, type SafetyData } from '@openliquid/consensus'
import { blockCodec, blockHash, equalBytes, type Hash } from '@openliquid/primitives'
import type { VirtualDisk } from './virtualDisk.ts'

/** What of a node's promises would survive the worst crash at this moment. */
export interface DurableLog {
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

  get safety(): SafetyData | undefined {
    const record = this.#disk.lastDurable(({ kind }) => kind === 'safety')
    return record === undefined ? undefined : safetyIn(record)
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

function hashIn(record: LogRecord): Hash {
  const known = hashes.get(record)
  if (known !== undefined) return known
  const hash = blockHash(blockCodec.decode(record.body).header)
  hashes.set(record, hash)
  return hash
}
