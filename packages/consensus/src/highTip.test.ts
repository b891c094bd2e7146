import { nullScheme } from '@openliquid/crypto/testing'
import {
  type Block,
  type BlockHeader,
  blockHash,
  type Evidence,
  equalBytes,
  type NoEndorsementCertificate,
  type Proposal,
  type QuorumCertificate,
  type TimeoutCertificate,
  type TimeoutStatement,
  type Tip,
  timeoutVoteCodec,
  type View,
} from '@openliquid/primitives'
import { describe, expect, it } from 'vitest'

import { verifyEvidence } from './evidenceVerifier.ts'
import { compareRanks, type HighViews, highViewsOf } from './highTip.ts'
import { verifyCommitProof } from './lightVerifier.ts'
import { MisbehaviorDetector } from './misbehaviorDetector.ts'
import { checkProposal, checkTimeout } from './proposalRules.ts'
import { decodeSafetyData, encodeSafetyData } from './safetyCodec.ts'
import type { SafetyData } from './safetyData.ts'
import { proposalEntryOf, SafetyRules } from './safetyRules.ts'
import { Fixture, HighTipFixture } from './testing/index.ts'

const fixture = new Fixture([1n, 1n, 1n, 1n])
const made = new HighTipFixture(fixture)
const { verifier } = made
const { genesis, genesisQC } = fixture
const b1 = fixture.child(genesis, 1n, { proposer: 0 })
const b2 = fixture.child(b1, 2n, { proposer: 1 })
const tip2 = made.tip(b2)
/** View 2 was given up by three, two of whom had voted for b2. */
const tc2 = made.tc(2n, [
  [b2.header.qc, [2]],
  [tip2, [0, 3]],
])
const nec3 = made.nec(3n, 1n, [1, 2, 3])

describe('ranks', () => {
  const qc = (view: View): HighViews => ({ highQCView: view, highTipView: 0n })
  const tip = (view: View, qcView: View): HighViews => ({ highQCView: qcView, highTipView: view })

  it.each([
    ['QCs by view', qc(1n), qc(2n)],
    ['tips by view', tip(1n, 0n), tip(2n, 0n)],
    ['tips of one view by their QC', tip(2n, 0n), tip(2n, 1n)],
    ['a QC above a tip of its view', tip(1n, 0n), qc(1n)],
    ['a tip above a QC of a lower view', qc(1n), tip(2n, 0n)],
    ['a tip above one whose QC is higher', tip(3n, 2n), tip(4n, 0n)],
  ])('%s', (_, low, high) => {
    expect(compareRanks(low, high)).toBeLessThan(0)
    expect(compareRanks(high, low)).toBeGreaterThan(0)
    expect(compareRanks(low, { ...low })).toBe(0)
  })
})

describe('T1 entry proof of a proposal', () => {
  const noTip2 = made.tc(2n, [[b2.header.qc, [0, 1, 2]]])
  const on1 = fixture.child(b1, 3n)
  const on2 = fixture.child(b2, 3n)
  const table: readonly {
    desc: string
    view?: View
    block: Block
    tc?: TimeoutCertificate
    nec?: NoEndorsementCertificate
    holds: boolean
  }[] = [
    { desc: 'a block on the QC of the view before', block: on2, holds: true },
    { desc: 'the same with a TC', block: on2, tc: tc2, holds: false },
    { desc: 'a block on the QC of a TC without tips', block: on1, tc: noTip2, holds: true },
    {
      desc: 'a block below the QC of a TC without tips',
      block: fixture.child(genesis, 3n),
      tc: noTip2,
      holds: false,
    },
    {
      desc: 'a block above the QC of a TC without tips',
      block: fixture.child(b2, 4n),
      tc: made.tc(3n, [[b2.header.qc, [0, 1, 2]]]),
      holds: false,
    },
    { desc: 'the tip again', view: 3n, block: b2, tc: tc2, holds: true },
    { desc: 'the tip again with a NEC', view: 3n, block: b2, tc: tc2, nec: nec3, holds: false },
    { desc: 'the tip again in a later view', view: 4n, block: b2, tc: tc2, holds: false },
    { desc: 'the tip again without a TC', view: 3n, block: b2, holds: false },
    {
      desc: 'another block of the view of the tip again',
      view: 3n,
      block: fixture.child(b1, 2n, { proposer: 1, timestampMs: 9_999 }),
      tc: tc2,
      holds: false,
    },
    { desc: 'the block of a TC without tips again', view: 3n, block: b2, tc: noTip2, holds: false },
    { desc: 'a new block beside the tip', block: on1, tc: tc2, holds: false },
    { desc: 'a new block instead, with a NEC', block: on1, tc: tc2, nec: nec3, holds: true },
    {
      desc: 'a NEC of another view',
      block: on1,
      tc: tc2,
      nec: made.nec(4n, 1n, [1, 2, 3]),
      holds: false,
    },
    {
      desc: 'a NEC about another QC',
      block: on1,
      tc: tc2,
      nec: made.nec(3n, 0n, [1, 2, 3]),
      holds: false,
    },
    { desc: 'a NEC where there is no tip', block: on1, tc: noTip2, nec: nec3, holds: false },
  ]

  it.each(table)('$desc: $holds', ({ view, block, tc, nec, holds }) => {
    const envelope = { view: view ?? block.header.view, tc, nec }
    const entry = proposalEntryOf(envelope, block.header, { highTip: true })
    expect(entry !== undefined).toBe(holds)
  })

  it('without the flag a block that is proposed again, or a NEC, is malformed', () => {
    const rules = {
      version: 1,
      chainId: 1_998n,
      committee: fixture.committee,
      epochEndMs: Number.MAX_SAFE_INTEGER,
    }
    const again: Proposal = {
      epoch: 1n,
      view: 3n,
      block: b2,
      tc: tc2,
      signature: new Uint8Array(64),
    }
    expect(checkProposal(again, { ...rules, highTip: true })).toBeUndefined()
    expect(checkProposal(again, { ...rules, highTip: false })).toBeDefined()
    const instead = { ...again, block: on1, nec: nec3 }
    expect(checkProposal(instead, { ...rules, highTip: true })).toBeUndefined()
    expect(checkProposal(instead, { ...rules, highTip: false })).toBeDefined()
  })
})

describe('a tip', () => {
  const noTip1 = made.tc(1n, [[genesisQC, [1, 2, 3]]])
  const afterNoTip = fixture.child(genesis, 2n, { proposer: 1 })
  const nec2 = made.nec(2n, 0n, [0, 1, 2])
  const withNec = made.tip(afterNoTip, noTip1, nec2)

  it.each([
    ['on the QC of the view before', tip2],
    ['after a TC without tips', made.tip(afterNoTip, noTip1)],
    ['after a NEC', withNec],
  ])('%s proves itself', (_, tip) => {
    expect(verifier.verifyTip(tip)).toBe(tip)
    expect(verifier.verifyTip(tip)).toBe(tip)
  })

  const spoil = (change: Partial<BlockHeader>): Tip =>
    made.tip({ ...b2, header: { ...b2.header, ...change } })
  const tipAfter = (tc: TimeoutCertificate, nec?: NoEndorsementCertificate): Tip =>
    made.tip(afterNoTip, tc, nec)
  it.each<readonly [string, Tip]>([
    ['signed by nobody', { ...tip2, signature: new Uint8Array(64) }],
    ['of another epoch', spoil({ epoch: 2n })],
    ['of no member', { ...tip2, header: { ...b2.header, proposer: 4 } }],
    ['beside its QC', spoil({ parentHash: new Uint8Array(32) })],
    ['at the view of its QC', spoil({ view: 1n })],
    ['on a QC of too few', spoil({ qc: fixture.qc(1n, blockHash(b1.header), [0, 1]) })],
    ['with a proof it does not need', { ...made.tip(afterNoTip, noTip1), header: b2.header }],
    ['without the proof it needs', made.tip(afterNoTip)],
    ['after groups of another view', tipAfter(made.tc(2n, [[genesisQC, [1, 2, 3]]]))],
    ['after groups of too few', tipAfter(made.tc(1n, [[genesisQC, [1, 2]]]))],
    [
      'after groups with a tip',
      tipAfter(
        made.tc(1n, [
          [genesisQC, [2]],
          [made.tip(b1), [0, 3]],
        ]),
      ),
    ],
    ['after a NEC of another view', tipAfter(noTip1, made.nec(3n, 0n, [0, 1, 2]))],
    ['after a NEC about another QC', tipAfter(noTip1, made.nec(2n, 1n, [0, 1, 2]))],
    ['after a NEC of too few', tipAfter(noTip1, made.nec(2n, 0n, [0, 1]))],
    [
      'after a NEC that nobody signed',
      tipAfter(noTip1, { ...nec2, signature: new Uint8Array(nec2.signature.length) }),
    ],
  ])('%s is refused', (_, tip) => {
    expect(verifier.verifyTip(tip)).toBeUndefined()
  })

  it('is refused where the flag is off', () => {
    expect(fixture.verifier.verifyTip(tip2)).toBeUndefined()
    expect(fixture.verifier.verifyTC(tc2)).toBeUndefined()
    expect(verifier.verifyTC(fixture.tc(1n, genesisQC, [[0n, [0, 1, 2]]]))).toBeUndefined()
  })
})

describe('a timeout certificate', () => {
  const other = made.tip(fixture.child(b1, 2n, { proposer: 1, timestampMs: 9_999 }))
  const lower = made.tip(b1)
  it.each<readonly [string, TimeoutCertificate, boolean]>([
    ['with the tip of its highest group', tc2, true],
    ['with another tip of that rank', { ...tc2, highTip: other }, true],
    ['without its tip', withoutTip(tc2), false],
    ['with a lower tip', { ...tc2, highTip: lower, highQC: lower.header.qc }, false],
    ['with another QC than its tip', { ...tc2, highQC: genesisQC }, false],
    [
      'with a tip its groups know nothing of',
      { ...made.tc(2n, [[b2.header.qc, [0, 1, 2]]]), highTip: tip2 },
      false,
    ],
    [
      'with a QC above its tips',
      made.tc(3n, [
        [qcOf(b2), [1]],
        [tip2, [0, 3]],
      ]),
      true,
    ],
    ['of too few', made.tc(2n, [[tip2, [0, 3]]]), false],
    [
      'that counts a signer twice',
      made.tc(2n, [
        [b2.header.qc, [0, 3]],
        [tip2, [0, 3]],
      ]),
      false,
    ],
    ['with groups in another order', { ...tc2, groups: [...tc2.groups].reverse() }, false],
  ])('%s: %#', (_, tc, isValid) => {
    expect(verifier.verifyTC(tc) !== undefined).toBe(isValid)
  })

  it('cannot hold a tip of a later view than its own', () => {
    const tc = made.tc(2n, [[made.tip(fixture.child(b2, 3n)), [0, 1, 2]]])
    expect(verifier.verifyTC(tc)).toBeUndefined()
  })
})

describe('the signer', () => {
  function rulesWith(data: Partial<SafetyData> = {}): SafetyRules {
    return new SafetyRules({
      context: fixture.context,
      index: 0,
      identity: { voteSecretKey: fixture.secretOf(0), nodeSecretKey: fixture.secretOf(0) },
      scheme: nullScheme,
      nodeScheme: nullScheme,
      highTip: true,
      data: { epoch: 1n, lastVotedView: 0n, lockedView: 0n, lockedQC: genesisQC, ...data },
    })
  }
  const restarted = (rules: SafetyRules): SafetyRules =>
    rulesWith(decodeSafetyData(encodeSafetyData(rules.data)))
  const vote = (
    rules: SafetyRules,
    {
      block,
      view = block.header.view,
      tc,
      nec,
    }: { block: Block; view?: View; tc?: TimeoutCertificate; nec?: NoEndorsementCertificate },
  ) =>
    rules.vote({
      currentView: view,
      view,
      header: block.header,
      qc: verifier.trustQC(block.header.qc),
      ...(tc === undefined ? {} : { tc: verifier.trustTC(tc) }),
      ...(nec === undefined ? {} : { nec: verifier.admitAggregateNec(nec) }),
      signature: made.tip(block, tc).signature,
    })
  const timeout = (
    rules: SafetyRules,
    view: View,
    highQC: QuorumCertificate,
    tc?: TimeoutCertificate,
  ) =>
    rules.timeout({
      currentView: view,
      highQC: verifier.trustQC(highQC),
      ...(tc === undefined ? {} : { tc: verifier.trustTC(tc) }),
    })?.message
  const noEndorse = (rules: SafetyRules, tc: TimeoutCertificate) =>
    rules.noEndorse({ currentView: tc.view + 1n, tc: verifier.trustTC(tc) })

  it('gives up with the tip it voted for, and signs both views', () => {
    const rules = rulesWith()
    vote(rules, { block: b2 })
    const given = timeout(restarted(rules), 2n, b2.header.qc)!
    expect(given.highTip).toEqual(tip2)
    expect(given.signature).toEqual(made.timeout(0, 2n, b2.header.qc, { highTip: tip2 }).signature)
    expect(timeoutVoteCodec.decode(timeoutVoteCodec.encode(given))).toEqual(given)
    const rulesOf = { committee: fixture.committee, highTip: true }
    expect(checkTimeout(given, rulesOf)).toBeUndefined()
    expect(checkTimeout(given, { ...rulesOf, highTip: false })).toBeDefined()
  })

  it('forgets the tip for a QC of its view, signs none, and carries no vote for it', () => {
    const rules = rulesWith()
    vote(rules, { block: b2 })
    const given = timeout(rules, 3n, qcOf(b2))!
    expect([given.highTip, given.vote]).toEqual([undefined, undefined])
    expect(given.signature).toEqual(made.timeout(0, 3n, qcOf(b2)).signature)
  })

  it('T3 votes for its tip in a view it gives up without another vote, once and for good', () => {
    const rules = rulesWith()
    vote(rules, { block: b2 })
    const given = timeout(rules, 3n, b2.header.qc, tc2)!
    expect(given.vote).toEqual(fixture.vote(0, 3n, blockHash(b2.header)))
    expect(rules.data.lastVote).toEqual(given.vote)
    expect(timeout(restarted(rules), 3n, b2.header.qc, tc2)).toEqual(given)
    expect(vote(restarted(rules), { block: fixture.child(b2, 3n) })).toBeUndefined()
  })

  it('keeps the tip of a block that is proposed again as it was first signed', () => {
    const rules = rulesWith()
    expect(vote(rules, { block: b2, view: 3n, tc: tc2 })?.message).toMatchObject({
      view: 3n,
      blockHash: blockHash(b2.header),
    })
    expect(rules.data.highTip).toEqual(tip2)
    expect(rules.data.lastVotedView).toBe(3n)
  })

  it('T4 refuses a tip it never voted for, once, and says the same after a restart', () => {
    const rules = rulesWith()
    const refusal = noEndorse(rules, tc2)
    expect(refusal?.message).toEqual(made.noEndorse(0, 3n, 1n))
    expect(refusal?.records).toHaveLength(1)
    expect(noEndorse(restarted(rules), tc2)).toEqual({ message: refusal?.message, records: [] })
    const other = made.tip(fixture.child(b1, 2n, { proposer: 1, timestampMs: 9_999 }))
    expect(noEndorse(restarted(rules), { ...tc2, highTip: other })).toBeUndefined()
    expect(
      rules.noEndorse({
        currentView: 2n,
        tc: verifier.trustTC(made.tc(1n, [[made.tip(b1), [1, 2, 3]]])),
      }),
    ).toBeUndefined()
  })

  it('T4 never refuses after a vote or a timeout in the view, nor the block it voted for', () => {
    const voted = rulesWith()
    vote(voted, { block: fixture.child(b2, 3n) })
    expect(noEndorse(voted, tc2)).toBeUndefined()
    const gaveUp = rulesWith()
    timeout(gaveUp, 3n, b2.header.qc, tc2)
    expect(noEndorse(gaveUp, tc2)).toBeUndefined()
    const has = rulesWith()
    vote(has, { block: b2 })
    expect(noEndorse(restarted(has), tc2)).toBeUndefined()
    expect(noEndorse(rulesWith(), made.tc(2n, [[b2.header.qc, [0, 1, 2]]]))).toBeUndefined()
  })

  it('T5 after a refusal votes only for what follows from the same tip', () => {
    const refused = (): SafetyRules => {
      const rules = rulesWith()
      noEndorse(rules, tc2)
      return restarted(rules)
    }
    const instead = fixture.child(b1, 3n)
    expect(vote(refused(), { block: fixture.child(b2, 3n) })).toBeUndefined()
    const noTip2 = made.tc(2n, [[b2.header.qc, [0, 1, 2]]])
    expect(vote(refused(), { block: instead, tc: noTip2 })).toBeUndefined()
    expect(vote(refused(), { block: instead, tc: tc2, nec: nec3 })).toBeDefined()
    expect(vote(refused(), { block: b2, view: 3n, tc: tc2 })).toBeDefined()
  })

  it('T5 after a refusal gives up without a vote for its own tip', () => {
    // The leader of view 2 proposed two blocks: this replica voted for the one that the TC does not name.
    const other = fixture.child(b1, 2n, { proposer: 1, timestampMs: 9_999 })
    const voted = rulesWith()
    vote(voted, { block: other })
    const refused = restarted(voted)
    noEndorse(refused, tc2)
    const tip = blockHash(other.header)
    expect(timeout(voted, 3n, b2.header.qc, tc2)?.vote?.blockHash).toEqual(tip)
    const given = timeout(refused, 3n, b2.header.qc, tc2)
    expect([given?.highTip, given?.vote]).toEqual([made.tip(other), undefined])
  })

  it('writes what a chain without tips reads', () => {
    const data: SafetyData = { epoch: 1n, lastVotedView: 0n, lockedView: 0n, lockedQC: genesisQC }
    expect(encodeSafetyData(data)[4]).toBe(1)
    const rules = rulesWith()
    vote(rules, { block: b2 })
    noEndorse(rules, made.tc(3n, [[made.tip(fixture.child(b1, 3n), noTipBelow3()), [1, 2, 3]]]))
    const bytes = encodeSafetyData(rules.data)
    expect(bytes[4]).toBe(2)
    expect(rules.data.lastNoEndorse).toBeDefined()
    expect(decodeSafetyData(bytes)).toEqual(rules.data)
  })

  function noTipBelow3(): TimeoutCertificate {
    return made.tc(2n, [[b2.header.qc, [1, 2, 3]]])
  }
})

describe('evidence', () => {
  const b3 = fixture.child(b2, 3n)
  const high = fixture.child(b3, 5n)
  const low = made.tip(fixture.child(b2, 4n))
  const judge = {
    context: fixture.context,
    scheme: nullScheme,
    nodeScheme: nullScheme,
    committee: fixture.committee,
  }
  const given = (highQC: QuorumCertificate, highTip?: Tip): TimeoutStatement => {
    const extend = { highQC, ...(highTip === undefined ? {} : { highTip }) }
    const { epoch, signature, signer, view } = made.timeout(0, 6n, highQC, extend)
    return { epoch, view, ...highViewsOf(extend, true), signer, signature }
  }
  const regression = (timeout: TimeoutStatement): Evidence => ({
    kind: 'lockRegression',
    vote: fixture.vote(0, 5n, blockHash(high.header)),
    header: high.header,
    timeout,
  })

  it('does not convict who votes for an older tip again and stands by it above its lock', () => {
    // Its lock is view 3; the tip is of view 4, on a QC of view 2.
    expect(verifyEvidence(regression(given(qcOf(b3), low)), judge)).toEqual([])
    expect(verifyEvidence(regression(given(b3.header.qc)), judge)).toHaveLength(1)
  })

  it('of two timeouts that differ in their tip alone convicts, and is found', () => {
    const detector = new MisbehaviorDetector(judge, {
      highTip: true,
      headerOf: (hash) => (equalBytes(hash, blockHash(high.header)) ? high.header : undefined),
    })
    detector.onVote(fixture.vote(0, 5n, blockHash(high.header)))
    detector.onTimeout(made.timeout(0, 6n, qcOf(b3), { highTip: low }))
    expect(detector.take()).toEqual([])
    detector.onTimeout(made.timeout(0, 6n, qcOf(b3), { highTip: made.tip(high) }))
    const [evidence] = detector.take()
    expect(evidence?.kind).toBe('conflictingTimeouts')
    expect(evidence && verifyEvidence(evidence, judge)).toHaveLength(1)
  })
})

describe('T6 a block that is proposed again', () => {
  it('commits nothing by its QC, whoever is shown the proof', () => {
    const path = [b1.header, b2.header]
    const inItsView = { path, qc: fixture.qc(2n, blockHash(b2.header), [0, 1, 2]) }
    const again = { path, qc: fixture.qc(3n, blockHash(b2.header), [0, 1, 2]) }
    for (const one of [fixture.verifier, verifier]) {
      expect(verifyCommitProof(inItsView, one)).toBe(true)
      expect(verifyCommitProof(again, one)).toBe(false)
    }
    // A child on the QC of the second time commits it.
    const child = fixture.child(b2, 4n, { qc: again.qc })
    const proof = {
      path: [b2.header, child.header],
      qc: fixture.qc(4n, blockHash(child.header), [0, 1, 2]),
    }
    expect(verifyCommitProof(proof, verifier)).toBe(true)
  })
})

function qcOf({ header }: Block): QuorumCertificate {
  return fixture.qc(header.view, blockHash(header), [0, 1, 2])
}

function withoutTip({ highTip: _none, ...tc }: TimeoutCertificate): TimeoutCertificate {
  return tc
}
