// A victim with the limits of a node on a public address, an honest validator that measures round trips, and in turns two
// kinds of hostile peers in processes of their own: one at more than 20 times its quotas on channel and gossip, one that
// subscribes to a million topics. As many round trips are measured without a hostile peer as with one, in turns.
// A remote attacker shares neither processor nor address with its victim. Here it has an address of its own and the lowest
// priority: it takes of two cores what the victim and the honest leave, and the rate that it reached is printed; below 20 the
// attack was weaker than it should be, and the figure says less. A ban ends the flood, and the figure is of all trips, before and
// after; those until it is known are printed apart too. Two floors tell how much of the processor it still took: bare
// sockets to the victim's process, which share its event loop, and to a bystander's, which nobody attacks.
import { percentile, report } from '../../../bench/figure.ts'
import { msBetween, remote, remoteNode } from './benchCluster.ts'
import { BenchNode } from './benchNode.ts'
import type { FloodNode } from './floodNode.ts'

const SIZE = 300
/** Below the quota of a validator channel, 200 a second. */
const PAUSE_MS = 8
/** Of the hostile processes, and the lowest there is. */
const NICENESS = 19
const WARM_UP = 300
const ROUNDS = 3
/** For so long after its ban a hostile peer keeps trying: a ban must hold. */
const HELD_MS = 1_500
const BANNED_MS_MAX = 5_000
const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

interface Trips {
  readonly channel: number[]
  readonly besideMs: number[]
  readonly bystanderMs: number[]
}

const victim = await remoteNode()
const { multiaddrs, rawPort } = await victim.start({
  index: 0,
  validators: 4,
  withQuotas: true,
  config: { sameHost: false },
})
await victim.echo(true)
const bystander = await remoteNode()
const { rawPort: bystanderPort } = await bystander.start({ index: 50, validators: 0 })
await bystander.echo(true)
const honest = new BenchNode()
await honest.start({ index: 1, validators: 4, peers: multiaddrs })
await honest.ready(1)
await honest.rawConnect(rawPort)
await honest.rawConnect(bystanderPort)
const [address = ''] = multiaddrs
const [to = ''] = honest.peers()

async function tripsUntil(trips: Trips, isOver: () => boolean): Promise<void> {
  while (!isOver()) {
    trips.channel.push(await honest.roundTrip(to, SIZE))
    trips.besideMs.push(await honest.rawRoundTrip(rawPort, SIZE))
    trips.bystanderMs.push(await honest.rawRoundTrip(bystanderPort, SIZE))
    await wait(PAUSE_MS)
  }
}
const noTrips = (): Trips => ({ channel: [], besideMs: [], bystanderMs: [] })
const after = (ms: number): (() => boolean) => {
  const end = performance.now() + ms
  return () => performance.now() > end
}

// A node that is attacked has worked before: its code is compiled.
const warmUp = noTrips()
for (let i = 0; i < WARM_UP; i++) {
  honest.publish(2, SIZE)
  await tripsUntil(warmUp, () => warmUp.channel.length > i)
}
const quiet = noTrips()
const noisy = noTrips()
const untilBan: number[] = []
const banned: number[] = []
const timesQuota: number[] = []
const redials: number[] = []
let grownBytes = 0
let hostiles = 0
for (let round = 0; round < ROUNDS; round++) {
  for (const attack of ['flood', 'subscribe'] as const) {
    const hostile = await remote<FloodNode>('floodNode.ts', NICENESS)
    await hostile.prepare(address, hostiles)
    await tripsUntil(quiet, () => quiet.channel.length >= noisy.channel.length)
    const heldBefore = await victim.heldBytes()
    const attacking = hostile[attack](address)
    const isGivenUp = after(3 * BANNED_MS_MAX)
    let isOver = false
    const watching = (async () => {
      while (!isOver) {
        const ban = (await victim.bans())[hostiles]
        const firstNs = await hostile.firstByteNs()
        if (ban !== undefined && firstNs !== undefined) banned.push(msBetween(firstNs, ban.atNs))
        isOver = ban !== undefined || isGivenUp()
        await wait(100)
      }
    })()
    const tripsBefore = noisy.channel.length
    await tripsUntil(noisy, () => isOver)
    untilBan.push(...noisy.channel.slice(tripsBefore))
    await watching
    await tripsUntil(noisy, after(HELD_MS))
    if (attack === 'flood') timesQuota.push(await hostile.timesQuota())
    redials.push(await hostile.redials())
    await hostile.end()
    await Promise.race([attacking, wait(BANNED_MS_MAX)])
    grownBytes = Math.max(grownBytes, (await victim.heldBytes()) - heldBefore)
    hostiles++
  }
}
await tripsUntil(quiet, () => quiet.channel.length >= noisy.channel.length)

const reasons = (await victim.bans()).map(({ reason }) => reason)
process.stdout.write(
  `flood at ${timesQuota.map(Math.round).join(', ')} times its quotas; banned: ${reasons.join(', ')}; dialled again: ${redials.join(', ')}\n`,
)
for (const p of [0.5, 0.9, 0.99, 1]) {
  const of = ({ channel, besideMs, bystanderMs }: Trips): string =>
    [channel, besideMs, bystanderMs].map((trips) => percentile(trips, p).toFixed(2)).join(' / ')
  process.stdout.write(
    `p${100 * p}, channel / node:net to the victim / to a bystander: quiet ${of(quiet)}, attacked ${of(noisy)} ms\n`,
  )
}
const [p50, p90, p100] = [0.5, 0.9, 1].map((p) => percentile(untilBan, p).toFixed(2))
process.stdout.write(
  `channel until the ban, ${untilBan.length} of ${noisy.channel.length} trips: p50 ${p50}, p90 ${p90}, p100 ${p100} ms\n`,
)
const p99 = (trips: readonly number[]): number => percentile(trips, 0.99)
report({
  id: 'network.flood.p99',
  value: p99(noisy.channel) / p99(quiet.channel),
  unit: '× p99 without the flood',
  op: '<=',
  target: 2,
  baseline: {
    name: 'node:net to a bystander',
    value: p99(noisy.bystanderMs) / p99(quiet.bystanderMs),
    unit: '×',
  },
  runs: [p99(quiet.channel), p99(noisy.channel), noisy.channel.length],
})
report({
  id: 'network.flood.memory',
  value: grownBytes / 2 ** 20,
  unit: 'MiB',
  op: '<=',
  target: 32,
  runs: [grownBytes / 2 ** 20],
})
report({
  id: 'network.flood.banned',
  value: banned.length === hostiles ? Math.max(...banned) : Number.POSITIVE_INFINITY,
  unit: 'ms',
  op: '<=',
  target: BANNED_MS_MAX,
  runs: banned,
})
process.exit(0)
