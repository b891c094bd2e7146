/** One metric of a package's table. Labels come from closed sets only. */
export interface MetricDefinition {
  readonly name: string
  readonly help: string
  readonly labels?: readonly string[]
  readonly buckets?: readonly number[]
}

type Labels = Readonly<Record<string, string | number>>

export interface Counter {
  inc(labels?: Labels, by?: number): void
}
export interface Gauge {
  set(value: number, labels?: Labels): void
}
export interface Histogram {
  observe(value: number, labels?: Labels): void
}

/** Where a package reports its figures. Names lack the prefix `openliquid_`, which the node adds. */
export interface Metrics {
  counter(definition: MetricDefinition): Counter
  gauge(definition: MetricDefinition): Gauge
  histogram(definition: MetricDefinition): Histogram
}

const nothing = (): void => undefined

/** Metrics that go nowhere, for libraries and tests. */
export const noMetrics: Metrics = {
  counter: () => ({ inc: nothing }),
  gauge: () => ({ set: nothing }),
  histogram: () => ({ observe: nothing }),
}
