import './polyfill.ts'
import { randomBytes } from 'node:crypto'
import { ed25519PublicKey } from '@openliquid/crypto'
import {
  type Address,
  type Counter,
  type Envelope,
  type Epoch,
  type Lane,
  noMetrics,
  type PeerId,
  type RequestOptions,
  type SendResult,
  type Topic,
  type TransportHandlers,
  type ValidatorSet,
} from '@openliquid/primitives'
import { backoffMs } from './backoff.ts'
import { BanList } from './banList.ts'
import { NetworkError, type PeerFault, peerFault } from './errors.ts'
import { EventHub } from './eventQueue.ts'
import { Gossip, type TopicCounters } from './gossip.ts'
import {
  createLibp2pHost,
  peerIdFromNodeKey,
  peerIdOfMultiaddr,
  type Wiring,
} from './libp2pNode.ts'
import {
  BAN_FAULT_MS,
  BAN_WRONG_CHAIN_MS,
  CHANNEL_DEADLINE_MS,
  channelBytesMax,
  DIRECT_PEERS_MAX,
  GOSSIP_DEADLINE_MS,
  gossipBytesMax,
  REJECTS_PER_MINUTE_MAX,
} from './limits.ts'
import { NETWORK_METRICS } from './metrics.ts'
import type { Ban, ChainHead, NetworkConfig, NetworkTiming } from './networkConfig.ts'
import type { NetworkEvent } from './networkEvent.ts'
import type { NetworkHealth, NetworkStats, PeerHealth } from './networkHealth.ts'
import type { GossipMessage, KnownValidator, NetworkManager } from './networkManager.ts'
import type { ByteStream, P2pHost } from './p2pHost.ts'
import { PeerLink } from './peerLink.ts'
import { Redialer } from './redialer.ts'
import { REQUEST_PROTOCOL, RequestResponse } from './requestResponse.ts'
import { rethrow } from './rethrow.ts'
import { topicNames } from './topics.ts'
import { TrafficGuard } from './trafficGuard.ts'
import { type ChannelContext, InboundChannel, OutboundChannel } from './validatorChannel.ts'
import { ValidatorDirectory } from './validatorDirectory.ts'

/** One stream a direction, for as long as the connection stands. */
export const CHANNEL_PROTOCOL = '/openliquid/channel/1'
/** The old stream of a direction may still be closing when the new one opens. */
const CHANNEL_STREAMS_MAX = 4
const REQUEST_STREAMS_MAX = 32
/** Beats without any sign that the peer takes what we send, although we hear it. */
const OUTBOUND_SILENT_BEATS = 8
const MINUTE_MS = 60_000
const MILLISECONDS = 1_000

/** Values of network.md, health and partition; framing and limits. */
export const DEFAULT_TIMING: NetworkTiming = {
  heartbeatMs: 400,
  helloTimeoutMs: 3_000,
  dialTimeoutMs: 2_000,
  redialDelayMsMin: 250,
  redialDelayMsMax: 5_000,
  frameTimeoutMs: 5_000,
  batchDelayMs: 2,
  answerTimeoutMs: 10_000,
}

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
  readonly #bans: BanList
  readonly #guard: TrafficGuard
  readonly #hub = new EventHub()
  readonly #links = new Map<PeerId, PeerLink>()
  /** Streams that peers opened and whose hello is not done yet. */
  readonly #knocking = new Set<InboundChannel>()
  readonly #context: ChannelContext
  readonly #redialer: Redialer
  readonly #gossip: Gossip
  readonly #requests: RequestResponse
  readonly #topics: ReturnType<typeof topicNames>
  readonly #counters = newCounters()
  readonly #metrics: NetworkMeters
  #handlers: TransportHandlers | undefined
  #host: P2pHost | undefined
  #head: ChainHead
  #beatTimer: NodeJS.Timeout | undefined
  #lastBeatMs = 0
  #lastSweepMs = 0
  #hadQuorum: boolean | undefined
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
    this.#bans = new BanList(config.bans ?? [])
    this.#guard = new TrafficGuard(config.quotas ?? {})
    this.#metrics = newMeters(config)
    this.#topics = topicNames(config.genesisHash)
    this.#context = {
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
    this.#redialer = new Redialer({
      self: this.self,
      timing: this.#timing,
      dial: (address, timeoutMs) => this.#running().dial(address, timeoutMs),
      isConnected: (peer) => this.#host?.isConnected(peer) === true,
      random: Math.random,
      onFailed: (address, attempts) => this.#log('debug', 'dial failed', { address, attempts }),
    })
    this.#gossip = new Gossip({
      topics: this.#topics,
      batchDelayMs: this.#timing.batchDelayMs,
      counters: this.#counters.gossip,
      nowMs,
      publish: (topic, bytes) => this.#host?.publish(topic, bytes),
      report: (message, verdict) => this.#host?.report(message, verdict),
      allow: (from, bytes) => this.#allowGossip(from, bytes),
      handle: (from, topic, envelope) => this.#onGossip(from, topic, envelope),
      onFault: (from, fault) => this.#onFault(from, fault),
    })
    this.#requests = new RequestResponse({
      counters: this.#counters.requests,
      frameTimeoutMs: this.#timing.frameTimeoutMs,
      answerTimeoutMs: this.#timing.answerTimeoutMs,
      nowMs,
      openStream: (peer, protocol, timeoutMs) =>
        this.#running().openStream(peer, protocol, timeoutMs),
      isLive: (peer) => this.#links.get(peer)?.isLive === true,
      allow: (peer) => this.#guard.allow('requests', peer, nowMs()) || this.#limited('requests'),
      handle: async (from, kind, body) => this.#handlers?.onRequest(from, kind, body),
    })
    for (const address of config.peers ?? [])
      this.#redialer.add(address, peerIdOfMultiaddr(address))
  }

  async start(handlers: TransportHandlers): Promise<void> {
    if (this.#status !== 'new') {
      throw new NetworkError('a manager starts once', { code: 'OL_NETWORK_NOT_RUNNING' })
    }
    this.#status = 'starting'
    this.#handlers = handlers
    const host = await createLibp2pHost({
      nodeKey: this.#config.nodeKey,
      listen: this.#config.listen,
      announce: this.#config.announce ?? [],
      topics: this.#topics.names,
      protocols: new Map([
        [CHANNEL_PROTOCOL, CHANNEL_STREAMS_MAX],
        [REQUEST_PROTOCOL, REQUEST_STREAMS_MAX],
      ]),
      sameHost: this.#config.sameHost,
      dialTimeoutMs: this.#timing.dialTimeoutMs,
      handlers: {
        onConnected: (peer) => this.#onConnected(peer),
        onDisconnected: (peer) => this.#onDisconnected(peer),
        onStream: (protocol, peer, stream) => this.#onStream(protocol, peer, stream),
        onGossip: (message) => this.#gossip.onMessage(message),
        isBanned: (peer) => this.#bans.has(peer, Date.now()),
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
    this.#lastBeatMs = nowMs()
    this.#beatTimer = setInterval(() => this.#beat(), this.#timing.heartbeatMs)
    this.#redialer.start()
    this.#emit({ kind: 'listening', multiaddrs: host.multiaddrs() })
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop()
    return this.#stopping
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  publish(topic: Topic, envelope: Envelope): void {
    const { body, kind } = envelope
    this.#metrics.bytes.inc({ direction: 'sent', topic }, body.length)
    if (topic === 'blocks' && body.length > gossipBytesMax(kind)) {
      this.#push(envelope)
      return
    }
    this.#gossip.publish(topic, envelope)
  }

  broadcast({ topic, envelope }: GossipMessage): void {
    this.publish(topic, envelope)
  }

  send(to: PeerId, envelope: Envelope): SendResult {
    const max = channelBytesMax(envelope.kind)
    if (envelope.body.length > max) throw sizeError(envelope, max)
    const link = this.#links.get(to)
    if (link === undefined || !link.isLive || link.outbound === undefined) return 'unreachable'
    const result = link.outbound.send(envelope)
    if (result === 'replaced') this.#counters.replaced++
    if (result === 'full') {
      this.#counters.dropped[envelope.lane]++
      this.#metrics.dropped.inc({ reason: `${envelope.lane} lane full` })
    }
    return result
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
    return [...this.#links.values()]
      .filter(({ isLive }) => isLive)
      .map(({ peer }) => peer)
      .sort()
  }

  addValidator({ nodeKey, multiaddrs }: KnownValidator): void {
    const peer = peerIdFromNodeKey(nodeKey)
    if (multiaddrs === undefined || multiaddrs.length === 0) this.#redialer.addPeer(peer)
    for (const address of multiaddrs ?? []) {
      parseMultiaddr('multiaddrs', address)
      this.#redialer.add(address, peer)
    }
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
      if (isLive && this.#directory.indexOf(peer) !== undefined) this.#redialer.addPeer(peer)
    }
    this.#judgeQuorum()
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

  health(): NetworkHealth {
    const at = nowMs()
    const peers = [...this.#links.values()].map((link) => this.#peerHealth(link, at))
    const reachableStake = this.#reachableStake()
    return {
      peers,
      validatorsConnected: peers.filter(
        ({ validator, state }) => validator !== undefined && isReachable(state),
      ).length,
      validatorCount: this.#directory.count,
      reachableStake,
      totalStake: this.#directory.totalStake,
      quorumReachable: this.#directory.isQuorum(reachableStake),
    }
  }

  stats(): NetworkStats {
    const { gossip, channels, requests, dropped, replaced, reconnects, rateLimited, faults, bans } =
      this.#counters
    const byTopic = (topic: Topic): NetworkStats['gossip'][Topic] => ({
      ...gossip[topic],
      peers: this.subscribers(topic).length,
    })
    return {
      gossip: {
        blocks: byTopic('blocks'),
        transactions: byTopic('transactions'),
        qcs: byTopic('qcs'),
      },
      channels: { ...channels, dropped: { ...dropped }, replaced, reconnects },
      requests: { ...requests },
      rateLimited,
      faults,
      bans,
      connections: this.#host?.connectionCount() ?? 0,
    }
  }

  quorumReachable(): boolean {
    return this.#directory.isQuorum(this.#reachableStake())
  }

  ban(
    peer: PeerId,
    { durationMs, reason }: { readonly durationMs: number; readonly reason: string },
  ): void {
    const untilMs = Date.now() + durationMs
    this.#bans.add({ peer, untilMs, reason })
    this.#counters.bans++
    this.#log('warn', 'peer banned', { peer, durationMs, reason })
    this.#emit({ kind: 'peerBanned', peer, untilMs, reason })
    this.#host?.disconnect(peer)
  }

  bans(): readonly Ban[] {
    return this.#bans.list(Date.now())
  }

  async #stop(): Promise<void> {
    this.#gossip.flush()
    const wasRunning = this.#status === 'running'
    this.#status = 'stopped'
    clearInterval(this.#beatTimer)
    this.#redialer.stop()
    this.#requests.stop()
    for (const channel of this.#knocking) channel.close()
    for (const link of this.#links.values()) this.#closeLink(link)
    if (wasRunning || this.#host !== undefined) await this.#host?.stop()
    this.#hub.end()
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

  /** A block too large for gossip goes to every live peer directly. */
  #push(envelope: Envelope): void {
    const max = channelBytesMax(envelope.kind)
    if (envelope.body.length > max) throw sizeError(envelope, max)
    for (const peer of this.peers()) this.send(peer, { ...envelope, lane: 'blocks' })
  }

  #onConnected(peer: PeerId): void {
    if (this.#isStopped()) return
    const link = this.#linkOf(peer)
    link.connectedAtMs = nowMs()
    link.health.onRecovering()
    this.#openOutbound(link)
  }

  #onDisconnected(peer: PeerId): void {
    const link = this.#links.get(peer)
    if (link !== undefined) {
      this.#closeLink(link)
      // A follower that left is forgotten; a validator's history counts.
      if (this.#directory.indexOf(peer) === undefined) this.#links.delete(peer)
    }
    this.#redialer.onDisconnected(peer)
  }

  #onStream(protocol: string, peer: PeerId, stream: ByteStream): void {
    if (this.#isStopped()) {
      stream.abort('stopped')
      return
    }
    if (protocol === REQUEST_PROTOCOL) {
      this.#requests.onStream(peer, stream)
      return
    }
    this.#acceptInbound(peer, stream)
  }

  #openOutbound(link: PeerLink): void {
    const host = this.#host
    if (this.#isStopped() || host === undefined || !host.isConnected(link.peer)) return
    if (link.isOpening || link.outbound !== undefined) return
    link.isOpening = true
    host.openStream(link.peer, CHANNEL_PROTOCOL, this.#timing.helloTimeoutMs).then(
      (stream) => {
        link.isOpening = false
        if (this.#isStopped()) return stream.abort('stopped')
        this.#useOutbound(link, stream)
      },
      () => {
        link.isOpening = false
        this.#reopenLater(link)
      },
    )
  }

  #useOutbound(link: PeerLink, stream: ByteStream): void {
    const { peer } = link
    const channel: OutboundChannel = new OutboundChannel(this.#context, peer, stream, {
      onLive: (hello) => {
        link.head = hello.head
        link.attempts = 0
        link.outboundProgressMs = nowMs()
        this.#updateLive(link)
      },
      onAnswer: (sequence) => link.health.onAnswer(sequence, nowMs()),
      onProgress: () => {
        link.outboundProgressMs = nowMs()
        link.health.onSeen(link.outboundProgressMs)
      },
      onClosed: (fault) => {
        if (link.outbound === channel) link.outbound = undefined
        this.#updateLive(link)
        if (fault !== undefined) this.#onFault(peer, fault)
        this.#reopenLater(link)
      },
    })
    link.outbound = channel
  }

  #acceptInbound(peer: PeerId, stream: ByteStream): void {
    const channel: InboundChannel = new InboundChannel(this.#context, peer, stream, {
      onLive: (hello) => {
        this.#knocking.delete(channel)
        const link = this.#linkOf(peer)
        const older = link.inbound
        // The newest of a direction wins: the older one may hang on a dead connection.
        link.inbound = channel
        older?.close()
        link.head = hello.head
        this.#updateLive(link)
      },
      onEnvelope: (envelope) => this.#onMessage(peer, envelope),
      onHeartbeat: ({ head }) => {
        if (!this.#guard.allow('heartbeats', peer, nowMs())) {
          this.#limited('heartbeats')
          return
        }
        const link = this.#links.get(peer)
        if (link !== undefined) link.head = head
      },
      onSeen: () => this.#links.get(peer)?.health.onSeen(nowMs()),
      onClosed: (fault) => {
        this.#knocking.delete(channel)
        const link = this.#links.get(peer)
        if (link?.inbound === channel) {
          link.inbound = undefined
          this.#updateLive(link)
        }
        if (fault !== undefined) this.#onFault(peer, fault)
      },
    })
    this.#knocking.add(channel)
    if (!this.#guard.allow('hellos', peer, nowMs())) {
      channel.fail(peerFault('OL_HELLO_RATE', 'too many hellos'))
    }
  }

  #reopenLater(link: PeerLink): void {
    if (this.#isStopped() || link.reopenTimer !== undefined) return
    if (this.#host?.isConnected(link.peer) !== true) return
    const delayMs = backoffMs(link.attempts, this.#timing, Math.random())
    link.attempts++
    link.reopenTimer = setTimeout(() => {
      link.reopenTimer = undefined
      this.#openOutbound(link)
    }, delayMs)
  }

  #closeLink(link: PeerLink): void {
    clearTimeout(link.reopenTimer)
    link.reopenTimer = undefined
    link.outbound?.close()
    link.inbound?.close()
  }

  #linkOf(peer: PeerId): PeerLink {
    const known = this.#links.get(peer)
    if (known !== undefined) return known
    const link = new PeerLink(peer, this.#timing.heartbeatMs, nowMs())
    this.#links.set(peer, link)
    return link
  }

  #updateLive(link: PeerLink): void {
    const { peer, isLive, health } = link
    if (isLive === link.wasLive) return
    link.wasLive = isLive
    if (isLive) {
      health.onUp(nowMs())
      link.gossipAtMs = nowMs()
      if (health.failures > 0) this.#counters.reconnects++
      this.#redialer.onLive(peer)
      if (this.#directory.indexOf(peer) !== undefined) this.#redialer.addPeer(peer)
      this.#tell(peer, 'connected')
      return
    }
    health.onDown()
    this.#tell(peer, 'down')
    if (this.#host?.isConnected(peer) === true) health.onRecovering()
  }

  #tell(peer: PeerId, state: 'connected' | 'suspect' | 'down'): void {
    const kinds = { connected: 'peerConnected', suspect: 'peerSuspect', down: 'peerDown' } as const
    const index = this.#directory.indexOf(peer)
    const validator = index === undefined ? {} : { validator: index }
    this.#log(state === 'connected' ? 'info' : 'warn', `peer ${state}`, { peer, ...validator })
    this.#emit({ kind: kinds[state], peer, ...validator })
    if (!this.#isStopped()) guarded(() => this.#handlers?.onPeer(peer, state))
    this.#judgeQuorum()
  }

  #judgeQuorum(): void {
    const hasQuorum = this.quorumReachable()
    if (this.#isStopped() || hasQuorum === this.#hadQuorum) return
    const isFirst = this.#hadQuorum === undefined
    this.#hadQuorum = hasQuorum
    this.#metrics.quorum.set(hasQuorum ? 0 : 1)
    if (isFirst && !hasQuorum) return
    this.#emit({ kind: hasQuorum ? 'quorumReached' : 'quorumLost' })
  }

  #onMessage(from: PeerId, envelope: Envelope): void {
    if (!this.#guard.allowMessage(from, envelope, nowMs())) {
      this.#limited(envelope.lane)
      return
    }
    this.#metrics.bytes.inc({ direction: 'received', topic: 'channel' }, envelope.body.length)
    guarded(() => this.#handlers?.onMessage(from, envelope))
    if (this.#hub.hasReaders) this.#emit({ kind: 'message', from, envelope })
  }

  async #onGossip(
    from: PeerId,
    topic: Topic,
    envelope: Envelope,
  ): Promise<'accept' | 'ignore' | 'reject'> {
    this.#metrics.bytes.inc({ direction: 'received', topic }, envelope.body.length)
    const verdict = (await this.#handlers?.onGossip(from, topic, envelope)) ?? 'ignore'
    this.#metrics.messages.inc({ topic, result: verdict })
    if (verdict === 'accept' && this.#hub.hasReaders) {
      this.#emit({ kind: 'gossip', from, topic, envelope })
    }
    return verdict
  }

  #allowGossip(from: PeerId, bytes: number): boolean {
    if (this.#isStopped()) return false
    return this.#guard.allowGossip(from, bytes, nowMs()) || this.#limited('gossip')
  }

  #limited(what: Lane | 'requests' | 'gossip' | 'heartbeats'): false {
    this.#counters.rateLimited++
    this.#metrics.dropped.inc({ reason: `${what} over quota` })
    return false
  }

  /** Validators are cut off and may come back; whoever is none is also banned for a while. */
  #onFault(peer: PeerId, fault: PeerFault): void {
    this.#counters.faults++
    this.#metrics.faults.inc({ code: fault.code })
    this.#log('warn', 'peer fault', { peer, ...fault })
    this.#emit({ kind: 'peerFault', peer, ...fault })
    const isValidator = this.#directory.indexOf(peer) !== undefined
    switch (fault.code) {
      case 'OL_HELLO_CHAIN':
      case 'OL_HELLO_GENESIS':
        this.ban(peer, { durationMs: BAN_WRONG_CHAIN_MS, reason: fault.code })
        return
      case 'OL_GOSSIP_MALFORMED':
      case 'OL_GOSSIP_REJECTED': {
        const link = this.#links.get(peer)
        if (isValidator || link === undefined || ++link.rejects <= REJECTS_PER_MINUTE_MAX) return
        this.ban(peer, { durationMs: BAN_FAULT_MS, reason: fault.code })
        return
      }
      case 'OL_CHANNEL_GOODBYE':
      case 'OL_HELLO_RATE':
      case 'OL_HELLO_VERSION':
      case 'OL_HELLO_TIMEOUT':
      case 'OL_FRAME_TIMEOUT':
      case 'OL_CHANNEL_SILENT':
      case 'OL_CHANNEL_MISSING':
      case 'OL_GOSSIP_MISSING':
        this.#host?.disconnect(peer)
        return
      default:
        if (isValidator) this.#host?.disconnect(peer)
        else this.ban(peer, { durationMs: BAN_FAULT_MS, reason: fault.code })
    }
  }

  #beat(): void {
    const at = nowMs()
    const { heartbeatMs } = this.#timing
    // A late beat tells that we were busy, not that the peers are silent: their bytes wait to be read.
    const wasAsleep = at - this.#lastBeatMs > 2 * heartbeatMs
    this.#lastBeatMs = at
    for (const channel of this.#knocking) channel.check()
    for (const link of this.#links.values()) this.#beatLink(link, at, wasAsleep)
    if (at - this.#lastSweepMs >= MINUTE_MS) {
      this.#lastSweepMs = at
      this.#guard.forget(at)
      for (const link of this.#links.values()) link.rejects = 0
    }
    this.#report()
  }

  #beatLink(link: PeerLink, at: number, wasAsleep: boolean): void {
    const { outbound, inbound, health, peer } = link
    outbound?.check()
    inbound?.check()
    if (!link.isLive) {
      const isLate = at - link.connectedAtMs > CHANNEL_DEADLINE_MS
      if (isLate && this.#host?.isConnected(peer) === true) {
        link.connectedAtMs = at
        this.#onFault(peer, peerFault('OL_CHANNEL_MISSING', 'connected without a live channel'))
      }
      return
    }
    link.connectedAtMs = at
    outbound?.beat({ sequence: health.nextBeat(at), head: this.#head })
    if (wasAsleep) {
      link.outboundProgressMs = at
      link.gossipAtMs = at
      return
    }
    if (this.#host?.repairGossip(peer) === true) link.gossipAtMs = at
    if (at - link.gossipAtMs > GOSSIP_DEADLINE_MS) {
      link.gossipAtMs = at
      this.#onFault(peer, peerFault('OL_GOSSIP_MISSING', 'no gossip stream or subscription'))
      return
    }
    const state = health.judge(at)
    const isUnheard =
      at - link.outboundProgressMs > OUTBOUND_SILENT_BEATS * this.#timing.heartbeatMs
    if (state === 'down' || isUnheard) {
      this.#onFault(peer, peerFault('OL_CHANNEL_SILENT', isUnheard ? 'not heard' : 'silent'))
      this.#closeLink(link)
      return
    }
    if (state !== undefined) this.#tell(peer, state)
  }

  #report(): void {
    let validators = 0
    let followers = 0
    for (const { peer, isLive, health } of this.#links.values()) {
      if (!isLive) continue
      const validator = this.#directory.indexOf(peer)
      if (validator === undefined) {
        followers++
        continue
      }
      validators++
      if (health.rttMs !== undefined) {
        this.#metrics.validatorRtt.set(health.rttMs / MILLISECONDS, { validator })
      }
    }
    this.#metrics.peers.set(validators, { role: 'validator' })
    this.#metrics.peers.set(followers, { role: 'follower' })
  }

  #reachableStake(): bigint {
    return this.#directory.stakeOf((peer) => {
      if (peer === this.self) return true
      const link = this.#links.get(peer)
      return link !== undefined && isReachable(link.health.state)
    })
  }

  #peerHealth(link: PeerLink, at: number): PeerHealth {
    const { peer, health, outbound, head } = link
    const validator = this.#directory.indexOf(peer)
    const silentMs = health.silentMs(at)
    return {
      peer,
      ...(validator === undefined ? {} : { validator }),
      state: health.state,
      ...(health.rttMs === undefined ? {} : { rttMs: health.rttMs }),
      ...(silentMs === undefined ? {} : { silentMs }),
      failures: health.failures,
      queuedFrames: outbound?.queuedFrames ?? 0,
      queuedBytes: outbound?.queuedBytes ?? 0,
      ...(head === undefined ? {} : { head }),
    }
  }

  #updateDirectPeers(): void {
    const { peers, count } = this.#directory
    const others = peers.filter((peer) => peer !== this.self)
    this.#host?.setDirectPeers(count <= DIRECT_PEERS_MAX ? others : [])
  }

  #emit(event: NetworkEvent): void {
    this.#hub.emit(event)
  }

  #log(
    level: 'debug' | 'info' | 'warn',
    message: string,
    fields: Readonly<Record<string, unknown>>,
  ): void {
    this.#config.log?.(level, message, fields)
  }
}

/** Monotonic: a stepped wall clock must not look like silence. */
function nowMs(): number {
  return performance.now()
}

function isReachable(state: PeerHealth['state']): boolean {
  return state === 'connected' || state === 'suspect'
}

/** Handlers must not throw; what they throw goes to the process boundary and not into libp2p. */
function guarded(call: () => void): void {
  try {
    call()
  } catch (cause) {
    rethrow(cause)
  }
}

function peerIdOf(nodeKey: Uint8Array): PeerId | undefined {
  try {
    return peerIdFromNodeKey(nodeKey)
  } catch {
    return undefined
  }
}

interface Counters {
  readonly gossip: Readonly<Record<Topic, TopicCounters>>
  readonly channels: ChannelContext['counters']
  readonly requests: { sent: number; failed: number; answered: number; refused: number }
  readonly dropped: Record<Lane, number>
  replaced: number
  reconnects: number
  rateLimited: number
  faults: number
  bans: number
}

function newCounters(): Counters {
  const topic = (): TopicCounters => ({
    published: 0,
    delivered: 0,
    duplicates: 0,
    rejected: 0,
    ignored: 0,
  })
  return {
    gossip: { blocks: topic(), transactions: topic(), qcs: topic() },
    channels: { framesSent: 0, framesReceived: 0, bytesSent: 0, bytesReceived: 0 },
    requests: { sent: 0, failed: 0, answered: 0, refused: 0 },
    dropped: { consensus: 0, blocks: 0, transactions: 0 },
    replaced: 0,
    reconnects: 0,
    rateLimited: 0,
    faults: 0,
    bans: 0,
  }
}

type Meter = { inc: Counter['inc'] }
interface NetworkMeters {
  readonly bytes: Meter
  readonly messages: Meter
  readonly dropped: Meter
  readonly faults: Meter
  readonly quorum: { set(value: number): void }
  readonly peers: { set(value: number, labels: { role: string }): void }
  readonly validatorRtt: { set(value: number, labels: { validator: number }): void }
}

function newMeters({ metrics = noMetrics }: NetworkConfig): NetworkMeters {
  return {
    bytes: metrics.counter(NETWORK_METRICS.bytes),
    messages: metrics.counter(NETWORK_METRICS.messages),
    dropped: metrics.counter(NETWORK_METRICS.dropped),
    faults: metrics.counter(NETWORK_METRICS.faults),
    quorum: metrics.gauge(NETWORK_METRICS.quorum),
    peers: metrics.gauge(NETWORK_METRICS.peers),
    validatorRtt: metrics.gauge(NETWORK_METRICS.validatorRtt),
  }
}

function sizeError({ kind, body }: Envelope, max: number): NetworkError {
  return new NetworkError(
    `a message of kind ${kind} with ${body.length} bytes cannot be sent, at most ${max} are allowed`,
    { code: 'OL_NETWORK_BODY_SIZE', kind, size: body.length, max },
  )
}

function checkConfig({ nodeKey, genesisHash, listen, peers }: NetworkConfig): void {
  if (nodeKey.length !== 32) throw configError('nodeKey', 'wants a seed of 32 bytes')
  if (genesisHash.length !== 32) throw configError('genesisHash', 'wants 32 bytes')
  for (const address of listen) parseMultiaddr('listen', address)
  for (const address of peers ?? []) parseMultiaddr('peers', address)
}

function parseMultiaddr(field: string, address: string): void {
  try {
    peerIdOfMultiaddr(address)
  } catch (cause) {
    throw configError(field, `${address} is not a multiaddr such as /ip4/127.0.0.1/tcp/9600`, cause)
  }
}

function configError(field: string, reason: string, cause?: unknown): NetworkError {
  return new NetworkError(
    `network config, ${field}: ${reason}`,
    { code: 'OL_NETWORK_CONFIG', field, reason },
    { cause },
  )
}
