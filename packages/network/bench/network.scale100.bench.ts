// 100 nodes in one process over TCP and Noise, six peers each; messages of 10 KB from changing nodes to all others.
import { percentile, report } from '../../../bench/figure.ts'
import { bareDelivery, scaleNetwork } from './scaleNetwork.ts'

const NODES = 100
const SIZE = 10_000
const MESSAGES = 40
const WARM_UP = 20
/** Copies of a message are still on their way when the last node has its first. */
const PAUSE_MS = 150

const network = await scaleNetwork(NODES)
const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
const delays: number[] = []
for (let i = -WARM_UP; i < MESSAGES; i++) {
  const came = await network.deliver((i + WARM_UP) % NODES, SIZE)
  if (i >= 0) delays.push(...came)
  if (i % 10 === 9) process.stdout.write(`${i + 1} of ${MESSAGES} messages\n`)
  await pause()
}
await network.stop()
const floor = await bareDelivery(NODES - 1)
const bare: number[] = []
for (let i = -10; i < 30; i++) {
  const came = await floor.deliver(SIZE)
  if (i >= 0) bare.push(...came)
}
floor.stop()

const expected = MESSAGES * (NODES - 1)
report({
  id: 'network.scale100.delivered',
  value: (delays.length / expected) * 100,
  unit: '%',
  op: '>=',
  target: 100,
  runs: [(delays.length / expected) * 100],
})
report({
  id: 'network.scale100',
  value: percentile(delays, 0.99),
  unit: 'ms p99',
  op: '<=',
  target: 250,
  baseline: {
    name: 'node:net, one socket a receiver',
    value: percentile(bare, 0.99),
    unit: 'ms p99',
  },
  runs: [0.5, 0.9, 0.99, 1].map((p) => percentile(delays, p)),
})
process.exit(0)
