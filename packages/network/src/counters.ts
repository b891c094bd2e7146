import type { Lane, Topic } from '@openliquid/primitives'
import type { ChannelCounters } from './channelPipe.ts'
import type { TopicCounters } from './gossip.ts'
import type { NetworkStats } from './networkHealth.ts'
import type { RequestCounters } from './requestResponse.ts'

/** Everything a manager counts since its start. */
export interface Counters {
  readonly gossip: Readonly<Record<Topic, TopicCounters>>
  readonly channels: ChannelCounters
  readonly requests: RequestCounters
  readonly dropped: Record<Lane, number>
  replaced: number
  reconnects: number
  rateLimited: number
  faults: number
  halfOpenDials: number
  bans: number
}

export function newCounters(): Counters {
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
    halfOpenDials: 0,
    bans: 0,
  }
}

/** A copy for the user, with what is counted elsewhere. */
export function statsOf(
  { gossip, channels, requests, dropped, ...rest }: Counters,
  now: { readonly connections: number; subscribers(topic: Topic): number },
): NetworkStats {
  const { replaced, reconnects, ...told } = rest
  const byTopic = (topic: Topic): NetworkStats['gossip'][Topic] => ({
    ...gossip[topic],
    peers: now.subscribers(topic),
  })
  return {
    gossip: {
      blocks: byTopic('blocks'),
      transactions: byTopic('transactions'),
      qcs: byTopic('qcs'),
    },
    channels: { ...channels, dropped: { ...dropped }, replaced, reconnects },
    requests: { ...requests },
    ...told,
    connections: now.connections,
  }
}
