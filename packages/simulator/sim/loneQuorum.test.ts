// A validator with more than two thirds of the stake certifies its own blocks in the step that makes them.
import { expect, it } from 'vitest'
import { clusterOf } from './scenarios.ts'

it('the others follow a lone quorum that dies before it proposes what it certified', () => {
  for (let effects = 1; effects <= 12; effects++) {
    const cluster = clusterOf(undefined, { seed: effects, stakes: [9n, 1n, 1n, 1n] })
    cluster.start()
    cluster.runFor(40)
    cluster.restartCrashedAfter(5)
    cluster.node(0).crashAtEffect(effects)
    cluster.runFor(100)
    expect(cluster.node(1).core.status.committedHeight).toBeGreaterThan(0n)
  }
})
