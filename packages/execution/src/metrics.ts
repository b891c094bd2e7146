import type { Counter, Gauge, MetricDefinition, Metrics } from '@openliquid/primitives'

export type ExecutionMetric =
  | 'mempoolSize'
  | 'mempoolBytes'
  | 'mempoolRejected'
  | 'mempoolDropped'
  | 'executedHeight'
  | 'executedTransactions'
  | 'coreWriterActions'
  | 'evmTransfers'

/** Every metric of this package. */
export const EXECUTION_METRICS: Readonly<Record<ExecutionMetric, MetricDefinition>> = {
  mempoolSize: { name: 'mempool_size', help: 'Transactions that wait for a block.' },
  mempoolBytes: { name: 'mempool_bytes', help: 'Bytes of the transactions that wait.' },
  mempoolRejected: {
    name: 'mempool_rejected_total',
    help: 'Transactions that were not admitted.',
    labels: ['reason'],
  },
  mempoolDropped: {
    name: 'mempool_dropped_total',
    help: 'Transactions that left the mempool unexecuted.',
    labels: ['reason'],
  },
  executedHeight: { name: 'execution_height', help: 'Newest executed height.' },
  executedTransactions: {
    name: 'execution_transactions_total',
    help: 'Transactions of committed blocks by what became of them.',
    labels: ['kind', 'result'],
  },
  coreWriterActions: {
    name: 'execution_core_writer_actions_total',
    help: 'Actions of contracts by what became of them.',
    labels: ['result'],
  },
  evmTransfers: {
    name: 'execution_evm_transfers_total',
    help: 'Transfers between the Core and the EVM by what became of them.',
    labels: ['direction', 'result'],
  },
}

export interface MempoolMetrics {
  readonly size: Gauge
  readonly bytes: Gauge
  readonly rejected: Counter
  readonly dropped: Counter
}

export function mempoolMetrics(metrics: Metrics): MempoolMetrics {
  return {
    size: metrics.gauge(EXECUTION_METRICS.mempoolSize),
    bytes: metrics.gauge(EXECUTION_METRICS.mempoolBytes),
    rejected: metrics.counter(EXECUTION_METRICS.mempoolRejected),
    dropped: metrics.counter(EXECUTION_METRICS.mempoolDropped),
  }
}
