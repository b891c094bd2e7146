// Round trip of 300 B through a validator channel between two processes, and the same over a bare socket in turns.
import { percentile, report } from '../../../bench/figure.ts'
import { processCluster } from './benchCluster.ts'

const SIZE = 300
const ROUNDS = 5
const TRIPS = 600
const WARM_UP = 3_000

const { local, others, otherIds, rawPorts, stop } = await processCluster(2)
const [other] = others
const [to] = otherIds
const [port] = rawPorts
if (other === undefined || to === undefined || port === undefined) throw new Error('one other')
await other.echo(true)
await local.rawConnect(port)
for (let i = 0; i < WARM_UP; i++) {
  await local.roundTrip(to, SIZE)
  await local.rawRoundTrip(port, SIZE)
}
const medians: number[] = []
const floors: number[] = []
for (let round = 0; round < ROUNDS; round++) {
  const trips: number[] = []
  const bare: number[] = []
  for (let i = 0; i < TRIPS; i++) {
    trips.push(await local.roundTrip(to, SIZE))
    bare.push(await local.rawRoundTrip(port, SIZE))
  }
  medians.push(percentile(trips, 0.5))
  floors.push(percentile(bare, 0.5))
}
const value = percentile(medians, 0.5)
const floor = percentile(floors, 0.5)
const baseline = { name: 'node:net', value: floor, unit: 'ms' }
report({
  id: 'network.channel.rtt',
  value,
  unit: 'ms',
  op: '<=',
  target: 0.4,
  baseline,
  runs: medians,
})
report({
  id: 'network.channel.rtt.ratio',
  value: value / floor,
  unit: '× node:net',
  op: '<=',
  target: 6,
  baseline,
  runs: medians.map((trip, i) => trip / (floors[i] ?? Number.NaN)),
})
await stop()
