// CPU of a good view of all validators, messages and log records encoded, over that of its signatures alone.
import { median, report } from '../../../bench/figure.ts'
import { type ViewCost, viewCost } from './cryptoBound.ts'

for (const { size, views, target } of [
  { size: 4, views: 150, target: 1.5 },
  { size: 100, views: 12, target: 1.25 },
]) {
  const costs: ViewCost[] = []
  for (let round = 0; round < 3; round++) costs.push(await viewCost(size, views))
  const runs = costs.map(({ boundMs, spentMs }) => spentMs / boundMs)
  report({
    id: `consensus.cpuRatio.n${size}`,
    value: median(runs),
    unit: 'ratio',
    op: '<=',
    target,
    baseline: {
      name: 'signatures alone, a validator',
      value: median(costs.map(({ boundMs }) => boundMs)) / size,
      unit: 'CPU-ms',
    },
    runs,
  })
}
