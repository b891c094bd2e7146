import { type Block, blockHash } from '@openliquid/primitives'
import { describe, expect, it } from 'vitest'
import { type BlockNode, BlockTree } from './blockTree.ts'
import { committedInBranch } from './committedInBranch.ts'
import { UNVOTED_BLOCKS_MAX } from './limits.ts'
import { Fixture } from './testing/index.ts'

const fixture = new Fixture([1n, 1n, 1n, 1n])

function treeOf(): BlockTree {
  const blockHashOf = blockHash(fixture.genesis.header)
  return new BlockTree([{ block: fixture.genesis, blockHash: blockHashOf }], undefined)
}

function add(tree: BlockTree, block: Block): BlockNode {
  return tree.insert(block, blockHash(block.header))
}

/** A chain of valid blocks in consecutive views. */
function grow(tree: BlockTree, count: number): BlockNode[] {
  const nodes: BlockNode[] = []
  let parent: BlockNode = tree.root
  for (let i = 0; i < count; i++) {
    const executedHeight = parent.committedHeight
    parent = add(tree, fixture.child(parent.block, parent.header.view + 1n, { executedHeight }))
    nodes.push(parent)
  }
  return nodes
}

describe('BlockTree', () => {
  it('keeps forks until a commit decides between them', () => {
    const tree = treeOf()
    const [a1, a2] = grow(tree, 3) as [BlockNode, BlockNode]
    const b2 = add(tree, fixture.child(a1.block, 7n))
    const b3 = add(tree, fixture.child(b2.block, 8n))
    expect(tree.size).toBe(6)
    expect(tree.pathFromRoot(b3)).toEqual([a1, b2, b3])
    tree.commit(a2)
    expect(tree.root).toBe(a2)
    expect(tree.get(b3.blockHash)).toBeUndefined()
    expect(tree.get(a1.blockHash)).toBeUndefined()
    expect(tree.size).toBe(2)
  })

  it('keeps committed blocks above K(root) within reach, and not more (B6)', () => {
    const tree = treeOf()
    const nodes = grow(tree, 30)
    for (let i = 0; i < 27; i++) tree.commit(nodes[i]!)
    const tip = nodes[28]!
    const heights = tree
      .branchAbove(tip, tree.root.committedHeight)
      .map(({ header }) => header.height)
    expect(heights).toEqual([26n, 27n, 28n, 29n])
    expect(() => tree.branchAbove(tip, 20n)).toThrow('kept down')
    expect(tree.branchAbove(tip, tip.header.height)).toEqual([])
  })

  it('takes two uncertified blocks of a view (§13)', () => {
    const tree = treeOf()
    expect(tree.hasRoomInView(1n, 3n)).toBe(true)
    const first = add(tree, fixture.child(fixture.genesis, 3n))
    add(tree, fixture.child(fixture.genesis, 3n, { timestampMs: 2_000 }))
    expect(tree.hasRoomInView(1n, 3n)).toBe(false)
    tree.certify(first, fixture.verifier.trustQC(fixture.qc(3n, first.blockHash, [0, 1, 2])))
    expect(tree.hasRoomInView(1n, 3n)).toBe(true)
  })

  it('drops the oldest leaves that nobody voted for, never a voted or certified one', () => {
    const tree = treeOf()
    const voted = add(tree, fixture.child(fixture.genesis, 1n))
    tree.markVoted(voted)
    const certified = add(tree, fixture.child(fixture.genesis, 2n))
    tree.certify(
      certified,
      fixture.verifier.trustQC(fixture.qc(2n, certified.blockHash, [0, 1, 2])),
    )
    const leaf = add(tree, fixture.child(fixture.genesis, 3n))
    for (let i = 0; i < UNVOTED_BLOCKS_MAX; i++)
      add(tree, fixture.child(fixture.genesis, BigInt(4 + i)))
    expect(tree.get(leaf.blockHash)).toBeUndefined()
    expect(tree.get(voted.blockHash)).toBe(voted)
    expect(tree.get(certified.blockHash)).toBe(certified)
    expect(tree.size).toBe(3 + UNVOTED_BLOCKS_MAX)
  })

  it('starts from executed blocks and the header below them', () => {
    const full = treeOf()
    const nodes = grow(full, 6)
    const recent = nodes.slice(3, 6).map(({ block, blockHash }) => ({ block, blockHash }))
    const tree = new BlockTree(recent, nodes[2]!.header)
    expect(tree.root.committedHeight).toBe(committedInBranch(nodes[5]!.header, nodes[4]!.header))
    expect(tree.root.header.height).toBe(6n)
    expect(() => new BlockTree([recent[0]!, recent[2]!], nodes[2]!.header)).toThrow()
  })
})
