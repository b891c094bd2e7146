import {
  blocksAnswerCodec,
  DecodeError,
  type GetBlocks,
  getBlocksCodec,
  MESSAGE_KIND,
  type PeerId,
  SYNC_BYTES_MAX,
  type Transport,
} from '@openliquid/primitives'
import type { Clock } from './clock.ts'
import type { UntimedInput } from './eventLoop.ts'
import { FETCH_DEMOTION_MS, FETCH_TIMEOUT_MS } from './limits.ts'

/** A request of the consensus core for blocks. */
export interface FetchRequest {
  readonly requestId: number
  /** Whom to ask, best first. */
  readonly validators: readonly number[]
  readonly request: GetBlocks
}

/** What the fetcher needs of the network. */
export type FetchNetwork = Pick<Transport, 'request' | 'peers'> & {
  validatorPeer(index: number): PeerId | undefined
}

/** Asks one peer after another until one answers, and hands the answer, unverified, to the core. */
export class BlockFetcher {
  readonly #network: FetchNetwork
  readonly #push: (input: UntimedInput) => void
  readonly #clock: Clock
  /** Peers asked last, and until when. */
  readonly #demoted = new Map<PeerId, number>()
  #isStopped = false

  constructor(
    network: FetchNetwork,
    { clock, push }: { readonly clock: Clock; readonly push: (input: UntimedInput) => void },
  ) {
    this.#clock = clock
    this.#network = network
    this.#push = push
  }

  stop(): void {
    this.#isStopped = true
  }

  /** The peer did not answer, or not what was asked for: others come first for a while. */
  demote(peer: PeerId): void {
    const nowMs = this.#clock()
    for (const [known, untilMs] of this.#demoted) if (untilMs <= nowMs) this.#demoted.delete(known)
    this.#demoted.set(peer, nowMs + FETCH_DEMOTION_MS)
  }

  async fetch({ requestId, validators, request }: FetchRequest): Promise<void> {
    const body = getBlocksCodec.encode(request)
    for (const peer of this.#candidates(validators)) {
      if (this.#isStopped) return
      const answer = await this.#ask(peer, body)
      if (answer === undefined) {
        this.demote(peer)
        continue
      }
      this.#push({ kind: 'blocksFetched', requestId, from: peer, ...answer })
      return
    }
    this.#push({ kind: 'fetchFailed', requestId })
  }

  async #ask(
    peer: PeerId,
    body: Uint8Array,
  ): Promise<ReturnType<typeof blocksAnswerCodec.decode> | undefined> {
    let bytes: Uint8Array
    try {
      bytes = await this.#network.request(peer, MESSAGE_KIND.getBlocks, body, {
        timeoutMs: FETCH_TIMEOUT_MS,
        answerBytesMax: SYNC_BYTES_MAX,
      })
    } catch {
      // Refused, too slow or gone: the next peer may have it. The network keeps the count.
      return undefined
    }
    try {
      return blocksAnswerCodec.decode(bytes)
    } catch (error) {
      if (error instanceof DecodeError) return undefined
      throw error
    }
  }

  /** The validators that were named, then everybody else; those that failed lately after all others. */
  #candidates(validators: readonly number[]): readonly PeerId[] {
    const live = this.#network.peers()
    const named = validators
      .map((index) => this.#network.validatorPeer(index))
      .filter((peer): peer is PeerId => peer !== undefined && live.includes(peer))
    const all = [...named, ...live.filter((peer) => !named.includes(peer))]
    const nowMs = this.#clock()
    const isDemoted = (peer: PeerId): boolean => (this.#demoted.get(peer) ?? 0) > nowMs
    return [...all.filter((peer) => !isDemoted(peer)), ...all.filter(isDemoted)]
  }
}
