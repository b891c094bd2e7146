import {
  type Block,
  blockHash,
  bytesToHex,
  type EpochChange,
  equalBytes,
  type Height,
  type Hex,
  type PeerId,
  payloadRoot,
  type SnapshotOffer,
  SYNC_BYTES_MAX,
  sha256,
  snapshotManifestCodec,
  unreachable,
} from '@openliquid/primitives'
import { reject } from './errors.ts'
import {
  STATE_SYNC_FAILURES_MAX,
  STATE_SYNC_IN_FLIGHT_MAX,
  STATE_SYNC_OFFERS_PER_PEER_MAX,
  STATE_SYNC_PEERS_MAX,
} from './limits.ts'
import { type EpochRoots, ProvenEpochs } from './provenEpochs.ts'
import type { StateSyncEffect, StateSyncTarget } from './stateSyncEffect.ts'
import type { StateSyncInput, StateSyncRequest } from './stateSyncInput.ts'

/** Wait before peers are asked for offers again when none could be used. */
const RETRY_MS = 2_000
/** Rest of a peer that did not answer: it may be busy, or we may be above what it serves us a second. */
const REST_MS = 250

export interface StateSyncOptions extends EpochRoots {
  /** Only states above this height are of use. */
  readonly aboveHeight: Height
}

interface Candidate {
  readonly digest: Hex
  readonly offer: SnapshotOffer
  readonly peers: Set<PeerId>
}

interface Asked {
  readonly peer: PeerId
  readonly request: StateSyncRequest
}

/**
 * Finds a state to start from, and fetches it: which peers are asked for what, whose answers count, and what is done
 * about those that are late, wrong or lies. Synchronous and deterministic, as the core.
 *
 * A state is taken when a quorum certified its root and validators of at least 1/3 of the stake offer the very same
 * manifest: the root proves the chunks, and one honest voice is behind what the root does not prove, the leader schedule.
 * @see docs/spec/consensus.md §8 state sync
 */
export class StateSync {
  readonly #aboveHeight: Height
  readonly #epochs: ProvenEpochs
  readonly #peers = new Map<PeerId, Uint8Array>()
  readonly #offers = new Map<PeerId, readonly SnapshotOffer[]>()
  readonly #asked = new Map<number, Asked>()
  readonly #banned = new Set<PeerId>()
  /** Manifests whose chunks turned out to be of another state. */
  readonly #lies = new Set<Hex>()
  #effects: StateSyncEffect[] = []
  #lastRequestId = 0
  #candidate: Candidate | undefined
  #target: StateSyncTarget | undefined
  /** Of the target: not asked for yet, ascending. */
  #missing: number[] = []
  /** Of the target: handed over to be restored, or restored. */
  readonly #arrived = new Set<number>()
  #restored = 0
  #isBegun = false
  #isFinished = false
  /** Requests about the target that brought nothing, in a row. */
  #failures = 0
  /** Peers that did not answer, and until when others are asked. */
  readonly #resting = new Map<PeerId, number>()
  /** Nobody is asked for anything until the timer fires. */
  #isPausing = false
  /** When all are asked for offers anew; whatever is heard before puts it off no further. */
  #retryAtMs: number | undefined
  #turn = 0

  constructor(options: StateSyncOptions) {
    this.#aboveHeight = options.aboveHeight
    this.#epochs = new ProvenEpochs(options)
  }

  /** Chunks restored and in all, for people. */
  get progress(): {
    readonly height: Height | undefined
    readonly chunks: number
    readonly of: number
  } {
    return {
      height: this.#candidate?.offer.manifest.height,
      chunks: this.#restored,
      of: this.#candidate?.offer.manifest.chunks.length ?? 0,
    }
  }

  step(input: StateSyncInput): StateSyncEffect[] {
    if (!this.#isFinished) this.#dispatch(input)
    const effects = this.#effects
    this.#effects = []
    return effects
  }

  #dispatch(input: StateSyncInput): void {
    switch (input.kind) {
      case 'peers':
        this.#onPeers(input.peers)
        break
      case 'offers':
      case 'epochChange':
      case 'blocks':
      case 'chunk':
        this.#onAnswer(input)
        break
      case 'failed':
        this.#onFailed(input.requestId, input.nowMs)
        break
      case 'begun':
        this.#onBegun(input.restored)
        break
      case 'restored':
        this.#onRestored()
        break
      case 'refused':
        this.#giveUpTarget(input.reason)
        break
      case 'timerFired':
        if (this.#retryAtMs === undefined || input.nowMs < this.#retryAtMs) break
        this.#retryAtMs = undefined
        this.#isPausing = false
        this.#offers.clear()
        break
      default:
        unreachable(input)
    }
    this.#proceed(input.nowMs)
  }

  #onPeers(peers: readonly { readonly peer: PeerId; readonly nodeKey: Uint8Array }[]): void {
    this.#peers.clear()
    for (const { peer, nodeKey } of peers.slice(0, STATE_SYNC_PEERS_MAX)) {
      if (!this.#banned.has(peer)) this.#peers.set(peer, nodeKey)
    }
    for (const peer of this.#offers.keys()) if (!this.#peers.has(peer)) this.#offers.delete(peer)
  }

  #onAnswer(
    input: Extract<StateSyncInput, { kind: 'offers' | 'epochChange' | 'blocks' | 'chunk' }>,
  ): void {
    const asked = this.#asked.get(input.requestId)
    if (asked === undefined || asked.request.kind !== input.kind) return
    this.#asked.delete(input.requestId)
    const { peer } = asked
    switch (input.kind) {
      case 'offers':
        this.#offers.set(peer, input.offers.slice(0, STATE_SYNC_OFFERS_PER_PEER_MAX))
        break
      case 'epochChange':
        this.#onEpochChange(peer, input.proofs)
        break
      case 'blocks':
        this.#onBlocks(peer, input.blocks)
        break
      case 'chunk':
        this.#onChunk(asked, input.bytes)
        break
      default:
        unreachable(input)
    }
  }

  #onFailed(requestId: number, nowMs: number): void {
    const asked = this.#asked.get(requestId)
    if (asked === undefined) return
    this.#asked.delete(requestId)
    const { peer, request } = asked
    this.#resting.set(peer, nowMs + REST_MS)
    switch (request.kind) {
      case 'offers':
        // It counts as having none until everyone is asked again.
        this.#offers.set(peer, [])
        break
      case 'epochChange':
        this.#offers.set(peer, [])
        break
      case 'chunk':
        if (!this.#arrived.has(request.index)) this.#missing.push(request.index)
        this.#missing.sort((a, b) => a - b)
        this.#countFailure()
        break
      case 'blocks':
        this.#countFailure()
        break
      default:
        unreachable(request)
    }
  }

  #onEpochChange(peer: PeerId, proofs: readonly EpochChange[]): void {
    let isProgress = false
    for (const change of proofs) {
      if (!this.#epochs.wants(change)) continue
      const refusal = this.#epochs.add(change)
      if (refusal !== undefined) {
        this.#ban(peer, refusal)
        return
      }
      isProgress = true
    }
    // It offers states of an epoch that it does not lead to.
    if (!isProgress) this.#offers.set(peer, [])
  }

  #onBlocks(peer: PeerId, blocks: readonly Block[]): void {
    const candidate = this.#candidate
    if (candidate === undefined || this.#target !== undefined) return
    const { headers, manifest } = candidate.offer
    const wanted = headers.filter(({ height }) => height <= manifest.height)
    const byHash = new Map(blocks.map((block) => [bytesToHex(blockHash(block.header)), block]))
    const found: Block[] = []
    for (const header of wanted) {
      const block = byHash.get(bytesToHex(blockHash(header)))
      const isWhole =
        header.height === 0n ||
        (block !== undefined && equalBytes(payloadRoot(block.payload), header.payloadRoot))
      if (!isWhole) {
        this.#ban(peer, 'the blocks below a state are not those that were asked for')
        return
      }
      if (block !== undefined) found.push(block)
    }
    const top = wanted.at(-1)
    const set = top === undefined ? undefined : this.#epochs.setAbove(top)
    if (set === undefined) return
    this.#failures = 0
    this.#target = {
      ...candidate.offer,
      blocks: found,
      changes: this.#epochs.changes,
      validatorSet: set,
    }
    this.#effects.push({ kind: 'begin', target: this.#target })
  }

  #onChunk({ peer, request }: Asked, bytes: Uint8Array): void {
    const target = this.#target
    if (request.kind !== 'chunk' || target === undefined) return
    if (request.height !== target.manifest.height || this.#arrived.has(request.index)) return
    const hash = target.manifest.chunks[request.index]
    if (hash === undefined || !equalBytes(sha256(bytes), hash)) {
      this.#missing.push(request.index)
      this.#missing.sort((a, b) => a - b)
      this.#ban(peer, 'a chunk is not the one that the manifest names')
      return
    }
    this.#failures = 0
    this.#arrived.add(request.index)
    this.#effects.push({ kind: 'restore', index: request.index, bytes })
  }

  #onBegun(restored: readonly number[]): void {
    if (this.#target === undefined || this.#isBegun) return
    this.#isBegun = true
    const done = new Set(restored)
    this.#missing = [...this.#target.manifest.chunks.keys()].filter((index) => !done.has(index))
    for (const index of done) this.#arrived.add(index)
    this.#restored = done.size
  }

  #onRestored(): void {
    this.#restored += 1
  }

  /** The state is not what the manifest says: whoever vouched for it lied, and 1/3 of the stake did. */
  #giveUpTarget(reason: string): void {
    const candidate = this.#candidate
    if (candidate === undefined) return
    this.#lies.add(candidate.digest)
    for (const peer of candidate.peers) this.#ban(peer, reason)
    this.#forgetTarget()
  }

  #forgetTarget(): void {
    this.#candidate = undefined
    this.#target = undefined
    this.#missing = []
    this.#arrived.clear()
    this.#restored = 0
    this.#isBegun = false
    this.#failures = 0
    for (const [id, { request }] of this.#asked) {
      if (request.kind === 'chunk' || request.kind === 'blocks') this.#asked.delete(id)
    }
  }

  /** The peers may have dropped the state for a newer one: after some failures they are asked anew. */
  #countFailure(): void {
    this.#failures += 1
    if (this.#failures <= STATE_SYNC_FAILURES_MAX) return
    this.#startOver()
  }

  /** Asks everyone anew, after a while. */
  #startOver(): void {
    this.#forgetTarget()
    this.#offers.clear()
    this.#isPausing = true
  }

  /** Does whatever can be done now. */
  #proceed(nowMs: number): void {
    const target = this.#target
    if (target !== undefined && this.#isBegun) {
      if (this.#restored === target.manifest.chunks.length) {
        this.#isFinished = true
        this.#effects.push({ kind: 'finish', target })
        return
      }
      this.#requestChunks(target, nowMs)
      return
    }
    if (this.#candidate === undefined) this.#choose(nowMs)
    if (this.#candidate !== undefined && target === undefined)
      this.#requestBlocks(this.#candidate, nowMs)
  }

  #choose(nowMs: number): void {
    if (this.#isPausing) {
      this.#retryLater(nowMs)
      return
    }
    this.#askForOffers()
    this.#askForSets()
    const isWaiting = [...this.#asked.values()].some(
      ({ request }) => request.kind === 'offers' || request.kind === 'epochChange',
    )
    // The newest state is worth waiting for until everyone has answered.
    if (isWaiting) return
    this.#candidate = this.#best()
    if (this.#candidate === undefined) this.#retryLater(nowMs)
    else this.#retryAtMs = undefined
  }

  #retryLater(nowMs: number): void {
    this.#retryAtMs ??= nowMs + RETRY_MS
    this.#effects.push({ kind: 'setTimer', atMs: this.#retryAtMs })
  }

  #askForOffers(): void {
    for (const peer of this.#peers.keys()) {
      const isAsked = [...this.#asked.values()].some((asked) => asked.peer === peer)
      if (!isAsked && !this.#offers.has(peer)) this.#request(peer, { kind: 'offers' })
    }
  }

  /** Peers whose states are of epochs not proven yet are asked for the way there, one at a time. */
  #askForSets(): void {
    const fromEpoch = this.#epochs.newest
    for (const [peer, offers] of this.#offers) {
      if (!offers.some(({ certified }) => certified.qc.epoch > fromEpoch)) continue
      const isAsked = [...this.#asked.values()].some(
        ({ request }) => request.kind === 'epochChange',
      )
      if (!isAsked) this.#request(peer, { kind: 'epochChange', fromEpoch })
    }
  }

  /** The newest state that is certified and vouched for. */
  #best(): Candidate | undefined {
    const candidates = new Map<Hex, Candidate>()
    for (const [peer, offers] of [...this.#offers]) {
      for (const offer of offers) {
        const { epoch } = offer.certified.qc
        if (!this.#epochs.has(epoch) || offer.manifest.height <= this.#aboveHeight) continue
        const digest = bytesToHex(sha256(snapshotManifestCodec.encode(offer.manifest)))
        if (this.#lies.has(digest)) continue
        const known = candidates.get(digest)
        const refusal = known === undefined ? this.#epochs.refusalOf(offer) : undefined
        if (refusal !== undefined) {
          this.#ban(peer, refusal)
          break
        }
        if (known === undefined) candidates.set(digest, { digest, offer, peers: new Set([peer]) })
        else known.peers.add(peer)
      }
    }
    let best: Candidate | undefined
    for (const candidate of candidates.values()) {
      const nodeKeys = [...candidate.peers].flatMap((peer) => this.#peers.get(peer) ?? [])
      if (!this.#epochs.isVouched(candidate.offer, nodeKeys)) continue
      const { height } = candidate.offer.manifest
      if (best === undefined || height > best.offer.manifest.height) best = candidate
    }
    return best
  }

  #requestBlocks({ offer, peers }: Candidate, nowMs: number): void {
    const isAsked = [...this.#asked.values()].some(({ request }) => request.kind === 'blocks')
    if (isAsked) return
    const { headers, manifest } = offer
    const top = headers.find(({ height }) => height === manifest.height)
    const peer = this.#nextOf(peers, nowMs)
    if (top === undefined || peer === undefined) {
      if (!this.#hasLive(peers)) this.#countFailure()
      return
    }
    const fromHeight = headers[0]?.height ?? manifest.height
    this.#request(peer, {
      kind: 'blocks',
      request: {
        fromHeight: fromHeight > 0n ? fromHeight : 1n,
        toHash: blockHash(top),
        bytesMax: SYNC_BYTES_MAX,
      },
    })
  }

  #requestChunks({ manifest }: StateSyncTarget, nowMs: number): void {
    const { peers } = this.#candidate ?? { peers: new Set<PeerId>() }
    let inFlight = [...this.#asked.values()].filter(
      ({ request }) => request.kind === 'chunk',
    ).length
    // What has arrived and is not restored yet waits in memory: it counts too.
    inFlight += this.#arrived.size - this.#restored
    while (inFlight < STATE_SYNC_IN_FLIGHT_MAX) {
      const peer = this.#nextOf(peers, nowMs)
      const index = peer === undefined ? undefined : this.#missing.shift()
      if (peer === undefined || index === undefined) break
      this.#request(peer, { kind: 'chunk', height: manifest.height, index })
      inFlight += 1
    }
    const isStuck = inFlight === 0 && this.#missing.length > 0 && !this.#hasLive(peers)
    if (!isStuck) return
    this.#startOver()
    this.#choose(nowMs)
  }

  /** Takes turns, so that the load and the risk are spread. */
  #nextOf(peers: ReadonlySet<PeerId>, nowMs: number): PeerId | undefined {
    const awake = [...peers].filter(
      (peer) => this.#peers.has(peer) && (this.#resting.get(peer) ?? 0) <= nowMs,
    )
    if (awake.length === 0) this.#effects.push({ kind: 'setTimer', atMs: nowMs + REST_MS })
    this.#turn += 1
    return awake[this.#turn % Math.max(1, awake.length)]
  }

  #hasLive(peers: ReadonlySet<PeerId>): boolean {
    return [...peers].some((peer) => this.#peers.has(peer))
  }

  #request(peer: PeerId, request: StateSyncRequest): void {
    this.#lastRequestId += 1
    this.#asked.set(this.#lastRequestId, { peer, request })
    this.#effects.push({ kind: 'request', requestId: this.#lastRequestId, peer, request })
  }

  #ban(peer: PeerId, reason: string): void {
    this.#banned.add(peer)
    this.#peers.delete(peer)
    this.#offers.delete(peer)
    this.#effects.push({ kind: 'report', peer, fault: reject('OL_CONSENSUS_SYNC', reason) })
  }
}
