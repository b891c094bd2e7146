import './polyfill.ts'

export { createNetworkManager } from './createNetworkManager.ts'
export { DEFAULT_TIMING } from './defaultTiming.ts'
export {
  NetworkError,
  type NetworkFailure,
  type PeerFault,
  type PeerFaultCode,
  type RefusalReason,
} from './errors.ts'
export { peerIdFromNodeKey } from './libp2pNode.ts'
export { ANSWER_BYTES_MAX, channelBytesMax, gossipBytesMax, REQUEST_BYTES_MAX } from './limits.ts'
export { NETWORK_METRICS } from './metrics.ts'
export type {
  Ban,
  ChainHead,
  NetworkConfig,
  NetworkLog,
  NetworkTiming,
  Quota,
  Quotas,
} from './networkConfig.ts'
export type { NetworkEvent, NetworkEventOf } from './networkEvent.ts'
export type { ChannelState, NetworkHealth, NetworkStats, PeerHealth } from './networkHealth.ts'
export type { GossipMessage, KnownValidator, NetworkManager } from './networkManager.ts'
export { DEFAULT_QUOTAS } from './trafficGuard.ts'
