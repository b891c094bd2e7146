// Views per CPU-second of all validators on one core with BLS, as a share of what their signatures alone would allow.
import { median, report } from '../../../bench/figure.ts'
import { type ViewCost, viewCost } from './cryptoBound.ts'

for (const { size, views } of [
  { size: 4, views: 150 },
  { size: 10, views: 80 },
  { size: 31, views: 30 },
  { size: 100, views: 12 },
]) {
  const costs: ViewCost[] = []
  for (let round = 0; round < 3; round++) costs.push(await viewCost(size, views))
  const runs = costs.map(({ boundMs, spentMs }) => (100 * boundMs) / spentMs)
  report({
    id: `consensus.oneCore.n${size}`,
    value: median(runs),
    unit: '% of the bound',
    op: '>=',
    target: 75,
    baseline: {
      name: 'views that the signatures allow',
      value: 1_000 / median(costs.map(({ boundMs }) => boundMs)),
      unit: 'views/CPU-s',
    },
    runs,
  })
}
