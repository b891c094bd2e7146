import { expect, test } from 'vitest'
import type { LocalCluster, NodeStatus } from './localCluster.ts'

/** Tests that a chain with transactions behind it has one state. */
export function testStateRoots(cluster: () => LocalCluster): void {
  test('every node has one state root per block, and a later header certifies it', async () => {
    const nodes = cluster()
    const height = (await nodes.executedHeight(0)) + 4
    await nodes.reach(height)
    const statuses = await Promise.all(nodes.indexes.map((index) => nodes.status(index)))
    const [first, ...others] = statuses.map(blocksByHeight)
    const shared = [...first!.keys()].filter((at) => others.every((blocks) => blocks.has(at)))
    expect(shared.length).toBeGreaterThanOrEqual(8)
    for (const at of shared) {
      for (const blocks of others) expect(blocks.get(at)).toEqual(first!.get(at))
    }
    for (const [i, status] of statuses.entries()) {
      const { executedHeight, stateRoot } = status.certified
      const known = [first!, ...others][i]!.get(executedHeight)
      expect(known?.stateRoot).toBe(stateRoot)
    }
  })
}

function blocksByHeight({ recentBlocks }: NodeStatus) {
  return new Map(recentBlocks.map((block) => [block.height, block]))
}
