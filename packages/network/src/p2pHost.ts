import type { GossipVerdict, PeerId } from '@openliquid/primitives'
import type { Admission } from './admission.ts'
import type { RpcFault } from './gossipInbox.ts'
import type { HalfOpenDials } from './halfOpenDials.ts'
import type { Pulse } from './pulse.ts'

/** One direction-less pipe of bytes to a peer. Message boundaries are not kept. */
export interface ByteStream {
  readonly isOpen: boolean
  /** Takes no more until `onDrain`. */
  readonly isBlocked: boolean
  /** Must be called in the turn in which the stream was handed over; later data would wait in a bounded buffer. */
  listen(listener: ByteStreamListener): void
  /** Never throws; false when the stream is full now or closed. The bytes must not change afterwards. */
  send(bytes: Uint8Array): boolean
  /** Ends after what was sent has left, or after the time (500 ms if not given). */
  close(lingerMs?: number): void
  /** Ends at once. */
  abort(reason: string): void
}

export interface ByteStreamListener {
  onBytes(bytes: Uint8Array): void
  onDrain(): void
  /** Once. Nothing comes after it. */
  onClose(): void
}

/** A gossip message before its verdict. */
export interface RawGossip {
  readonly id: string
  /** Who forwarded it, not who made it. */
  readonly from: PeerId
  readonly topic: string
  readonly data: Uint8Array
}

/** What the layer below tells. */
export interface P2pHostHandlers {
  /** First connection to the peer. */
  onConnected(peer: PeerId): void
  /** Of two connections to the peer one will be closed; streams opened from now on are on the one that stays. */
  onMoved(peer: PeerId): void
  /** The peer dialled us although a connection that it dialled stands: two processes with one key, or its old one is dead. */
  onTwin(peer: PeerId): void
  /** Last connection to the peer is gone. */
  onDisconnected(peer: PeerId): void
  /** Multicast DNS or the Kademlia table told of a peer; its addresses are known now. */
  onFound(peer: PeerId): void
  /** A sign of life; pulse.ts. */
  onPulse(peer: PeerId, token: number): void
  onStream(protocol: string, peer: PeerId, stream: ByteStream): void
  onGossip(message: RawGossip): void
  /** False: the gossip RPC is dropped as it came. */
  allowRpc(peer: PeerId, bytes: number, messages: number): boolean
  /** False: so many messages of an RPC that was allowed wait for their pace. */
  mayHandle(peer: PeerId, messages: number): boolean
  /** A gossip RPC that is none, or for topics that do not exist. Often, from a hostile peer. */
  onGossipFault(peer: PeerId, fault: RpcFault): void
  /** Added to gossip's own score of the peer. */
  scoreOf(peer: PeerId): number
  readonly admission: Pick<Admission, 'denial' | 'onInbound' | 'onClosed'>
  readonly halfOpenDials: Pick<
    HalfOpenDials,
    'mayDial' | 'onDialled' | 'onDenied' | 'onOpened' | 'onClosed'
  >
}

/** The layer below: libp2p, seen through what this package needs of it. */
export interface P2pHost {
  start(): Promise<void>
  stop(): Promise<void>
  multiaddrs(): readonly string[]
  /**
   * @param address - multiaddr, or the peer id of a peer whose address is known
   * @returns who answered; the own id where the address is our own
   */
  dial(address: string, timeoutMs: number): Promise<PeerId>
  isConnected(peer: PeerId): boolean
  /** Multiaddrs that the peer told of itself, each ending in its peer id. */
  addressesOf(peer: PeerId): Promise<readonly string[]>
  connectionCount(): number
  openStream(peer: PeerId, protocol: string, timeoutMs: number): Promise<ByteStream>
  /** What sends pulses on the connection that new streams go to; `undefined` where no pulse can pass. */
  pulseOf(peer: PeerId): Pick<Pulse, 'send'> | undefined
  /** Closes every connection to the peer, after what was sent has left. */
  disconnect(peer: PeerId): void
  publish(topic: string, data: Uint8Array): void
  report(message: RawGossip, verdict: GossipVerdict): void
  /** Makes gossip reopen a stream it lost to a connected peer. True when nothing is missing in either direction. */
  repairGossip(peer: PeerId): boolean
  /** Gossip's maintenance of meshes and caches; costs next to nothing while nothing happens. */
  beatGossip(): void
  subscribers(topic: string): readonly PeerId[]
  setDirectPeers(peers: readonly PeerId[]): void
}
