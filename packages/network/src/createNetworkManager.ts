import './polyfill.ts'
import type {
  Address,
  Envelope,
  Epoch,
  PeerId,
  RequestOptions,
  SendResult,
  Topic,
  TransportHandlers,
  ValidatorSet,
} from '@openliquid/primitives'
import { addressOfPeer, checkConfig, checkMultiaddr, checkNodeKey } from './checkConfig.ts'
import { statsOf } from './counters.ts'
import { NetworkError } from './errors.ts'
import { hostOptionsOf } from './hostOptions.ts'
import {
  createLibp2pHost,
  peerIdFromNodeKey,
  peerIdOfMultiaddr,
  type Wiring,
} from './libp2pNode.ts'
import { DIRECT_PEERS_MAX } from './limits.ts'
import type { Ban, ChainHead, NetworkConfig } from './networkConfig.ts'
import type { NetworkEvent, NetworkEventOf } from './networkEvent.ts'
import type { NetworkHealth, NetworkStats } from './networkHealth.ts'
import type { GossipMessage, KnownValidator, NetworkManager } from './networkManager.ts'
import { NetworkParts } from './networkParts.ts'

/**
 * Makes a manager; no I/O before `start`.
 *
 * @throws {NetworkError} OL_NETWORK_CONFIG a key, hash or multiaddr is not one
 */
export function createNetworkManager(config: NetworkConfig): NetworkManager {
  return new Libp2pNetworkManager(config, undefined)
}

/** The same over another wire; for tests. */
export function createWiredNetworkManager(config: NetworkConfig, wiring: Wiring): NetworkManager {
  return new Libp2pNetworkManager(config, wiring)
}

class Libp2pNetworkManager implements NetworkManager {
  readonly #config: NetworkConfig
  readonly #wiring: Wiring | undefined
  readonly #parts: NetworkParts
  #wasStarted = false
  #stopping: Promise<void> | undefined

  constructor(config: NetworkConfig, wiring: Wiring | undefined) {
    checkConfig(config)
    this.#config = config
    this.#wiring = wiring
    this.#parts = new NetworkParts(config)
  }

  get self(): PeerId {
    return this.#parts.self
  }

  async start(handlers: TransportHandlers): Promise<void> {
    if (this.#wasStarted || this.#parts.isStopped) {
      throw new NetworkError('a manager starts once', { code: 'OL_NETWORK_NOT_RUNNING' })
    }
    this.#wasStarted = true
    this.#parts.reception.open(handlers)
    const host = await createLibp2pHost({
      ...hostOptionsOf(this.#config, this.#parts.timing, this.#parts.topics.names),
      handlers: this.#parts.hostHandlers(),
      ...(this.#wiring === undefined ? {} : { wiring: this.#wiring }),
    })
    this.#parts.host = host
    try {
      await host.start()
    } catch (cause) {
      await this.stop()
      throw cause
    }
    if (this.#parts.isStopped) return host.stop()
    this.#updateDirectPeers()
    this.#parts.clock.start()
    this.#parts.redialer.start()
    this.#parts.hub.emit({ kind: 'listening', multiaddrs: host.multiaddrs() })
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop()
    return this.#stopping
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  publish(topic: Topic, envelope: Envelope): void {
    this.#parts.outbox.publish(topic, envelope)
  }

  broadcast({ topic, envelope }: GossipMessage): void {
    this.publish(topic, envelope)
  }

  send(to: PeerId, envelope: Envelope): SendResult {
    return this.#parts.outbox.send(to, envelope)
  }

  sendToPeer(peer: PeerId, envelope: Envelope): SendResult {
    return this.send(peer, envelope)
  }

  sendToValidator(validator: number | Address, envelope: Envelope): SendResult {
    const index =
      typeof validator === 'number' ? validator : this.#parts.directory.indexOfAddress(validator)
    const peer = index === undefined ? undefined : this.#parts.directory.peerOf(index)
    return peer === undefined ? 'unreachable' : this.send(peer, envelope)
  }

  request(
    to: PeerId,
    kind: number,
    body: Uint8Array,
    options: RequestOptions,
  ): Promise<Uint8Array> {
    return this.#parts.requests.request(to, kind, body, options)
  }

  peers(): readonly PeerId[] {
    return this.#parts.report.peers()
  }

  addValidator({ nodeKey, multiaddrs }: KnownValidator): void {
    checkNodeKey('nodeKey', nodeKey)
    const peer = peerIdFromNodeKey(nodeKey)
    const addresses = (multiaddrs ?? []).map((text) => addressOfPeer('multiaddrs', text, peer))
    for (const address of addresses) this.#parts.addTarget(address, peer)
    if (addresses.length === 0) this.#parts.redialer.addPeer(peer)
  }

  addPeer(multiaddr: string): void {
    checkMultiaddr('multiaddr', multiaddr)
    this.#parts.addTarget(multiaddr, peerIdOfMultiaddr(multiaddr))
  }

  setValidatorSet(epoch: Epoch, set: ValidatorSet): void {
    if (set.epoch !== epoch) {
      throw new NetworkError(`the set is of epoch ${set.epoch}, not ${epoch}`, {
        code: 'OL_NETWORK_CONFIG',
        field: 'validatorSet',
        reason: 'epoch',
      })
    }
    this.#parts.directory.replace(set)
    this.#updateDirectPeers()
    const isValidator = (peer: PeerId): boolean => this.#parts.isValidator(peer)
    this.#parts.redialer.onSet(isValidator)
    this.#parts.links.onSet()
    for (const { peer, isLive } of this.#parts.links.values()) {
      if (isLive && isValidator(peer)) this.#parts.redialer.addOfSet(peer)
    }
    this.#parts.relay.onSet()
    this.#parts.quorum.judge()
  }

  setHead(head: ChainHead): void {
    this.#parts.head = head
  }

  validatorPeer(index: number): PeerId | undefined {
    return this.#parts.directory.peerOf(index)
  }

  validatorOf(peer: PeerId): number | undefined {
    return this.#parts.directory.indexOf(peer)
  }

  headOf(peer: PeerId): ChainHead | undefined {
    return this.#parts.links.get(peer)?.head
  }

  multiaddrs(): readonly string[] {
    return this.#parts.host?.multiaddrs() ?? []
  }

  subscribers(topic: Topic): readonly PeerId[] {
    return this.#parts.host?.subscribers(this.#parts.topics.nameOf(topic)) ?? []
  }

  events({ signal }: { readonly signal?: AbortSignal } = {}): AsyncIterableIterator<NetworkEvent> {
    return this.#parts.hub.open(signal)
  }

  on<K extends NetworkEvent['kind']>(
    kind: K,
    listener: (event: NetworkEventOf<K>) => void,
  ): () => void {
    return this.#parts.hub.on(kind, listener)
  }

  health(): NetworkHealth {
    return this.#parts.report.health()
  }

  stats(): NetworkStats {
    return statsOf(this.#parts.counters, {
      connections: this.#parts.host?.connectionCount() ?? 0,
      subscribers: (topic) => this.subscribers(topic).length,
    })
  }

  quorumReachable(): boolean {
    return this.#parts.quorum.isReachable
  }

  ban(peer: PeerId, options: { readonly durationMs: number; readonly reason: string }): void {
    this.#parts.conduct.ban(peer, options)
  }

  bans(): readonly Ban[] {
    return this.#parts.conduct.bans()
  }

  async #stop(): Promise<void> {
    this.#parts.gossip.flush()
    this.#parts.isStopped = true
    this.#parts.clock.stop()
    this.#parts.redialer.stop()
    this.#parts.requests.stop()
    this.#parts.links.stop()
    await this.#parts.host?.stop()
    this.#parts.hub.end()
  }

  #updateDirectPeers(): void {
    const { peers, count } = this.#parts.directory
    const others = peers.filter((peer) => peer !== this.self)
    this.#parts.host?.setDirectPeers(count <= DIRECT_PEERS_MAX ? others : [])
  }
}
