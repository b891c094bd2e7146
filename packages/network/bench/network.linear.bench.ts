// CPU of a node per gossiped message of 1 KB in a network of 100 nodes over the same in one of 25, six peers each.
import { cpuMs, median, repeat, report } from '../../../bench/figure.ts'
import { bareDelivery, scaleNetwork } from './scaleNetwork.ts'

const SMALL = 25
const LARGE = 100
const SIZE = 1_000
const MESSAGES = 20

/** Microseconds per node and message. */
async function measure(nodes: number): Promise<number[]> {
  const network = await scaleNetwork(nodes)
  const runs = await repeat(5, 2, async () => {
    const ms = await cpuMs(async () => {
      for (let i = 0; i < MESSAGES; i++) await network.deliver(i % nodes, SIZE)
    })
    process.stdout.write(`${MESSAGES} messages, ${nodes} nodes: ${Math.round(ms)} ms CPU\n`)
    return (ms * 1_000) / (nodes * MESSAGES)
  })
  await network.stop()
  return runs
}

async function measureBare(nodes: number): Promise<number> {
  const floor = await bareDelivery(nodes - 1)
  const runs = await repeat(5, 2, async () => {
    const ms = await cpuMs(async () => {
      for (let i = 0; i < MESSAGES; i++) await floor.deliver(SIZE)
    })
    return (ms * 1_000) / (nodes * MESSAGES)
  })
  floor.stop()
  return median(runs)
}

const small = median(await measure(SMALL))
const large = await measure(LARGE)
report({
  id: 'network.linear',
  value: median(large) / small,
  unit: '× CPU a node',
  op: '<=',
  target: 1.5,
  baseline: { name: 'node:net, 100 nodes', value: await measureBare(LARGE), unit: 'µs' },
  runs: large.map((run) => run / small),
})
report({
  id: 'network.linear.cpu',
  value: median(large),
  unit: 'µs a node and message',
  op: '<=',
  target: 1_000,
  baseline: { name: `${SMALL} nodes`, value: small, unit: 'µs' },
  runs: large,
})
process.exit(0)
