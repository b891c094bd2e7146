import {
  concatBytes,
  type Envelope,
  equalBytes,
  type PeerId,
  type SendResult,
} from '@openliquid/primitives'
import {
  checkDelegation,
  decodeDelegation,
  encodeDelegation,
  signDelegation,
} from './delegation.ts'
import { type PeerFault, peerFault } from './errors.ts'
import { FRAME_TYPE } from './frame.ts'
import type { HelloIdentity } from './hello.ts'
import { DELEGATION_MS, DELEGATIONS_PER_SENTRY_MAX } from './limits.ts'
import { type RelayedFrame, unwrapRelayed, wrapRelayed } from './relayedFrame.ts'

const KEY_BYTES = 32
const REACHED = 1
const LOST = 0

export interface SentryRelayOptions {
  readonly identity: HelloIdentity
  /** Peers to which this node, a validator that hides, gives its delegation. */
  isOwnSentry(peer: PeerId): boolean
  /** Validators for which this node is a sentry. */
  isWard(peer: PeerId): boolean
  isValidator(peer: PeerId): boolean
  /** Node key of a member of the current set. */
  nodeKeyOf(peer: PeerId): Uint8Array | undefined
  isLive(peer: PeerId): boolean
  livePeers(): readonly PeerId[]
  /** Time of the wall clock: delegations hold across machines. */
  wallMs(): number
  control(peer: PeerId, type: number, body: Uint8Array): void
  send(peer: PeerId, envelope: Envelope): SendResult
  deliver(origin: PeerId, envelope: Envelope): void
  /** A validator came within reach, or left it, through sentries alone. */
  onReach(peer: PeerId, state: 'connected' | 'down'): void
  onFault(peer: PeerId, fault: PeerFault): void
}

/** A validator behind sentries: its key, and until when each of them may speak for it. */
interface Route {
  readonly nodeKey: Uint8Array
  readonly sentries: Map<PeerId, number>
}

/**
 * Validator channels that go through sentries: a validator that hides, its sentries, and all others.
 *
 * The validator dials its sentries only and signs each a delegation. A sentry shows it to its peers and carries channel messages
 * between them and the validator; origin and destination are in the message. Who may name which origin: a peer itself, the
 * sentries of a validator that showed its delegation, and to a validator its own sentries.
 * @see docs/spec/network.md, sentries
 */
export class SentryRelay {
  readonly #options: SentryRelayOptions
  /** At a sentry: the delegation of each live ward, as it is shown. */
  readonly #wards = new Map<PeerId, { readonly nodeKey: Uint8Array; readonly shown: Uint8Array }>()
  readonly #routes = new Map<PeerId, Route>()
  /** At a validator that hides: when the delegation of a sentry is renewed. */
  readonly #renewals = new Map<PeerId, number>()
  /** Of whom was told that they are within reach. */
  readonly #told = new Set<PeerId>()
  #dropped = 0

  constructor(options: SentryRelayOptions) {
    this.#options = options
  }

  /** Relayed messages without a way. */
  get dropped(): number {
    return this.#dropped
  }

  /** A member of the set that a live sentry speaks for. */
  isReachable(peer: PeerId): boolean {
    return this.#options.isValidator(peer) && this.#sentryOf(peer) !== undefined
  }

  /** Validators within reach through sentries. */
  reachable(): PeerId[] {
    return [...this.#routes.keys()].filter((peer) => this.isReachable(peer))
  }

  /** Sends by way of a sentry. */
  send(to: PeerId, envelope: Envelope): SendResult {
    const sentry = this.#sentryOf(to)
    const destination = this.#routes.get(to)?.nodeKey
    if (sentry === undefined || destination === undefined) return 'unreachable'
    const wrapped = wrapRelayed({ origin: this.#options.identity.nodeKey, destination, envelope })
    const { replaceKey } = envelope
    return this.#options.send(
      sentry,
      replaceKey === undefined ? wrapped : { ...wrapped, replaceKey: `${to} ${replaceKey}` },
    )
  }

  /** A channel came up. */
  onLive(peer: PeerId): void {
    const { isOwnSentry, control } = this.#options
    if (isOwnSentry(peer)) this.#delegate(peer)
    for (const [ward, { shown }] of this.#wards) {
      if (ward !== peer) control(peer, FRAME_TYPE.delegation, shown)
    }
    this.#tellWards(REACHED, peer)
  }

  /** A channel went down. */
  onDown(peer: PeerId): void {
    this.#renewals.delete(peer)
    const ward = this.#wards.get(peer)
    if (ward !== undefined) {
      this.#wards.delete(peer)
      this.#tellAll(FRAME_TYPE.reach, reachBody(LOST, ward.nodeKey))
    }
    for (const validator of this.#routes.keys()) this.#lose(validator, peer)
    this.#refresh()
    // By way of another sentry it may still be.
    this.#tellWards(this.isReachable(peer) ? REACHED : LOST, peer)
  }

  /** The set of validators changed. */
  onSet(): void {
    this.#refresh()
    for (const peer of this.#options.livePeers()) this.#tellWards(REACHED, peer)
  }

  /** A peer tells of a delegation, or of who is within its reach. */
  onControl(peer: PeerId, type: number, body: Uint8Array): void {
    if (type === FRAME_TYPE.delegation) this.#onDelegation(peer, body)
    else this.#onReach(peer, body)
  }

  /** A message with an origin and a destination: for us, for a ward, or from one. */
  onRelayed(peer: PeerId, wrapped: Envelope): void {
    const { identity, onFault, deliver, isLive, send, isOwnSentry, isValidator } = this.#options
    const relayed = unwrapRelayed(wrapped)
    const origin = relayed === undefined ? undefined : identity.peerIdOf(relayed.origin)
    if (relayed === undefined || origin === undefined) {
      onFault(peer, peerFault('OL_RELAY_ORIGIN', 'no message with an origin'))
      return
    }
    if (origin !== peer && this.#routes.get(origin)?.sentries.has(peer) !== true) {
      // Our own sentry may be an epoch ahead of us.
      if (isOwnSentry(peer)) this.#dropped++
      else onFault(peer, peerFault('OL_RELAY_ORIGIN', 'speaks for somebody without a delegation'))
      return
    }
    if (equalBytes(relayed.destination, identity.nodeKey)) {
      deliver(origin, relayed.envelope)
      return
    }
    const destination = identity.peerIdOf(relayed.destination)
    const isForWard = destination !== undefined && this.#wards.has(destination)
    const isOurs = this.#wards.has(origin) || (isForWard && isValidator(origin))
    const next =
      destination !== undefined && isLive(destination) ? destination : this.#nextHop(relayed)
    // Never back to where it came from: two sentries must not play ball.
    if (!isOurs || next === undefined || next === peer || send(next, wrapped) === 'unreachable') {
      this.#dropped++
    }
  }

  /** Renews own delegations, forgets expired ones of others. */
  beat(): void {
    if (this.#renewals.size + this.#routes.size + this.#told.size === 0) return
    const nowMs = this.#options.wallMs()
    for (const [sentry, atMs] of this.#renewals) if (nowMs >= atMs) this.#delegate(sentry)
    for (const [validator, { sentries }] of this.#routes) {
      for (const [sentry, expiryMs] of sentries)
        if (nowMs >= expiryMs) this.#lose(validator, sentry)
    }
    this.#refresh()
  }

  #delegate(sentry: PeerId): void {
    const { identity, wallMs, control } = this.#options
    const nowMs = wallMs()
    const delegation = signDelegation(identity, sentry, nowMs + DELEGATION_MS)
    this.#renewals.set(sentry, nowMs + DELEGATION_MS / 2)
    control(sentry, FRAME_TYPE.delegation, encodeDelegation(delegation))
  }

  #onDelegation(peer: PeerId, body: Uint8Array): void {
    const { identity, onFault, wallMs, isWard } = this.#options
    const delegation = decodeDelegation(body)
    const validator = delegation === undefined ? undefined : identity.peerIdOf(delegation.nodeKey)
    if (delegation === undefined || validator === undefined) {
      onFault(peer, peerFault('OL_RELAY_DELEGATION', 'malformed'))
      return
    }
    const isOwn = validator === peer
    // Not asked for: no fault, only no use.
    if (isOwn ? !isWard(peer) : validator === identity.self) return
    const sentryPeerId = isOwn ? identity.self : peer
    const fault = checkDelegation(identity, delegation, { sentryPeerId, nowMs: wallMs() })
    if (fault !== undefined) onFault(peer, fault)
    else if (isOwn) this.#takeWard(peer, delegation.nodeKey, body)
    else this.#gain(validator, peer, delegation)
  }

  #takeWard(ward: PeerId, nodeKey: Uint8Array, shown: Uint8Array): void {
    const { livePeers, control } = this.#options
    this.#wards.set(ward, { nodeKey, shown })
    for (const peer of livePeers()) {
      if (peer === ward) continue
      control(peer, FRAME_TYPE.delegation, shown)
      this.#tellWards(REACHED, peer)
    }
    for (const validator of this.reachable()) this.#tellWards(REACHED, validator)
  }

  #onReach(peer: PeerId, body: Uint8Array): void {
    const { identity, isOwnSentry } = this.#options
    const nodeKey = body.slice(1)
    const validator = nodeKey.length === KEY_BYTES ? identity.peerIdOf(nodeKey) : undefined
    if (validator === undefined || validator === identity.self) return
    if (body[0] === LOST) {
      this.#lose(validator, peer)
      this.#refresh()
      return
    }
    // Only a node's own sentries are believed without a signature.
    if (isOwnSentry(peer)) {
      this.#gain(validator, peer, { nodeKey, expiryMs: Number.POSITIVE_INFINITY })
    }
  }

  #gain(
    validator: PeerId,
    sentry: PeerId,
    { nodeKey, expiryMs }: { readonly nodeKey: Uint8Array; readonly expiryMs: number },
  ): void {
    const route = this.#routes.get(validator) ?? { nodeKey, sentries: new Map<PeerId, number>() }
    if (!route.sentries.has(sentry) && !this.#options.isOwnSentry(sentry)) {
      let shown = 0
      for (const { sentries } of this.#routes.values()) if (sentries.has(sentry)) shown++
      if (shown >= DELEGATIONS_PER_SENTRY_MAX) return
    }
    route.sentries.set(sentry, expiryMs)
    this.#routes.set(validator, route)
    this.#refresh()
  }

  #lose(validator: PeerId, sentry: PeerId): void {
    const route = this.#routes.get(validator)
    if (route?.sentries.delete(sentry) === true && route.sentries.size === 0) {
      this.#routes.delete(validator)
    }
  }

  /** Tells what changed for us and our wards. */
  #refresh(): void {
    const { onReach, isLive } = this.#options
    for (const validator of this.#told) {
      if (this.isReachable(validator)) continue
      this.#told.delete(validator)
      if (!isLive(validator)) this.#tellWards(LOST, validator)
      onReach(validator, 'down')
    }
    for (const validator of this.reachable()) {
      if (this.#told.has(validator)) continue
      this.#told.add(validator)
      this.#tellWards(REACHED, validator)
      onReach(validator, 'connected')
    }
  }

  #nextHop({ destination }: RelayedFrame): PeerId | undefined {
    const peer = this.#options.identity.peerIdOf(destination)
    return peer === undefined ? undefined : this.#sentryOf(peer)
  }

  #sentryOf(validator: PeerId): PeerId | undefined {
    for (const sentry of this.#routes.get(validator)?.sentries.keys() ?? []) {
      if (this.#options.isLive(sentry)) return sentry
    }
    return undefined
  }

  /** Of validators only: nobody else has a channel message for a ward. */
  #tellWards(flag: number, peer: PeerId): void {
    const nodeKey = this.#options.nodeKeyOf(peer)
    if (nodeKey === undefined) return
    for (const ward of this.#wards.keys()) {
      if (ward !== peer) this.#options.control(ward, FRAME_TYPE.reach, reachBody(flag, nodeKey))
    }
  }

  #tellAll(type: number, body: Uint8Array): void {
    const { livePeers, control } = this.#options
    for (const peer of livePeers()) control(peer, type, body)
  }
}

function reachBody(flag: number, nodeKey: Uint8Array): Uint8Array {
  return concatBytes(Uint8Array.of(flag), nodeKey)
}
