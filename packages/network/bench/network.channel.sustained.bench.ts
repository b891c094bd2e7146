// Messages of 300 B a second, one way, for as long as it takes to send 200,000; a full lane holds the sender back.
import { median, repeat, report } from '../../../bench/figure.ts'
import { msBetween, processCluster } from './benchCluster.ts'
import { clockNs } from './benchNode.ts'

const COUNT = 200_000
const SIZE = 300

const { local, others, otherIds, rawPorts, stop } = await processCluster(2)
const [other] = others
const [to] = otherIds
const [port] = rawPorts
if (other === undefined || to === undefined || port === undefined) throw new Error('one other')

const perSecond = (ms: number): number => (COUNT / ms) * 1_000
const runs = await repeat(5, 2, async () => {
  const arrived = other.received(COUNT)
  // Its counter is set when it has answered.
  await other.peers()
  const start = clockNs()
  await local.send(to, { count: COUNT, size: SIZE, lane: 'transactions' })
  return perSecond(msBetween(start, await arrived))
})
await local.rawConnect(port)
const floors = await repeat(5, 1, async () => {
  const arrived = other.rawReceived(COUNT * SIZE)
  await other.peers()
  const start = clockNs()
  await local.rawSend(port, { count: COUNT, size: SIZE })
  return perSecond(msBetween(start, await arrived))
})
const value = median(runs)
const floor = median(floors)
const baseline = { name: 'node:net, one write a message', value: floor, unit: 'messages/s' }
report({
  id: 'network.channel.sustained',
  value,
  unit: 'messages/s',
  op: '>=',
  target: 100_000,
  baseline,
  runs,
})
report({
  id: 'network.channel.sustained.ratio',
  value: value / floor,
  unit: '× node:net',
  op: '>=',
  target: 0.5,
  baseline,
  runs: runs.map((run) => run / floor),
})
await stop()
