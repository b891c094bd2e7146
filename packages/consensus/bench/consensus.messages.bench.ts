// Messages sent to another node in a good view, and in one that times out, over what is allowed for the size.
import { report } from '../../../bench/figure.ts'
import { InMemoryCluster } from './inMemoryCluster.ts'
import { freeSignatures } from './nullSignatures.ts'

const SIZES = [4, 7, 10, 31, 100]
const VIEWS = 50

const good: number[] = []
const failed: number[] = []
for (const size of SIZES) {
  const cluster = clusterOf(size)
  cluster.runToView(10n)
  const before = cluster.messagesSent
  cluster.runToView(10n + BigInt(VIEWS))
  good.push((cluster.messagesSent - before) / VIEWS / (3 * size + 10))

  // A dead leader's view: what is sent from the moment its turn begins until the next view begins.
  const other = clusterOf(size)
  other.runToView(2n)
  const dead = other.leader
  other.stop(dead)
  other.runToView(other.view + 1n)
  const sent = [0, 0]
  for (let turn = 0; turn < 3; turn++) {
    while (other.leader !== dead) other.runToView(other.view + 1n)
    const at = other.messagesSent
    other.runToView(other.view + 1n)
    sent.push(other.messagesSent - at)
  }
  failed.push(Math.max(...sent) / (2 * size * size))
}
report({
  id: 'consensus.messages.good',
  value: Math.max(...good),
  unit: '× (3n + 10)',
  op: '<=',
  target: 1,
  runs: good,
})
report({
  id: 'consensus.messages.timedOut',
  value: Math.max(...failed),
  unit: '× 2n²',
  op: '<=',
  target: 1,
  runs: failed,
})

function clusterOf(size: number): InMemoryCluster {
  return new InMemoryCluster({
    size,
    scheme: freeSignatures(32),
    nodeScheme: freeSignatures(64),
    encodes: false,
  })
}
