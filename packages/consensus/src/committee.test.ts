import { describe, expect, it } from 'vitest'
import { Committee } from './committee.ts'
import { Fixture } from './testing/index.ts'

describe('Committee', () => {
  it.each([
    { stakes: [1n, 1n, 1n, 1n], quorum: 3n, blocking: 2n },
    { stakes: [1n, 1n, 1n], quorum: 3n, blocking: 1n },
    { stakes: [1n], quorum: 1n, blocking: 1n },
    { stakes: [40n, 30n, 20n, 10n], quorum: 67n, blocking: 34n },
    {
      stakes: [10n ** 18n, 10n ** 18n, 10n ** 18n],
      quorum: 2n * 10n ** 18n + 1n,
      blocking: 10n ** 18n,
    },
  ])(
    'stakes $stakes: quorum from $quorum, blocking set from $blocking (§1)',
    ({ stakes, quorum, blocking }) => {
      const { committee } = new Fixture(stakes)
      expect(committee.isQuorum(quorum)).toBe(true)
      expect(committee.isQuorum(quorum - 1n)).toBe(false)
      expect(committee.isBlockingSet(blocking)).toBe(true)
      expect(committee.isBlockingSet(blocking - 1n)).toBe(false)
    },
  )

  it('adds stake, not heads, and knows its members', () => {
    const { committee } = new Fixture([40n, 30n, 20n, 10n])
    expect(committee.stakeOf([0, 3])).toBe(50n)
    expect(committee.has(3)).toBe(true)
    expect(committee.has(4)).toBe(false)
    expect(committee.has(-1)).toBe(false)
    expect(() => committee.stakeOf([4])).toThrow('signer is a member')
  })

  it('is one object for one set, however many replicas count with it', () => {
    const { set } = new Fixture([1n, 2n]).committee
    expect(Committee.of(set)).toBe(Committee.of(set))
    expect(Committee.of({ ...set, epoch: set.epoch + 1n }).epoch).toBe(set.epoch + 1n)
  })
})
