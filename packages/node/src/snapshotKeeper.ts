import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { open, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { makeSnapshot } from '@openliquid/execution'
import {
  type BlockHeader,
  type CommitProof,
  DecodeError,
  type Height,
  SNAPSHOT_CHUNKS_MAX,
  SNAPSHOT_HEADERS_MAX,
  SNAPSHOT_OFFERS_BYTES_MAX,
  SNAPSHOT_OFFERS_MAX,
  type SnapshotOffer,
  type StoreSnapshot,
  snapshotOffersCodec,
} from '@openliquid/primitives'
import { codeOf, reasonOf } from './errors.ts'
import { SNAPSHOTS_HELD_MAX } from './limits.ts'
import type { Logger } from './logger.ts'

const OFFER_FILE = 'offer'
const UNFINISHED = 'unfinished'

export interface SnapshotKeeperOptions {
  /** Folder of the snapshots; made when the first is. */
  readonly path: string
  /** Blocks between snapshots; 0 makes none. */
  readonly interval: number
  /** Snapshots kept. */
  readonly kept: number
  readonly store: { snapshot(): StoreSnapshot }
  readonly logger: Logger
  headerAt(height: Height): BlockHeader | undefined
  commitProofAt(height: Height): CommitProof | undefined
  /** Leader schedule as of an executed height, encoded. */
  reputationAt(height: Height): Uint8Array | undefined
}

interface Held {
  readonly height: Height
  readonly snapshot: StoreSnapshot
}

/**
 * Makes and keeps snapshots of the state: of the first height at or above each multiple of the interval that a committed
 * header names. Until then it holds what the database was after each height, which costs next to nothing.
 *
 * A snapshot is a folder of pieces with the offer, which is written last: without it the folder is none.
 * @see docs/spec/consensus.md §8 state sync
 */
export class SnapshotKeeper {
  readonly #options: SnapshotKeeperOptions
  #held: Held[] = []
  /** The multiple whose snapshot is made. */
  #doneMultiple = -1n
  #making: Promise<void> | undefined
  #isStopped = false
  #offers: SnapshotOffer[] = []

  constructor(options: SnapshotKeeperOptions) {
    this.#options = options
    this.#offers = readOffers(options)
    const newest = this.#offers[0]
    if (newest !== undefined && options.interval > 0) {
      this.#doneMultiple = newest.manifest.height / BigInt(options.interval)
    }
  }

  /** Whether one is being written: no other is begun meanwhile. */
  get isMaking(): boolean {
    return this.#making !== undefined
  }

  /** Newest first. */
  get offers(): readonly SnapshotOffer[] {
    return this.#offers
  }

  /** Bytes of one piece of a kept snapshot. */
  async chunk(height: Height, index: number): Promise<Uint8Array | undefined> {
    const offer = this.#offers.find(({ manifest }) => manifest.height === height)
    if (offer === undefined || index >= offer.manifest.chunks.length) return undefined
    return readFile(join(this.#folder(height), String(index))).catch(() => undefined)
  }

  /** The batch of a height is on disk, and that of the next is not. */
  onExecuted(height: Height): void {
    const { interval, kept } = this.#options
    if (interval === 0 || kept === 0 || this.#isStopped) return
    const header = this.#options.headerAt(height)
    if (header === undefined) return
    // This block is committed: what its header names is certified.
    const named = this.#held.find((held) => held.height === header.executedHeight)
    if (named !== undefined && this.#making === undefined) {
      this.#held = this.#held.filter((held) => held !== named)
      this.#dropHeld()
      this.#doneMultiple = named.height / BigInt(interval)
      this.#making = this.#make(named, header).finally(() => {
        this.#making = undefined
      })
      return
    }
    const isDue = height / BigInt(interval) > this.#doneMultiple && height >= BigInt(interval)
    const isHeld = this.#making === undefined && mayBeHeld(height, interval)
    if (isDue && isHeld) this.#held.push({ height, snapshot: this.#options.store.snapshot() })
  }

  /** Waits for the piece that is being written; an unfinished snapshot is none. */
  async stop(): Promise<void> {
    this.#isStopped = true
    this.#dropHeld()
    await this.#making
  }

  async #make({ height, snapshot }: Held, naming: BlockHeader): Promise<void> {
    const { logger } = this.#options
    try {
      const offer = await this.#write(height, snapshot, naming)
      if (offer === undefined) return
      this.#offers = [offer, ...this.#offers]
      this.#prune()
      const fields = { height: String(height), chunks: offer.manifest.chunks.length }
      logger.info(fields, 'snapshot')
    } catch (error) {
      // A node without a snapshot is a whole node: it only helps nobody to join.
      logger.error(
        { height: String(height), code: codeOf(error), reason: reasonOf(error) },
        'no snapshot',
      )
    } finally {
      await snapshot.close()
    }
  }

  async #write(
    height: Height,
    snapshot: StoreSnapshot,
    naming: BlockHeader,
  ): Promise<SnapshotOffer | undefined> {
    const { path, commitProofAt, headerAt, reputationAt } = this.#options
    const validatorSetHash = headerAt(height)?.validatorSetHash
    const reputation = reputationAt(height)
    const certified = commitProofAt(naming.height)
    const headers = this.#headersAround(height, naming)
    if (reputation === undefined || certified === undefined) return undefined
    if (headers === undefined || validatorSetHash === undefined) return undefined
    const folder = join(path, UNFINISHED)
    rmSync(folder, { recursive: true, force: true })
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    const manifest = await makeSnapshot(snapshot, {
      validatorSetHash,
      reputation,
      put: async (index, bytes) => {
        if (this.#isStopped || index >= SNAPSHOT_CHUNKS_MAX) throw new Stopped()
        await writeFile(join(folder, String(index)), bytes, { mode: 0o600 })
        // Blocks first: each piece waits for its own turn.
        await new Promise(setImmediate)
      },
    })
    const offer: SnapshotOffer = { manifest, headers, certified }
    const bytes = snapshotOffersCodec.encode({ offers: [offer] })
    if (bytes.length > SNAPSHOT_OFFERS_BYTES_MAX) return undefined
    const file = await open(join(folder, OFFER_FILE), 'w', 0o600)
    try {
      await file.writeFile(bytes)
      await file.sync()
    } finally {
      await file.close()
    }
    rmSync(this.#folder(height), { recursive: true, force: true })
    renameSync(folder, this.#folder(height))
    return offer
  }

  /** From K of the height up to the block below the naming one. */
  #headersAround(height: Height, naming: BlockHeader): BlockHeader[] | undefined {
    const above = this.#options.headerAt(height + 1n)
    // The header above names K of the height: it is the executedHeight of its child.
    if (above === undefined || height < 1n) return undefined
    const headers: BlockHeader[] = []
    for (let at = above.executedHeight; at < naming.height; at += 1n) {
      const header = this.#options.headerAt(at)
      if (header === undefined || headers.length === SNAPSHOT_HEADERS_MAX) return undefined
      headers.push(header)
    }
    // A closing block asks who validates next by the state of an older height, which a snapshot does not have: a little
    // below or above the end of an epoch there is none.
    const isInside = [...headers, naming].every(
      ({ epoch, flags }) => flags === 0 && epoch === naming.epoch,
    )
    return isInside ? headers : undefined
  }

  #prune(): void {
    const kept = Math.min(this.#options.kept, SNAPSHOT_OFFERS_MAX)
    for (const { manifest } of this.#offers.slice(kept)) {
      rmSync(this.#folder(manifest.height), { recursive: true, force: true })
    }
    this.#offers = this.#offers.slice(0, kept)
  }

  #dropHeld(): void {
    for (const { snapshot } of this.#held) void snapshot.close()
    this.#held = []
  }

  #folder(height: Height): string {
    return join(this.#options.path, String(height))
  }
}

class Stopped extends Error {}

function readOffers({ path, logger }: SnapshotKeeperOptions): SnapshotOffer[] {
  if (!existsSync(path)) return []
  const offers: SnapshotOffer[] = []
  for (const name of readdirSync(path)) {
    const file = join(path, name, OFFER_FILE)
    if (!/^\d+$/.test(name) || !existsSync(file)) continue
    try {
      const [offer] = snapshotOffersCodec.decode(readFileSync(file)).offers
      if (offer !== undefined && String(offer.manifest.height) === name) offers.push(offer)
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error
      logger.warn({ file, code: error.code }, 'a snapshot is damaged and not offered')
    }
  }
  return offers.sort((a, b) => (a.manifest.height > b.manifest.height ? -1 : 1))
}

/** Whether a snapshot of this height may be made: it stands at or a little above a multiple of the interval. */
export function mayBeHeld(height: Height, interval: number): boolean {
  return (
    interval > 0 &&
    height >= BigInt(interval) &&
    height % BigInt(interval) < BigInt(SNAPSHOTS_HELD_MAX)
  )
}
