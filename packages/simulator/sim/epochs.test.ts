import { FLAG_EPOCH_CLOSING, FLAG_EPOCH_SUFFIX } from '@openliquid/primitives'
import { describe, expect, it } from 'vitest'
import { Cluster, type ClusterOptions, silent, steadyLinks } from '../src/index.ts'

/** Flags and epochs of the blocks that a node executed. */
function chainOf(cluster: Cluster, node: number): { epoch: bigint; flags: number; view: bigint }[] {
  const { application } = cluster.node(node)
  return Array.from({ length: Number(application.height) }, (_, i) => {
    const { epoch, flags, view } = application.blockAt(BigInt(i + 1))!.header
    return { epoch, flags, view }
  })
}

function clusterOf(options: Partial<ClusterOptions> = {}): Cluster {
  return new Cluster({
    seed: 7,
    stakes: [1n, 1n, 1n, 1n],
    links: steadyLinks(10),
    ...options,
    params: { epochDurationMs: 400, ...options.params },
  })
}

const epochs = (cluster: Cluster): bigint[] =>
  cluster.nodes.filter(({ isUp }) => isUp).map(({ core }) => core.status.epoch)

describe('epochs (§8)', () => {
  it('roll: each ends with its closing block, no suffix block is committed, views begin at 1', () => {
    const cluster = clusterOf()
    cluster.start()
    expect(cluster.runUntil(() => epochs(cluster).every((epoch) => epoch >= 6n), 20_000)).toBe(true)
    const chain = chainOf(cluster, 0)
    for (const [i, block] of chain.entries()) {
      expect(block.flags).not.toBe(FLAG_EPOCH_SUFFIX)
      const next = chain[i + 1]
      if (next === undefined) continue
      const isLast = block.flags === FLAG_EPOCH_CLOSING
      expect(next.epoch).toBe(isLast ? block.epoch + 1n : block.epoch)
      if (isLast) expect(next.view).toBeLessThanOrEqual(3n)
    }
  })

  it('cost a live chain no timeout', () => {
    let timeouts = 0
    const cluster = clusterOf({
      observe: (_, effect) => {
        if (effect.kind === 'broadcast' && effect.message.kind === 'timeout') timeouts += 1
      },
    })
    cluster.start()
    cluster.runFor(5_000)
    expect(epochs(cluster).every((epoch) => epoch >= 8n)).toBe(true)
    expect(timeouts).toBe(0)
  })

  it('roll with a dead leader, unequal stakes and slow execution', () => {
    const cluster = clusterOf({
      stakes: [3n, 2n, 2n, 3n],
      nodes: new Map([[2, { behavior: silent }]]),
      executionMs: 25,
    })
    cluster.start()
    const isFar = (): boolean => epochs(cluster).every((epoch) => epoch >= 6n)
    expect(cluster.runUntil(isFar, 60_000)).toBe(true)
  })

  it('one that slept through several epochs is shown the way by the chain of changes', () => {
    const cluster = clusterOf()
    cluster.start()
    cluster.runFor(300)
    cluster.crash(3)
    cluster.runFor(6_000)
    expect(cluster.node(0).core.status.epoch).toBeGreaterThan(9n)
    cluster.restart(3)
    const hasCaughtUp = (): boolean =>
      cluster.node(3).core.status.epoch === cluster.node(0).core.status.epoch &&
      cluster.node(3).application.height + 10n > cluster.node(0).application.height
    expect(cluster.runUntil(hasCaughtUp, 20_000)).toBe(true)
  })

  it('a partition over an epoch boundary heals', () => {
    const cluster = clusterOf()
    cluster.start()
    cluster.runFor(350)
    cluster.network.partition([0, 0, 1, 0])
    cluster.runFor(3_000)
    expect(cluster.node(2).core.status.epoch).toBeLessThan(3n)
    cluster.heal()
    const height = BigInt(cluster.commits.height + 20)
    expect(cluster.runUntil(() => cluster.executedByAll >= height, 40_000)).toBe(true)
  })

  it.each(Array.from({ length: 10 }, (_, i) => 200 + i))(
    'survive loss, partitions and crashes of one and of all (seed %i)',
    (seed) => {
      const cluster = clusterOf({
        seed,
        links: { delayMsMin: 1, delayMsMax: 120, lossPermille: 60, duplicatePermille: 30 },
        executionMs: seed % 3 === 0 ? 30 : 2,
        params: { epochDurationMs: 300 + 100 * (seed % 4) },
      })
      cluster.start()
      cluster.restartCrashedAfter(300)
      for (let round = 0; round < 8; round++) {
        cluster.runFor(300 + cluster.prng.below(900))
        if (cluster.prng.chance(400)) {
          cluster.network.partition(cluster.nodes.map(() => cluster.prng.below(2)))
        } else cluster.network.heal()
        cluster.node(cluster.prng.below(4)).crashAtEffect(cluster.prng.below(30))
        if (cluster.prng.chance(250)) for (const { index } of cluster.nodes) cluster.crash(index)
      }
      cluster.heal()
      cluster.network.setConditions(steadyLinks(20))
      const height = BigInt(cluster.commits.height + 20)
      expect(cluster.runUntil(() => cluster.executedByAll >= height, 60_000)).toBe(true)
      expect(epochs(cluster).every((epoch) => epoch >= 3n)).toBe(true)
    },
  )
})
