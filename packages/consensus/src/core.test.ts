import { nullScheme } from '@openliquid/crypto/testing'
import {
  type Block,
  blockHash,
  type ConsensusMessage,
  type ConsensusParams,
  type Proposal,
  proposalDigest,
  type TimeoutCertificate,
} from '@openliquid/primitives'
import { describe, expect, it } from 'vitest'
import { ConsensusCore } from './core.ts'
import type { Effect } from './effect.ts'
import type { ConsensusInput } from './input.ts'
import { recoverState } from './recovery.ts'
import { tcHashOf } from './safetyRules.ts'
import { EMPTY_PAYLOAD, Fixture } from './testing/index.ts'

const fixture = new Fixture([1n, 1n, 1n, 1n])
const NOW_MS = 10_000
const params = {
  highTip: false,
  viewTimeoutMs: 500,
  viewTimeoutGrowthMilli: 1_500,
  viewTimeoutFreeFailures: 2,
  viewTimeoutMsMax: 8_000,
  backupDelayMs: 125,
  minBlockIntervalMs: 50,
  clockDriftMsMax: 250,
  epochDurationMs: 10 ** 12,
} as ConsensusParams

/** A replica that has started; leaders of views 1, 2, 3, 4 are validators 0, 1, 2, 3. */
function started(index: number, change: Partial<ConsensusParams> = {}): ConsensusCore {
  const secret = fixture.secretOf(index)
  const executed = { height: 0n, blockAt: () => undefined, stateRootAt: () => undefined }
  const core = new ConsensusCore({
    context: fixture.context,
    genesis: fixture.genesis,
    validatorSet: fixture.set,
    params: { ...params, ...change },
    scheme: nullScheme,
    nodeScheme: { ...nullScheme, sign: signPadded, verify: verifyPadded },
    self: { index, voteSecretKey: secret, nodeSecretKey: secret },
    recovered: recoverState({ genesis: fixture.genesis, records: [], executed }),
  })
  core.step({ kind: 'start', nowMs: NOW_MS })
  return core
}

function signPadded(secret: Uint8Array, digest: Uint8Array): Uint8Array {
  const padded = new Uint8Array(64)
  padded.set(nullScheme.sign(secret, digest))
  return padded
}

function verifyPadded(key: Uint8Array, digest: Uint8Array, signature: Uint8Array): boolean {
  return nullScheme.verify(key, digest, signature.slice(0, 32))
}

function proposalOf(
  block: Block,
  tc?: TimeoutCertificate,
  signer = block.header.proposer,
): Proposal {
  const { epoch, view } = block.header
  const digest = proposalDigest(fixture.context, epoch, view, blockHash(block.header), tcHashOf(tc))
  const signature = signPadded(fixture.secretOf(signer), digest)
  return { epoch, view, block, ...(tc === undefined ? {} : { tc }), signature }
}

function receive(core: ConsensusCore, message: ConsensusMessage, nowMs = NOW_MS): Effect[] {
  return core.step({ kind: 'message', nowMs, from: 'peer', message })
}

function propose(core: ConsensusCore, block: Block, nowMs = NOW_MS): Effect[] {
  return receive(core, { kind: 'proposal', proposal: proposalOf(block) }, nowMs)
}

const kinds = (effects: readonly Effect[]): string[] => effects.map(({ kind }) => kind)
const codes = (effects: readonly Effect[]): string[] =>
  effects.flatMap((effect) => (effect.kind === 'report' ? [effect.fault.code] : []))

const b1 = fixture.child(fixture.genesis, 1n, { proposer: 0 })
const b2 = fixture.child(b1, 2n, { proposer: 1 })
const full = { ...EMPTY_PAYLOAD, actions: [Uint8Array.of(1)] }

describe('a proposal in its view', () => {
  it('is voted for: block and safety data in one synced record batch, then votes to both leaders', () => {
    const effects = propose(started(2), b1)
    expect(kinds(effects)).toEqual(['persist', 'send', 'send'])
    expect(effects[0]).toMatchObject({
      sync: true,
      records: [{ kind: 'block' }, { kind: 'safety' }],
    })
    expect(effects.slice(1).map((effect) => effect.kind === 'send' && effect.to)).toEqual([
      { validator: 1 },
      { validator: 0 },
    ])
  })

  it('waits for its payload to be checked (B6), and gets no vote if that fails', () => {
    const block = fixture.child(fixture.genesis, 1n, { proposer: 0 }, full)
    const core = started(2)
    expect(kinds(propose(core, block))).toEqual(['checkPayload'])
    const answer = (ok: boolean): ConsensusInput => ({
      kind: 'payloadChecked',
      nowMs: NOW_MS,
      blockHash: blockHash(block.header),
      ok,
    })
    expect(kinds(core.step(answer(true)))).toEqual(['persist', 'send', 'send'])
    const other = started(3)
    propose(other, block)
    expect(codes(other.step(answer(false)))).toEqual(['OL_CONSENSUS_PAYLOAD'])
    expect(kinds(other.step(answer(true)))).toEqual([])
  })

  it('from a little ahead of our clock waits, from far ahead gets no vote (B5)', () => {
    const soon = fixture.child(fixture.genesis, 1n, { proposer: 0, timestampMs: NOW_MS + 250 })
    const core = started(2)
    expect(propose(core, soon)).toEqual([{ kind: 'setTimer', timerId: 'hold', atMs: NOW_MS + 250 }])
    const fired = core.step({ kind: 'timerFired', nowMs: NOW_MS + 250, timerId: 'hold' })
    expect(kinds(fired)).toEqual(['persist', 'send', 'send'])
    const late = fixture.child(fixture.genesis, 1n, { proposer: 0, timestampMs: NOW_MS + 251 })
    expect(codes(propose(started(2), late))).toEqual(['OL_CONSENSUS_TIMESTAMP'])
  })

  it('moves the view by the QC inside it', () => {
    const core = started(3)
    propose(core, b1)
    const effects = propose(core, b2, NOW_MS + 20)
    expect(core.status).toMatchObject({ view: 2n, highQCView: 1n })
    expect(kinds(effects)).toEqual(['persist', 'setTimer', 'enterView', 'send', 'send'])
  })

  it('of which an ancestor is missing fetches that, and then is voted for (B8)', () => {
    const core = started(3)
    const effects = propose(core, b2)
    expect(effects.at(-1)).toMatchObject({
      kind: 'fetchBlocks',
      request: { fromHeight: 1n, toHash: blockHash(b1.header) },
    })
    const fetched = core.step({
      kind: 'blocksFetched',
      nowMs: NOW_MS,
      requestId: 1,
      from: 'peer',
      blocks: [b1],
    })
    expect(kinds(fetched)).toEqual(['persist', 'send', 'send'])
  })

  it('is not forgotten when the fetch fails: the next one comes after a pause, from another signer', () => {
    const core = started(3)
    const first = propose(core, b2).at(-1)
    expect(core.step({ kind: 'fetchFailed', nowMs: NOW_MS, requestId: 1 })).toEqual([
      { kind: 'setTimer', timerId: 'fetch', atMs: NOW_MS + 250 },
    ])
    const second = core.step({ kind: 'timerFired', nowMs: NOW_MS + 250, timerId: 'fetch' }).at(-1)
    expect(first).toMatchObject({ kind: 'fetchBlocks', validators: [0, 1, 2] })
    expect(second).toMatchObject({ kind: 'fetchBlocks', requestId: 2, validators: [1, 2, 0] })
  })
})

describe('bad messages change nothing and are reported', () => {
  const tc = fixture.tc(1n, fixture.genesisQC, [[0n, [0, 1, 2]]])
  it.each<[string, ConsensusMessage, string]>([
    [
      'another proposer than the leader',
      { kind: 'proposal', proposal: proposalOf({ ...b1, header: { ...b1.header, proposer: 1 } }) },
      'OL_CONSENSUS_NOT_LEADER',
    ],
    [
      'a signature of someone else',
      { kind: 'proposal', proposal: proposalOf(b1, undefined, 2) },
      'OL_CONSENSUS_SIGNATURE',
    ],
    [
      'another view around the block',
      { kind: 'proposal', proposal: { ...proposalOf(b1), view: 2n } },
      'OL_CONSENSUS_MALFORMED',
    ],
    [
      'another epoch',
      { kind: 'proposal', proposal: { ...proposalOf(b1), epoch: 2n } },
      'OL_CONSENSUS_EPOCH',
    ],
    [
      'a TC where none belongs (B4)',
      { kind: 'proposal', proposal: proposalOf(b2, tc) },
      'OL_CONSENSUS_MALFORMED',
    ],
    [
      'a forged QC',
      {
        kind: 'proposal',
        proposal: proposalOf({
          ...b2,
          header: { ...b2.header, qc: { ...b2.header.qc, signature: new Uint8Array(96) } },
        }),
      },
      'OL_CONSENSUS_CERTIFICATE',
    ],
    [
      'an invalid block',
      {
        kind: 'proposal',
        proposal: proposalOf(
          fixture.child(fixture.genesis, 1n, { proposer: 0, timestampMs: 1_000 }),
        ),
      },
      'OL_CONSENSUS_INVALID_BLOCK',
    ],
    [
      'a vote of nobody',
      { kind: 'vote', vote: { ...fixture.vote(0, 1n, new Uint8Array(32)), signer: 9 } },
      'OL_CONSENSUS_MALFORMED',
    ],
    [
      'a timeout without entry proof',
      { kind: 'timeout', timeout: fixture.timeout(1, 7n, fixture.genesisQC) },
      'OL_CONSENSUS_MALFORMED',
    ],
    [
      'a timeout with the vote of another',
      {
        kind: 'timeout',
        timeout: fixture.timeout(1, 1n, fixture.genesisQC, {
          vote: fixture.vote(2, 1n, new Uint8Array(32)),
        }),
      },
      'OL_CONSENSUS_MALFORMED',
    ],
    [
      'an AdvanceView without quorum',
      { kind: 'advanceView', advanceView: { highQC: fixture.qc(5n, new Uint8Array(32), [1]) } },
      'OL_CONSENSUS_CERTIFICATE',
    ],
    [
      'an empty change of the validator set',
      { kind: 'epochChange', epochChange: { proofs: [] } },
      'OL_CONSENSUS_MALFORMED',
    ],
  ])('%s', (_, message, code) => {
    const core = started(3)
    expect(codes(receive(core, message))).toEqual([code])
    expect(core.status).toMatchObject({ view: 1n, highQCView: 0n, uncommittedBlocks: 0 })
  })

  it('a far view cannot make us compute its leader: the certificates come first', () => {
    const qc = fixture.qc(2n ** 60n, blockHash(b1.header), [1])
    const block = fixture.child(b1, 2n ** 60n + 1n, { qc })
    expect(codes(propose(started(3), block))).toEqual(['OL_CONSENSUS_CERTIFICATE'])
  })
})

describe('the leader', () => {
  it('asks for a payload at the start, proposes it, and votes for its own block', () => {
    const core = started(0)
    const payload = { kind: 'payloadBuilt', nowMs: NOW_MS + 5, view: 1n, payload: full } as const
    const effects = core.step({ ...payload, timestampMs: NOW_MS + 3 })
    expect(kinds(effects)).toEqual(['persist', 'broadcast', 'send'])
    expect(effects[1]).toMatchObject({
      message: {
        proposal: { view: 1n, block: { header: { timestampMs: NOW_MS + 3, proposer: 0 } } },
      },
    })
    expect(core.step(payload)).toEqual([])
  })

  it('of the next view proposes on the QC it forms; no other validator does', () => {
    const votes = [0, 2, 3].map((signer) => fixture.vote(signer, 1n, blockHash(b1.header)))
    const [leader, other] = [started(1), started(2)]
    for (const core of [leader, other]) {
      propose(core, b1)
      for (const vote of votes.slice(0, 1)) receive(core, { kind: 'vote', vote })
    }
    // Its own vote and two more are the quorum.
    const effects = receive(leader, { kind: 'vote', vote: votes[1]! }, NOW_MS + 20)
    expect(kinds(effects)).toEqual(['persist', 'setTimer', 'enterView', 'buildPayload'])
    expect(effects.at(-1)).toMatchObject({
      view: 2n,
      height: 2n,
      ancestors: [{ header: b1.header }],
    })
    expect(receive(other, { kind: 'vote', vote: votes[1]! })).toEqual([])
  })

  it('of the view itself waits for the backup delay, then tells everyone the QC', () => {
    const core = started(0)
    const built = { kind: 'payloadBuilt', nowMs: NOW_MS, view: 1n, payload: EMPTY_PAYLOAD } as const
    const hash = blockHash(proposedIn(core.step(built)))
    receive(core, { kind: 'vote', vote: fixture.vote(2, 1n, hash) })
    const third = receive(core, { kind: 'vote', vote: fixture.vote(3, 1n, hash) })
    expect(third).toEqual([{ kind: 'setTimer', timerId: 'backup', atMs: NOW_MS + 125 }])
    const backup = core.step({ kind: 'timerFired', nowMs: NOW_MS + 125, timerId: 'backup' })
    expect(backup.at(-1)).toMatchObject({
      kind: 'broadcast',
      message: { kind: 'advanceView', advanceView: { highQC: { view: 1n } } },
    })
  })
})

describe('timeouts', () => {
  const expire = (core: ConsensusCore, nowMs: number): Effect[] =>
    core.step({ kind: 'timerFired', nowMs, timerId: 'view' })

  it('is repeated byte for byte, with the news beside it', () => {
    const core = started(3)
    const first = expire(core, NOW_MS + 500)
    expect(kinds(first)).toEqual(['persist', 'broadcast', 'setTimer'])
    const again = expire(core, NOW_MS + 1_000)
    expect(kinds(again)).toEqual(['broadcast', 'broadcast', 'setTimer'])
    expect(again[1]).toEqual(first[1])
  })

  it('of a blocking set is joined at once, of a quorum leads into the next view', () => {
    const core = started(3)
    const timeout = (signer: number): ConsensusMessage => ({
      kind: 'timeout',
      timeout: fixture.timeout(signer, 1n, fixture.genesisQC),
    })
    expect(receive(core, timeout(0))).toEqual([])
    const effects = receive(core, timeout(1))
    expect(effects.filter(({ kind }) => kind === 'broadcast')).toHaveLength(2)
    expect(core.status.view).toBe(2n)
    expect(effects).toContainEqual(expect.objectContaining({ kind: 'send', to: { validator: 1 } }))
  })

  it('that carry a quorum of votes make a QC instead of a TC', () => {
    const core = started(3)
    propose(core, b1)
    for (const signer of [0, 1, 2]) {
      const vote = fixture.vote(signer, 1n, blockHash(b1.header))
      const timeout = fixture.timeout(signer, 1n, fixture.genesisQC, { vote })
      receive(core, { kind: 'timeout', timeout })
    }
    expect(core.status).toMatchObject({ view: 2n, highQCView: 1n })
  })
})

describe('a peer that is behind', () => {
  it('is told the news at most once a second', () => {
    const core = started(3)
    propose(core, b1)
    propose(core, b2)
    propose(core, fixture.child(b2, 3n, { proposer: 2 }))
    const stale: ConsensusMessage = {
      kind: 'timeout',
      timeout: fixture.timeout(1, 1n, fixture.genesisQC),
    }
    const news = receive(core, stale)
    expect(news).toMatchObject([
      { kind: 'send', to: { peer: 'peer' }, message: { advanceView: { highQC: { view: 2n } } } },
      { kind: 'report', fault: { verdict: 'ignore', code: 'OL_CONSENSUS_STALE' } },
    ])
    expect(kinds(receive(core, stale, NOW_MS + 999))).toEqual(['report'])
    expect(kinds(receive(core, stale, NOW_MS + 1_000))).toEqual(['send', 'report'])
  })
})

describe('a dump', () => {
  it('shows all that the next decision depends on, and how much waits in each buffer', () => {
    const core = started(1)
    propose(core, fixture.child(fixture.genesis, 1n, { proposer: 0 }, full))
    const waiting = core.dump()
    expect(waiting.blocks.map(({ header, isVoted }) => [header.height, isVoted])).toEqual([
      [0n, true],
      [1n, false],
    ])
    expect(waiting.candidate).toMatchObject({ payload: 'checking', tc: undefined })
    expect(waiting.safety).toMatchObject({ lastVotedView: 0n, lockedView: 0n })

    propose(core, b2)
    receive(core, { kind: 'timeout', timeout: fixture.timeout(3, 2n, b2.header.qc) })
    const later = core.dump()
    expect(later.status.view).toBe(2n)
    expect(later.highQC).toEqual(b2.header.qc)
    expect([later.wanted.length, later.orphans.length, later.timeouts.length]).toEqual([1, 1, 1])
    expect(later.votes).toEqual([])
  })
})

describe('construction', () => {
  it.each([
    [{ clockDriftMsMax: 251 }, 'clockDriftMsMax'],
    [{ minBlockIntervalMs: 125 }, 'minBlockIntervalMs'],
  ])('refuses %o', (change, setting) => {
    expect(() => started(0, change)).toThrow(new RegExp(`${setting}.*OL_CONSENSUS_OPTIONS`))
  })
})

/** The header of the block proposed in these effects. */
function proposedIn(effects: readonly Effect[]): Block['header'] {
  for (const effect of effects) {
    if (effect.kind === 'broadcast' && effect.message.kind === 'proposal') {
      return effect.message.proposal.block.header
    }
  }
  throw new Error('nothing is proposed')
}
