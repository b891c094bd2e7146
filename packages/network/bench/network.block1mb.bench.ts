// A block of 1 MiB to three peers in processes of their own: until the last has it whole, and the bytes it took.

import { MESSAGE_KIND } from '@openliquid/primitives'
import { percentile, repeat, report } from '../../../bench/figure.ts'
import { msBetween, processCluster } from './benchCluster.ts'
import { clockNs, freshBody } from './benchNode.ts'

const SIZE = 2 ** 20
const ROUNDS = 100

const { local, others, rawPorts, stop } = await processCluster(4)
const all = [local, ...others]
const sentBytes = async (): Promise<number> => {
  let sum = 0
  for (const node of all) sum += await node.channelBytesSent()
  return sum
}
const bytes: number[] = []
const runs = await repeat(ROUNDS, 10, async () => {
  const before = await sentBytes()
  const arrived = Promise.all(others.map((node) => node.received(1)))
  await Promise.all(others.map((node) => node.peers()))
  const start = clockNs()
  local.manager.publish('blocks', {
    kind: MESSAGE_KIND.proposal,
    lane: 'blocks',
    body: freshBody(SIZE),
  })
  const ends = await arrived
  bytes.push((await sentBytes()) - before)
  return Math.max(...ends.map((end) => msBetween(start, end)))
})
for (const port of rawPorts) await local.rawConnect(port)
const floors = await repeat(30, 5, async () => {
  const arrived = Promise.all(others.map((node) => node.rawReceived(SIZE)))
  await Promise.all(others.map((node) => node.peers()))
  const start = clockNs()
  for (const port of rawPorts) void local.rawSend(port, { count: 1, size: SIZE })
  const ends = await arrived
  return Math.max(...ends.map((end) => msBetween(start, end)))
})
report({
  id: 'network.block1mb',
  value: percentile(runs, 0.99),
  unit: 'ms p99',
  op: '<=',
  target: 150,
  baseline: { name: 'node:net', value: percentile(floors, 0.99), unit: 'ms p99' },
  runs,
})
report({
  id: 'network.block1mb.amplification',
  value: Math.max(...bytes) / (SIZE * others.length),
  unit: '× bytes a receiver',
  op: '<=',
  target: 2,
  runs: bytes.map((sent) => sent / (SIZE * others.length)),
})
await stop()
