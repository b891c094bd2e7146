// 1,000 messages of 300 B one way through a validator channel to another process.
import { median, repeat, report } from '../../../bench/figure.ts'
import { msBetween, processCluster } from './benchCluster.ts'
import { clockNs } from './benchNode.ts'

const COUNT = 1_000
const SIZE = 300

const { local, others, otherIds, rawPorts, stop } = await processCluster(2)
const [other] = others
const [to] = otherIds
const [port] = rawPorts
if (other === undefined || to === undefined || port === undefined) throw new Error('one other')

const runs = await repeat(15, 5, async () => {
  const arrived = other.received(COUNT)
  await other.peers()
  const start = clockNs()
  await local.send(to, { count: COUNT, size: SIZE, lane: 'transactions' })
  return msBetween(start, await arrived)
})
await local.rawConnect(port)
const floors = await repeat(9, 3, async () => {
  const arrived = other.rawReceived(COUNT * SIZE)
  await other.peers()
  const start = clockNs()
  await local.rawSend(port, { count: COUNT, size: SIZE })
  return msBetween(start, await arrived)
})
report({
  id: 'network.channel.1000',
  value: median(runs),
  unit: 'ms',
  op: '<=',
  target: 25,
  baseline: { name: 'node:net, one write a message', value: median(floors), unit: 'ms' },
  runs,
})
await stop()
