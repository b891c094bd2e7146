import type { Lane, PeerId, Topic } from '@openliquid/primitives'
import type { ChainHead } from './networkConfig.ts'

/** Life of a channel; docs/spec/network.md, health and partition. */
export type ChannelState = 'connected' | 'suspect' | 'down' | 'recovering'

/** One peer as the network sees it. */
export interface PeerHealth {
  readonly peer: PeerId
  /** Index in the current set, absent for a follower. */
  readonly validator?: number
  readonly state: ChannelState
  /** Within reach only by way of a sentry. */
  readonly isRelayed?: true
  /** Exponentially weighted mean round trip; absent before the first answer. */
  readonly rttMs?: number
  /** Time since the last byte from the peer. */
  readonly silentMs?: number
  /** Times the channel went down since it was first up. */
  readonly failures: number
  readonly queuedFrames: number
  readonly queuedBytes: number
  /** From the newest hello or heartbeat. */
  readonly head?: ChainHead
}

export interface NetworkHealth {
  readonly peers: readonly PeerHealth[]
  readonly validatorsConnected: number
  readonly validatorCount: number
  /** Voting power with a live channel, own included. */
  readonly reachableStake: bigint
  readonly totalStake: bigint
  readonly quorumReachable: boolean
}

/** Counters since the start. */
export interface NetworkStats {
  readonly gossip: Readonly<
    Record<
      Topic,
      {
        readonly published: number
        readonly delivered: number
        readonly duplicates: number
        readonly rejected: number
        readonly ignored: number
        readonly peers: number
      }
    >
  >
  readonly channels: {
    readonly framesSent: number
    readonly framesReceived: number
    readonly bytesSent: number
    readonly bytesReceived: number
    readonly dropped: Readonly<Record<Lane, number>>
    readonly replaced: number
    readonly reconnects: number
  }
  readonly requests: {
    readonly sent: number
    readonly failed: number
    readonly answered: number
    readonly refused: number
  }
  readonly rateLimited: number
  readonly faults: number
  /** Dials of others that ended before it was known who they are; among the faults too. */
  readonly halfOpenDials: number
  readonly bans: number
  readonly connections: number
}
