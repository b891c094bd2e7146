import { randomBytes } from 'node:crypto'
import { ed25519PublicKey } from '@openliquid/crypto'
import { noMetrics, type PeerId } from '@openliquid/primitives'
import { Admission } from './admission.ts'
import type { ChannelContext } from './channelPipe.ts'
import { newCounters } from './counters.ts'
import { DEFAULT_TIMING } from './defaultTiming.ts'
import { Discovery, PEERS_REQUEST_KIND } from './discovery.ts'
import { NetworkError, peerFault } from './errors.ts'
import { EventHub } from './eventQueue.ts'
import { FRAME_TYPE } from './frame.ts'
import { Gossip } from './gossip.ts'
import { HalfOpenDials } from './halfOpenDials.ts'
import { HealthReport } from './healthReport.ts'
import { HeartbeatClock } from './heartbeatClock.ts'
import { ipOfMultiaddr, peerIdFromNodeKey, peerIdOfMultiaddr } from './libp2pNode.ts'
import { newMeters } from './metrics.ts'
import type { ChainHead, NetworkConfig, NetworkLog, NetworkTiming } from './networkConfig.ts'
import type { NetworkEvent } from './networkEvent.ts'
import { Outbox } from './outbox.ts'
import type { ByteStream, P2pHost, P2pHostHandlers } from './p2pHost.ts'
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

/** What a manager is made of, each part told of the others that it needs. Nothing runs before its `start`. */
export class NetworkParts {
  readonly self: PeerId
  readonly timing: NetworkTiming
  readonly directory: ValidatorDirectory
  readonly conduct: PeerConduct
  readonly quorum: QuorumWatch
  readonly relay: SentryRelay
  readonly outbox: Outbox
  readonly report: HealthReport
  readonly hub: EventHub = new EventHub()
  readonly reception: Reception
  readonly links: PeerLinks
  readonly redialer: Redialer
  readonly gossip: Gossip
  readonly requests: RequestResponse
  readonly topics: ReturnType<typeof topicNames>
  readonly counters: ReturnType<typeof newCounters> = newCounters()
  readonly clock: HeartbeatClock
  /** Undefined before the start. */
  host: P2pHost | undefined
  head: ChainHead
  isStopped = false
  readonly #config: NetworkConfig
  readonly #news: PeerNews
  readonly #admission: Admission
  readonly #halfOpenDials: HalfOpenDials
  readonly #discovery: Discovery
  /** Peers whose address the configuration names. */
  readonly #configured = new Set<PeerId>()

  /** @param config - checked */
  constructor(config: NetworkConfig) {
    this.#config = config
    this.timing = { ...DEFAULT_TIMING, ...config.timing }
    this.head = config.head ?? { headHeight: 0n, committedHeight: 0n, epoch: 1n }
    const nodeKey = ed25519PublicKey(config.nodeKey)
    this.self = peerIdFromNodeKey(nodeKey)
    this.directory = new ValidatorDirectory(peerIdFromNodeKey)
    if (config.validatorSet !== undefined) this.directory.replace(config.validatorSet)
    this.#admission = new Admission({
      allowList:
        config.isPrivate === true ? new Set() : config.allowList && new Set(config.allowList),
      sameHost: config.sameHost,
      isBanned: (peer) => this.conduct.isBanned(peer),
      isReserved: (peer) =>
        this.#configured.has(peer) || (config.isPrivate !== true && this.isValidator(peer)),
    })
    const metrics = newMeters(config.metrics ?? noMetrics)
    const isValidator = (peer: PeerId): boolean => this.isValidator(peer)
    const emit = (event: NetworkEvent): void => this.hub.emit(event)
    this.conduct = new PeerConduct({
      config,
      counters: this.counters,
      metrics,
      isValidator,
      isConfigured: (peer) => this.#configured.has(peer),
      nowMs,
      emit,
      log: this.#log,
      disconnect: (peer) => this.host?.disconnect(peer),
    })
    this.#halfOpenDials = new HalfOpenDials({
      sameHost: config.sameHost,
      nowMs,
      isReserved: (peer) => this.#configured.has(peer) || isValidator(peer),
      onFault: (address, fault) => {
        if (!this.isStopped) this.conduct.onAddressFault(address, fault)
      },
      onRefused: () => metrics.dropped.inc({ reason: 'dial refused' }),
    })
    this.reception = new Reception({
      conduct: this.conduct,
      metrics,
      hub: this.hub,
    })
    this.quorum = new QuorumWatch({
      directory: this.directory,
      metrics,
      log: this.#log,
      isReachable: (peer) => this.report.isReachable(peer),
      emit,
    })
    this.topics = topicNames(config.genesisHash)
    const context: ChannelContext = {
      identity: {
        self: this.self,
        chainId: config.chainId,
        genesisHash: config.genesisHash,
        secretKey: config.nodeKey,
        nodeKey,
        peerIdOf,
      },
      timing: this.timing,
      counters: this.counters.channels,
      head: () => this.head,
      nowMs,
      randomBytes: (size) => new Uint8Array(randomBytes(size)),
    }
    const onFault = this.conduct.onFault.bind(this.conduct)
    this.links = new PeerLinks({
      context,
      host: () => this.host,
      random: Math.random,
      isRemembered: isValidator,
      allow: (quota, peer) => this.conduct.allow(quota, peer),
      onState: (link, state) => this.#news.onState(link, state),
      onEnvelope: (peer, envelope) => {
        if (envelope.kind === FRAME_TYPE.relayed) this.relay.onRelayed(peer, envelope)
        else this.reception.onMessage(peer, envelope)
      },
      onControl: (peer, type, body) => {
        const isAllowed = this.#isOwnSentry(peer) || this.conduct.allow('heartbeats', peer)
        if (isAllowed) this.relay.onControl(peer, type, body)
      },
      onFault,
    })
    this.relay = new SentryRelay({
      identity: context.identity,
      isOwnSentry: (peer) => this.#isOwnSentry(peer),
      isWard: (peer) => config.relayFor?.includes(peer) === true,
      isValidator,
      nodeKeyOf: (peer) => this.directory.nodeKeyOf(peer),
      isLive: (peer) => this.links.isLive(peer),
      livePeers: () => this.links.livePeers(),
      wallMs: Date.now,
      control: (peer, type, body) => this.links.get(peer)?.outbound?.control(type, body),
      send: (peer, envelope) => this.outbox.sendDirect(peer, envelope),
      deliver: (origin, envelope) => this.reception.onMessage(origin, envelope),
      onReach: (peer, state) => {
        if (!this.links.isLive(peer)) this.#news.tell(peer, state)
      },
      onFault,
    })
    this.redialer = new Redialer({
      self: this.self,
      timing: this.timing,
      dial: (address, timeoutMs) => this.running().dial(address, timeoutMs),
      isConnected: (peer) => this.host?.isConnected(peer) === true,
      random: Math.random,
      isUrgent: isValidator,
      onFailed: (address, attempts) => this.#log('debug', 'dial failed', { address, attempts }),
    })
    this.gossip = new Gossip({
      topics: this.topics,
      batchDelayMs: this.timing.batchDelayMs,
      counters: this.counters.gossip,
      nowMs,
      publish: (topic, bytes) => this.host?.publish(topic, bytes),
      report: (message, verdict) => this.host?.report(message, verdict),
      allow: (from, bytes) => !this.isStopped && this.conduct.allow('gossip', from, bytes),
      handle: (from, topic, envelope) => this.reception.onGossip(from, topic, envelope),
      onFault,
    })
    this.outbox = new Outbox({
      links: this.links,
      gossip: this.gossip,
      counters: this.counters,
      metrics,
      relay: () => this.relay,
      peers: () => this.report.peers(),
    })
    this.#news = new PeerNews({
      directory: this.directory,
      redialer: this.redialer,
      relay: this.relay,
      quorum: this.quorum,
      counters: this.counters,
      log: this.#log,
      emit,
      onPeer: (peer, state) => this.reception.onPeer(peer, state),
      isStopped: () => this.isStopped,
    })
    this.report = new HealthReport({
      self: this.self,
      directory: this.directory,
      links: this.links,
      relay: this.relay,
      quorum: this.quorum,
      metrics,
      nowMs,
    })
    this.requests = new RequestResponse({
      counters: this.counters.requests,
      frameTimeoutMs: this.timing.frameTimeoutMs,
      answerTimeoutMs: this.timing.answerTimeoutMs,
      nowMs,
      openStream: (peer, protocol, timeoutMs) =>
        this.running().openStream(peer, protocol, timeoutMs),
      isLive: (peer) => this.links.isLive(peer),
      allow: (traffic, peer, bytes) => this.conduct.allow(traffic, peer, bytes),
      handle: async (from, kind, body) => {
        if (kind !== PEERS_REQUEST_KIND) return this.reception.onRequest(from, kind, body)
        return this.#isDiscovering() ? this.#discovery.answer(from) : undefined
      },
      onFault,
    })
    this.#discovery = new Discovery({
      self: this.self,
      // A ward is never told of.
      livePeers: () =>
        this.links.livePeers().filter((peer) => config.relayFor?.includes(peer) !== true),
      isConnected: (peer) => this.host?.isConnected(peer) === true,
      missing: () => this.#missingValidators(),
      addressesOf: (peer) => this.running().addressesOf(peer),
      peerIdOf: peerIdOfForeign,
      ask: (peer) =>
        this.requests.request(peer, PEERS_REQUEST_KIND, new Uint8Array(0), PEERS_REQUEST),
      dial: (address) => this.running().dial(address, this.timing.dialTimeoutMs),
      random: Math.random,
    })
    const upkeep = new Upkeep({
      links: this.links,
      swept: [this.conduct, this.#halfOpenDials],
      relay: this.relay,
      discovery: this.#discovery,
      report: this.report,
      discoveryMs: this.timing.discoveryMs,
      host: () => this.host,
      isDiscovering: () => this.#isDiscovering(),
      nowMs,
    })
    this.clock = new HeartbeatClock(this.timing.heartbeatMs, () => upkeep.beat())
    for (const address of config.peers ?? []) this.addTarget(address, peerIdOfMultiaddr(address))
  }

  /** What the layer below is told to ask and to tell. */
  hostHandlers(): P2pHostHandlers {
    return {
      onConnected: (peer) => this.links.onConnected(peer),
      onMoved: (peer) => this.links.onMoved(peer),
      onTwin: (peer) =>
        this.conduct.onFault(peer, peerFault('OL_CHANNEL_TWIN', 'dialled twice with one key')),
      onDisconnected: (peer) => {
        this.links.onDisconnected(peer)
        this.redialer.onDisconnected(peer)
      },
      onFound: (peer) => this.#discovery.onFound(peer),
      onPulse: (peer, token) => this.links.onPulse(peer, token),
      onStream: (protocol, peer, stream) => this.#onStream(protocol, peer, stream),
      onGossip: (message) => this.gossip.onMessage(message),
      allowRpc: (peer, bytes, messages) => this.conduct.allow('rpcs', peer, bytes, 1 + messages),
      mayHandle: (peer, messages) => this.conduct.mayHandle(peer, messages),
      onGossipFault: (peer, fault) => {
        const code = fault === 'late' ? 'OL_FRAME_TIMEOUT' : 'OL_GOSSIP_MALFORMED'
        this.conduct.onFault(peer, peerFault(code, `gossip RPC: ${fault}`))
      },
      scoreOf: (peer) => this.conduct.scoreOf(peer),
      admission: this.#admission,
      halfOpenDials: this.#halfOpenDials,
    }
  }

  /** @throws {NetworkError} OL_NETWORK_NOT_RUNNING */
  running(): P2pHost {
    if (this.host === undefined || this.isStopped) {
      throw new NetworkError('the network is not running', { code: 'OL_NETWORK_NOT_RUNNING' })
    }
    return this.host
  }

  /** Keeps the address connected to, as one of the configuration. */
  addTarget(address: string, peer: PeerId | undefined): void {
    if (peer !== undefined) this.#configured.add(peer)
    const ip = ipOfMultiaddr(address)
    if (ip !== undefined) this.#halfOpenDials.trust(ip)
    this.redialer.add(address, peer)
  }

  isValidator(peer: PeerId): boolean {
    return this.directory.indexOf(peer) !== undefined
  }

  #isOwnSentry(peer: PeerId): boolean {
    return this.#config.isPrivate === true && this.#configured.has(peer)
  }

  /** Votes go to each leader, so a validator misses every other that it cannot reach. O(validators). */
  #missingValidators(): ReadonlySet<PeerId> {
    const { directory, report, self } = this
    if (!this.isValidator(self)) return new Set()
    return new Set(directory.peers.filter((peer) => !report.isReachable(peer)))
  }

  #isDiscovering(): boolean {
    return this.#config.discovery !== false && this.#config.isPrivate !== true
  }

  #onStream(protocol: string, peer: PeerId, stream: ByteStream): void {
    if (this.isStopped) {
      stream.abort('stopped')
      return
    }
    if (protocol === REQUEST_PROTOCOL) this.requests.onStream(peer, stream)
    else this.links.accept(peer, stream)
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
