import './polyfill.ts'
import { randomBytes } from 'node:crypto'
import { ed25519PublicKey } from '@openliquid/crypto'
import {
  type Address,
  type Envelope,
  type Epoch,
  noMetrics,
  type PeerId,
  type RequestOptions,
  type SendResult,
  type Topic,
  type TransportHandlers,
  type ValidatorSet,
} from '@openliquid/primitives'
import { Admission } from './admission.ts'
import type { ChannelContext } from './channelPipe.ts'
import { checkConfig, checkMultiaddr } from './checkConfig.ts'
import { newCounters, statsOf } from './counters.ts'
import { DEFAULT_TIMING } from './defaultTiming.ts'
import { Discovery, PEERS_REQUEST_KIND } from './discovery.ts'
import { NetworkError, peerFault } from './errors.ts'
import { EventHub } from './eventQueue.ts'
import { FRAME_TYPE } from './frame.ts'
import { Gossip } from './gossip.ts'
import { HealthReport } from './healthReport.ts'
import { HeartbeatClock } from './heartbeatClock.ts'
import { hostOptionsOf } from './hostOptions.ts'
import {
  createLibp2pHost,
  peerIdFromNodeKey,
  peerIdOfMultiaddr,
  type Wiring,
} from './libp2pNode.ts'
import { DIRECT_PEERS_MAX } from './limits.ts'
import { type NetworkMeters, newMeters } from './metrics.ts'
import type { Ban, ChainHead, NetworkConfig, NetworkLog, NetworkTiming } from './networkConfig.ts'
import type { NetworkEvent, NetworkEventOf } from './networkEvent.ts'
import type { NetworkHealth, NetworkStats } from './networkHealth.ts'
import type { GossipMessage, KnownValidator, NetworkManager } from './networkManager.ts'
import { Outbox } from './outbox.ts'
import type { ByteStream, P2pHost } from './p2pHost.ts'
import { PeerConduct } from './peerConduct.ts'
import { PeerLinks } from './peerLinks.ts'
import { PeerNews } from './peerNews.ts'
import { QuorumWatch } from './quorumWatch.ts'
import { Reception } from './reception.ts'
import { Redialer } from './redialer.ts'
import { REQUEST_PROTOCOL, RequestResponse } from './requestResponse.ts'
import { SentryRelay } from './sentryRelay.ts'
import { topicNames } from './topics.ts'
import { Upkeep } from './upkeep.ts'
import { ValidatorDirectory } from './validatorDirectory.ts'

const PEERS_REQUEST = { timeoutMs: 5_000, answerBytesMax: 8_192 }

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
  readonly self: PeerId
  readonly #config: NetworkConfig
  readonly #wiring: Wiring | undefined
  readonly #timing: NetworkTiming
  readonly #directory: ValidatorDirectory
  readonly #conduct: PeerConduct
  readonly #quorum: QuorumWatch
  readonly #relay: SentryRelay
  readonly #outbox: Outbox
  readonly #news: PeerNews
  readonly #report: HealthReport
  readonly #admission: Admission
  /** Peers whose address the configuration names. */
  readonly #configured = new Set<PeerId>()
  readonly #hub = new EventHub()
  readonly #reception: Reception
  readonly #links: PeerLinks
  readonly #redialer: Redialer
  readonly #gossip: Gossip
  readonly #requests: RequestResponse
  readonly #discovery: Discovery
  readonly #topics: ReturnType<typeof topicNames>
  readonly #counters = newCounters()
  readonly #metrics: NetworkMeters
  readonly #clock: HeartbeatClock
  #host: P2pHost | undefined
  #head: ChainHead
  #status: 'new' | 'starting' | 'running' | 'stopped' = 'new'
  #stopping: Promise<void> | undefined

  constructor(config: NetworkConfig, wiring: Wiring | undefined) {
    checkConfig(config)
    this.#config = config
    this.#wiring = wiring
    this.#timing = { ...DEFAULT_TIMING, ...config.timing }
    this.#head = config.head ?? { headHeight: 0n, committedHeight: 0n, epoch: 1n }
    const nodeKey = ed25519PublicKey(config.nodeKey)
    this.self = peerIdFromNodeKey(nodeKey)
    this.#directory = new ValidatorDirectory(peerIdFromNodeKey)
    if (config.validatorSet !== undefined) this.#directory.replace(config.validatorSet)
    this.#admission = new Admission({
      allowList:
        config.isPrivate === true ? new Set() : config.allowList && new Set(config.allowList),
      sameHost: config.sameHost,
      isBanned: (peer) => this.#conduct.isBanned(peer),
      isReserved: (peer) =>
        this.#configured.has(peer) || (config.isPrivate !== true && this.#isValidator(peer)),
    })
    this.#metrics = newMeters(config.metrics ?? noMetrics)
    const isValidator = (peer: PeerId): boolean => this.#isValidator(peer)
    const emit = (event: NetworkEvent): void => this.#hub.emit(event)
    this.#conduct = new PeerConduct({
      config,
      counters: this.#counters,
      metrics: this.#metrics,
      isValidator,
      nowMs,
      emit,
      log: this.#log,
      disconnect: (peer) => this.#host?.disconnect(peer),
    })
    this.#reception = new Reception({
      conduct: this.#conduct,
      metrics: this.#metrics,
      hub: this.#hub,
    })
    this.#quorum = new QuorumWatch({
      directory: this.#directory,
      metrics: this.#metrics,
      log: this.#log,
      isReachable: (peer) => this.#report.isReachable(peer),
      emit,
    })
    this.#topics = topicNames(config.genesisHash)
    const context: ChannelContext = {
      identity: {
        self: this.self,
        chainId: config.chainId,
        genesisHash: config.genesisHash,
        secretKey: config.nodeKey,
        nodeKey,
        peerIdOf,
      },
      timing: this.#timing,
      counters: this.#counters.channels,
      head: () => this.#head,
      nowMs,
      randomBytes: (size) => new Uint8Array(randomBytes(size)),
    }
    const onFault = this.#conduct.onFault.bind(this.#conduct)
    this.#links = new PeerLinks({
      context,
      host: () => this.#host,
      random: Math.random,
      isRemembered: isValidator,
      allow: (quota, peer) => this.#conduct.allow(quota, peer),
      onState: (link, state) => this.#news.onState(link, state),
      onEnvelope: (peer, envelope) => {
        if (envelope.kind === FRAME_TYPE.relayed) this.#relay.onRelayed(peer, envelope)
        else this.#reception.onMessage(peer, envelope)
      },
      onControl: (peer, type, body) => {
        const isAllowed = this.#isOwnSentry(peer) || this.#conduct.allow('heartbeats', peer)
        if (isAllowed) this.#relay.onControl(peer, type, body)
      },
      onFault,
    })
    this.#relay = new SentryRelay({
      identity: context.identity,
      isOwnSentry: (peer) => this.#isOwnSentry(peer),
      isWard: (peer) => config.relayFor?.includes(peer) === true,
      isValidator,
      nodeKeyOf: (peer) => this.#directory.nodeKeyOf(peer),
      isLive: (peer) => this.#links.isLive(peer),
      livePeers: () => this.#links.livePeers(),
      wallMs: Date.now,
      control: (peer, type, body) => this.#links.get(peer)?.outbound?.control(type, body),
      send: (peer, envelope) => this.#outbox.sendDirect(peer, envelope),
      deliver: (origin, envelope) => this.#reception.onMessage(origin, envelope),
      onReach: (peer, state) => {
        if (!this.#links.isLive(peer)) this.#news.tell(peer, state)
      },
      onFault,
    })
    this.#redialer = new Redialer({
      self: this.self,
      timing: this.#timing,
      dial: (address, timeoutMs) => this.#running().dial(address, timeoutMs),
      isConnected: (peer) => this.#host?.isConnected(peer) === true,
      random: Math.random,
      isUrgent: isValidator,
      onFailed: (address, attempts) => this.#log('debug', 'dial failed', { address, attempts }),
    })
    this.#gossip = new Gossip({
      topics: this.#topics,
      batchDelayMs: this.#timing.batchDelayMs,
      counters: this.#counters.gossip,
      nowMs,
      publish: (topic, bytes) => this.#host?.publish(topic, bytes),
      report: (message, verdict) => this.#host?.report(message, verdict),
      allow: (from, bytes) => !this.#isStopped() && this.#conduct.allow('gossip', from, bytes),
      handle: (from, topic, envelope) => this.#reception.onGossip(from, topic, envelope),
      onFault,
    })
    this.#outbox = new Outbox({
      links: this.#links,
      gossip: this.#gossip,
      counters: this.#counters,
      metrics: this.#metrics,
      relay: () => this.#relay,
      peers: () => this.peers(),
    })
    this.#news = new PeerNews({
      directory: this.#directory,
      redialer: this.#redialer,
      relay: this.#relay,
      quorum: this.#quorum,
      counters: this.#counters,
      log: this.#log,
      emit,
      onPeer: (peer, state) => this.#reception.onPeer(peer, state),
      isStopped: () => this.#isStopped(),
    })
    this.#report = new HealthReport({
      self: this.self,
      directory: this.#directory,
      links: this.#links,
      relay: this.#relay,
      quorum: this.#quorum,
      metrics: this.#metrics,
      nowMs,
    })
    this.#requests = new RequestResponse({
      counters: this.#counters.requests,
      frameTimeoutMs: this.#timing.frameTimeoutMs,
      answerTimeoutMs: this.#timing.answerTimeoutMs,
      nowMs,
      openStream: (peer, protocol, timeoutMs) =>
        this.#running().openStream(peer, protocol, timeoutMs),
      isLive: (peer) => this.#links.isLive(peer),
      allow: (traffic, peer, bytes) => this.#conduct.allow(traffic, peer, bytes),
      handle: async (from, kind, body) => {
        if (kind !== PEERS_REQUEST_KIND) return this.#reception.onRequest(from, kind, body)
        return this.#isDiscovering() ? this.#discovery.answer(from) : undefined
      },
      onFault,
    })
    this.#discovery = new Discovery({
      self: this.self,
      // A ward is never told of.
      livePeers: () =>
        this.#links.livePeers().filter((peer) => config.relayFor?.includes(peer) !== true),
      isConnected: (peer) => this.#host?.isConnected(peer) === true,
      addressesOf: (peer) => this.#running().addressesOf(peer),
      peerIdOf: peerIdOfForeign,
      ask: (peer) => this.request(peer, PEERS_REQUEST_KIND, new Uint8Array(0), PEERS_REQUEST),
      dial: (address) => this.#running().dial(address, this.#timing.dialTimeoutMs),
      random: Math.random,
    })
    const upkeep = new Upkeep({
      links: this.#links,
      conduct: this.#conduct,
      relay: this.#relay,
      discovery: this.#discovery,
      report: this.#report,
      discoveryMs: this.#timing.discoveryMs,
      host: () => this.#host,
      isDiscovering: () => this.#isDiscovering(),
      nowMs,
    })
    this.#clock = new HeartbeatClock(this.#timing.heartbeatMs, () => upkeep.beat())
    for (const address of config.peers ?? []) this.#addTarget(address, peerIdOfMultiaddr(address))
  }

  async start(handlers: TransportHandlers): Promise<void> {
    if (this.#status !== 'new') {
      throw new NetworkError('a manager starts once', { code: 'OL_NETWORK_NOT_RUNNING' })
    }
    this.#status = 'starting'
    this.#reception.open(handlers)
    const host = await createLibp2pHost({
      ...hostOptionsOf(this.#config, this.#timing, this.#topics.names),
      handlers: {
        onConnected: (peer) => this.#links.onConnected(peer),
        onMoved: (peer) => this.#links.onMoved(peer),
        onTwin: (peer) =>
          this.#conduct.onFault(peer, peerFault('OL_CHANNEL_TWIN', 'dialled twice with one key')),
        onDisconnected: (peer) => this.#onDisconnected(peer),
        onFound: (peer) => this.#discovery.onFound(peer),
        onPulse: (peer, token) => this.#links.onPulse(peer, token),
        onStream: (protocol, peer, stream) => this.#onStream(protocol, peer, stream),
        onGossip: (message) => this.#gossip.onMessage(message),
        allowRpc: (peer, bytes, messages) => this.#conduct.allow('rpcs', peer, bytes, 1 + messages),
        onGossipFault: (peer, fault) =>
          this.#conduct.onFault(peer, peerFault('OL_GOSSIP_MALFORMED', `gossip RPC: ${fault}`)),
        scoreOf: (peer) => this.#conduct.scoreOf(peer),
        admission: this.#admission,
      },
      ...(this.#wiring === undefined ? {} : { wiring: this.#wiring }),
    })
    this.#host = host
    try {
      await host.start()
    } catch (cause) {
      await this.stop()
      throw cause
    }
    if (this.#isStopped()) return host.stop()
    this.#status = 'running'
    this.#updateDirectPeers()
    this.#clock.start()
    this.#redialer.start()
    this.#hub.emit({ kind: 'listening', multiaddrs: host.multiaddrs() })
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop()
    return this.#stopping
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  publish(topic: Topic, envelope: Envelope): void {
    this.#outbox.publish(topic, envelope)
  }

  broadcast({ topic, envelope }: GossipMessage): void {
    this.publish(topic, envelope)
  }

  send(to: PeerId, envelope: Envelope): SendResult {
    return this.#outbox.send(to, envelope)
  }

  sendToPeer(peer: PeerId, envelope: Envelope): SendResult {
    return this.send(peer, envelope)
  }

  sendToValidator(validator: number | Address, envelope: Envelope): SendResult {
    const index =
      typeof validator === 'number' ? validator : this.#directory.indexOfAddress(validator)
    const peer = index === undefined ? undefined : this.#directory.peerOf(index)
    return peer === undefined ? 'unreachable' : this.send(peer, envelope)
  }

  request(
    to: PeerId,
    kind: number,
    body: Uint8Array,
    options: RequestOptions,
  ): Promise<Uint8Array> {
    return this.#requests.request(to, kind, body, options)
  }

  peers(): readonly PeerId[] {
    return this.#report.peers()
  }

  addValidator({ nodeKey, multiaddrs }: KnownValidator): void {
    const peer = peerIdFromNodeKey(nodeKey)
    if (multiaddrs === undefined || multiaddrs.length === 0) this.#redialer.addPeer(peer)
    for (const address of multiaddrs ?? []) {
      checkMultiaddr('multiaddrs', address)
      this.#addTarget(address, peer)
    }
  }

  addPeer(multiaddr: string): void {
    checkMultiaddr('multiaddr', multiaddr)
    this.#addTarget(multiaddr, peerIdOfMultiaddr(multiaddr))
  }

  setValidatorSet(epoch: Epoch, set: ValidatorSet): void {
    if (set.epoch !== epoch) {
      throw new NetworkError(`the set is of epoch ${set.epoch}, not ${epoch}`, {
        code: 'OL_NETWORK_CONFIG',
        field: 'validatorSet',
        reason: 'epoch',
      })
    }
    this.#directory.replace(set)
    this.#updateDirectPeers()
    for (const { peer, isLive } of this.#links.values()) {
      if (isLive && this.#isValidator(peer)) this.#redialer.addPeer(peer)
    }
    this.#relay.onSet()
    this.#quorum.judge()
  }

  setHead(head: ChainHead): void {
    this.#head = head
  }

  validatorPeer(index: number): PeerId | undefined {
    return this.#directory.peerOf(index)
  }

  validatorOf(peer: PeerId): number | undefined {
    return this.#directory.indexOf(peer)
  }

  headOf(peer: PeerId): ChainHead | undefined {
    return this.#links.get(peer)?.head
  }

  multiaddrs(): readonly string[] {
    return this.#host?.multiaddrs() ?? []
  }

  subscribers(topic: Topic): readonly PeerId[] {
    return this.#host?.subscribers(this.#topics.nameOf(topic)) ?? []
  }

  events({ signal }: { readonly signal?: AbortSignal } = {}): AsyncIterableIterator<NetworkEvent> {
    return this.#hub.open(signal)
  }

  on<K extends NetworkEvent['kind']>(
    kind: K,
    listener: (event: NetworkEventOf<K>) => void,
  ): () => void {
    return this.#hub.on(kind, listener)
  }

  health(): NetworkHealth {
    return this.#report.health()
  }

  stats(): NetworkStats {
    return statsOf(this.#counters, {
      connections: this.#host?.connectionCount() ?? 0,
      subscribers: (topic) => this.subscribers(topic).length,
    })
  }

  quorumReachable(): boolean {
    return this.#quorum.isReachable
  }

  ban(peer: PeerId, options: { readonly durationMs: number; readonly reason: string }): void {
    this.#conduct.ban(peer, options)
  }

  bans(): readonly Ban[] {
    return this.#conduct.bans()
  }

  async #stop(): Promise<void> {
    this.#gossip.flush()
    this.#status = 'stopped'
    this.#clock.stop()
    this.#redialer.stop()
    this.#requests.stop()
    this.#links.stop()
    await this.#host?.stop()
    this.#hub.end()
  }

  #addTarget(address: string, peer: PeerId | undefined): void {
    if (peer !== undefined) this.#configured.add(peer)
    this.#redialer.add(address, peer)
  }

  #isValidator(peer: PeerId): boolean {
    return this.#directory.indexOf(peer) !== undefined
  }

  #isOwnSentry(peer: PeerId): boolean {
    return this.#config.isPrivate === true && this.#configured.has(peer)
  }

  #isDiscovering(): boolean {
    return this.#config.discovery !== false && this.#config.isPrivate !== true
  }

  #isStopped(): boolean {
    return this.#status === 'stopped'
  }

  #running(): P2pHost {
    if (this.#host === undefined || this.#isStopped()) {
      throw new NetworkError('the network is not running', { code: 'OL_NETWORK_NOT_RUNNING' })
    }
    return this.#host
  }

  #onDisconnected(peer: PeerId): void {
    this.#links.onDisconnected(peer)
    this.#redialer.onDisconnected(peer)
  }

  #onStream(protocol: string, peer: PeerId, stream: ByteStream): void {
    if (this.#isStopped()) {
      stream.abort('stopped')
      return
    }
    if (protocol === REQUEST_PROTOCOL) this.#requests.onStream(peer, stream)
    else this.#links.accept(peer, stream)
  }

  #updateDirectPeers(): void {
    const { peers, count } = this.#directory
    const others = peers.filter((peer) => peer !== this.self)
    this.#host?.setDirectPeers(count <= DIRECT_PEERS_MAX ? others : [])
  }

  readonly #log: NetworkLog = (level, message, fields) => this.#config.log?.(level, message, fields)
}

/** Monotonic: a stepped wall clock must not look like silence. */
function nowMs(): number {
  return performance.now()
}

function peerIdOf(nodeKey: Uint8Array): PeerId | undefined {
  try {
    return peerIdFromNodeKey(nodeKey)
  } catch {
    return undefined
  }
}

/** Of an address that another node told. */
function peerIdOfForeign(address: string): PeerId | undefined {
  try {
    return peerIdOfMultiaddr(address)
  } catch {
    return undefined
  }
}
