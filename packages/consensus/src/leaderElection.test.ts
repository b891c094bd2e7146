import { describe, expect, it } from 'vitest'
import { LeaderElection } from './leaderElection.ts'
import { Fixture } from './testing/index.ts'

function scheduleOf(stakes: readonly bigint[], from: number, count: number): number[] {
  const election = new LeaderElection(new Fixture(stakes).committee)
  return Array.from({ length: count }, (_, i) => election.leader(1n, BigInt(from + i)))
}

describe('LeaderElection (§6)', () => {
  it('goes round among equals', () => {
    expect(scheduleOf([1n, 1n, 1n, 1n], 1, 8)).toEqual([0, 1, 2, 3, 0, 1, 2, 3])
  })

  it('spreads a heavy one smoothly', () => {
    expect(scheduleOf([5n, 1n, 1n], 1, 7)).toEqual([0, 0, 1, 0, 2, 0, 0])
  })

  it('gives each its share, within one slot per cycle', () => {
    const stakes = [7n, 13n, 29n, 51n]
    const slots = scheduleOf(stakes, 1, 300)
    for (const [index, stake] of stakes.entries()) {
      const count = slots.filter((leader) => leader === index).length
      expect(Math.abs(count - 3 * Number(stake))).toBeLessThanOrEqual(3)
    }
  })

  it('continues the recurrence beyond a block of slots, and looks back', () => {
    const stakes = [3n, 5n, 9n]
    const whole = scheduleOf(stakes, 1, 4_500)
    const election = new LeaderElection(new Fixture(stakes).committee)
    for (const view of [4_400, 1, 2_047, 2_048, 2_049, 4_500, 1_024, 1_025]) {
      expect(election.leader(1n, BigInt(view))).toBe(whole[view - 1])
    }
  })

  it('has a slot for a validator with next to no stake', () => {
    const slots = scheduleOf([1_000n, 1_000n, 1n], 1, 2_001)
    expect(slots.filter((leader) => leader === 2)).toHaveLength(1)
  })

  it('goes by a window as soon as it is there, also in views that were asked for before', () => {
    const election = new LeaderElection(new Fixture([1n, 1n, 1n, 1n]).committee)
    const views = [40n, 41n, 42n, 43n]
    const leaders = (): number[] => views.map((view) => election.leader(1n, view))
    expect(leaders()).toEqual([3, 0, 1, 2])
    election.add({ boundaryHeight: 40n, startView: 41n, multipliers: [1, 1_000, 1_000, 1_000] })
    expect(leaders()).toEqual([3, 1, 2, 3])
    expect(election.leader(1n, 43n)).toBe(3)
  })

  it('refuses views that are none', () => {
    const election = new LeaderElection(new Fixture([1n, 1n]).committee)
    expect(() => election.leader(1n, 0n)).toThrow('view has a slot')
    expect(() => election.leader(1n, 1n << 60n)).toThrow('view has a slot')
  })

  it('picks the same for stakes beyond the numbers that are exact', () => {
    const small = [3n, 5n, 9n, 4n]
    // Nearly the same shares, without a common divisor, and a total above 2^53.
    const large = small.map((stake, i) => stake * 10n ** 16n + BigInt(i))
    expect(scheduleOf(large, 1, 500)).toEqual(scheduleOf(small, 1, 500))
    expect(scheduleOf([10n ** 30n, 1n], 1, 50)).toEqual(Array.from({ length: 50 }, () => 0))
  })
})
