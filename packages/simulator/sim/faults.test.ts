import type { Effect } from '@openliquid/consensus'
import { nullScheme } from '@openliquid/crypto/testing'
import { describe, expect, it } from 'vitest'
import {
  Cluster,
  type ClusterOptions,
  createChain,
  equivocatingLeader,
  type NodeOptions,
  silent,
  steadyLinks,
  wrongRootLeader,
} from '../src/index.ts'

const FOUR = [1n, 1n, 1n, 1n]
const SEVEN = [1n, 1n, 1n, 1n, 1n, 1n, 1n]

function clusterOf(options: Partial<ClusterOptions> & Pick<ClusterOptions, 'stakes'>): Cluster {
  const cluster = new Cluster({ seed: 7, links: steadyLinks(10), ...options })
  cluster.start()
  return cluster
}

function only(index: number, options: NodeOptions): ReadonlyMap<number, NodeOptions> {
  return new Map([[index, options]])
}

describe('dead validators', () => {
  it('one dead leader costs one timeout per turn, and no block before it is lost (backup QC, seed 7)', () => {
    const missed: number[] = []
    const views: bigint[] = []
    const cluster = clusterOf({
      stakes: FOUR,
      nodes: only(2, { behavior: silent }),
      observe: (node, effect) => {
        if (node !== 0 || effect.kind !== 'commit') return
        for (const { context } of effect.blocks) {
          missed.push(...context.missedSlots)
          views.push(context.view)
        }
      },
    })
    expect(cluster.runUntil(() => cluster.executedByAll >= 60n, 60_000)).toBe(true)
    // Only the dead one is charged: one view of four, until the window of height 40 takes its slots away.
    expect(new Set(missed)).toEqual(new Set([2]))
    const before = views.findLastIndex((view) => view <= 56n) + 1
    expect(missed.length / before).toBeCloseTo(1 / 3, 1)
    // A turn is three blocks of 2δ, the backup delay, one τ0 and a few δ.
    const perTurnMs = cluster.scheduler.nowMs - 1_000_000
    expect(perTurnMs / (60 / 3)).toBeLessThan(125 + 500 + 14 * 10)
  })

  it.each([
    [4, [2]],
    [7, [2, 3]],
    [10, [2, 3, 4]],
  ])(
    'n = %i, leaders %j dead in a row: the backup delay, one timeout each, and no δ more than messages need',
    (n, dead) => {
      const deltaMs = 10
      const proposedMs: number[] = []
      const cluster = clusterOf({
        stakes: Array.from({ length: n }, () => 1n),
        links: steadyLinks(deltaMs),
        nodes: new Map(dead.map((index) => [index, { behavior: silent }])),
        observe: (node, effect, nowMs) => {
          const isProposal = effect.kind === 'broadcast' && effect.message.kind === 'proposal'
          if (isProposal && !dead.includes(node)) proposedMs.push(nowMs)
        },
      })
      expect(cluster.runUntil(() => cluster.executedByAll >= BigInt(2 * n), 60_000)).toBe(true)
      const gapsMs = proposedMs.slice(1).map((atMs, i) => atMs - (proposedMs[i] as number))
      // Votes 2δ, backup delay, the QC δ; then each timeout τ0 and δ until all have it.
      const deadMs = 125 + 500 * dead.length + (3 + dead.length) * deltaMs
      expect(new Set(gapsMs)).toEqual(new Set([2 * deltaMs, deadMs]))
      expect(gapsMs.filter((gapMs) => gapMs === deadMs).length).toBeGreaterThanOrEqual(2)
    },
  )

  it('f of seven dead: the chain goes on (seed 7)', () => {
    const nodes = new Map([
      [1, { behavior: silent }],
      [4, { behavior: silent }],
    ])
    const cluster = clusterOf({ stakes: SEVEN, nodes })
    expect(cluster.runUntil(() => cluster.executedByAll >= 40n, 120_000)).toBe(true)
  })

  it('two of four dead: it stops without harm, and goes on when one returns (seed 7)', () => {
    const cluster = clusterOf({ stakes: FOUR })
    cluster.runUntil(() => cluster.executedByAll >= 20n, 5_000)
    cluster.crash(1)
    cluster.crash(3)
    cluster.runFor(1_000)
    const stoppedAt = cluster.commits.height
    cluster.runFor(30_000)
    expect(cluster.commits.height).toBe(stoppedAt)
    cluster.restart(3)
    expect(cluster.runUntil(() => cluster.commits.height >= stoppedAt + 20, 30_000)).toBe(true)
  })

  it('a view without quorum costs at most 4·n² messages a second (L3, seed 7)', () => {
    let messages = 0
    const cluster = clusterOf({
      stakes: FOUR,
      observe: (_, effect) => {
        if (effect.kind === 'send') messages += 1
        if (effect.kind === 'broadcast') messages += 3
      },
    })
    cluster.runFor(500)
    cluster.crash(1)
    cluster.crash(3)
    cluster.runFor(5_000)
    messages = 0
    cluster.runFor(10_000)
    expect(messages / 10).toBeLessThan(4 * 16)
  })
})

describe('faulty leaders', () => {
  const schemes = { scheme: nullScheme, nodeScheme: nullScheme }

  it('an equivocating leader of four is outvoted (seeds 1-5)', () => {
    for (let seed = 1; seed <= 5; seed++) {
      const cluster = clusterOf({ seed, stakes: FOUR, nodes: only(1, { behavior: () => [] }) })
      const behavior = equivocatingLeader({
        chain: cluster.chain,
        index: 1,
        nodeScheme: cluster.schemes.nodeScheme,
      })
      const run = clusterOf({ seed, stakes: FOUR, nodes: only(1, { behavior }) })
      expect(
        run.runUntil(() => run.executedByAll >= 30n, 60_000),
        `seed ${seed}`,
      ).toBe(true)
    }
  })

  it('a leader that names a wrong state root gets no vote and stops nobody (B7, seed 7)', () => {
    const reports: Effect[] = []
    const { nodeScheme } = clusterOf({ stakes: FOUR }).schemes
    const chain = createChain(FOUR, { ...schemes, nodeScheme })
    const behavior = wrongRootLeader({ chain, index: 1, nodeScheme })
    const cluster = clusterOf({
      stakes: FOUR,
      nodes: only(1, { behavior }),
      observe: (_, effect) => {
        if (effect.kind === 'report') reports.push(effect)
      },
    })
    expect(cluster.runUntil(() => cluster.executedByAll >= 30n, 60_000)).toBe(true)
    expect(cluster.nodes.every(({ halt }) => halt === undefined)).toBe(true)
    expect(reports).toContainEqual(
      expect.objectContaining({
        fault: expect.objectContaining({ code: 'OL_CONSENSUS_PROPOSED_STATE_ROOT' }),
      }),
    )
    expect(cluster.alarms).toEqual([])
  })

  it('a node that executes otherwise than a quorum halts; the others go on (B7, seed 7)', () => {
    const cluster = clusterOf({ stakes: FOUR, nodes: only(3, { salt: 1 }) })
    expect(cluster.runUntil(() => cluster.executedByAll >= 30n, 60_000)).toBe(true)
    expect(cluster.node(3).halt).toMatchObject({
      code: 'OL_CONSENSUS_STATE_ROOT',
      details: { height: '1', ours: expect.stringMatching(/^0x/) },
    })
    expect(cluster.node(3).core.step({ kind: 'peerConnected', nowMs: 1, peer: 'x' })).toEqual([])
  })

  it('proposals with other roots from a third of the stake raise an alarm (B7, seed 7)', () => {
    const nodes = new Map([
      [2, { salt: 1 }],
      [3, { salt: 1 }],
    ])
    const cluster = clusterOf({ stakes: FOUR, nodes })
    cluster.runFor(20_000)
    expect(cluster.alarms[0]?.alarm.code).toBe('OL_CONSENSUS_NONDETERMINISM')
  })
})
