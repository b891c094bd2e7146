import type { Counter, Gauge, MetricDefinition, Metrics } from '@openliquid/primitives'

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

/** The package's metrics, ready to be fed. */
export interface NetworkMeters {
  readonly bytes: Counter
  readonly messages: Counter
  readonly dropped: Counter
  readonly faults: Counter
  readonly quorum: Gauge
  readonly peers: Gauge
  readonly validatorRtt: Gauge
}

export function newMeters(metrics: Metrics): NetworkMeters {
  return {
    bytes: metrics.counter(NETWORK_METRICS.bytes),
    messages: metrics.counter(NETWORK_METRICS.messages),
    dropped: metrics.counter(NETWORK_METRICS.dropped),
    faults: metrics.counter(NETWORK_METRICS.faults),
    quorum: metrics.gauge(NETWORK_METRICS.quorum),
    peers: metrics.gauge(NETWORK_METRICS.peers),
    validatorRtt: metrics.gauge(NETWORK_METRICS.validatorRtt),
  }
}
