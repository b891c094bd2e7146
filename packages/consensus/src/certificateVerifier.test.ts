import type { TimeoutCertificate, TimeoutGroup } from '@openliquid/primitives'
import { describe, expect, it } from 'vitest'
import { Fixture } from './testing/index.ts'

const HASH = new Uint8Array(32).fill(5)

describe('verifyQC (§3)', () => {
  const fixture = new Fixture([1n, 1n, 1n, 1n])
  const { verifier } = fixture
  const good = fixture.qc(4n, HASH, [0, 2, 3])

  it('takes a quorum, again and again', () => {
    expect(verifier.verifyQC(good)).toEqual(good)
    expect(verifier.verifyQC(good)).toEqual(good)
  })

  it.each([
    ['no quorum', fixture.qc(4n, HASH, [0, 2])],
    ['nobody', fixture.qc(4n, HASH, [])],
    ['another view', { ...good, view: 5n }],
    ['another block', { ...good, blockHash: new Uint8Array(32) }],
    ['another epoch', { ...good, epoch: 2n }],
    ['a bit beyond the set', { ...good, signers: Uint8Array.of(0b0001_1101) }],
    ['a bitmap of another length', { ...good, signers: Uint8Array.of(0b1101, 0) }],
    ['a broken signature', { ...good, signature: good.signature.map((byte) => byte ^ 1) }],
    ['one signer named more', { ...good, signers: Uint8Array.of(0b1111) }],
    ['signers without signature in view 0', { ...good, view: 0n }],
    ['an epoch-genesis QC of another block', { ...fixture.genesisQC, blockHash: HASH }],
  ])('refuses %s', (_, qc) => {
    expect(verifier.verifyQC(qc)).toBeUndefined()
  })

  it('knows the epoch-genesis QC byte for byte', () => {
    expect(verifier.verifyQC(fixture.genesisQC)).toBeDefined()
    const longer = { ...fixture.genesisQC, signature: new Uint8Array(1) }
    expect(verifier.verifyQC(longer)).toBeUndefined()
  })

  it('counts stake: two of four can be a quorum, three of four none', () => {
    const unequal = new Fixture([60n, 20n, 10n, 10n])
    expect(unequal.verifier.verifyQC(unequal.qc(1n, HASH, [0, 1]))).toBeDefined()
    expect(unequal.verifier.verifyQC(unequal.qc(1n, HASH, [1, 2, 3]))).toBeUndefined()
  })
})

describe('verifyTC (§3)', () => {
  const fixture = new Fixture([1n, 1n, 1n, 1n])
  const { verifier } = fixture
  const low = fixture.qc(3n, HASH, [0, 1, 2])
  const high = fixture.qc(5n, HASH, [1, 2, 3])
  const good = fixture.tc(6n, high, [
    [3n, [0]],
    [5n, [1, 3]],
  ])

  const [firstGroup, ...otherGroups] = good.groups
  const withGroup = (change: Partial<TimeoutGroup>): TimeoutCertificate => ({
    ...good,
    groups: [{ ...(firstGroup as TimeoutGroup), ...change }, ...otherGroups],
  })

  it('takes disjoint groups of a quorum, and knows them again', () => {
    expect(verifier.verifyTC(good)).toEqual(good)
    expect(verifier.verifyTC(withGroup({}))).toEqual(good)
  })

  it.each([
    ['a highQC that is not the maximum', { ...good, highQC: low }],
    ['a highQC above the maximum', { ...good, highQC: fixture.qc(4n, HASH, [0, 1, 2]) }],
    [
      'overlapping groups',
      fixture.tc(6n, high, [
        [3n, [1]],
        [5n, [1, 3]],
      ]),
    ],
    [
      'groups out of order',
      fixture.tc(6n, high, [
        [5n, [1, 3]],
        [3n, [0]],
      ]),
    ],
    [
      'a group twice',
      fixture.tc(6n, high, [
        [5n, [1, 3]],
        [5n, [0]],
      ]),
    ],
    [
      'an empty group',
      fixture.tc(6n, high, [
        [3n, []],
        [5n, [0, 1, 3]],
      ]),
    ],
    ['no quorum', fixture.tc(6n, high, [[5n, [1, 3]]])],
    ['a highQCView of the view itself', fixture.tc(5n, high, [[5n, [0, 1, 3]]])],
    ['another view than signed', { ...good, view: 7n }],
    ['an invalid highQC', { ...good, highQC: { ...high, blockHash: new Uint8Array(32) } }],
    ['no groups', { ...good, groups: [] }],
    ['a group of another highQCView', withGroup({ highQCView: 2n })],
    ['a group with a signer more', withGroup({ signers: Uint8Array.of(0b0101) })],
    ['a group with a broken signature', withGroup({ signature: new Uint8Array(64) })],
  ])('refuses %s', (_, tc) => {
    expect(verifier.verifyTC(tc)).toBeUndefined()
  })
})
