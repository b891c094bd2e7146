// The example of the README: a scenario of one's own.
import { expect, it } from 'vitest'
import { Cluster, silent, steadyLinks } from '../src/index.ts'

it('a dead leader and a deaf one cost views, and nothing that was committed', () => {
  let timeouts = 0
  const cluster = new Cluster({
    seed: 1,
    stakes: [1n, 1n, 1n, 1n, 1n, 1n, 1n],
    links: steadyLinks(10),
    nodes: new Map([[2, { behavior: silent }]]),
    observe: (_node, effect) => {
      if (effect.kind === 'broadcast' && effect.message.kind === 'timeout') timeouts += 1
    },
  })
  cluster.start()
  cluster.runFor(1_000)
  for (const from of [0, 1, 3, 4, 5]) cluster.network.cut(from, 6)
  const { height } = cluster.commits
  cluster.runFor(5_000)
  cluster.heal()
  // Every monitor has looked at every step so far; what is left is to say what should have come of it.
  expect(cluster.runUntil(() => cluster.executedByAll >= BigInt(height + 10), 10_000)).toBe(true)
  expect(timeouts).toBeGreaterThan(0)
})
