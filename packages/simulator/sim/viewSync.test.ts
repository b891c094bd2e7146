import { expect, it } from 'vitest'
import { Cluster, steadyLinks } from '../src/index.ts'

const DELTA_MS = 10
/** Most messages are lost until then: the global stabilisation time. */
const GOOD_AFTER_MS = 20_000
/** What was lost is sent again within this. */
const REPEAT_MS = 1_000
const WATCHED_MS = 20_000

/** Runs through a bad spell; returns how far apart the views of the honest ever are, before and after it is over. */
function spreads(seed: number, stakes: readonly bigint[]): { before: bigint; after: bigint } {
  const cluster = new Cluster({ seed, stakes, links: steadyLinks(DELTA_MS) })
  const startMs = cluster.scheduler.nowMs
  const goodMs = startMs + GOOD_AFTER_MS
  cluster.network.addFilter((from, to) => {
    if (cluster.scheduler.nowMs >= goodMs || from === to) return 0
    // One node hears next to nothing, so that it falls behind.
    return cluster.prng.chance(to === 0 ? 990 : 300) ? -1 : 0
  })
  const spread = { before: 0n, after: 0n }
  cluster.start()
  while (cluster.scheduler.runNext(goodMs + REPEAT_MS + 2 * DELTA_MS + WATCHED_MS)) {
    const views = cluster.nodes.map(({ core }) => core.status.view)
    const [low, high] = [views.reduce(min), views.reduce(max)]
    const isSettled = cluster.scheduler.nowMs > goodMs + REPEAT_MS + 2 * DELTA_MS
    const at = isSettled ? 'after' : 'before'
    if (high - low > spread[at]) spread[at] = high - low
  }
  return spread
}

const min = (a: bigint, b: bigint): bigint => (a < b ? a : b)
const max = (a: bigint, b: bigint): bigint => (a > b ? a : b)

it.each([1, 2, 3])(
  'views of honest replicas are within one of each other once messages arrive again (L2, seed %i)',
  (seed) => {
    const { before, after } = spreads(seed, [1n, 1n, 1n, 1n])
    expect(before).toBeGreaterThan(1n)
    expect(after).toBeLessThanOrEqual(1n)
  },
)
