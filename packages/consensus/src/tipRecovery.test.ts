import { nullScheme } from '@openliquid/crypto/testing'
import {
  type Block,
  blockHash,
  type ConsensusMessage,
  type ConsensusParams,
  type Proposal,
  type RoundRecovery,
  roundRecoveryDigest,
  type TimeoutCertificate,
} from '@openliquid/primitives'
import { describe, expect, it } from 'vitest'
import { DEFAULT_PARAMS } from './chain.ts'
import { ConsensusCore } from './core.ts'
import type { Effect } from './effect.ts'
import { hashOfTC } from './safetyRules.ts'
import { Fixture, HighTipFixture, signPadded, verifyPadded } from './testing/index.ts'

const fixture = new Fixture([1n, 1n, 1n, 1n])
const made = new HighTipFixture(fixture)
const NOW_MS = 10_000
const params: ConsensusParams = { ...DEFAULT_PARAMS, highTip: true, epochDurationMs: 10 ** 12 }

// Leaders of views 1, 2, 3, 4 are validators 0, 1, 2, 3.
const b1 = fixture.child(fixture.genesis, 1n, { proposer: 0 })
const b2 = fixture.child(b1, 2n, { proposer: 1 })
const tip2 = made.tip(b2)
const tc2 = made.tc(2n, [
  [b2.header.qc, [2]],
  [tip2, [0, 3]],
])

function started(index: number, change: Partial<ConsensusParams> = {}): ConsensusCore {
  const secret = fixture.secretOf(index)
  const core = new ConsensusCore({
    context: fixture.context,
    genesis: fixture.genesis,
    validatorSet: fixture.set,
    params: { ...params, ...change },
    scheme: nullScheme,
    nodeScheme: { ...nullScheme, sign: signPadded, verify: verifyPadded },
    self: { index, voteSecretKey: secret, nodeSecretKey: secret },
  })
  core.step({ kind: 'start', nowMs: NOW_MS })
  return core
}

function receive(core: ConsensusCore, message: ConsensusMessage): Effect[] {
  return core.step({ kind: 'message', nowMs: NOW_MS, from: 'peer', message })
}

function propose(core: ConsensusCore, block: Block): Effect[] {
  const { epoch, view } = block.header
  const proposal: Proposal = { epoch, view, block, signature: made.tip(block).signature }
  return receive(core, { kind: 'proposal', proposal })
}

/** Puts the replica into view 3, entered by a TC that names b2; what it has of the blocks is up to the caller. */
function enterView3(core: ConsensusCore, tc: TimeoutCertificate = tc2): Effect[] {
  return receive(core, { kind: 'advanceView', advanceView: { highQC: b2.header.qc, tc } })
}

function recoveryOf(tc: TimeoutCertificate, signer = 2): ConsensusMessage {
  const digest = roundRecoveryDigest(fixture.context, 1n, tc.view + 1n, hashOfTC(tc))
  const signature = signPadded(fixture.secretOf(signer), digest)
  const roundRecovery: RoundRecovery = { tc, signature }
  return { kind: 'roundRecovery', roundRecovery }
}

/** Messages that leave, with the kind of recipient. */
function sent(effects: readonly Effect[]): ConsensusMessage[] {
  return effects.flatMap((effect) =>
    effect.kind === 'send' || effect.kind === 'broadcast' ? [effect.message] : [],
  )
}
const sentKinds = (effects: readonly Effect[]): string[] => sent(effects).map(({ kind }) => kind)
const codes = (effects: readonly Effect[]): string[] =>
  effects.flatMap((effect) => (effect.kind === 'report' ? [effect.fault.code] : []))

describe('the leader of a view that a TC with a tip opened', () => {
  it('proposes the block of the tip again, unchanged, and votes for it in this view', () => {
    const core = started(2)
    propose(core, b1)
    propose(core, b2)
    const messages = sent(enterView3(core))
    expect(messages[0]).toMatchObject({
      kind: 'proposal',
      proposal: { view: 3n, block: b2, tc: tc2 },
    })
    expect(messages.slice(1)).toMatchObject([
      { kind: 'vote', vote: { view: 3n, blockHash: blockHash(b2.header) } },
    ])
  })

  it('asks for a block it lacks, once, and proposes it when it comes', () => {
    const core = started(2)
    propose(core, b1)
    const asked = enterView3(core)
    expect(sentKinds(asked)).toEqual(['roundRecovery'])
    // Its own refusal counts towards the certificate, so it is on disk first.
    expect(asked[0]).toMatchObject({ kind: 'persist', sync: true })
    expect(sentKinds(enterView3(core))).toEqual([])
    expect(core.dump().recovery.own).toEqual({
      view: 3n,
      tip: blockHash(b2.header),
      refusals: [made.noEndorse(2, 3n, 1n)],
    })
    const other = fixture.child(b1, 2n, { proposer: 1, timestampMs: 2_000 })
    expect(sentKinds(receive(core, { kind: 'tipBlock', block: other }))).toEqual([])
    const answered = receive(core, { kind: 'tipBlock', block: b2 })
    expect(sentKinds(answered)).toEqual(['proposal', 'vote'])
  })

  it('builds another on the QC of the tip when a quorum refuses that', () => {
    const core = started(2)
    propose(core, b1)
    enterView3(core)
    const refuse = (signer: number): Effect[] =>
      receive(core, { kind: 'noEndorse', noEndorse: made.noEndorse(signer, 3n, 1n) })
    expect(refuse(0)).toEqual([])
    const forged = { ...made.noEndorse(1, 3n, 1n), signature: new Uint8Array(32) }
    expect(receive(core, { kind: 'noEndorse', noEndorse: forged })).toEqual([])
    expect(receive(core, { kind: 'noEndorse', noEndorse: made.noEndorse(3, 3n, 0n) })).toEqual([])
    const [request] = refuse(1)
    expect(request).toMatchObject({ kind: 'buildPayload', view: 3n, height: 2n })
    const built = core.step({
      kind: 'payloadBuilt',
      nowMs: NOW_MS,
      view: 3n,
      payload: { actions: [], evm: [], evidence: [] },
    })
    const [proposal] = sent(built)
    expect(proposal).toMatchObject({
      kind: 'proposal',
      proposal: {
        view: 3n,
        tc: tc2,
        nec: { view: 3n, tipQCView: 1n },
        block: { header: { view: 3n, qc: b2.header.qc } },
      },
    })
    if (proposal?.kind !== 'proposal') throw new Error('no proposal')
    const voter = started(3)
    propose(voter, b1)
    expect(sentKinds(receive(voter, proposal))).toEqual(['vote'])
  })
})

describe('a replica that the leader asks for a tip', () => {
  it('sends the block if it would vote for it', () => {
    const core = started(3)
    propose(core, b1)
    propose(core, b2)
    const effects = receive(core, recoveryOf(tc2))
    expect(effects.at(-1)).toEqual({
      kind: 'send',
      to: { validator: 2 },
      message: { kind: 'tipBlock', block: b2 },
    })
  })

  it('refuses if it has no such block, on disk before it says so', () => {
    const core = started(3)
    propose(core, b1)
    const effects = receive(core, recoveryOf(tc2))
    expect(effects[0]).toMatchObject({ kind: 'persist', sync: true })
    expect(effects.at(-1)).toEqual({
      kind: 'send',
      to: { validator: 2 },
      message: { kind: 'noEndorse', noEndorse: made.noEndorse(3, 3n, 1n) },
    })
  })

  it('waits for its application to judge the payload, and refuses what is bad', () => {
    const payload = { actions: [Uint8Array.of(1)], evm: [], evidence: [] }
    const full = fixture.child(b1, 2n, { proposer: 1 }, payload)
    const tc = made.tc(2n, [[made.tip(full), [0, 1, 2]]])
    for (const [ok, answer] of [
      [true, 'tipBlock'],
      [false, 'noEndorse'],
    ] as const) {
      const core = started(3)
      propose(core, b1)
      propose(core, full)
      const effects = receive(core, recoveryOf(tc))
      expect(effects.map(({ kind }) => kind)).toContain('checkPayload')
      expect(sentKinds(effects)).toEqual([])
      const checked = core.step({
        kind: 'payloadChecked',
        nowMs: NOW_MS,
        blockHash: blockHash(full.header),
        ok,
      })
      expect(sentKinds(checked)).toContain(answer)
    }
  })

  it('says nothing to who does not lead, to a TC without a tip, or of another chain rule', () => {
    const core = started(3)
    propose(core, b1)
    expect(codes(receive(core, recoveryOf(tc2, 1)))).toEqual(['OL_CONSENSUS_NOT_LEADER'])
    const noTip = made.tc(2n, [[b2.header.qc, [0, 1, 2]]])
    expect(codes(receive(core, recoveryOf(noTip)))).toEqual(['OL_CONSENSUS_MALFORMED'])
    const forged = { ...tc2, view: 3n }
    expect(codes(receive(core, recoveryOf(forged)))).toEqual(['OL_CONSENSUS_CERTIFICATE'])
    for (const message of [
      recoveryOf(tc2),
      { kind: 'tipBlock', block: b2 } as const,
      { kind: 'noEndorse', noEndorse: made.noEndorse(1, 3n, 1n) } as const,
    ]) {
      const off = started(3, { highTip: false })
      expect(codes(receive(off, message))).toEqual(['OL_CONSENSUS_MALFORMED'])
    }
  })

  it('takes no tip of who did not lead its view', () => {
    const core = started(3)
    propose(core, b1)
    const foreign = fixture.child(b1, 2n, { proposer: 0 })
    const tc = made.tc(2n, [[made.tip(foreign), [0, 1, 2]]])
    expect(codes(receive(core, recoveryOf(tc)))).toEqual(['OL_CONSENSUS_NOT_LEADER'])
    expect(codes(enterView3(core, tc))).toEqual(['OL_CONSENSUS_NOT_LEADER'])
    expect(core.status.view).toBe(2n)
  })
})

describe('the timeouts of a view', () => {
  it('certify the tip that a quorum of them votes for, without a proposal', () => {
    const core = started(3)
    propose(core, b1)
    propose(core, b2)
    enterView3(core)
    for (const signer of [0, 1, 2]) {
      const vote = fixture.vote(signer, 3n, blockHash(b2.header))
      const extra = { lastTC: tc2, vote, highTip: tip2 }
      const timeout = made.timeout(signer, 3n, b2.header.qc, extra)
      receive(core, { kind: 'timeout', timeout })
    }
    expect(core.status).toMatchObject({ view: 4n, highQCView: 3n })
    // In its own view it would have committed b1; in a later one it commits nothing.
    expect(core.status.committedHeight).toBe(0n)
  })
})
