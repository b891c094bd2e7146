// Four validators; one behind a proxy that falls silent: until it is suspect, then down, and after healing a quorum again.
import { performance } from 'node:perf_hooks'
import { percentile, report } from '../../../bench/figure.ts'
import { tcpProxy } from '../integration/proxy.ts'
import { BenchNode } from './benchNode.ts'

const ROUNDS = Number(process.env['PARTITION_ROUNDS'] ?? 8)
/** Long enough for the back-off between two dials to be at its longest. */
const CUT_MS = 4_000
const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

// One validator sees the other three through a proxy only, so a cut leaves it with a quarter of the stake.
const others = [new BenchNode(), new BenchNode(), new BenchNode()]
const proxies: Awaited<ReturnType<typeof tcpProxy>>[] = []
for (const [i, node] of others.entries()) {
  const { multiaddrs } = await node.start({ index: i + 1, validators: 4 })
  proxies.push(await tcpProxy(Number(multiaddrs[0]?.split('/')[4])))
}
const alone = new BenchNode()
await alone.start({
  index: 0,
  validators: 4,
  peers: proxies.map(({ multiaddr }) => multiaddr),
  // Nobody can dial it past the proxies.
  config: { listen: [] },
})
await alone.ready(3)
const { manager } = alone
const since = { suspect: 0, down: 0 }
const suspects: number[] = []
const downs: number[] = []
const heals: number[] = []
for (let round = 0; round < ROUNDS; round++) {
  await wait(1_000 + 400 * Math.random())
  const start = performance.now()
  for (const proxy of proxies) proxy.cut()
  const states = (): readonly string[] => manager.health().peers.map(({ state }) => state)
  while (states().includes('connected')) await wait(2)
  since.suspect = performance.now() - start
  while (states().some((state) => state === 'connected' || state === 'suspect')) await wait(2)
  since.down = performance.now() - start
  suspects.push(since.suspect)
  downs.push(since.down)
  await wait(CUT_MS)
  const healed = performance.now()
  for (const proxy of proxies) proxy.heal()
  while (!manager.quorumReachable()) await wait(2)
  heals.push(performance.now() - healed)
  const told = [since.suspect, since.down, heals.at(-1) ?? 0].map(Math.round)
  process.stdout.write(`round ${round + 1} of ${ROUNDS}: suspect, down, healed after ${told} ms\n`)
  await alone.ready(3)
}
for (const [name, runs, targetMs] of [
  ['suspect', suspects, 1_000],
  ['down', downs, 2_000],
  ['heal', heals, 3_000],
] as const) {
  report({
    id: `network.partition.${name}`,
    value: percentile(runs, 1),
    unit: 'ms, worst',
    op: '<=',
    target: targetMs,
    runs,
  })
}
process.exit(0)
