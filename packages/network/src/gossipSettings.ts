import type { GossipsubOpts } from '@chainsafe/libp2p-gossipsub'
import { sha256, uintToBytes, utf8ToBytes } from '@openliquid/primitives'
import { RPC_BYTES_MAX, RPC_MESSAGES_MAX, RPC_SUBSCRIPTIONS_MAX } from './limits.ts'

/** What gossipsub reckons with; our beat. */
const GOSSIP_HEARTBEAT_MS = 800
/** Between two decays of gossip's own scores; theirs halve in it, as ours do. */
export const SCORE_DECAY_MS = 10_000
const MESSAGE_ID_DOMAIN = utf8ToBytes('OPENLIQUID-GOSSIP-1')
const MESSAGE_ID_BYTES = 20

export interface GossipSettingsOptions {
  readonly topics: readonly string[]
  /** Many nodes behind one address: no penalty for it. */
  readonly sameHost: boolean
  /** Added to gossip's own score of the peer. */
  scoreOf(peer: string): number
}

/** How gossipsub runs; docs/spec/network.md, gossipsub settings. */
export function gossipSettings(options: GossipSettingsOptions): Partial<GossipsubOpts> {
  const { topics } = options
  return {
    globalSignaturePolicy: 'StrictNoSign',
    asyncValidation: true,
    batchPublish: true,
    floodPublish: true,
    emitSelf: false,
    fallbackToFloodsub: false,
    allowPublishToZeroTopicPeers: true,
    ignoreDuplicatePublishError: true,
    // Each link of the mesh is a copy more of every message at every node.
    D: 6,
    Dlo: 5,
    Dhi: 8,
    Dlazy: 6,
    // Driven by our own heartbeat: `beatGossip`.
    heartbeatInterval: GOSSIP_HEARTBEAT_MS,
    seenTTL: 60_000,
    fanoutTTL: 60_000,
    mcacheLength: 6,
    mcacheGossip: 3,
    idontwantMinDataSize: 16_384,
    idontwantMaxMessages: 512,
    maxInboundDataLength: RPC_BYTES_MAX,
    maxOutboundBufferSize: 16 * 1024 * 1024,
    allowedTopics: [...topics],
    maxTopicBytesPerPeer: 32 * 1024,
    decodeRpcLimits: {
      maxSubscriptions: RPC_SUBSCRIPTIONS_MAX,
      maxMessages: RPC_MESSAGES_MAX,
      maxIhaveMessageIDs: 1_000,
      maxIwantMessageIDs: 1_000,
      maxIdontwantMessageIDs: 256,
      maxControlMessages: 256,
      maxPeerInfos: 16,
    },
    doPX: false,
    msgIdFn: gossipMessageId,
    // Ids are compared as strings; latin-1 is the cheapest faithful form.
    msgIdToStrFn: (id: Uint8Array): string =>
      Buffer.from(id.buffer, id.byteOffset, id.byteLength).toString('latin1'),
    scoreParams: scoreParams(options),
  }
}

/** SHA-256(domain ‖ len(topic) ‖ topic ‖ data), 20 bytes: the same bytes on two topics are two messages. */
function gossipMessageId({
  topic,
  data,
}: {
  readonly topic: string
  readonly data: Uint8Array
}): Uint8Array {
  const name = utf8ToBytes(topic)
  return sha256(MESSAGE_ID_DOMAIN, uintToBytes(name.length, 1), name, data).subarray(
    0,
    MESSAGE_ID_BYTES,
  )
}

/** Only what is surely hostile counts: messages that a handler rejected, and, off loopback, many peers on one address. */
function scoreParams({ topics, sameHost, scoreOf }: GossipSettingsOptions): object {
  const topic = {
    topicWeight: 1,
    timeInMeshWeight: 0,
    firstMessageDeliveriesWeight: 0,
    meshMessageDeliveriesWeight: 0,
    meshFailurePenaltyWeight: 0,
    invalidMessageDeliveriesWeight: -10,
    invalidMessageDeliveriesDecay: 0.5,
  }
  return {
    ...(sameHost ? { IPColocationFactorWeight: 0 } : {}),
    // Driven by our own heartbeat too.
    decayInterval: SCORE_DECAY_MS,
    behaviourPenaltyDecay: 0.868,
    appSpecificScore: scoreOf,
    appSpecificWeight: 1,
    topics: Object.fromEntries(topics.map((name) => [name, topic])),
  }
}
