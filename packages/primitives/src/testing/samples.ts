import { encodeAction } from '../actions/actionCodec.ts'
import type { Block, BlockHeader, Payload } from '../types/block.ts'
import type { QuorumCertificate, TimeoutCertificate, TimeoutGroup } from '../types/certificates.ts'
import type { Evidence, ProposalStatement, TimeoutStatement } from '../types/evidence.ts'
import type {
  AdvanceView,
  BlocksAnswer,
  CommitProof,
  EpochChangeProof,
  GetBlocks,
  NoEndorse,
  Proposal,
  RoundRecovery,
  TimeoutVote,
  Vote,
} from '../types/messages.ts'
import type { Misbehavior } from '../types/stateMachine.ts'
import type { NoEndorsementCertificate, Tip } from '../types/tip.ts'
import { type ActionEnvelope, TRANSACTION_KIND, type Transaction } from '../types/transaction.ts'
import type { ValidatorSet } from '../types/validator.ts'
import { ACTION_EXAMPLES } from './actionExamples.ts'
import type { SeededRandom } from './seededRandom.ts'

// Random values of every container: well-formed, with no meaning. Signatures verify under no key.

/** Random values of the types that travel and are stored. */
export const sample: {
  quorumCertificate(random: SeededRandom): QuorumCertificate
  timeoutCertificate(random: SeededRandom): TimeoutCertificate
  blockHeader(random: SeededRandom): BlockHeader
  payload(random: SeededRandom): Payload
  block(random: SeededRandom): Block
  proposal(random: SeededRandom): Proposal
  vote(random: SeededRandom): Vote
  timeoutVote(random: SeededRandom): TimeoutVote
  commitProof(random: SeededRandom): CommitProof
  advanceView(random: SeededRandom): AdvanceView
  validatorSet(random: SeededRandom): ValidatorSet
  epochChangeProof(random: SeededRandom): EpochChangeProof
  evidence(random: SeededRandom): Evidence
  misbehaviors(random: SeededRandom): readonly Misbehavior[]
  getBlocks(random: SeededRandom): GetBlocks
  blocksAnswer(random: SeededRandom): BlocksAnswer
  actionEnvelope(random: SeededRandom): ActionEnvelope
  transaction(random: SeededRandom): Transaction
  /** With a tip, as under `highTip`; so the others of this name. */
  highTipTimeoutCertificate(random: SeededRandom): TimeoutCertificate
  highTipProposal(random: SeededRandom): Proposal
  highTipTimeoutVote(random: SeededRandom): TimeoutVote
  highTipAdvanceView(random: SeededRandom): AdvanceView
  noEndorsementCertificate(random: SeededRandom): NoEndorsementCertificate
  tip(random: SeededRandom): Tip
  noEndorse(random: SeededRandom): NoEndorse
  roundRecovery(random: SeededRandom): RoundRecovery
} = {
  quorumCertificate: (random) => ({
    epoch: random.bigint(64),
    view: random.bigint(64),
    blockHash: random.bytes(32),
    signers: random.bytes(random.integer(0, 25)),
    signature: random.bytes(random.pick([0, 96, 128])),
  }),

  timeoutCertificate: (random) => ({
    epoch: random.bigint(64),
    view: random.bigint(64),
    groups: random.list(3, timeoutGroup),
    highQC: sample.quorumCertificate(random),
  }),

  blockHeader: (random) => ({
    version: random.integer(0, 0xffff),
    chainId: random.bigint(64),
    epoch: random.bigint(64),
    view: random.bigint(64),
    height: random.bigint(64),
    parentHash: random.bytes(32),
    qc: sample.quorumCertificate(random),
    proposer: random.integer(0, 0xffff),
    timestampMs: Number(random.bigint(53)),
    payloadRoot: random.bytes(32),
    executedHeight: random.bigint(64),
    stateRoot: random.bytes(32),
    validatorSetHash: random.bytes(32),
    nextValidatorSetHash: random.bytes(32),
    flags: random.integer(0, 255),
  }),

  payload: (random) => ({
    actions: random.list(3, smallBytes),
    evm: random.list(3, smallBytes),
    evidence: random.list(2, smallBytes),
  }),

  block: (random) => ({ header: sample.blockHeader(random), payload: sample.payload(random) }),

  proposal: (random) => ({
    epoch: random.bigint(64),
    view: random.bigint(64),
    block: sample.block(random),
    ...(random.boolean() ? { tc: sample.timeoutCertificate(random) } : {}),
    signature: random.bytes(64),
  }),

  vote: (random) => ({
    epoch: random.bigint(64),
    view: random.bigint(64),
    blockHash: random.bytes(32),
    signer: random.integer(0, 0xffff),
    signature: random.bytes(random.pick([64, 96])),
  }),

  timeoutVote: (random) => ({
    epoch: random.bigint(64),
    view: random.bigint(64),
    highQC: sample.quorumCertificate(random),
    ...(random.boolean() ? { lastTC: sample.timeoutCertificate(random) } : {}),
    ...(random.boolean() ? { vote: sample.vote(random) } : {}),
    signer: random.integer(0, 0xffff),
    signature: random.bytes(96),
  }),

  commitProof: (random) => ({
    path: random.list(3, sample.blockHeader),
    qc: sample.quorumCertificate(random),
  }),

  advanceView: (random) => ({
    highQC: sample.quorumCertificate(random),
    ...(random.boolean() ? { tc: sample.timeoutCertificate(random) } : {}),
    ...(random.boolean() ? { highestCommit: sample.commitProof(random) } : {}),
  }),

  validatorSet(random) {
    const count = random.integer(1, 4)
    const validators = Array.from({ length: count }, (_, index) => ({
      index,
      address: random.bytes(20),
      stake: random.bigint(60),
      voteKey: random.bytes(random.pick([32, 48])),
      nodeKey: random.bytes(32),
    }))
    const totalStake = validators.reduce((sum, { stake }) => sum + stake, 0n)
    return { epoch: random.bigint(64), validators, totalStake }
  },

  epochChangeProof: (random) => ({
    proofs: random.list(2, () => ({
      commit: sample.commitProof(random),
      nextSet: sample.validatorSet(random),
    })),
  }),

  evidence(random) {
    switch (random.integer(1, 5)) {
      case 1:
        return {
          kind: 'duplicateVote',
          first: sample.vote(random),
          second: sample.vote(random),
        }
      case 2:
        return {
          kind: 'duplicateProposal',
          first: proposalStatement(random),
          second: proposalStatement(random),
        }
      case 3:
        return {
          kind: 'lockRegression',
          vote: sample.vote(random),
          header: sample.blockHeader(random),
          timeout: timeoutStatement(random),
        }
      case 4:
        return {
          kind: 'conflictingTimeouts',
          first: timeoutStatement(random),
          second: timeoutStatement(random),
        }
      default:
        return {
          kind: 'conflictingQCs',
          first: sample.quorumCertificate(random),
          second: sample.quorumCertificate(random),
        }
    }
  },

  misbehaviors: (random) =>
    random.list(4, () => ({
      kind: random.pick([
        'duplicateVote',
        'duplicateProposal',
        'lockRegression',
        'conflictingTimeouts',
        'conflictingQCs',
      ]),
      validator: random.integer(0, 0xffff),
      epoch: random.bigint(64),
      view: random.bigint(64),
    })),

  getBlocks: (random) => ({
    fromHeight: random.bigint(64),
    ...(random.boolean() ? { toHash: random.bytes(32) } : {}),
    bytesMax: random.integer(0, 0xffff_ffff),
  }),

  blocksAnswer: (random) => ({
    blocks: random.list(2, sample.block),
    ...(random.boolean() ? { qc: sample.quorumCertificate(random) } : {}),
  }),

  actionEnvelope: (random) => ({
    action: encodeAction(random.pick(Object.values(ACTION_EXAMPLES))),
    nonce: Number(random.bigint(53)),
    ...(random.boolean() ? { vaultAddress: random.bytes(20) } : {}),
    ...(random.boolean() ? { expiresAfter: Number(random.bigint(53)) } : {}),
    signature: { r: random.bytes(32), s: random.bytes(32), v: random.pick([27, 28]) },
  }),

  transaction: (random) => ({
    kind: random.pick(Object.values(TRANSACTION_KIND)),
    bytes: smallBytes(random),
  }),

  highTipTimeoutCertificate: (random) => ({
    epoch: random.bigint(64),
    view: random.bigint(64),
    groups: [highTipGroup(random), ...random.list(2, highTipGroup)],
    highQC: sample.quorumCertificate(random),
    ...(random.boolean() ? { highTip: sample.tip(random) } : {}),
  }),

  highTipProposal: (random) => ({
    ...sample.proposal(random),
    tc: sample.highTipTimeoutCertificate(random),
    ...(random.boolean() ? { nec: sample.noEndorsementCertificate(random) } : {}),
  }),

  highTipTimeoutVote(random) {
    const { lastTC, ...timeout } = sample.timeoutVote(random)
    const highTip = sample.tip(random)
    if (lastTC === undefined) return { ...timeout, highTip }
    const tc = sample.highTipTimeoutCertificate(random)
    return { ...timeout, lastTC: tc, ...(random.boolean() ? { highTip } : {}) }
  },

  highTipAdvanceView: (random) => ({
    ...sample.advanceView(random),
    tc: sample.highTipTimeoutCertificate(random),
  }),

  noEndorsementCertificate: (random) => ({
    epoch: random.bigint(64),
    view: random.bigint(64),
    tipQCView: random.bigint(64),
    signers: random.bytes(random.integer(0, 25)),
    signature: random.bytes(96),
  }),

  tip(random) {
    const header = sample.blockHeader(random)
    const signature = random.bytes(64)
    switch (random.integer(0, 2)) {
      case 0:
        return { header, signature }
      case 1: {
        const groups = [highTipGroup(random)]
        return { header, tcHash: random.bytes(32), fresh: { kind: 'noTip', groups }, signature }
      }
      default: {
        const nec = sample.noEndorsementCertificate(random)
        return { header, tcHash: random.bytes(32), fresh: { kind: 'nec', nec }, signature }
      }
    }
  },

  noEndorse: (random) => ({
    epoch: random.bigint(64),
    view: random.bigint(64),
    tipQCView: random.bigint(64),
    signer: random.integer(0, 0xffff),
    signature: random.bytes(random.pick([64, 96])),
  }),

  roundRecovery: (random) => ({
    tc: sample.highTipTimeoutCertificate(random),
    signature: random.bytes(64),
  }),
}

function timeoutGroup(random: SeededRandom): TimeoutGroup {
  return {
    highQCView: random.bigint(64),
    signers: random.bytes(random.integer(0, 25)),
    signature: random.bytes(96),
  }
}

function highTipGroup(random: SeededRandom): TimeoutGroup {
  return { ...timeoutGroup(random), highTipView: random.bigint(64) }
}

function proposalStatement(random: SeededRandom): ProposalStatement {
  return {
    epoch: random.bigint(64),
    view: random.bigint(64),
    blockHash: random.bytes(32),
    ...(random.boolean() ? { tcHash: random.bytes(32) } : {}),
    signer: random.integer(0, 0xffff),
    signature: random.bytes(64),
  }
}

function timeoutStatement(random: SeededRandom): TimeoutStatement {
  return {
    epoch: random.bigint(64),
    view: random.bigint(64),
    highQCView: random.bigint(64),
    ...(random.boolean() ? { highTipView: random.bigint(64) } : {}),
    signer: random.integer(0, 0xffff),
    signature: random.bytes(random.pick([64, 96])),
  }
}

function smallBytes(random: SeededRandom): Uint8Array {
  return random.bytes(random.integer(0, 40))
}
