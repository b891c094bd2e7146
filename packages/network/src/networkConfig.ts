import type { Hash, Metrics, PeerId, ValidatorSet } from '@openliquid/primitives'

/** What a node says of its chain in the hello and in every heartbeat. */
export interface ChainHead {
  /** Highest certified block known. */
  readonly headHeight: bigint
  readonly committedHeight: bigint
  readonly epoch: bigint
}

/** Sustained rate and burst of one kind of traffic from one peer. */
export interface Quota {
  readonly perSecond: number
  readonly burst: number
}

/** Quotas per peer and protocol; docs/spec/network.md, rate limiting. Bytes are counted where a frame can be large. */
export interface Quotas {
  readonly consensusMessages: Quota
  readonly consensusBytes: Quota
  readonly blockMessages: Quota
  readonly blockBytes: Quota
  readonly transactionMessages: Quota
  readonly transactionBytes: Quota
  readonly gossipMessages: Quota
  readonly gossipBytes: Quota
  /** Packets of gossip, whatever they hold, and the messages in them, also those that came before. */
  readonly rpcs: Quota
  readonly rpcBytes: Quota
  readonly hellos: Quota
  readonly heartbeats: Quota
  readonly requests: Quota
  readonly requestBytes: Quota
  /** Of answers that the peer asked for. */
  readonly answerBytes: Quota
}

/** Clocks of the connection handling, milliseconds. */
export interface NetworkTiming {
  readonly heartbeatMs: number
  readonly helloTimeoutMs: number
  readonly dialTimeoutMs: number
  readonly redialDelayMsMin: number
  readonly redialDelayMsMax: number
  /** Time to complete a frame that has begun. */
  readonly frameTimeoutMs: number
  /** Longest wait of a small transactions message for company. */
  readonly batchDelayMs: number
  /** Between two looks for more peers while there are too few. */
  readonly discoveryMs: number
  /** What a request handler may take. */
  readonly answerTimeoutMs: number
}

/** A ban as it is kept and restored. */
export interface Ban {
  readonly peer: PeerId
  readonly untilMs: number
  readonly reason: string
}

/** One line of the log; the node decides where it goes. */
export type NetworkLog = (
  level: 'debug' | 'info' | 'warn',
  message: string,
  fields: Readonly<Record<string, unknown>>,
) => void

/**
 * What a NetworkManager is made from.
 *
 * `chainId`, `genesisHash` and `nodeKey` bind it to one chain and one identity for its whole life.
 */
export interface NetworkConfig {
  /** 32-byte ed25519 seed: libp2p identity and hello key. */
  readonly nodeKey: Uint8Array
  readonly chainId: number
  readonly genesisHash: Hash
  /** Multiaddrs, e.g. `/ip4/0.0.0.0/tcp/9600`. Empty: dials only. */
  readonly listen: readonly string[]
  /** Multiaddrs told to others in place of the ones listened on. */
  readonly announce?: readonly string[]
  /** Multiaddrs to keep connected to, with or without `/p2p/<peer id>`. Own addresses are skipped. */
  readonly peers?: readonly string[]
  /** Can be given or replaced later by `setValidatorSet`. */
  readonly validatorSet?: ValidatorSet
  readonly head?: ChainHead
  /** Many nodes behind one address (tests, local networks): no co-location penalty, no per-host inbound rate. */
  readonly sameHost: boolean
  readonly quotas?: Partial<Quotas>
  readonly timing?: Partial<NetworkTiming>
  /** Bans that outlived a restart. */
  readonly bans?: readonly Ban[]
  /** Called with all bans after each new one, to be kept for the next start. */
  readonly onBans?: (bans: readonly Ban[]) => void
  /** False: asks nobody for peers and tells nobody of its own. */
  readonly discovery?: boolean
  /** Finds nodes of the local network by multicast DNS; for development. */
  readonly mdns?: boolean
  /** Finds peers by a Kademlia table of this chain too, and serves it. */
  readonly dht?: boolean
  /** Admits these peers, the configured ones and the validators, and nobody else. */
  readonly allowList?: readonly PeerId[]
  /**
   * A validator that hides: it dials `peers`, its sentries, gives them its delegation, and has no dealings with anybody else.
   */
  readonly isPrivate?: boolean
  /** Validators whose sentry this node is: relays their channel messages and never tells their address. */
  readonly relayFor?: readonly PeerId[]
  readonly metrics?: Metrics
  readonly log?: NetworkLog
}
