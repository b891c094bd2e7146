import { describe, expect, it } from 'vitest'
import { Cluster, type ClusterOptions, steadyLinks } from '../src/index.ts'

const FOUR = [1n, 1n, 1n, 1n]

function clusterOf(options: Partial<ClusterOptions> & Pick<ClusterOptions, 'seed'>): Cluster {
  const cluster = new Cluster({ stakes: FOUR, links: steadyLinks(10), ...options })
  cluster.start()
  return cluster
}

describe('all nodes die at once', () => {
  it.each([1, 2, 3, 4, 5, 6])('and go on from the same committed block (seed %i)', (seed) => {
    const cluster = clusterOf({ seed, executionMs: 3 })
    for (let round = 0; round < 4; round++) {
      cluster.runFor(300 + cluster.prng.below(700))
      const height = cluster.commits.height
      for (const { index } of cluster.nodes) cluster.crash(index)
      for (const { index } of cluster.nodes) cluster.restart(index)
      expect(
        cluster.runUntil(() => cluster.executedByAll >= BigInt(height + 10), 30_000),
        `round ${round}`,
      ).toBe(true)
    }
  })

  it('again and again within every view (seed 9)', () => {
    const cluster = clusterOf({ seed: 9 })
    for (let round = 0; round < 40; round++) {
      cluster.runFor(5 + cluster.prng.below(60))
      for (const { index } of cluster.nodes) cluster.crash(index)
      for (const { index } of cluster.nodes) cluster.restart(index)
    }
    const height = cluster.commits.height
    expect(cluster.runUntil(() => cluster.commits.height >= height + 10, 60_000)).toBe(true)
  })
})

describe('crash in front of every effect', () => {
  it.each([11, 12, 13])(
    'of one node: nothing is signed twice, nothing is lost (seed %i)',
    (seed) => {
      for (let effect = 0; effect < 60; effect++) {
        const cluster = clusterOf({ seed: seed * 1_000 + effect, executionMs: 2 })
        cluster.restartCrashedAfter(150)
        cluster.runFor(200)
        const victim = cluster.prng.below(4)
        cluster.node(victim).crashAtEffect(effect)
        const height = cluster.commits.height
        const goesOn = (): boolean => cluster.executedByAll >= BigInt(height + 12)
        expect(cluster.runUntil(goesOn, 30_000), `effect ${effect}`).toBe(true)
      }
    },
  )

  it.each([21, 22])('of all nodes within a view (seed %i)', (seed) => {
    for (let effect = 0; effect < 25; effect++) {
      const cluster = clusterOf({ seed: seed * 1_000 + effect })
      cluster.restartCrashedAfter(400)
      cluster.runFor(200)
      for (const node of cluster.nodes) node.crashAtEffect(effect)
      const height = cluster.commits.height
      const goesOn = (): boolean => cluster.executedByAll >= BigInt(height + 8)
      expect(cluster.runUntil(goesOn, 60_000), `effect ${effect}`).toBe(true)
    }
  })
})

describe('block sync', () => {
  it('brings a replica that was away for hundreds of blocks back to voting (seed 5)', () => {
    const cluster = clusterOf({ seed: 5 })
    cluster.runFor(500)
    cluster.crash(2)
    const height = cluster.executedByAll
    expect(cluster.runUntil(() => cluster.executedByAll >= height + 200n, 120_000)).toBe(true)
    cluster.restart(2)
    const target = BigInt(cluster.commits.height)
    expect(cluster.runUntil(() => cluster.node(2).application.height > target, 10_000)).toBe(true)

    // It votes again: the chain lives on with another one dead.
    cluster.crash(0)
    expect(cluster.runUntil(() => cluster.executedByAll >= target + 20n, 30_000)).toBe(true)
  })

  it('a replica with slow execution paces the chain by its turns, and its lag stays bounded (B7, seed 6)', () => {
    const cluster = clusterOf({ seed: 6, nodes: new Map([[2, { executionMs: 120 }]]) })
    cluster.runFor(20_000)
    const { application, committedHeight } = cluster.node(2)
    // Without the root of K(parent) it holds its proposals, so that all four go at its 120 ms a block.
    expect(application.height).toBeGreaterThan(150n)
    expect(committedHeight - application.height).toBeLessThanOrEqual(8n)
  })
})
