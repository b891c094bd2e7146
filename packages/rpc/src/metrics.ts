import type { Counter, Gauge, Histogram, MetricDefinition, Metrics } from '@openliquid/primitives'

const REQUESTS: MetricDefinition = {
  name: 'rpc_requests_total',
  help: 'Calls answered, by method and outcome (ok or the error code).',
  labels: ['method', 'outcome'],
}

const SECONDS: MetricDefinition = {
  name: 'rpc_request_seconds',
  help: 'Time to answer a request, by door.',
  labels: ['door'],
  buckets: [0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10],
}

const REFUSED: MetricDefinition = {
  name: 'rpc_refused_total',
  help: 'Requests and connections refused before they were read as calls, by error code.',
  labels: ['code'],
}

const WEB_SOCKETS: MetricDefinition = { name: 'rpc_websockets', help: 'Open WebSockets.' }

/** Metrics of the package; docs/rpc.md lists them. Label values come from closed sets only. */
export const RPC_METRICS: readonly MetricDefinition[] = [REQUESTS, SECONDS, REFUSED, WEB_SOCKETS]

/** The package's metrics, registered. */
export interface RpcMeters {
  readonly requests: Counter
  readonly seconds: Histogram
  readonly refused: Counter
  readonly webSockets: Gauge
}

export function createRpcMeters(metrics: Metrics): RpcMeters {
  return {
    requests: metrics.counter(REQUESTS),
    seconds: metrics.histogram(SECONDS),
    refused: metrics.counter(REFUSED),
    webSockets: metrics.gauge(WEB_SOCKETS),
  }
}
