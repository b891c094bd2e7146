// CPU of a node per gossiped message of 256 B: mean over four processes, publisher and receivers, amortised over a burst.
import { median, repeat, report } from '../../../bench/figure.ts'
import { processCluster } from './benchCluster.ts'

const MESSAGES = 5_000
const SIZE = 256

const { local, others, rawPorts, stop } = await processCluster(4)
const all = [local, ...others]

/** Microseconds per message and process. */
async function cpuUs(burst: () => Promise<void>): Promise<number> {
  for (const node of all) await node.cpuMs()
  await burst()
  let sumMs = 0
  for (const node of all) sumMs += await node.cpuMs()
  return (sumMs * 1_000) / (MESSAGES * all.length)
}

const runs = await repeat(9, 4, () =>
  cpuUs(async () => {
    const arrived = Promise.all(others.map((node) => node.gossiped(MESSAGES)))
    // Their counters are set when they have answered.
    await Promise.all(others.map((node) => node.peers()))
    local.publish(MESSAGES, SIZE)
    await arrived
  }),
)
for (const port of rawPorts) await local.rawConnect(port)
const floors = await repeat(5, 2, () =>
  cpuUs(async () => {
    const arrived = Promise.all(others.map((node) => node.rawReceived(MESSAGES * SIZE)))
    await Promise.all(others.map((node) => node.peers()))
    for (const port of rawPorts) void local.rawSend(port, { count: MESSAGES, size: SIZE })
    await arrived
  }),
)
report({
  id: 'network.gossip.cpu',
  value: median(runs),
  unit: 'µs',
  op: '<=',
  target: 40,
  baseline: { name: 'node:net, one write a message', value: median(floors), unit: 'µs' },
  runs,
})
await stop()
