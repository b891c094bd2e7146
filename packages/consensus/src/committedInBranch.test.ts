import type { Block, View } from '@openliquid/primitives'
import { describe, expect, it } from 'vitest'
import { committedInBranch } from './committedInBranch.ts'
import { Fixture } from './testing/index.ts'

const fixture = new Fixture([1n, 1n, 1n, 1n])

/** Blocks in the given views, each with executedHeight = K(parent). */
function chainOf(views: readonly View[]): { blocks: Block[]; committed: bigint[] } {
  const blocks = [fixture.genesis]
  const committed = [0n]
  for (const view of views) {
    const parent = blocks.at(-1)!
    const block = fixture.child(parent, view, { executedHeight: committed.at(-1)! })
    blocks.push(block)
    committed.push(committedInBranch(block.header, parent.header))
  }
  return { blocks, committed }
}

describe('K(X), §3.1', () => {
  it.each([
    { views: [1n, 2n, 3n, 4n], committed: [0n, 0n, 0n, 1n, 2n] },
    { views: [1n, 2n, 4n, 5n], committed: [0n, 0n, 0n, 1n, 1n] },
    { views: [1n, 3n, 5n, 7n], committed: [0n, 0n, 0n, 0n, 0n] },
    { views: [1n, 3n, 5n, 6n, 7n], committed: [0n, 0n, 0n, 0n, 0n, 3n] },
    { views: [4n, 5n, 6n], committed: [0n, 0n, 0n, 1n] },
  ])('views $views commit $committed', ({ views, committed }) => {
    expect(chainOf(views).committed).toEqual(committed)
  })

  it('is 0 at genesis, and asks for linked headers', () => {
    expect(committedInBranch(fixture.genesis.header, undefined)).toBe(0n)
    const { blocks } = chainOf([1n, 2n])
    expect(() => committedInBranch(blocks[2]!.header, fixture.genesis.header)).toThrow('one below')
    expect(() => committedInBranch(blocks[2]!.header, undefined)).toThrow('no parent')
  })
})
