import type { Effect } from '@openliquid/consensus'
import type { Height } from '@openliquid/primitives'
import { describe, expect, it } from 'vitest'
import { Cluster, type ClusterOptions, GENESIS_TIME_MS, steadyLinks } from '../src/index.ts'

/** One-way delay δ. */
const DELTA_MS = 10

interface Times {
  readonly proposed: Map<Height, number>
  /** By height, then by node. */
  readonly committed: Map<Height, Map<number, number>>
}

/** Runs a cluster and notes when each height was proposed, and committed where. */
function timed(options: Partial<ClusterOptions> & Pick<ClusterOptions, 'stakes'>): {
  cluster: Cluster
  times: Times
} {
  const times: Times = { proposed: new Map(), committed: new Map() }
  const observe = (node: number, effect: Effect, nowMs: number): void => {
    if (effect.kind === 'broadcast' && effect.message.kind === 'proposal') {
      times.proposed.set(effect.message.proposal.block.header.height, nowMs)
    }
    if (effect.kind !== 'commit') return
    for (const { context } of effect.blocks) {
      const at = times.committed.get(context.height) ?? new Map<number, number>()
      at.set(node, nowMs)
      times.committed.set(context.height, at)
    }
  }
  const cluster = new Cluster({ seed: 1, links: steadyLinks(DELTA_MS), observe, ...options })
  cluster.start()
  return { cluster, times }
}

describe('delays on the happy path, in one-way delays δ (§5)', () => {
  it.each([4, 7])(
    'n = %i: a block every 2δ, committed at the next leader after 4δ, everywhere after 5δ (seed 1)',
    (n) => {
      const { cluster, times } = timed({ stakes: Array.from({ length: n }, () => 1n) })
      expect(cluster.runUntil(() => cluster.executedByAll >= 30n, 5_000)).toBe(true)

      for (let height = 2n; height <= 25n; height += 1n) {
        const proposedMs = times.proposed.get(height) as number
        expect(proposedMs - (times.proposed.get(height - 1n) as number)).toBe(2 * DELTA_MS)
        const delays = [...(times.committed.get(height) as Map<number, number>).values()]
          .map((atMs) => atMs - proposedMs)
          .sort((a, b) => a - b)
        expect(delays[0]).toBe(4 * DELTA_MS)
        expect(delays.slice(1)).toEqual(delays.slice(1).map(() => 5 * DELTA_MS))
        expect(delays).toHaveLength(n)
      }
    },
  )

  it('needs no timer at all (seed 1)', () => {
    let timeouts = 0
    const { cluster } = timed({
      stakes: [1n, 1n, 1n, 1n],
      observe: (_, effect) => {
        if (effect.kind === 'broadcast' && effect.message.kind === 'timeout') timeouts += 1
      },
    })
    cluster.runFor(3_000)
    expect(timeouts).toBe(0)
    expect(cluster.executedByAll).toBeGreaterThan(140n)
  })

  it('paces empty blocks by minBlockIntervalMs, and none that brings a payload to commit (seed 1)', () => {
    const { cluster, times } = timed({
      stakes: [1n, 1n, 1n, 1n],
      hasWork: (height) => height === 20n,
    })
    cluster.runUntil(() => cluster.executedByAll >= 30n, 5_000)
    const intervalMs = (height: Height): number =>
      (times.proposed.get(height) as number) - (times.proposed.get(height - 1n) as number)
    // The block with the payload, then the two that commit it, and pace again.
    expect([18n, 19n, 20n, 21n, 22n, 23n].map(intervalMs)).toEqual([50, 50, 20, 20, 20, 50])
  })

  it('sends at most 4 messages per node in a good view (L3, seed 1)', () => {
    let messages = 0
    const { cluster } = timed({
      stakes: [1n, 1n, 1n, 1n, 1n, 1n, 1n],
      observe: (_, effect) => {
        if (effect.kind === 'send') messages += 1
        if (effect.kind === 'broadcast') messages += 6
      },
    })
    cluster.runUntil(() => cluster.executedByAll >= 100n, 5_000)
    expect(messages / 100 / 7).toBeLessThan(4)
  })
})

describe('shapes of committees', () => {
  it('n = 1: a validator alone commits by its own votes (seed 1)', () => {
    const { cluster } = timed({ stakes: [5n], hasWork: () => false })
    cluster.runFor(2_000)
    // One empty block per minBlockIntervalMs of 50.
    expect(cluster.executedByAll).toBeGreaterThanOrEqual(37n)
    expect(cluster.executedByAll).toBeLessThanOrEqual(40n)
  })

  it('n = 1 with a pace slower than the view timer keeps it (seed 1)', () => {
    let timeouts = 0
    const { cluster } = timed({
      stakes: [5n],
      hasWork: () => false,
      params: { minBlockIntervalMs: 1_000 },
      observe: (_, effect) => {
        if (effect.kind === 'broadcast' && effect.message.kind === 'timeout') timeouts += 1
      },
    })
    cluster.runFor(10_500)
    expect(timeouts).toBe(0)
    expect(cluster.executedByAll).toBeGreaterThanOrEqual(8n)
  })

  it('unequal stakes: the heavy one leads as often as its stake says (seed 1)', () => {
    const leaders = new Map<number, number>()
    const { cluster } = timed({
      stakes: [33n, 30n, 30n, 7n],
      observe: (node, effect) => {
        if (node !== 0 || effect.kind !== 'enterView') return
        leaders.set(effect.leader, (leaders.get(effect.leader) ?? 0) + 1)
      },
    })
    cluster.runUntil(() => cluster.executedByAll >= 200n, 10_000)
    expect(cluster.executedByAll).toBeGreaterThanOrEqual(200n)
    const share = (index: number): number =>
      (leaders.get(index) ?? 0) / [...leaders.values()].reduce((sum, one) => sum + one, 0)
    expect(share(0)).toBeCloseTo(0.33, 1)
    // The light one votes too late for any QC, and leads less for that (§6).
    expect(share(3)).toBeGreaterThan(0)
    expect(share(3)).toBeLessThan(0.08)
  })

  it('starts at the genesis time of its clock', () => {
    const { cluster } = timed({ stakes: [1n] })
    expect(cluster.scheduler.nowMs).toBe(GENESIS_TIME_MS)
  })
})
