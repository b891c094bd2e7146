/** The two gossip figures differ only in the number of processes. */
import { median, repeat, report } from '../../../bench/figure.ts'
import { msBetween, processCluster } from './benchCluster.ts'
import { clockNs } from './benchNode.ts'

const MESSAGES = 1_000
const SIZE = 256

/** 1,000 messages of 256 B by `broadcast()`: from the first call until the last node has the last message. */
export async function measureGossipBurst(
  id: string,
  { processes, targetMs }: { readonly processes: number; readonly targetMs: number },
): Promise<void> {
  const { local, others, rawPorts, stop } = await processCluster(processes)
  const runs = await repeat(11, 5, async () => {
    const arrived = Promise.all(others.map((node) => node.gossiped(MESSAGES)))
    await Promise.all(others.map((node) => node.peers()))
    const start = clockNs()
    local.publish(MESSAGES, SIZE)
    const ends = await arrived
    return Math.max(...ends.map((end) => msBetween(start, end)))
  })
  for (const port of rawPorts) await local.rawConnect(port)
  const floors = await repeat(7, 3, async () => {
    const arrived = Promise.all(others.map((node) => node.rawReceived(MESSAGES * SIZE)))
    await Promise.all(others.map((node) => node.peers()))
    const start = clockNs()
    for (const port of rawPorts) void local.rawSend(port, { count: MESSAGES, size: SIZE })
    const ends = await arrived
    return Math.max(...ends.map((end) => msBetween(start, end)))
  })
  report({
    id,
    value: median(runs),
    unit: 'ms',
    op: '<=',
    target: targetMs,
    baseline: { name: 'node:net, one write a message', value: median(floors), unit: 'ms' },
    runs,
  })
  await stop()
}
