import type { PeerId } from '@openliquid/primitives'
import { type Denial, subnetOf } from './admission.ts'
import type { AddressFault } from './errors.ts'
import {
  ADDRESSES_REMEMBERED_MAX,
  BAN_FAULT_MS,
  DIALS_PER_ADDRESS_MAX,
  HALF_OPEN_MAX,
  HALF_OPEN_MS,
  HALF_OPEN_PER_ADDRESS_MAX,
  PENALTY_LATE,
} from './limits.ts'
import { PeerScore } from './peerScore.ts'

export interface HalfOpenDialsOptions {
  /** Many nodes behind one address: counted and told, never refused. */
  readonly sameHost: boolean
  nowMs(): number
  /** Validators and configured peers. */
  isReserved(peer: PeerId): boolean
  onFault(address: string, fault: AddressFault): void
  onRefused(address: string): void
}

/** Our own deadline ends a dial a little after it was told of. */
const DEADLINE_SLACK_MS = 500

const SECOND_MS = 1_000

interface Dial {
  readonly address: string
  readonly atMs: number
  /** We ended it ourselves, or the peer is known now: its end is no fault. */
  isExcused: boolean
}

/**
 * Connections that others open to us, until it is known who they are. What goes wrong before has no peer, so the address answers.
 *
 * A few at a time for each address and for all together. One that ends without an identity is told of; one that we had to end, after
 * five seconds, costs its address penalty points, as a late hello costs a peer, and at the limit the address is refused for a
 * minute. Who gives up sooner costs nothing: so does an honest node whose handshake is slow, be it for our sake. Addresses of configured peers, and those from
 * which a validator was connected, are told of and never refused: their network may be as bad as it likes.
 * @see docs/spec/network.md, admission
 */
export class HalfOpenDials {
  readonly #options: HalfOpenDialsOptions
  readonly #dials = new Map<string, Dial>()
  readonly #score = new PeerScore()
  readonly #refusedUntilMs = new Map<string, number>()
  readonly #trusted = new Set<string>()
  /** Dials of each address in a second that began then. */
  readonly #dialsOfSecond = new Map<string, number>()
  #secondAtMs = Number.NEGATIVE_INFINITY

  constructor(options: HalfOpenDialsOptions) {
    this.#options = options
  }

  /** A socket came in; false: it is to be ended before anything is made for it. */
  mayDial(ip: string): boolean {
    const { sameHost, nowMs, onRefused } = this.#options
    const address = addressOf(ip)
    if (sameHost || this.#trusted.has(address)) return true
    const at = nowMs()
    if (at - this.#secondAtMs >= SECOND_MS) {
      this.#secondAtMs = at
      this.#dialsOfSecond.clear()
    }
    const dials = (this.#dialsOfSecond.get(address) ?? 0) + 1
    // Beyond that many addresses in a second nobody new is counted: there are limits for all together.
    const isCounted = dials > 1 || this.#dialsOfSecond.size < ADDRESSES_REMEMBERED_MAX
    if (isCounted) this.#dialsOfSecond.set(address, dials)
    const isRefused = at < (this.#refusedUntilMs.get(address) ?? 0)
    if (!isRefused && dials <= DIALS_PER_ADDRESS_MAX) return true
    onRefused(address)
    return false
  }

  /**
   * A connection came in of who may dial; false: it must be refused.
   *
   * @param dial - what tells it from others that stand: its remote address with the port
   */
  onDialled(dial: string, ip: string): boolean {
    const { sameHost, nowMs, onRefused } = this.#options
    const address = addressOf(ip)
    if (!sameHost && !this.#trusted.has(address)) {
      const judged = [...this.#dials.values()].filter((other) => !this.#trusted.has(other.address))
      const ofAddress = judged.filter((other) => other.address === address)
      if (ofAddress.length >= HALF_OPEN_PER_ADDRESS_MAX) {
        this.#tell(address, `more than ${HALF_OPEN_PER_ADDRESS_MAX} at a time`)
        return false
      }
      if (judged.length >= HALF_OPEN_MAX) {
        onRefused(address)
        return false
      }
    }
    this.#dials.set(dial, { address, atMs: nowMs(), isExcused: false })
    return true
  }

  /** The peer proved its key and is not admitted. One that is banned knows it: its handshakes cost its address points. */
  onDenied(dial: string, denial: Denial): void {
    const pending = this.#dials.get(dial)
    if (pending === undefined) return
    pending.isExcused = true
    if (denial === 'banned') this.#blame(pending.address)
  }

  /** A connection of a peer stands, in either direction. */
  onOpened(dial: string, peer: PeerId, ip: string | undefined): void {
    this.#dials.delete(dial)
    if (ip !== undefined && this.#options.isReserved(peer)) this.trust(ip)
  }

  /** Of a peer that the configuration names, or of a validator. */
  trust(ip: string): void {
    this.#trusted.add(addressOf(ip))
    for (const oldest of this.#trusted) {
      if (this.#trusted.size <= ADDRESSES_REMEMBERED_MAX) break
      this.#trusted.delete(oldest)
    }
  }

  onClosed(dial: string): void {
    const pending = this.#dials.get(dial)
    this.#dials.delete(dial)
    if (pending === undefined || pending.isExcused) return
    const { address, atMs } = pending
    this.#tell(address, 'ended before its handshake')
    if (this.#options.nowMs() - atMs >= HALF_OPEN_MS - DEADLINE_SLACK_MS) this.#blame(address)
  }

  /** Forgets what has no more effect. O(addresses). */
  sweep(): void {
    const at = this.#options.nowMs()
    this.#score.forget(at)
    for (const [address, untilMs] of this.#refusedUntilMs) {
      if (untilMs <= at) this.#refusedUntilMs.delete(address)
    }
  }

  #tell(address: string, detail: string): void {
    this.#options.onFault(address, { code: 'OL_CONNECTION_HALF_OPEN', detail })
  }

  #blame(address: string): void {
    const { sameHost, nowMs } = this.#options
    if (sameHost || this.#trusted.has(address)) return
    if (!this.#score.add(address, PENALTY_LATE, nowMs())) return
    this.#refusedUntilMs.set(address, nowMs() + BAN_FAULT_MS)
    for (const oldest of this.#refusedUntilMs.keys()) {
      if (this.#refusedUntilMs.size <= ADDRESSES_REMEMBERED_MAX) break
      this.#refusedUntilMs.delete(oldest)
    }
  }
}

/** What one attacker surely shares: an IPv4 address, the /48 of an IPv6 address. */
function addressOf(ip: string): string {
  return ip.includes(':') ? subnetOf(ip) : ip
}
