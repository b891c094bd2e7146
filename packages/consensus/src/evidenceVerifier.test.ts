import { nullScheme } from '@openliquid/crypto/testing'
import {
  blockHash,
  type Evidence,
  type Hash,
  type ProposalStatement,
  proposalDigest,
  sha256,
  type TimeoutStatement,
  type View,
} from '@openliquid/primitives'
import { describe, expect, it } from 'vitest'
import { type EvidenceJudge, verifyEvidence } from './evidenceVerifier.ts'
import { orderByHash } from './offences.ts'
import { Fixture } from './testing/index.ts'

const fixture = new Fixture([1n, 1n, 1n, 1n])
const judge: EvidenceJudge = { ...fixture, scheme: nullScheme, nodeScheme: nullScheme }
const [low, high] = [sha256(Uint8Array.of(1)), sha256(Uint8Array.of(2))].sort(
  (a, b) => (a[0] as number) - (b[0] as number),
) as [Hash, Hash]

function proposal(signer: number, view: View, hash: Hash, tcHash?: Hash): ProposalStatement {
  const digest = proposalDigest(fixture.context, 1n, view, hash, tcHash)
  const signature = nullScheme.sign(fixture.secretOf(signer), digest)
  const tc = tcHash === undefined ? {} : { tcHash }
  return { epoch: 1n, view, blockHash: hash, ...tc, signer, signature }
}

function timeout(signer: number, view: View, highQCView: View): TimeoutStatement {
  const { signature } = fixture.timeout(signer, view, { ...fixture.genesisQC, view: highQCView })
  return { epoch: 1n, view, highQCView, signer, signature }
}

const parent = fixture.child(fixture.genesis, 3n)
const voted = fixture.child(parent, 4n)
const votedHash = blockHash(voted.header)

const examples = {
  duplicateVote: {
    kind: 'duplicateVote',
    first: fixture.vote(2, 5n, low),
    second: fixture.vote(2, 5n, high),
  },
  duplicateProposal: {
    kind: 'duplicateProposal',
    first: proposal(2, 5n, low),
    second: proposal(2, 5n, high, sha256(Uint8Array.of(9))),
  },
  lockRegression: {
    kind: 'lockRegression',
    vote: fixture.vote(2, 4n, votedHash),
    header: voted.header,
    timeout: timeout(2, 5n, 2n),
  },
  conflictingTimeouts: {
    kind: 'conflictingTimeouts',
    first: timeout(2, 5n, 1n),
    second: timeout(2, 5n, 4n),
  },
  conflictingQCs: {
    kind: 'conflictingQCs',
    ...orderByHash(fixture.qc(5n, low, [0, 1, 2]), fixture.qc(5n, high, [1, 2, 3])),
  },
} as const satisfies Record<Evidence['kind'], Evidence>

const { conflictingQCs, conflictingTimeouts, duplicateProposal, duplicateVote, lockRegression } =
  examples

describe('evidence of each kind convicts', () => {
  it.each([
    ['duplicateVote', duplicateVote, [2], 5n],
    ['duplicateProposal', duplicateProposal, [2], 5n],
    ['lockRegression', lockRegression, [2], 5n],
    [
      'a lock regression within one view',
      { ...lockRegression, timeout: timeout(2, 4n, 2n) },
      [2],
      4n,
    ],
    ['conflictingTimeouts', conflictingTimeouts, [2], 5n],
    ['everyone who is in both certificates', conflictingQCs, [1, 2], 5n],
  ] as const)('%s', (_, evidence, guilty, view) => {
    expect(verifyEvidence(evidence, judge)).toEqual(
      guilty.map((validator) => ({ kind: evidence.kind, validator, epoch: 1n, view })),
    )
  })
})

describe('what convicts nobody', () => {
  const other = fixture.vote(3, 5n, high)
  const bad = new Uint8Array(32)
  it.each<[string, Evidence]>([
    ['one vote twice', { ...duplicateVote, second: duplicateVote.first }],
    ['votes of two validators', { ...duplicateVote, second: other }],
    ['votes in two views', { ...duplicateVote, second: fixture.vote(2, 6n, high) }],
    [
      'a pair in the other order',
      { ...duplicateVote, first: duplicateVote.second, second: duplicateVote.first },
    ],
    ['a forged vote', { ...duplicateVote, second: { ...duplicateVote.second, signature: bad } }],
    [
      'a vote of another epoch',
      {
        ...duplicateVote,
        first: { ...duplicateVote.first, epoch: 2n },
        second: { ...duplicateVote.second, epoch: 2n },
      },
    ],
    [
      'votes of a stranger',
      {
        ...duplicateVote,
        first: { ...duplicateVote.first, signer: 4 },
        second: { ...duplicateVote.second, signer: 4 },
      },
    ],
    [
      'one block proposed with two TCs',
      { ...duplicateProposal, second: proposal(2, 5n, low, sha256(bad)) },
    ],
    [
      'a forged proposal',
      { ...duplicateProposal, first: { ...duplicateProposal.first, signature: bad } },
    ],
    ['proposals of two views', { ...duplicateProposal, second: proposal(2, 6n, high) }],
    ['a timeout that names the lock', { ...lockRegression, timeout: timeout(2, 5n, 3n) }],
    ['a timeout before the vote', { ...lockRegression, timeout: timeout(2, 3n, 2n) }],
    ['a timeout of another validator', { ...lockRegression, timeout: timeout(1, 5n, 2n) }],
    [
      'a header that was not voted for',
      { ...lockRegression, header: { ...voted.header, timestampMs: 1 } },
    ],
    ['a header of another epoch', { ...lockRegression, header: { ...voted.header, epoch: 2n } }],
    [
      'a forged timeout',
      { ...lockRegression, timeout: { ...lockRegression.timeout, signature: bad } },
    ],
    ['one timeout twice', { ...conflictingTimeouts, second: conflictingTimeouts.first }],
    ['timeouts of two views', { ...conflictingTimeouts, second: timeout(2, 6n, 4n) }],
    [
      'timeouts in the other order',
      {
        ...conflictingTimeouts,
        first: conflictingTimeouts.second,
        second: conflictingTimeouts.first,
      },
    ],
    [
      'two QCs of one block',
      {
        ...conflictingQCs,
        second: { ...conflictingQCs.second, blockHash: conflictingQCs.first.blockHash },
      },
    ],
    [
      'a QC without a quorum',
      {
        kind: 'conflictingQCs',
        ...orderByHash(fixture.qc(5n, low, [0, 1, 2]), fixture.qc(5n, high, [2, 3])),
      },
    ],
    [
      'QCs of two views',
      {
        kind: 'conflictingQCs',
        ...orderByHash(fixture.qc(5n, low, [0, 1, 2]), fixture.qc(6n, high, [1, 2, 3])),
      },
    ],
    [
      'two QCs that nobody signed',
      {
        kind: 'conflictingQCs',
        ...orderByHash({ ...fixture.genesisQC, blockHash: low }, fixture.genesisQC),
      },
    ],
  ])('%s', (_, evidence) => {
    expect(verifyEvidence(evidence, judge)).toEqual([])
  })
})
