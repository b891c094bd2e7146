import type { Envelope, PeerId, Topic } from '@openliquid/primitives'
import type { ChainHead } from './networkConfig.ts'

/** What happened in the network; structured-cloneable. */
export type NetworkEvent =
  | { readonly kind: 'listening'; readonly multiaddrs: readonly string[] }
  | {
      readonly kind: 'peerConnected'
      readonly peer: PeerId
      /** Index in the current set, absent for a follower. */
      readonly validator?: number
      /** What the peer said of its chain: after a partition the first thing to compare. */
      readonly head?: ChainHead
    }
  | { readonly kind: 'peerSuspect'; readonly peer: PeerId; readonly validator?: number }
  | { readonly kind: 'peerDown'; readonly peer: PeerId; readonly validator?: number }
  | {
      readonly kind: 'peerFault'
      readonly peer: PeerId
      readonly code: `OL_${string}`
      readonly detail: string
    }
  /** Of a connection before it was known whose it is. */
  | {
      readonly kind: 'addressFault'
      /** IPv4, or the /48 of an IPv6 address. */
      readonly address: string
      readonly code: `OL_${string}`
      readonly detail: string
    }
  | {
      readonly kind: 'peerBanned'
      readonly peer: PeerId
      readonly untilMs: number
      readonly reason: string
    }
  /** The alarm of a partition: validators with more than 2/3 of the stake cannot be reached. */
  | { readonly kind: 'quorumLost'; readonly reachableStake: bigint; readonly totalStake: bigint }
  | { readonly kind: 'quorumReached' }
  /** A gossip message that the handler accepted. */
  | {
      readonly kind: 'gossip'
      readonly from: PeerId
      readonly topic: Topic
      readonly envelope: Envelope
    }
  /** A message of a validator channel. */
  | { readonly kind: 'message'; readonly from: PeerId; readonly envelope: Envelope }
  /** The reader was too slow; that many of the oldest events were dropped. */
  | { readonly kind: 'eventsLost'; readonly count: number }

/** The events of one kind. */
export type NetworkEventOf<K extends NetworkEvent['kind']> = Extract<
  NetworkEvent,
  { readonly kind: K }
>
