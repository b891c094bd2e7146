import type { MetricDefinition } from '@openliquid/primitives'

type MetricName = 'peers' | 'quorum' | 'messages' | 'bytes' | 'validatorRtt' | 'dropped' | 'faults'

/** Every metric of the package; the node adds the prefix `openliquid_`. */
export const NETWORK_METRICS: Readonly<Record<MetricName, MetricDefinition>> = {
  peers: { name: 'network_peers', help: 'Peers with a live channel', labels: ['role'] },
  quorum: {
    name: 'network_partition_suspected',
    help: '1 while a quorum of stake is out of reach',
  },
  messages: {
    name: 'network_messages_total',
    help: 'Gossip messages by what came of them',
    labels: ['topic', 'result'],
  },
  bytes: {
    name: 'network_bytes_total',
    help: 'Bytes of messages by direction',
    labels: ['direction', 'topic'],
  },
  validatorRtt: {
    name: 'network_validator_rtt_seconds',
    help: 'Mean round trip of a validator channel',
    labels: ['validator'],
  },
  dropped: {
    name: 'network_dropped_total',
    help: 'Messages dropped, by reason',
    labels: ['reason'],
  },
  faults: {
    name: 'network_faults_total',
    help: 'Protocol faults of peers, by code',
    labels: ['code'],
  },
}
