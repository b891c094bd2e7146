// 1,000 health queries of a validator with three others connected.
import { performance } from 'node:perf_hooks'
import { median, repeat, report } from '../../../bench/figure.ts'
import { processCluster } from './benchCluster.ts'

const QUERIES = 1_000
const { local, stop } = await processCluster(4)
const runs = await repeat(15, 10, () => {
  const start = performance.now()
  for (let i = 0; i < QUERIES; i++) local.manager.health()
  return performance.now() - start
})
report({ id: 'network.health', value: median(runs), unit: 'ms', op: '<=', target: 5, runs })
await stop()
