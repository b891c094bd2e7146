import type { Counter, Gauge, MetricDefinition, Metrics } from '@openliquid/primitives'

const TABLE = {
  height: { name: 'consensus_height', help: 'Newest committed height.' },
  view: { name: 'consensus_view', help: 'View that the replica is in.' },
  isLeader: { name: 'consensus_is_leader', help: '1 while this validator leads the view.' },
  committedBlocks: { name: 'consensus_committed_blocks_total', help: 'Blocks committed.' },
  timeoutsSent: {
    name: 'consensus_timeouts_sent_total',
    help: 'Timeouts sent, repeated ones included.',
  },
  faults: {
    name: 'consensus_peer_faults_total',
    help: 'Messages of peers that broke the protocol.',
    labels: ['verdict'],
  },
  alarms: { name: 'consensus_alarms_total', help: 'Alarms of the consensus core.' },
  executionQueue: {
    name: 'execution_queue_blocks',
    help: 'Blocks committed and not yet executed.',
  },
  droppedInputs: {
    name: 'process_dropped_inputs',
    help: 'Messages dropped because too many waited for the core.',
  },
  buildInfo: { name: 'build_info', help: '1, with the version.', labels: ['version', 'node'] },
} as const satisfies Readonly<Record<string, MetricDefinition>>

/** Every metric of this package; docs/operations.md lists them with those of the others. */
export const NODE_METRICS: readonly MetricDefinition[] = Object.values(TABLE)

/** The node's own meters, made once. */
export interface NodeMeters {
  readonly height: Gauge
  readonly view: Gauge
  readonly isLeader: Gauge
  readonly committedBlocks: Counter
  readonly timeoutsSent: Counter
  readonly faults: Counter
  readonly alarms: Counter
  readonly executionQueue: Gauge
  readonly droppedInputs: Gauge
  readonly buildInfo: Gauge
}

export function createNodeMeters(metrics: Metrics): NodeMeters {
  return {
    height: metrics.gauge(TABLE.height),
    view: metrics.gauge(TABLE.view),
    isLeader: metrics.gauge(TABLE.isLeader),
    committedBlocks: metrics.counter(TABLE.committedBlocks),
    timeoutsSent: metrics.counter(TABLE.timeoutsSent),
    faults: metrics.counter(TABLE.faults),
    alarms: metrics.counter(TABLE.alarms),
    executionQueue: metrics.gauge(TABLE.executionQueue),
    droppedInputs: metrics.gauge(TABLE.droppedInputs),
    buildInfo: metrics.gauge(TABLE.buildInfo),
  }
}
