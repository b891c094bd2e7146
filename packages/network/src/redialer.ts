import type { PeerId } from '@openliquid/primitives'
import { backoffMs } from './backoff.ts'
import { DIAL_TARGETS_MAX, VALIDATOR_REDIAL_MS_MAX } from './limits.ts'
import type { NetworkTiming } from './networkConfig.ts'

/** Failures after which an address may be stale. */
const STALE_AFTER_ATTEMPTS = 3

interface Target {
  /** Multiaddr, or the peer id of a peer that told us its addresses. */
  readonly address: string
  /** Who answers there, once known. */
  peer: PeerId | undefined
  /** Kept only while the peer is a validator of the set. */
  readonly isOfSet: boolean
  attempts: number
  timer: NodeJS.Timeout | undefined
  isDialing: boolean
}

export interface RedialerOptions {
  readonly self: PeerId
  readonly timing: NetworkTiming
  dial(address: string, timeoutMs: number): Promise<PeerId>
  isConnected(peer: PeerId): boolean
  random(): number
  /** A validator: dialled again sooner. */
  isUrgent(peer: PeerId): boolean
  onFailed(address: string, attempts: number, cause: unknown): void
}

/** Keeps a connection to every target: all at once, each with its own jittered back-off. */
export class Redialer {
  readonly #options: RedialerOptions
  readonly #targets = new Map<string, Target>()
  #running = false

  constructor(options: RedialerOptions) {
    this.#options = options
  }

  /** @param peer - who is expected there, if known */
  add(address: string, peer?: PeerId): void {
    this.#add(address, peer, false)
  }

  /** Keeps a peer by the addresses that it told, unless a target of it stands already. */
  addPeer(peer: PeerId): void {
    if (!this.#hasTarget(peer)) this.#add(peer, peer, false)
  }

  /** The same for a validator that was seen, until a set is without it. */
  addOfSet(peer: PeerId): void {
    if (!this.#hasTarget(peer)) this.#add(peer, peer, true)
  }

  /** Lets those go that were kept as validators and are none any more. O(targets). */
  onSet(isValidator: (peer: PeerId) => boolean): void {
    for (const { address, peer, isOfSet, timer } of this.#targets.values()) {
      if (!isOfSet || peer === undefined || isValidator(peer)) continue
      clearTimeout(timer)
      this.#targets.delete(address)
    }
  }

  start(): void {
    this.#running = true
    for (const target of this.#targets.values()) this.#dial(target)
  }

  stop(): void {
    this.#running = false
    for (const target of this.#targets.values()) clearTimeout(target.timer)
  }

  /** The peer proved itself: the next loss is a new one. */
  onLive(peer: PeerId): void {
    for (const target of this.#targets.values()) if (target.peer === peer) target.attempts = 0
  }

  onDisconnected(peer: PeerId): void {
    for (const target of this.#targets.values()) if (target.peer === peer) this.#schedule(target)
  }

  #hasTarget(peer: PeerId): boolean {
    for (const target of this.#targets.values()) if (target.peer === peer) return true
    return false
  }

  #add(address: string, peer: PeerId | undefined, isOfSet: boolean): void {
    if (peer === this.#options.self || this.#targets.has(address)) return
    if (this.#targets.size >= DIAL_TARGETS_MAX) return
    const target = { address, peer, isOfSet, attempts: 0, timer: undefined, isDialing: false }
    this.#targets.set(address, target)
    if (this.#running) this.#dial(target)
  }

  #schedule(target: Target): void {
    if (this.#targets.get(target.address) !== target) return
    if (!this.#running || target.timer !== undefined || target.isDialing) return
    const { timing, random, isUrgent } = this.#options
    const isSoon = target.peer !== undefined && isUrgent(target.peer)
    const { redialDelayMsMin, redialDelayMsMax } = timing
    const limits = {
      redialDelayMsMin,
      redialDelayMsMax: isSoon
        ? Math.min(redialDelayMsMax, VALIDATOR_REDIAL_MS_MAX)
        : redialDelayMsMax,
    }
    const delayMs = backoffMs(target.attempts, limits, random())
    target.attempts++
    target.timer = setTimeout(() => {
      target.timer = undefined
      this.#dial(target)
    }, delayMs)
  }

  #dial(target: Target): void {
    const { dial, isConnected, timing, onFailed, self } = this.#options
    if (!this.#running || target.isDialing) return
    if (target.peer !== undefined && isConnected(target.peer)) return
    target.isDialing = true
    dial(addressToDial(target), timing.dialTimeoutMs).then(
      (peer) => {
        target.isDialing = false
        target.peer = peer
        if (peer === self) this.#targets.delete(target.address)
        // The connection may be gone before the dial's own promise tells that it stood.
        else if (!isConnected(peer)) this.#schedule(target)
      },
      (cause) => {
        target.isDialing = false
        onFailed(target.address, target.attempts, cause)
        this.#schedule(target)
      },
    )
  }
}

/** Every other time the peer's id, for the addresses that it told since, where the one that was given fails. */
function addressToDial({ address, peer, attempts }: Target): string {
  const isRefreshed = attempts >= STALE_AFTER_ATTEMPTS && attempts % 2 === 1
  return isRefreshed && peer !== undefined ? peer : address
}
