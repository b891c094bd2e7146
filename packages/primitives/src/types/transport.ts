import type { PeerId } from './ids.ts'

/** The three gossip topics. */
export type Topic = 'blocks' | 'transactions' | 'qcs'
export const TOPICS: readonly Topic[] = ['blocks', 'transactions', 'qcs']

/** Queues of a validator channel, most urgent first. */
export type Lane = 'consensus' | 'blocks' | 'transactions'
export const LANES: readonly Lane[] = ['consensus', 'blocks', 'transactions']

/** All that the network sees of a message. */
export interface Envelope {
  /** One of `MESSAGE_KIND`; decides the size cap, never the meaning, below the node. */
  readonly kind: number
  readonly lane: Lane
  /** A queued frame to the same peer with the same key is replaced by this one. */
  readonly replaceKey?: string
  readonly body: Uint8Array
}

/** What the handler of a gossip message says of it: forward, drop, or drop and lower the sender's score. */
export type GossipVerdict = 'accept' | 'ignore' | 'reject'

/** What came of an attempt to queue a frame. */
export type SendResult = 'queued' | 'replaced' | 'full' | 'unreachable'

export interface RequestOptions {
  readonly timeoutMs: number
  readonly answerBytesMax: number
}

/** Callbacks of whoever uses a transport; none may throw. */
export interface TransportHandlers {
  onGossip(from: PeerId, topic: Topic, envelope: Envelope): GossipVerdict | Promise<GossipVerdict>
  onMessage(from: PeerId, envelope: Envelope): void
  /** Answers a request; `undefined` refuses it. */
  onRequest(from: PeerId, kind: number, body: Uint8Array): Promise<Uint8Array | undefined>
  onPeer(peer: PeerId, state: 'connected' | 'suspect' | 'down'): void
}

/**
 * What a node needs of a network: libp2p over TCP, libp2p over memory and the simulator's virtual network are three.
 *
 * Delivery is at most once and unordered between lanes; the order inside one lane to one peer is kept.
 */
export interface Transport {
  readonly self: PeerId
  start(handlers: TransportHandlers): Promise<void>
  publish(topic: Topic, envelope: Envelope): void
  send(to: PeerId, envelope: Envelope): SendResult
  /** Rejects with a coded error on timeout, refusal or disconnection. */
  request(to: PeerId, kind: number, body: Uint8Array, options: RequestOptions): Promise<Uint8Array>
  /** Peers with a live validator channel, sorted. */
  peers(): readonly PeerId[]
  stop(): Promise<void>
}
