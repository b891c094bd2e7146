import { describe, expect, it } from 'vitest'
import { Cluster, steadyLinks } from '../src/index.ts'

/** Longest silence of honest nodes after everything heals: back-off at its maximum, twice, and some. */
const LIVENESS_MS = 40_000

describe('partitions', () => {
  it.each([1, 2, 3, 4])(
    'no side commits against the other, and healing brings all together (seed %i)',
    (seed) => {
      const cluster = new Cluster({
        seed,
        stakes: [1n, 1n, 1n, 1n, 1n, 1n, 1n],
        links: steadyLinks(15),
      })
      cluster.start()
      cluster.runFor(1_000)
      cluster.network.partition([0, 1, 0, 1, 0, 1, 0])
      cluster.runFor(3_000)
      const height = cluster.commits.height
      cluster.runFor(10_000)
      expect(cluster.commits.height).toBe(height)
      cluster.heal()
      const goesOn = (): boolean => cluster.executedByAll >= BigInt(height + 10)
      expect(cluster.runUntil(goesOn, LIVENESS_MS)).toBe(true)
    },
  )

  it('the side with a quorum goes on, the other catches up (seed 8)', () => {
    const cluster = new Cluster({ seed: 8, stakes: [1n, 1n, 1n, 1n], links: steadyLinks(10) })
    cluster.start()
    cluster.runFor(500)
    cluster.network.partition([0, 0, 1, 0])
    cluster.runFor(20_000)
    const height = cluster.commits.height
    expect(height).toBeGreaterThan(60)
    cluster.heal()
    const caughtUp = (): boolean => cluster.node(2).application.height > BigInt(height)
    expect(cluster.runUntil(caughtUp, LIVENESS_MS)).toBe(true)
  })
})

describe('loss, reordering, duplication, crashes, skewed clocks', () => {
  const seeds = Array.from({ length: 12 }, (_, i) => 100 + i)

  it.each(seeds)('stay safe, and live once links are good again (seed %i)', (seed) => {
    const n = seed % 3 === 0 ? 7 : 4
    const stakes = Array.from({ length: n }, (_, i) => (seed % 2 === 0 ? 1n : BigInt(3 + (i % 2))))
    const nodes = new Map(stakes.map((_, i) => [i, { clockSkewMs: (i * 13) % 40 }]))
    const cluster = new Cluster({
      seed,
      stakes,
      nodes,
      links: { delayMsMin: 1, delayMsMax: 120, lossPermille: 80, duplicatePermille: 50 },
      executionMs: seed % 4 === 0 ? 30 : 2,
    })
    cluster.start()
    cluster.restartCrashedAfter(700)
    for (let round = 0; round < 6; round++) {
      cluster.runFor(400 + cluster.prng.below(1_500))
      const sides = stakes.map(() => cluster.prng.below(2))
      if (cluster.prng.chance(500)) cluster.network.partition(sides)
      else cluster.network.heal()
      if (cluster.prng.chance(600)) {
        cluster.node(cluster.prng.below(n)).crashAtEffect(cluster.prng.below(40))
      }
    }
    cluster.heal()
    cluster.network.setConditions(steadyLinks(20))
    const height = cluster.commits.height
    const goesOn = (): boolean => cluster.executedByAll >= BigInt(height + 10)
    expect(cluster.runUntil(goesOn, LIVENESS_MS)).toBe(true)
  })
})
