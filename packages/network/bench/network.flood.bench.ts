// A victim with the package's own quotas, an honest validator that measures round trips, and in turns two hostile peers: one
// at 20 times its quotas on channel and gossip, one that subscribes to a million topics.
import { percentile, report } from '../../../bench/figure.ts'
import { msBetween, remote, remoteNode } from './benchCluster.ts'
import { BenchNode } from './benchNode.ts'
import type { FloodNode } from './floodNode.ts'

const SIZE = 300
/** Below the quota of a validator channel, 200 a second. */
const PAUSE_MS = 8
const WARM_UP = 300
const QUIET_MS = 6_000
const BANNED_MS_MAX = 5_000
const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

const victim = await remoteNode()
const { multiaddrs, rawPort } = await victim.start({ index: 0, validators: 4, withQuotas: true })
await victim.echo(true)
const honest = new BenchNode()
await honest.start({ index: 1, validators: 4, peers: multiaddrs })
await honest.ready(1)
await honest.rawConnect(rawPort)
const [address = ''] = multiaddrs
const [to = ''] = honest.peers()

async function tripsUntil(isOver: () => boolean): Promise<number[]> {
  const trips: number[] = []
  while (!isOver()) {
    trips.push(await honest.roundTrip(to, SIZE))
    await wait(PAUSE_MS)
  }
  return trips
}
const after = (ms: number): (() => boolean) => {
  const end = performance.now() + ms
  return () => performance.now() > end
}

let warmUp = 0
await tripsUntil(() => warmUp++ > WARM_UP)
const quiet = percentile(await tripsUntil(after(QUIET_MS)), 0.99)
const heldBefore = await victim.heldBytes()
const banned: number[] = []
const noisy: number[] = []
for (const [count, attack] of (['flood', 'subscribe'] as const).entries()) {
  const hostile = await remote<FloodNode>('floodNode.ts')
  await hostile.prepare(address, count)
  const attacking = hostile[attack](address)
  const isGivenUp = after(3 * BANNED_MS_MAX)
  let isOver = false
  const watching = (async () => {
    while (!isOver) {
      const ban = (await victim.bans())[count]
      const firstNs = await hostile.firstByteNs()
      if (ban !== undefined && firstNs !== undefined) banned.push(msBetween(firstNs, ban.atNs))
      isOver = ban !== undefined || isGivenUp()
      await wait(50)
    }
  })()
  noisy.push(...(await tripsUntil(() => isOver)))
  await watching
  // The hostile peer keeps trying for a while: a ban must hold.
  noisy.push(...(await tripsUntil(after(QUIET_MS / 4))))
  const times = await hostile.timesQuota()
  await hostile.end()
  await Promise.race([attacking, wait(BANNED_MS_MAX)])
  process.stdout.write(
    `${attack} at ${Math.round(times)} times its quotas: banned ${Math.round(banned.at(-1) ?? -1)} ms after its first byte\n`,
  )
}
const bans = await victim.bans()
process.stdout.write(`banned: ${bans.map(({ reason }) => reason).join(', ')}\n`)
const grownBytes = (await victim.heldBytes()) - heldBefore
const bare: number[] = []
for (let i = 0; i < 300; i++) {
  bare.push(await honest.rawRoundTrip(rawPort, SIZE))
  await wait(1)
}
const baseline = { name: 'node:net p99', value: percentile(bare, 0.99), unit: 'ms' }
report({
  id: 'network.flood.p99',
  value: percentile(noisy, 0.99) / quiet,
  unit: '× p99 without the flood',
  op: '<=',
  target: 2,
  baseline,
  runs: [quiet, percentile(noisy, 0.99), percentile(noisy, 0.5), noisy.length],
})
report({
  id: 'network.flood.memory',
  value: Math.max(0, grownBytes) / 2 ** 20,
  unit: 'MiB',
  op: '<=',
  target: 32,
  runs: [grownBytes / 2 ** 20],
})
report({
  id: 'network.flood.banned',
  value: banned.length === 2 ? Math.max(...banned) : Number.POSITIVE_INFINITY,
  unit: 'ms',
  op: '<=',
  target: BANNED_MS_MAX,
  runs: banned,
})
process.exit(0)
