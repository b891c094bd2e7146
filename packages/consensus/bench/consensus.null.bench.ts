// Views per CPU-second of four validators on one core: no signatures, no disk, messages as objects.
import { cpuMs, median, repeat, report } from '../../../bench/figure.ts'
import { InMemoryCluster } from './inMemoryCluster.ts'
import { freeSignatures } from './nullSignatures.ts'

const VIEWS = 20_000n

const runs = await repeat(5, 1, async () => {
  const cluster = new InMemoryCluster({
    size: 4,
    scheme: freeSignatures(32),
    nodeScheme: freeSignatures(64),
    encodes: false,
  })
  const spentMs = await cpuMs(() => cluster.runToView(VIEWS))
  if (cluster.height < VIEWS - 4n) throw new Error(`only ${cluster.height} blocks were committed`)
  return Number(VIEWS) / (spentMs / 1_000)
})
report({
  id: 'consensus.null',
  value: median(runs),
  unit: 'views/CPU-s',
  op: '>=',
  target: 50_000,
  runs,
})
