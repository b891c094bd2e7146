import type { BlockHeader } from '@openliquid/primitives'
import { describe, expect, it } from 'vitest'
import { StateRoots } from './stateRoots.ts'
import { Fixture } from './testing/index.ts'

const fixture = new Fixture([1n])
const root = (value: number): Uint8Array => new Uint8Array(32).fill(value)
const claim = (executedHeight: bigint, value: number): BlockHeader => ({
  ...fixture.genesis.header,
  executedHeight,
  stateRoot: root(value),
})

describe('StateRoots (B7)', () => {
  it('finds a contradiction whichever of execution and certificate comes first', () => {
    const roots = new StateRoots([{ height: 0n, stateRoot: root(0) }])
    expect(roots.certified(claim(1n, 1))).toBeUndefined()
    expect(roots.certified(claim(2n, 9))).toBeUndefined()
    expect(roots.executed({ height: 1n, stateRoot: root(1) })).toBeUndefined()
    expect(roots.executed({ height: 2n, stateRoot: root(2) })).toMatchObject({
      height: 2n,
      ours: root(2),
      certified: root(9),
    })
    expect(roots.certified(claim(1n, 8))).toMatchObject({ height: 1n, ours: root(1) })
    expect(roots.certified(claim(1n, 1))).toBeUndefined()
  })

  it('executes in order, once each', () => {
    const roots = new StateRoots([{ height: 3n, stateRoot: root(3) }])
    expect(() => roots.executed({ height: 3n, stateRoot: root(3) })).toThrow('height order')
    expect(() => roots.executed({ height: 5n, stateRoot: root(5) })).toThrow('height order')
    expect(roots.executed({ height: 4n, stateRoot: root(4) })).toBeUndefined()
    expect(roots.executedHeight).toBe(4n)
  })

  it('forgets what is named no more, never the newest', () => {
    const roots = new StateRoots([{ height: 0n, stateRoot: root(0) }])
    for (let height = 1n; height <= 5n; height += 1n) roots.executed({ height, stateRoot: root(1) })
    roots.forgetBelow(4n)
    expect([2n, 3n, 4n, 5n].map((height) => roots.rootAt(height) !== undefined)).toEqual([
      false,
      false,
      true,
      true,
    ])
    roots.forgetBelow(9n)
    expect(roots.rootAt(5n)).toBeDefined()
  })
})
