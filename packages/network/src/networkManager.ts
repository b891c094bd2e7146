import type {
  Address,
  Envelope,
  Epoch,
  PeerId,
  SendResult,
  Topic,
  Transport,
  TransportHandlers,
  ValidatorSet,
} from '@openliquid/primitives'
import type { Ban, ChainHead } from './networkConfig.ts'
import type { NetworkEvent, NetworkEventOf } from './networkEvent.ts'
import type { NetworkHealth, NetworkStats } from './networkHealth.ts'

/** A message for everybody. */
export interface GossipMessage {
  readonly topic: Topic
  readonly envelope: Envelope
}

/** A validator to be kept connected to before or beside the validator set. */
export interface KnownValidator {
  /** 32 bytes ed25519. */
  readonly nodeKey: Uint8Array
  readonly multiaddrs?: readonly string[]
}

/**
 * The network of one node: gossip, validator channels, requests, health.
 *
 * Several live side by side in one process. Everything that crosses it but its callbacks is structured-cloneable.
 */
export interface NetworkManager extends Transport {
  /**
   * Dials the validator and keeps it connected; it gets voting power only by the validator set.
   *
   * @throws {NetworkError} OL_NETWORK_CONFIG the key is none, or an address is none or names another peer
   */
  addValidator(validator: KnownValidator): void
  /**
   * Keeps connected to a multiaddr, as to those of the configuration.
   *
   * @throws {NetworkError} OL_NETWORK_CONFIG it is none
   */
  addPeer(multiaddr: string): void
  /**
   * Replaces the set that decides who is a validator and what a quorum is.
   *
   * @throws {NetworkError} OL_NETWORK_CONFIG the set is of another epoch
   */
  setValidatorSet(epoch: Epoch, set: ValidatorSet): void
  /** What own hellos and heartbeats say from now on. */
  setHead(head: ChainHead): void
  /** `publish` under the name of the seed. */
  broadcast(message: GossipMessage): void
  /** `send` under the name of the seed. */
  sendToPeer(peer: PeerId, envelope: Envelope): SendResult
  /** Sends to a member of the current set by index or address; 'unreachable' when there is no live channel. */
  sendToValidator(validator: number | Address, envelope: Envelope): SendResult
  /** Peer id of a member of the current set. */
  validatorPeer(index: number): PeerId | undefined
  /** Index in the current set of a peer. */
  validatorOf(peer: PeerId): number | undefined
  /** Newest head a live peer told. */
  headOf(peer: PeerId): ChainHead | undefined
  /** Multiaddrs listened on, with the peer id; empty before `start`. */
  multiaddrs(): readonly string[]
  /** Peers subscribed to a topic that a message published now is sent to. */
  subscribers(topic: Topic): readonly PeerId[]
  /** Every event from now on, through an own queue of 1,024; a slow reader loses the oldest and is told so. */
  events(options?: { readonly signal?: AbortSignal }): AsyncIterableIterator<NetworkEvent>
  /**
   * Calls the listener for each event of the kind, in the turn in which it happens. It must not throw.
   *
   * @returns ends it; `stop` ends all
   */
  on<K extends NetworkEvent['kind']>(
    kind: K,
    listener: (event: NetworkEventOf<K>) => void,
  ): () => void
  /** Every peer with what is known of its channel, and the stake within reach. O(peers). */
  health(): NetworkHealth
  /** Counters since the start. */
  stats(): NetworkStats
  /** Voting power with a live channel, own included, is more than 2/3 of the set's. */
  quorumReachable(): boolean
  /** Disconnects the peer and refuses it until the time is over. */
  ban(peer: PeerId, options: { readonly durationMs: number; readonly reason: string }): void
  bans(): readonly Ban[]
  start(handlers: TransportHandlers): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}
