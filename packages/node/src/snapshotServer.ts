import {
  bytesToUint,
  DecodeError,
  type Epoch,
  type EpochChangeProof,
  epochChangeProofCodec,
  getSnapshotChunkCodec,
  type Height,
  MESSAGE_KIND,
  SNAPSHOT_OFFERS_BYTES_MAX,
  type SnapshotOffer,
  snapshotOffersCodec,
} from '@openliquid/primitives'
import { SNAPSHOT_REQUESTS_MAX } from './limits.ts'

/** Where states are served from. */
export interface SnapshotSource {
  /** Newest first. */
  offers(): readonly SnapshotOffer[]
  chunk(height: Height, index: number): Promise<Uint8Array | undefined>
  epochChanges(fromEpoch: Epoch): EpochChangeProof
}

/** Answers requests of nodes that join: a few at a time, each piece read from its file, so that voting is never slowed. */
export class SnapshotServer {
  readonly #source: SnapshotSource
  #busy = 0

  constructor(source: SnapshotSource) {
    this.#source = source
  }

  /** Kinds that it answers. */
  static answers(kind: number): boolean {
    return KINDS.has(kind)
  }

  /** @returns undefined to refuse: malformed, too busy, or nothing to give */
  async answer(kind: number, body: Uint8Array): Promise<Uint8Array | undefined> {
    if (this.#busy >= SNAPSHOT_REQUESTS_MAX) return undefined
    this.#busy += 1
    try {
      await new Promise(setImmediate)
      return await this.#answer(kind, body)
    } catch (error) {
      if (error instanceof DecodeError) return undefined
      throw error
    } finally {
      this.#busy -= 1
    }
  }

  async #answer(kind: number, body: Uint8Array): Promise<Uint8Array | undefined> {
    if (kind === MESSAGE_KIND.getSnapshotOffers)
      return body.length === 0 ? this.#offers() : undefined
    if (kind === MESSAGE_KIND.getSnapshotChunk) {
      const { height, index } = getSnapshotChunkCodec.decode(body)
      return this.#source.chunk(height, index)
    }
    if (kind !== MESSAGE_KIND.getEpochChange || body.length !== 8) return undefined
    return epochChangeProofCodec.encode(this.#source.epochChanges(bytesToUint(body)))
  }

  /** As many as fit one answer. */
  #offers(): Uint8Array {
    const offers: SnapshotOffer[] = []
    let bytes: Uint8Array = new Uint8Array(0)
    for (const offer of this.#source.offers()) {
      const next = snapshotOffersCodec.encode({ offers: [...offers, offer] })
      if (next.length > SNAPSHOT_OFFERS_BYTES_MAX) break
      offers.push(offer)
      bytes = next
    }
    return offers.length === 0 ? snapshotOffersCodec.encode({ offers }) : bytes
  }
}

const KINDS: ReadonlySet<number> = new Set([
  MESSAGE_KIND.getSnapshotOffers,
  MESSAGE_KIND.getSnapshotChunk,
  MESSAGE_KIND.getEpochChange,
])
