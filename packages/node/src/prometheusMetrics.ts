import type { Counter, Gauge, Histogram, MetricDefinition, Metrics } from '@openliquid/primitives'
import {
  collectDefaultMetrics,
  Counter as PrometheusCounter,
  Gauge as PrometheusGauge,
  Histogram as PrometheusHistogram,
  Registry,
} from 'prom-client'

const PREFIX = 'openliquid_'

/** A registry of its own for one node, behind the interface that the packages know. */
export interface PrometheusMetrics extends Metrics {
  /** The exposition format of /metrics. */
  text(): Promise<string>
  readonly contentType: string
}

/** Two nodes in one process have two registries and never share a figure. */
export function createPrometheusMetrics(): PrometheusMetrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry, prefix: PREFIX })
  const registers = [registry]
  const existing = new Map<string, Counter | Gauge | Histogram>()
  const once = <T extends Counter | Gauge | Histogram>(name: string, create: () => T): T => {
    const known = existing.get(name) as T | undefined
    if (known !== undefined) return known
    const created = create()
    existing.set(name, created)
    return created
  }
  return {
    counter: (definition) =>
      once(definition.name, () => {
        const counter = new PrometheusCounter({ ...common(definition), registers })
        return { inc: (labels, by) => counter.inc({ ...labels }, by) }
      }),
    gauge: (definition) =>
      once(definition.name, () => {
        const gauge = new PrometheusGauge({ ...common(definition), registers })
        return { set: (value, labels) => gauge.set({ ...labels }, value) }
      }),
    histogram: (definition) =>
      once(definition.name, () => {
        const { buckets } = definition
        const histogram = new PrometheusHistogram({
          ...common(definition),
          ...(buckets === undefined ? {} : { buckets: [...buckets] }),
          registers,
        })
        return { observe: (value, labels) => histogram.observe({ ...labels }, value) }
      }),
    text: () => registry.metrics(),
    contentType: registry.contentType,
  }
}

function common({ name, help, labels }: MetricDefinition): {
  name: string
  help: string
  labelNames: string[]
} {
  return { name: `${PREFIX}${name}`, help, labelNames: [...(labels ?? [])] }
}
