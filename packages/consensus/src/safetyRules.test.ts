import { nullScheme } from '@openliquid/crypto/testing'
import {
  type Block,
  blockHash,
  type QuorumCertificate,
  type TimeoutCertificate,
  type View,
} from '@openliquid/primitives'
import { describe, expect, it } from 'vitest'
import { decodeSafetyData } from './safetyCodec.ts'
import type { SafetyData } from './safetyData.ts'
import { SafetyRules } from './safetyRules.ts'
import { Fixture } from './testing/index.ts'

const fixture = new Fixture([1n, 1n, 1n, 1n])
const b1 = fixture.child(fixture.genesis, 1n)
const b2 = fixture.child(b1, 2n)
const b3 = fixture.child(b2, 3n)
const qcOf = (block: Block): QuorumCertificate =>
  fixture.qc(block.header.view, blockHash(block.header), [0, 1, 2])

function rulesWith(data: Partial<SafetyData> = {}): SafetyRules {
  return new SafetyRules({
    context: fixture.context,
    index: 0,
    identity: { voteSecretKey: fixture.secretOf(0), nodeSecretKey: fixture.secretOf(0) },
    scheme: nullScheme,
    nodeScheme: nullScheme,
    highTip: false,
    data: { epoch: 1n, lastVotedView: 0n, lockedView: 0n, lockedQC: fixture.genesisQC, ...data },
  })
}

function vote(rules: SafetyRules, block: Block, tc?: TimeoutCertificate, currentView?: View) {
  return rules.vote({
    currentView: currentView ?? block.header.view,
    view: block.header.view,
    header: block.header,
    signature: new Uint8Array(64),
    qc: fixture.verifier.trustQC(block.header.qc),
    ...(tc === undefined ? {} : { tc: fixture.verifier.trustTC(tc) }),
  })
}

function timeout(
  rules: SafetyRules,
  view: View,
  highQC: QuorumCertificate,
  tc?: TimeoutCertificate,
) {
  return rules.timeout({
    currentView: view,
    highQC: fixture.verifier.trustQC(highQC),
    ...(tc === undefined ? {} : { tc: fixture.verifier.trustTC(tc) }),
  })
}

describe('R1 vote', () => {
  it('votes, locks the QC, and hands over the record that must be on disk first', () => {
    const rules = rulesWith()
    const signed = vote(rules, b2)
    expect(signed?.message).toMatchObject({ view: 2n, signer: 0, blockHash: blockHash(b2.header) })
    expect(rules.data).toMatchObject({ lastVotedView: 2n, lockedView: 1n, lockedQC: b2.header.qc })
    const [record] = signed?.records ?? []
    expect(record?.kind).toBe('safety')
    expect(decodeSafetyData(record!.body)).toEqual(rules.data)
  })

  it('answers the same question with the same bytes, and no second one in the view', () => {
    const rules = rulesWith()
    const first = vote(rules, b2)
    expect(vote(rules, b2)).toEqual({ message: first?.message, records: [] })
    expect(vote(rules, fixture.child(b1, 2n, { timestampMs: 5_000 }))).toBeUndefined()
  })

  it('does not vote below the last vote, or in another view than the current one', () => {
    const rules = rulesWith()
    vote(rules, b3)
    expect(vote(rules, b2)).toBeUndefined()
    expect(vote(rulesWith(), b2, undefined, 3n)).toBeUndefined()
  })

  it('the lock never falls', () => {
    const rules = rulesWith()
    vote(rules, b3)
    const tc = fixture.tc(3n, fixture.genesisQC, [[0n, [1, 2, 3]]])
    expect(vote(rules, fixture.child(fixture.genesis, 4n), tc)).toBeDefined()
    expect(rules.data).toMatchObject({ lastVotedView: 4n, lockedView: 2n })
  })
})

describe('R2 entry proof (B4)', () => {
  const tc2 = fixture.tc(2n, qcOf(b1), [[1n, [1, 2, 3]]])

  it('needs the QC of the view before, or a TC of it', () => {
    const gap = fixture.child(b1, 3n)
    expect(vote(rulesWith(), gap)).toBeUndefined()
    expect(vote(rulesWith(), gap, tc2)).toBeDefined()
  })

  it.each([
    [
      'a TC beside the QC of the view before',
      b2,
      fixture.tc(1n, fixture.genesisQC, [[0n, [1, 2, 3]]]),
    ],
    ['a TC of another view', fixture.child(b1, 4n), tc2],
    ['a QC below the one of the TC', fixture.child(fixture.genesis, 3n), tc2],
  ])('refuses %s', (_, block, tc) => {
    expect(vote(rulesWith(), block, tc)).toBeUndefined()
  })

  it('refuses a header whose QC is not of its parent', () => {
    expect(
      vote(rulesWith(), fixture.child(b1, 2n, { parentHash: new Uint8Array(32) })),
    ).toBeUndefined()
  })

  it('keeps the entry certificate with the vote (R6)', () => {
    const rules = rulesWith()
    vote(rules, fixture.child(b1, 3n), tc2)
    expect(rules.data.entry).toEqual({ kind: 'tc', tc: tc2 })
  })
})

describe('R3 timeout, R4', () => {
  it('carries the own vote of the view', () => {
    const rules = rulesWith()
    const voted = vote(rules, b2)
    expect(timeout(rules, 2n, qcOf(b1))?.message.vote).toEqual(voted?.message)
    expect(timeout(rulesWith(), 2n, qcOf(b1))?.message.vote).toBeUndefined()
  })

  it('signs one timeout a view, whatever is learned later', () => {
    const rules = rulesWith()
    const tc = fixture.tc(2n, fixture.genesisQC, [[0n, [1, 2, 3]]])
    const first = timeout(rules, 3n, fixture.genesisQC, tc)
    expect(first?.records).toHaveLength(1)
    expect(timeout(rules, 3n, qcOf(b2))).toEqual({ message: first?.message, records: [] })
  })

  it('does not vote in a view it gave up', () => {
    const rules = rulesWith()
    timeout(rules, 2n, qcOf(b1))
    expect(vote(rules, b2)).toBeUndefined()
  })

  it('names no QC below the lock', () => {
    const rules = rulesWith()
    vote(rules, b3)
    const tc = fixture.tc(3n, qcOf(b1), [[1n, [1, 2, 3]]])
    expect(timeout(rules, 4n, qcOf(b1), tc)).toBeUndefined()
    expect(timeout(rules, 4n, qcOf(b2), tc)).toBeDefined()
  })

  it('does not go below the last vote, nor without entry proof', () => {
    const rules = rulesWith()
    vote(rules, b3)
    expect(timeout(rules, 2n, qcOf(b1))).toBeUndefined()
    expect(timeout(rulesWith(), 5n, qcOf(b1))).toBeUndefined()
  })
})

describe('R5 propose', () => {
  it('signs one proposal a view, and then votes for it', () => {
    const rules = rulesWith()
    const proposal = rules.propose({ currentView: 2n, block: b2 })
    expect(proposal?.message.block).toEqual(b2)
    expect(rules.data.lastProposed?.block.header).toEqual(b2.header)
    const other = fixture.child(b1, 2n, { timestampMs: 5_000 })
    expect(rules.propose({ currentView: 2n, block: other })).toBeUndefined()
    expect(vote(rules, b2)).toBeDefined()
  })

  it('does not propose after a vote or a timeout in the view, or in another name', () => {
    const rules = rulesWith()
    timeout(rules, 2n, qcOf(b1))
    expect(rules.propose({ currentView: 2n, block: b2 })).toBeUndefined()
    const foreign = fixture.child(b1, 2n, { proposer: 3 })
    expect(rulesWith().propose({ currentView: 2n, block: foreign })).toBeUndefined()
  })
})

describe('R7 epoch', () => {
  it('signs nothing of another epoch', () => {
    const rules = rulesWith({ epoch: 2n })
    expect(vote(rules, b2)).toBeUndefined()
    expect(timeout(rules, 2n, qcOf(b1))).toBeUndefined()
    expect(rules.propose({ currentView: 2n, block: b2 })).toBeUndefined()
  })
})

describe('SAFETY record', () => {
  it('reads back what was written, whole or not at all', () => {
    const rules = rulesWith()
    rules.propose({ currentView: 2n, block: b2 })
    const signed = vote(rules, b2)
    timeout(rules, 2n, qcOf(b1))
    const body = signed!.records[0]!.body
    expect(decodeSafetyData(body).lastVote).toEqual(signed?.message)
    for (let size = 0; size < body.length; size += 7) {
      expect(() => decodeSafetyData(body.slice(0, size)), `${size} bytes`).toThrow(/OL_/)
    }
    expect(() => decodeSafetyData(Uint8Array.of(...body, 0))).toThrow(/OL_CONSENSUS_RECORD/)
  })
})
