import {
  assert,
  bytesToUint,
  concatBytes,
  type Hash,
  type Height,
  type SnapshotOffer,
  sha256,
  uintToBytes,
} from '@openliquid/primitives'
import type { VirtualApplication } from './virtualApplication.ts'

/** One executed height, as a state is made of it: the block, and the breaches its execution was told of. */
export interface SnapshotEntry {
  readonly blockHash: Hash
  readonly told: Uint8Array
}

/** Entries of one chunk: few, so that a short chain has several. */
const ENTRIES_PER_CHUNK = 8
/** Heights from each multiple of the interval on that may be named, §8. */
const HELD_MAX = 16n
/** Snapshots offered, newest first. */
const OFFERS_MAX = 2
const HASH_BYTES = 32
const LENGTH_BYTES = 4

/**
 * Snapshots of one node's state, as §8 says: of the first height at or above each multiple of the interval that a
 * committed header names. Equal states have equal manifests, whoever makes them.
 */
export class VirtualSnapshots {
  readonly #interval: bigint
  readonly #application: VirtualApplication
  /** Leader schedules as of heights that a header may name. */
  readonly #held = new Map<Height, Uint8Array>()
  /** Chunks made before, by their place: what a state begins with is the same at every height. */
  readonly #made: Chunk[] = []
  #doneMultiple = 0n
  #offers: SnapshotOffer[] = []

  constructor(interval: number, application: VirtualApplication) {
    this.#interval = BigInt(interval)
    this.#application = application
  }

  /** Newest first. */
  get offers(): readonly SnapshotOffer[] {
    return this.#offers
  }

  mayBeHeld(height: Height): boolean {
    return height >= this.#interval && height % this.#interval < HELD_MAX
  }

  chunk(height: Height, index: number): Uint8Array | undefined {
    const isOffered = this.#offers.some(({ manifest }) => manifest.height === height)
    return isOffered ? this.#chunks(height)[index]?.bytes : undefined
  }

  /** @param reputationOf - leader schedule as of the height, where it is kept */
  onExecuted(height: Height, reputationOf: () => Uint8Array | undefined): void {
    const reputation = this.mayBeHeld(height) ? reputationOf() : undefined
    if (reputation !== undefined) this.#held.set(height, reputation)
    const naming = this.#application.blockAt(height)?.header
    if (naming === undefined) return
    const named = this.#held.get(naming.executedHeight)
    const multiple = naming.executedHeight / this.#interval
    if (named === undefined || multiple <= this.#doneMultiple) return
    this.#doneMultiple = multiple
    this.#held.clear()
    const offer = this.#offerOf(naming.executedHeight, height, named)
    if (offer !== undefined) this.#offers = [offer, ...this.#offers].slice(0, OFFERS_MAX)
  }

  #offerOf(
    height: Height,
    namingHeight: Height,
    reputation: Uint8Array,
  ): SnapshotOffer | undefined {
    const application = this.#application
    const certified = application.commitProofAt(namingHeight)
    const stateRoot = application.stateRootAt(height)
    const above = application.blockAt(height + 1n)?.header
    if (certified === undefined || stateRoot === undefined || above === undefined) return undefined
    const headers: SnapshotOffer['headers'][number][] = []
    for (let at = above.executedHeight; at < namingHeight; at += 1n) {
      const header = application.blockAt(at)?.header
      // Near the end of an epoch a state does not say all that a closing block asks for.
      if (header === undefined || header.flags !== 0) return undefined
      headers.push(header)
    }
    const naming = application.blockAt(namingHeight)?.header
    const isInside = headers.every(({ epoch }) => epoch === naming?.epoch) && naming?.flags === 0
    if (!isInside) return undefined
    const chunks = this.#chunks(height).map(({ hash }) => hash)
    const manifest = { height, stateRoot, parts: new Uint8Array(0), reputation, chunks }
    return { manifest, headers, certified }
  }

  #chunks(height: Height): Chunk[] {
    const entries = this.#application.entriesUpTo(height)
    const chunks: Chunk[] = []
    for (let i = 0; i < entries.length; i += ENTRIES_PER_CHUNK) {
      const inside = entries.slice(i, i + ENTRIES_PER_CHUNK)
      const known = this.#made[chunks.length]
      const isKnown = known !== undefined && known.last === inside.at(-1)
      const chunk = isKnown ? known : chunkOf(inside)
      this.#made[chunks.length] = chunk
      chunks.push(chunk)
    }
    return chunks
  }
}

interface Chunk {
  /** Its last entry: an entry stands at one place of one state. */
  readonly last: SnapshotEntry | undefined
  readonly bytes: Uint8Array
  readonly hash: Hash
}

function chunkOf(entries: readonly SnapshotEntry[]): Chunk {
  const bytes = encodeEntries(entries)
  return { last: entries.at(-1), bytes, hash: sha256(bytes) }
}

function encodeEntries(entries: readonly SnapshotEntry[]): Uint8Array {
  return concatBytes(
    ...entries.flatMap(({ blockHash, told }) => [
      blockHash,
      uintToBytes(told.length, LENGTH_BYTES),
      told,
    ]),
  )
}

/** Undefined if the bytes are no entries. */
export function decodeEntries(bytes: Uint8Array): SnapshotEntry[] | undefined {
  const entries: SnapshotEntry[] = []
  for (let at = 0; at < bytes.length; ) {
    const start = at + HASH_BYTES + LENGTH_BYTES
    if (start > bytes.length) return undefined
    const length = Number(bytesToUint(bytes.subarray(at + HASH_BYTES, start)))
    if (start + length > bytes.length) return undefined
    entries.push({
      blockHash: bytes.slice(at, at + HASH_BYTES),
      told: bytes.slice(start, start + length),
    })
    at = start + length
  }
  assert(entries.length > 0 || bytes.length === 0, 'all bytes are read')
  return entries
}
