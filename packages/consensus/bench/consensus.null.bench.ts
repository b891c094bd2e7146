// Views per CPU-second of four validators on one core: no signatures, no disk, messages as objects.
import { cpuMs, median, repeat, report } from '../../../bench/figure.ts'
import { InMemoryCluster } from './inMemoryCluster.ts'
import { freeSignatures } from './nullSignatures.ts'

const WARM_UP_VIEWS = 5_000n
const VIEWS = 50_000n

const runs = await repeat(5, 1, async () => {
  const cluster = new InMemoryCluster({
    size: 4,
    scheme: freeSignatures(32),
    nodeScheme: freeSignatures(64),
    encodes: false,
  })
  cluster.runToView(WARM_UP_VIEWS)
  const spentMs = await cpuMs(() => cluster.runToView(WARM_UP_VIEWS + VIEWS))
  if (cluster.height < WARM_UP_VIEWS + VIEWS - 4n)
    throw new Error(`only ${cluster.height} blocks were committed`)
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
