import './polyfill.ts'
import {
  type GossipSub,
  type GossipsubMessage,
  gossipsub,
  TopicValidatorResult,
} from '@chainsafe/libp2p-gossipsub'
import { noise } from '@chainsafe/libp2p-noise'
import { yamux } from '@chainsafe/libp2p-yamux'
import { privateKeyFromRaw, publicKeyFromRaw } from '@libp2p/crypto/keys'
import { identify } from '@libp2p/identify'
import type { Connection, Stream } from '@libp2p/interface'
import { peerIdFromPublicKey, peerIdFromString } from '@libp2p/peer-id'
import { tcp } from '@libp2p/tcp'
import { multiaddr } from '@multiformats/multiaddr'
import { ed25519PublicKey } from '@openliquid/crypto'
import { concatBytes, type GossipVerdict, type PeerId } from '@openliquid/primitives'
import { createLibp2p, type Libp2p, type Libp2pOptions } from 'libp2p'
import { gateAccepts } from './acceptGate.ts'
import type { Denial } from './admission.ts'
import { ConnectionBook } from './connectionBook.ts'
import { DEFAULT_TIMING } from './defaultTiming.ts'
import { NetworkError } from './errors.ts'
import { fairReads } from './fairReads.ts'
import { gossipSettings, SCORE_DECAY_MS } from './gossipSettings.ts'
import { forwardEncodedOnce, forwardToFew, readThroughInbox } from './gossipTuning.ts'
import { Libp2pStream } from './libp2pStream.ts'
import { CONNECTIONS_MAX, DIALS_PER_ADDRESS_MAX, HALF_OPEN_MS } from './limits.ts'
import type { ByteStream, P2pHost, P2pHostHandlers, RawGossip } from './p2pHost.ts'
import { type Pulse, pulseOf } from './pulse.ts'
import { thriftyConnection, thriftyDecoder, thriftyMuxer } from './thrift.ts'

/** Peer id that belongs to a node key, in its text form. @param nodeKey - 32 bytes ed25519 public key */
export function peerIdFromNodeKey(nodeKey: Uint8Array): PeerId {
  return peerIdFromPublicKey(publicKeyFromRaw(nodeKey)).toString()
}

/** Peer id that ends a multiaddr, if one does. @throws when the text is no multiaddr */
export function peerIdOfMultiaddr(text: string): PeerId | undefined {
  const component = multiaddr(text)
    .getComponents()
    .findLast(({ name }) => name === 'p2p')
  return component?.value
}

/** IP that begins a multiaddr, if one does. @throws when the text is no multiaddr */
export function ipOfMultiaddr(text: string): string | undefined {
  return ipOf(multiaddr(text))
}

/** What carries and encrypts: TCP and Noise, or stand-ins in tests. */
export type Wiring = Required<Pick<Libp2pOptions, 'transports' | 'connectionEncrypters'>>

const tcpWiring = (mayDial: (ip: string) => boolean): Wiring => ({
  transports: [gatedTcp(mayDial)],
  connectionEncrypters: [thriftyNoise()],
})

/** TCP that looks at the address of a socket before all else. */
function gatedTcp(mayDial: (ip: string) => boolean): Wiring['transports'][number] {
  const create = tcp()
  return (components) => {
    const transport = create(components)
    const { createListener } = transport
    transport.createListener = (options) =>
      gateAccepts(createListener.call(transport, options), mayDial)
    return transport
  }
}

/** Noise over a socket that writes once a turn, without an exception for each read. */
function thriftyNoise(): Wiring['connectionEncrypters'][number] {
  const create = noise()
  return (components) => {
    const encrypter = create(components)
    const { secureInbound, secureOutbound } = encrypter
    encrypter.secureInbound = (connection, options) => {
      thriftyConnection(connection)
      fairReads(connection)
      return thriftily(connection, secureInbound.call(encrypter, connection, options))
    }
    encrypter.secureOutbound = (connection, options) => {
      thriftyConnection(connection)
      fairReads(connection)
      return thriftily(connection, secureOutbound.call(encrypter, connection, options))
    }
    return encrypter
  }
}

async function thriftily<S extends { readonly connection: object }>(
  connection: object,
  securing: Promise<S>,
): Promise<S> {
  const secured = await securing
  thriftyDecoder(secured.connection, connection)
  return secured
}

/** Yamux that tells of room when half of a window is used. */
function thriftyYamux(): NonNullable<Libp2pOptions['streamMuxers']>[number] {
  const create = yamux({
    maxInboundStreams: 256,
    maxOutboundStreams: 256,
    // Our heartbeat is the keep-alive; the first ping tells yamux the round trip, which it needs to grow windows.
    keepAliveInterval: 600_000,
  })
  return () => {
    const factory = create()
    const { createStreamMuxer } = factory
    factory.createStreamMuxer = (connection) =>
      thriftyMuxer(createStreamMuxer.call(factory, connection))
    return factory
  }
}

export interface Libp2pHostOptions {
  /** 32-byte ed25519 seed. */
  readonly nodeKey: Uint8Array
  readonly listen: readonly string[]
  readonly announce: readonly string[]
  readonly topics: readonly string[]
  /** Protocols and how many streams a peer may have open at a time. */
  readonly protocols: ReadonlyMap<string, number>
  readonly sameHost: boolean
  readonly mdns: boolean
  /** Protocol of the Kademlia table; none without it. */
  readonly dhtProtocol?: string
  readonly dialTimeoutMs: number
  readonly handlers: P2pHostHandlers
  readonly wiring?: Wiring
}

/** Makes the libp2p node; the only file that knows libp2p. Nothing runs before `start`. */
export async function createLibp2pHost(options: Libp2pHostOptions): Promise<P2pHost> {
  const node = await createLibp2p(await withFinders(libp2pOptions(options), options))
  return new Libp2pHost(node, options)
}

type Services = { pubsub: GossipSub; identify: unknown }

/** What an operator asked for and most nodes do without; loaded only then. */
async function withFinders(
  base: Libp2pOptions<Services>,
  { mdns: isMdns, dhtProtocol, sameHost }: Libp2pHostOptions,
): Promise<Libp2pOptions<Services>> {
  let settings = base
  if (isMdns) {
    const { mdns } = await import('@libp2p/mdns')
    settings = { ...settings, peerDiscovery: [mdns({ serviceTag: '_openliquid._udp.local' })] }
  }
  if (dhtProtocol === undefined) return settings
  const { kadDHT, passthroughMapper, removePrivateAddressesMapper } = await import(
    '@libp2p/kad-dht'
  )
  const { ping } = await import('@libp2p/ping')
  const dht = kadDHT({
    protocol: dhtProtocol,
    clientMode: false,
    peerInfoMapper: sameHost ? passthroughMapper : removePrivateAddressesMapper,
  })
  const services = { ...settings.services, dht, ping: ping() } as NonNullable<
    Libp2pOptions<Services>['services']
  >
  return { ...settings, services }
}

/** Settings: docs/spec/network.md, must-know pitfalls 4 to 6 and gossipsub settings. */
function libp2pOptions(options: Libp2pHostOptions): Libp2pOptions<Services> {
  const { sameHost, handlers, dialTimeoutMs } = options
  const { halfOpenDials } = handlers
  const denialOf = (peer: { toString(): string }, address?: string): Denial | undefined =>
    handlers.admission.denial(peer.toString(), address)
  return {
    start: false,
    privateKey: privateKeyFromRaw(concatBytes(options.nodeKey, ed25519PublicKey(options.nodeKey))),
    addresses: { listen: [...options.listen], announce: [...options.announce] },
    ...(options.wiring ?? tcpWiring((ip) => halfOpenDials.mayDial(ip))),
    streamMuxers: [thriftyYamux()],
    connectionManager: {
      maxConnections: sameHost ? 1_000 : CONNECTIONS_MAX,
      inboundConnectionThreshold: sameHost ? 1_000 : DIALS_PER_ADDRESS_MAX,
      maxIncomingPendingConnections: sameHost ? 1_000 : 32,
      dialTimeout: dialTimeoutMs,
      addressDialTimeout: dialTimeoutMs,
      inboundUpgradeTimeout: HALF_OPEN_MS,
      outboundStreamProtocolNegotiationTimeout: 5_000,
      inboundStreamProtocolNegotiationTimeout: 5_000,
      connectionCloseTimeout: 500,
      // Redialling is our own: see redialer.ts.
      reconnectRetries: 0,
    },
    // Every peer that stays has a channel with a heartbeat of its own; one without is closed.
    connectionMonitor: { enabled: false },
    connectionGater: {
      // The default refuses loopback and private addresses in browsers only; local networks need them.
      denyDialMultiaddr: () => false,
      denyDialPeer: (peer) => denialOf(peer) !== undefined,
      denyInboundConnection: (connection) => {
        const ip = ipOf(connection.remoteAddr)
        if (ip === undefined) return false
        const dial = endpointOf(connection.remoteAddr)
        if (!halfOpenDials.onDialled(dial, ip)) return true
        connection.addEventListener('close', () => halfOpenDials.onClosed(dial))
        return false
      },
      denyInboundEncryptedConnection: (peer, connection) => {
        const denial = denialOf(peer, ipOf(connection.remoteAddr))
        if (denial !== undefined) halfOpenDials.onDenied(endpointOf(connection.remoteAddr), denial)
        return denial !== undefined
      },
      denyOutboundEncryptedConnection: (peer) => denialOf(peer) !== undefined,
    },
    services: {
      identify: identify(),
      pubsub: gossipsub(
        gossipSettings({
          topics: options.topics,
          sameHost,
          scoreOf: (peer) => handlers.scoreOf(peer),
        }),
      ),
    },
  }
}

/** Gossip heartbeats after the last message or change of peers until only every so many-th is kept. */
const GOSSIP_QUIET_BEATS = 64
/** Between two decays of gossip's scores. */
const GOSSIP_DECAY_BEATS = Math.round(SCORE_DECAY_MS / DEFAULT_TIMING.heartbeatMs)

const VERDICTS: Readonly<Record<GossipVerdict, TopicValidatorResult>> = {
  accept: TopicValidatorResult.Accept,
  ignore: TopicValidatorResult.Ignore,
  reject: TopicValidatorResult.Reject,
}

/** What the implementation has beyond its published interface. */
interface GossipSubInner {
  readonly direct: Set<string>
  readonly streamsOutbound: Map<string, { readonly rawStream: Stream }>
  readonly topics: ReadonlyMap<string, ReadonlySet<string>>
  onPeerConnected(peer: Connection['remotePeer'], connection: Connection): void
  readonly status: { readonly heartbeatTimeout?: NodeJS.Timeout }
  readonly score: { readonly _backgroundInterval?: NodeJS.Timeout; background(): void }
  runHeartbeat: () => void
  heartbeat(): Promise<void>
  reportMessageValidationResult(id: string, from: string, result: TopicValidatorResult): void
}

interface ConnectionInner {
  readonly maConn?: object
}

interface Libp2pInner {
  readonly components: {
    readonly addressManager: { readonly _updatePeerStoreAddresses: { stop(): void } }
  }
}

class Libp2pHost implements P2pHost {
  readonly #node: Libp2p<Services>
  readonly #options: Libp2pHostOptions
  /** Kept here because libp2p announces a connection before or after it lists it. */
  readonly #connections: ConnectionBook<Connection>
  #inbox: ReturnType<typeof readThroughInbox>
  #quietBeats = 0
  #beatsToDecay = GOSSIP_DECAY_BEATS

  constructor(node: Libp2p<Services>, options: Libp2pHostOptions) {
    this.#node = node
    this.#options = options
    this.#connections = new ConnectionBook(node.peerId.toString())
  }

  async start(): Promise<void> {
    const { handlers, protocols, topics, listen } = this.#options
    const node = this.#node
    node.addEventListener('connection:open', ({ detail }) => this.#onOpen(detail))
    node.addEventListener('connection:close', ({ detail }) => this.#onClose(detail))
    node.addEventListener('peer:discovery', ({ detail }) => handlers.onFound(detail.id.toString()))
    for (const [protocol, streamsMax] of protocols) {
      await node.handle(
        protocol,
        (stream, connection) =>
          handlers.onStream(protocol, connection.remotePeer.toString(), new Libp2pStream(stream)),
        { maxInboundStreams: streamsMax, maxOutboundStreams: streamsMax },
      )
    }
    this.#inner.runHeartbeat = () => undefined
    forwardToFew(this.#pubsub)
    forwardEncodedOnce(this.#pubsub)
    this.#inbox = readThroughInbox(this.#pubsub, new Set(topics), {
      allowRpc: (peer, bytes, messages) => handlers.allowRpc(peer, bytes, messages),
      mayHandle: (peer, messages) => handlers.mayHandle(peer, messages),
      onFault: (peer, fault) => handlers.onGossipFault(peer, fault),
    })
    this.#pubsub.addEventListener('gossipsub:message', ({ detail }) => this.#onGossip(detail))
    try {
      await node.start()
    } catch (cause) {
      throw new NetworkError(
        `cannot listen on ${listen.join(', ')}: is the port in use or the address not of this host?`,
        { code: 'OL_NETWORK_LISTEN', multiaddrs: listen },
        { cause },
      )
    }
    clearInterval(this.#inner.score._backgroundInterval)
    for (const topic of topics) this.#pubsub.subscribe(topic)
  }

  async stop(): Promise<void> {
    // First the connections: gossipsub waits without limit for its streams to drain.
    await Promise.all(this.#connections.all().map((connection) => closeConnection(connection)))
    const { status } = this.#inner
    await this.#node.stop()
    // Two timers that libp2p leaves running for up to a second; they would hold the process.
    clearTimeout(status.heartbeatTimeout)
    const inner = this.#node as unknown as Libp2pInner
    inner.components.addressManager._updatePeerStoreAddresses.stop()
  }

  multiaddrs(): readonly string[] {
    return this.#node.getMultiaddrs().map(String)
  }

  async dial(address: string, timeoutMs: number): Promise<PeerId> {
    try {
      const target = address.startsWith('/') ? multiaddr(address) : peerIdFromString(address)
      const connection = await this.#node.dial(target, { signal: AbortSignal.timeout(timeoutMs) })
      return connection.remotePeer.toString()
    } catch (cause) {
      if (isOwnAddress(cause)) return this.#node.peerId.toString()
      throw new NetworkError(
        `cannot dial ${address}`,
        { code: 'OL_NETWORK_DIAL', address },
        { cause },
      )
    }
  }

  isConnected(peer: PeerId): boolean {
    return this.#connections.has(peer)
  }

  async addressesOf(peer: PeerId): Promise<readonly string[]> {
    const { addresses } = await this.#node.peerStore.get(peerIdFromString(peer))
    return addresses.map(({ multiaddr: address }) => `${address}/p2p/${peer}`)
  }

  connectionCount(): number {
    return this.#connections.all().length
  }

  async openStream(peer: PeerId, protocol: string, timeoutMs: number): Promise<ByteStream> {
    const connection = this.#connections.usable(peer)
    if (connection === undefined) throw streamError(peer, protocol)
    try {
      const signal = AbortSignal.timeout(timeoutMs)
      return new Libp2pStream(await connection.newStream(protocol, { signal }))
    } catch (cause) {
      throw streamError(peer, protocol, cause)
    }
  }

  pulseOf(peer: PeerId): Pulse | undefined {
    return pulseOn(this.#connections.usable(peer))
  }

  disconnect(peer: PeerId): void {
    for (const connection of this.#connections.of(peer)) {
      closeConnection(connection).catch(ignore)
    }
  }

  beatGossip(): void {
    this.#inbox?.beat()
    this.#beatsToDecay--
    if (this.#beatsToDecay === 0) {
      this.#beatsToDecay = GOSSIP_DECAY_BEATS
      this.#inner.score.background()
    }
    this.#quietBeats++
    const isQuiet = this.#quietBeats > GOSSIP_QUIET_BEATS
    if (isQuiet && this.#quietBeats % GOSSIP_QUIET_BEATS !== 0) return
    this.#inner.heartbeat().catch(ignore)
  }

  publish(topic: string, data: Uint8Array): void {
    this.#quietBeats = 0
    this.#pubsub.publish(topic, data).catch(ignore)
  }

  report({ id, from }: RawGossip, verdict: GossipVerdict): void {
    this.#inner.reportMessageValidationResult(id, from, VERDICTS[verdict])
  }

  subscribers(topic: string): readonly PeerId[] {
    // Gossipsub knows a subscription before it has a stream to send on; until then messages are lost.
    return this.#pubsub
      .getSubscribers(topic)
      .map(String)
      .filter((peer) => this.#hasGossipStream(peer))
      .sort()
  }

  repairGossip(peer: PeerId): boolean {
    if (!this.#hasGossipStream(peer)) {
      const connection = this.#connections.usable(peer)
      this.#inner.streamsOutbound.delete(peer)
      if (connection !== undefined) {
        this.#inner.onPeerConnected(connection.remotePeer, connection)
      }
      return false
    }
    return this.#options.topics.every((topic) => this.#inner.topics.get(topic)?.has(peer) === true)
  }

  setDirectPeers(peers: readonly PeerId[]): void {
    const { direct } = this.#inner
    direct.clear()
    for (const peer of peers) direct.add(peer)
  }

  get #pubsub(): GossipSub {
    return this.#node.services.pubsub
  }

  get #inner(): GossipSubInner {
    return this.#node.services.pubsub as unknown as GossipSubInner
  }

  #hasGossipStream(peer: PeerId): boolean {
    return this.#inner.streamsOutbound.get(peer)?.rawStream.status === 'open'
  }

  #onOpen(connection: Connection): void {
    const { handlers } = this.#options
    this.#quietBeats = 0
    const peer = connection.remotePeer.toString()
    const pulse = pulseOn(connection)
    if (pulse !== undefined) {
      pulse.onToken = (token) => handlers.onPulse(peer, token)
    }
    const address = ipOf(connection.remoteAddr)
    handlers.halfOpenDials.onOpened(endpointOf(connection.remoteAddr), peer, address)
    if (connection.direction === 'inbound' && address !== undefined) {
      handlers.admission.onInbound(connection, peer, address)
    }
    const opened = this.#connections.onOpen(peer, connection)
    // Gossipsub can have opened a stream on the last connection after it saw its end; such a stream is dead.
    if (opened.kind !== 'none') this.#inner.streamsOutbound.delete(peer)
    if (opened.kind === 'first') handlers.onConnected(peer)
    if (opened.kind !== 'several') return
    const dialledByPeer = [opened.kept, ...opened.surplus].filter(
      ({ direction }) => direction === 'inbound',
    )
    if (dialledByPeer.length > 1) handlers.onTwin(peer)
    for (const other of opened.surplus) {
      // Its streams move first; what is on its way has that long.
      setTimeout(() => closeConnection(other).catch(ignore), SURPLUS_LINGER_MS).unref()
    }
    this.#inner.onPeerConnected(opened.kept.remotePeer, opened.kept)
    handlers.onMoved(peer)
  }

  #onClose(connection: Connection): void {
    this.#quietBeats = 0
    const peer = connection.remotePeer.toString()
    this.#options.handlers.admission.onClosed(connection)
    const closed = this.#connections.onClose(peer, connection)
    if (closed === 'last') this.#options.handlers.onDisconnected(peer)
    // Gossipsub never reopens a stream that was on the lost connection while another stands: start over.
    if (closed === 'lost') this.disconnect(peer)
  }

  #onGossip({ msgId, propagationSource, msg }: GossipsubMessage): void {
    this.#quietBeats = 0
    const from = propagationSource.toString()
    this.#options.handlers.onGossip({ id: msgId, from, topic: msg.topic, data: msg.data })
  }
}

function pulseOn(connection: Connection | undefined): Pulse | undefined {
  const below = (connection as ConnectionInner | undefined)?.maConn
  return below === undefined ? undefined : pulseOf(below)
}

function ipOf(address: {
  getComponents(): { name: string; value?: string }[]
}): string | undefined {
  const [first] = address.getComponents()
  return first?.name === 'ip4' || first?.name === 'ip6' ? first.value : undefined
}

/** Whose address it is shows only when the handshake has proved the key; libp2p goes no further with its own. */
function isOwnAddress(cause: unknown): boolean {
  const causes = cause instanceof AggregateError ? cause.errors : [cause]
  return causes.some((one) => one instanceof Error && one.name === 'InvalidPeerIdError')
}

/** Address and port, without the peer id that a connection has at the end of its address. */
function endpointOf(address: { getComponents(): { name: string; value?: string }[] }): string {
  return address
    .getComponents()
    .filter(({ name }) => name !== 'p2p')
    .map(({ value }) => value)
    .join(' ')
}

function streamError(peer: PeerId, protocol: string, cause?: unknown): NetworkError {
  return new NetworkError(
    `cannot open a stream to ${peer}`,
    { code: 'OL_NETWORK_STREAM', peer, protocol },
    { cause },
  )
}

const CLOSE_TIMEOUT_MS = 500
/** Life of a surplus connection, for the streams to move. */
const SURPLUS_LINGER_MS = 1_000

/** Lets what was sent leave, but not for long. */
async function closeConnection(connection: Connection): Promise<void> {
  try {
    await connection.close({ signal: AbortSignal.timeout(CLOSE_TIMEOUT_MS) })
  } catch (cause) {
    connection.abort(cause instanceof Error ? cause : new Error('close timed out'))
  }
}

/** For promises whose failure shows elsewhere: as a closed stream or a peer that is gone. */
function ignore(): void {}
