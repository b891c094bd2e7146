import { CHANNEL_PROTOCOL } from './channelPipe.ts'
import type { Libp2pHostOptions } from './libp2pNode.ts'
import type { NetworkConfig, NetworkTiming } from './networkConfig.ts'
import { REQUEST_PROTOCOL } from './requestResponse.ts'
import { dhtProtocolOf } from './topics.ts'

/** The old stream of a direction may still be closing when the new one opens. */
const CHANNEL_STREAMS_MAX = 4
const REQUEST_STREAMS_MAX = 32

/** What the configuration says to the layer below. */
export function hostOptionsOf(
  config: NetworkConfig,
  { dialTimeoutMs }: NetworkTiming,
  topics: readonly string[],
): Omit<Libp2pHostOptions, 'handlers' | 'wiring'> {
  // A validator that hides must not be found.
  const isFound = config.isPrivate !== true
  return {
    nodeKey: config.nodeKey,
    listen: config.listen,
    announce: config.announce ?? [],
    topics,
    protocols: new Map([
      [CHANNEL_PROTOCOL, CHANNEL_STREAMS_MAX],
      [REQUEST_PROTOCOL, REQUEST_STREAMS_MAX],
    ]),
    sameHost: config.sameHost,
    mdns: config.mdns === true && isFound,
    ...(config.dht === true && isFound ? { dhtProtocol: dhtProtocolOf(config.genesisHash) } : {}),
    dialTimeoutMs,
  }
}
