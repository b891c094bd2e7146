import {
  ByteListType,
  ByteVectorType,
  ContainerType,
  ListBasicType,
  ListCompositeType,
  UintBigintType,
  UintNumberType,
  type ValueOf,
} from '@chainsafe/ssz'
import type { Block, BlockHeader, Payload } from '../types/block.ts'
import type { QuorumCertificate, TimeoutCertificate, TimeoutGroup } from '../types/certificates.ts'
import { assert, unreachable } from '../types/errors.ts'
import {
  EVIDENCE_KIND,
  type Evidence,
  type ProposalStatement,
  type TimeoutStatement,
} from '../types/evidence.ts'
import {
  BLOCK_BYTES_MAX,
  BLOCK_EVIDENCE_MAX,
  BLOCK_MISBEHAVIORS_MAX,
  BLOCK_TRANSACTIONS_MAX,
  CERTIFICATE_SIGNATURE_BYTES_MAX,
  COMMIT_PROOF_HEADERS_MAX,
  EPOCH_CHANGE_PROOFS_MAX,
  EVIDENCE_BYTES_MAX,
  SIGNER_BITMAP_BYTES_MAX,
  SYNC_BLOCKS_MAX,
  SYNC_BYTES_MAX,
  TRANSACTION_BYTES_MAX,
  VALIDATORS_MAX,
} from '../types/limits.ts'
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
import type { FreshProof, NoEndorsementCertificate, Tip } from '../types/tip.ts'
import {
  type ActionEnvelope,
  type ActionSignature,
  TRANSACTION_KIND,
  type Transaction,
  type TransactionKind,
} from '../types/transaction.ts'
import type { ValidatorSet } from '../types/validator.ts'
import { concatBytes } from './bytes.ts'
import { type Codec, extendedCodec, optionalToList, safeInteger, sszCodec } from './codec.ts'
import { malformed } from './malformed.ts'

// The SSZ types of the wire and the disk. docs/spec/consensus.md §2 and docs/wire.md; maxima are part of the type.

const u8 = new UintNumberType(1)
const u16 = new UintNumberType(2)
const u32 = new UintNumberType(4)
const u64 = new UintBigintType(8)
const bytes20 = new ByteVectorType(20)
const bytes32 = new ByteVectorType(32)
const bytes64 = new ByteVectorType(64)
const signers = new ByteListType(SIGNER_BITMAP_BYTES_MAX)
const certificateSignature = new ByteListType(CERTIFICATE_SIGNATURE_BYTES_MAX)
/** A single signature: 96 bytes BLS or 64 ed25519. */
const signature = new ByteListType(96)

const QuorumCertificateSsz = new ContainerType({
  epoch: u64,
  view: u64,
  blockHash: bytes32,
  signers,
  signature: certificateSignature,
})

const TimeoutGroupSsz = new ContainerType({
  highQCView: u64,
  signers,
  signature: certificateSignature,
})

const TimeoutCertificateSsz = new ContainerType({
  epoch: u64,
  view: u64,
  groups: new ListCompositeType(TimeoutGroupSsz, VALIDATORS_MAX),
  highQC: QuorumCertificateSsz,
})

const BlockHeaderSsz = new ContainerType({
  version: u16,
  chainId: u64,
  epoch: u64,
  view: u64,
  height: u64,
  parentHash: bytes32,
  qc: QuorumCertificateSsz,
  proposer: u16,
  timestampMs: u64,
  payloadRoot: bytes32,
  executedHeight: u64,
  stateRoot: bytes32,
  validatorSetHash: bytes32,
  nextValidatorSetHash: bytes32,
  flags: u8,
})

const transactions = new ListCompositeType(
  new ByteListType(TRANSACTION_BYTES_MAX),
  BLOCK_TRANSACTIONS_MAX,
)

const PayloadSsz = new ContainerType({
  actions: transactions,
  evm: transactions,
  evidence: new ListCompositeType(new ByteListType(EVIDENCE_BYTES_MAX), BLOCK_EVIDENCE_MAX),
})

const BlockSsz = new ContainerType({ header: BlockHeaderSsz, payload: PayloadSsz })

const optionalTC = new ListCompositeType(TimeoutCertificateSsz, 1)

const ProposalSsz = new ContainerType({
  epoch: u64,
  view: u64,
  block: BlockSsz,
  tc: optionalTC,
  signature: bytes64,
})

const VoteSsz = new ContainerType({
  epoch: u64,
  view: u64,
  blockHash: bytes32,
  signer: u16,
  signature,
})

const TimeoutVoteSsz = new ContainerType({
  epoch: u64,
  view: u64,
  highQC: QuorumCertificateSsz,
  lastTC: optionalTC,
  vote: new ListCompositeType(VoteSsz, 1),
  signer: u16,
  signature,
})

// Under `consensus.highTip` (docs/spec/consensus.md §12) containers grow by fields at their end. What is not new is
// encoded as it always was.

const HighTipGroupSsz = new ContainerType({
  highQCView: u64,
  highTipView: u64,
  signers,
  signature: certificateSignature,
})

const highTipGroups = new ListCompositeType(HighTipGroupSsz, VALIDATORS_MAX)

const NoEndorsementCertificateSsz = new ContainerType({
  epoch: u64,
  view: u64,
  tipQCView: u64,
  signers,
  signature: certificateSignature,
})

const optionalNec = new ListCompositeType(NoEndorsementCertificateSsz, 1)

const TipSsz = new ContainerType({
  header: BlockHeaderSsz,
  tcHash: new ListCompositeType(bytes32, 1),
  noTip: highTipGroups,
  nec: optionalNec,
  signature: bytes64,
})

const optionalTip = new ListCompositeType(TipSsz, 1)

const HighTipTimeoutCertificateSsz = new ContainerType({
  epoch: u64,
  view: u64,
  groups: highTipGroups,
  highQC: QuorumCertificateSsz,
  highTip: optionalTip,
})

const optionalHighTipTC = new ListCompositeType(HighTipTimeoutCertificateSsz, 1)

const HighTipProposalSsz = new ContainerType({
  epoch: u64,
  view: u64,
  block: BlockSsz,
  tc: optionalHighTipTC,
  signature: bytes64,
  nec: optionalNec,
})

const HighTipTimeoutVoteSsz = new ContainerType({
  epoch: u64,
  view: u64,
  highQC: QuorumCertificateSsz,
  lastTC: optionalHighTipTC,
  vote: new ListCompositeType(VoteSsz, 1),
  signer: u16,
  signature,
  highTip: optionalTip,
})

const NoEndorseSsz = new ContainerType({
  epoch: u64,
  view: u64,
  tipQCView: u64,
  signer: u16,
  signature,
})

const RoundRecoverySsz = new ContainerType({
  tc: HighTipTimeoutCertificateSsz,
  signature: bytes64,
})

const CommitProofSsz = new ContainerType({
  path: new ListCompositeType(BlockHeaderSsz, COMMIT_PROOF_HEADERS_MAX),
  qc: QuorumCertificateSsz,
})

const AdvanceViewSsz = new ContainerType({
  highQC: QuorumCertificateSsz,
  tc: optionalTC,
  highestCommit: new ListCompositeType(CommitProofSsz, 1),
})

/** The version, 2, makes it longer than the other: it has no field of its own. */
const HighTipAdvanceViewSsz = new ContainerType({
  highQC: QuorumCertificateSsz,
  tc: optionalHighTipTC,
  highestCommit: new ListCompositeType(CommitProofSsz, 1),
  version: u8,
})

const ValidatorInfoSsz = new ContainerType({
  index: u16,
  address: bytes20,
  stake: u64,
  voteKey: new ByteListType(48),
  nodeKey: bytes32,
})

const ValidatorSetSsz = new ContainerType({
  epoch: u64,
  validators: new ListCompositeType(ValidatorInfoSsz, VALIDATORS_MAX),
})

const EpochChangeProofSsz = new ContainerType({
  proofs: new ListCompositeType(
    new ContainerType({ commit: CommitProofSsz, nextSet: ValidatorSetSsz }),
    EPOCH_CHANGE_PROOFS_MAX,
  ),
})

const GetBlocksSsz = new ContainerType({
  fromHeight: u64,
  toHash: new ListCompositeType(bytes32, 1),
  bytesMax: u32,
})

const BlocksAnswerSsz = new ContainerType({
  blocks: new ListCompositeType(BlockSsz, SYNC_BLOCKS_MAX),
  qc: new ListCompositeType(QuorumCertificateSsz, 1),
})

const ProposalStatementSsz = new ContainerType({
  epoch: u64,
  view: u64,
  blockHash: bytes32,
  tcHash: new ListCompositeType(bytes32, 1),
  signer: u16,
  signature: bytes64,
})

const TimeoutStatementSsz = new ContainerType({
  epoch: u64,
  view: u64,
  highQCView: u64,
  highTipView: new ListBasicType(u64, 1),
  signer: u16,
  signature,
})

const LockRegressionSsz = new ContainerType({
  vote: VoteSsz,
  header: BlockHeaderSsz,
  timeout: TimeoutStatementSsz,
})

const MisbehaviorsSsz = new ListCompositeType(
  new ContainerType({ kind: u8, validator: u16, epoch: u64, view: u64 }),
  BLOCK_MISBEHAVIORS_MAX,
)

const ActionEnvelopeSsz = new ContainerType({
  action: new ByteListType(TRANSACTION_BYTES_MAX),
  nonce: u64,
  vaultAddress: new ListCompositeType(bytes20, 1),
  expiresAfter: new ListBasicType(u64, 1),
  signature: new ContainerType({ r: bytes32, s: bytes32, v: u8 }),
})

const TransactionSsz = new ContainerType({
  kind: u8,
  bytes: new ByteListType(TRANSACTION_BYTES_MAX),
})

/** One gossip message of the transactions topic. */
const TransactionBatchSsz = new ListCompositeType(TransactionSsz, 4_096)

/** Size caps of messages: network reference, framing and limits. */
const CERTIFICATE_BYTES = 65_536
const TIMEOUT_BYTES = 65_536
const VOTE_BYTES = 1_024
const PROPOSAL_BYTES = BLOCK_BYTES_MAX + CERTIFICATE_BYTES
const PROOF_BYTES = SYNC_BYTES_MAX
/** Groups, and a tip with groups of its own: below 62 kB with BLS, 80 kB with multi-signatures. */
const HIGH_TIP_CERTIFICATE_BYTES = 98_304
/** A certificate and a tip. */
const HIGH_TIP_TIMEOUT_BYTES = 2 * HIGH_TIP_CERTIFICATE_BYTES
const HIGH_TIP_PROPOSAL_BYTES = BLOCK_BYTES_MAX + HIGH_TIP_TIMEOUT_BYTES
const HIGH_TIP_VERSION = 2

/** For containers that are the same in memory as on the wire. */
function same<T>(): { toSsz(value: T): T; fromSsz(value: T): T } {
  return { toSsz: (value) => value, fromSsz: (value) => value }
}

function headerToSsz(header: BlockHeader): ValueOf<typeof BlockHeaderSsz> {
  return { ...header, timestampMs: BigInt(header.timestampMs) }
}

function headerFromSsz(header: ValueOf<typeof BlockHeaderSsz>): BlockHeader {
  return { ...header, timestampMs: safeInteger('timestampMs', header.timestampMs) }
}

function payloadToSsz({ actions, evm, evidence }: Payload): ValueOf<typeof PayloadSsz> {
  return { actions: [...actions], evm: [...evm], evidence: [...evidence] }
}

function blockToSsz({ header, payload }: Block): ValueOf<typeof BlockSsz> {
  return { header: headerToSsz(header), payload: payloadToSsz(payload) }
}

function blockFromSsz({ header, payload }: ValueOf<typeof BlockSsz>): Block {
  return { header: headerFromSsz(header), payload }
}

function statementToSsz({
  tcHash,
  ...rest
}: ProposalStatement): ValueOf<typeof ProposalStatementSsz> {
  return { ...rest, tcHash: optionalToList(tcHash) }
}

function statementFromSsz({
  tcHash,
  ...rest
}: ValueOf<typeof ProposalStatementSsz>): ProposalStatement {
  return { ...rest, ...optional('tcHash', tcHash) }
}

function timeoutStatementToSsz({
  highTipView,
  ...rest
}: TimeoutStatement): ValueOf<typeof TimeoutStatementSsz> {
  return { ...rest, highTipView: optionalToList(highTipView) }
}

function timeoutStatementFromSsz({
  highTipView,
  ...rest
}: ValueOf<typeof TimeoutStatementSsz>): TimeoutStatement {
  return { ...rest, ...optional('highTipView', highTipView) }
}

function tcToSsz(tc: TimeoutCertificate): ValueOf<typeof TimeoutCertificateSsz> {
  return { ...tc, groups: [...tc.groups] }
}

function optionalTCToSsz(
  tc: TimeoutCertificate | undefined,
): ValueOf<typeof TimeoutCertificateSsz>[] {
  return tc === undefined ? [] : [tcToSsz(tc)]
}

function isHighTipTC({ groups, highTip }: TimeoutCertificate): boolean {
  return highTip !== undefined || groups.some(({ highTipView }) => highTipView !== undefined)
}

function highTipGroupsToSsz(groups: readonly TimeoutGroup[]): ValueOf<typeof HighTipGroupSsz>[] {
  return groups.map(({ highTipView, ...group }) => {
    assert(highTipView !== undefined, 'all groups say whether they have a tip')
    return { ...group, highTipView }
  })
}

function freshOf({ noTip, nec }: ValueOf<typeof TipSsz>): FreshProof | undefined {
  const [certificate] = nec
  if (certificate !== undefined) return { kind: 'nec', nec: certificate }
  return noTip.length === 0 ? undefined : { kind: 'noTip', groups: noTip }
}

function tipToSsz({ header, tcHash, fresh, signature: own }: Tip): ValueOf<typeof TipSsz> {
  return {
    header: headerToSsz(header),
    tcHash: optionalToList(tcHash),
    noTip: fresh?.kind === 'noTip' ? highTipGroupsToSsz(fresh.groups) : [],
    nec: fresh?.kind === 'nec' ? [fresh.nec] : [],
    signature: own,
  }
}

function tipFromSsz(tip: ValueOf<typeof TipSsz>): Tip {
  const fresh = freshOf(tip)
  return {
    header: headerFromSsz(tip.header),
    ...optional('tcHash', tip.tcHash),
    ...(fresh === undefined ? {} : { fresh }),
    signature: tip.signature,
  }
}

function optionalTipToSsz(tip: Tip | undefined): ValueOf<typeof TipSsz>[] {
  return tip === undefined ? [] : [tipToSsz(tip)]
}

function highTipTCToSsz({
  groups,
  highTip,
  ...rest
}: TimeoutCertificate): ValueOf<typeof HighTipTimeoutCertificateSsz> {
  return { ...rest, groups: highTipGroupsToSsz(groups), highTip: optionalTipToSsz(highTip) }
}

function highTipTCFromSsz({
  highTip,
  ...rest
}: ValueOf<typeof HighTipTimeoutCertificateSsz>): TimeoutCertificate {
  return { ...rest, ...optional('highTip', highTip.map(tipFromSsz)) }
}

function optionalHighTipTCToSsz(
  tc: TimeoutCertificate | undefined,
): ValueOf<typeof HighTipTimeoutCertificateSsz>[] {
  return tc === undefined ? [] : [highTipTCToSsz(tc)]
}

function commitToSsz({ path, qc }: CommitProof): ValueOf<typeof CommitProofSsz> {
  return { path: path.map(headerToSsz), qc }
}

function optionalCommitToSsz(proof: CommitProof | undefined): ValueOf<typeof CommitProofSsz>[] {
  return proof === undefined ? [] : [commitToSsz(proof)]
}

function commitFromSsz({ path, qc }: ValueOf<typeof CommitProofSsz>): CommitProof {
  return { path: path.map(headerFromSsz), qc }
}

function setToSsz({ epoch, validators }: ValidatorSet): ValueOf<typeof ValidatorSetSsz> {
  return { epoch, validators: [...validators] }
}

function setFromSsz({ epoch, validators }: ValueOf<typeof ValidatorSetSsz>): ValidatorSet {
  let totalStake = 0n
  for (const { stake } of validators) totalStake += stake
  return { epoch, validators, totalStake }
}

/** `exactOptionalPropertyTypes`: an absent field is absent, never `undefined`. */
function optional<K extends string, T>(key: K, list: readonly T[]): { [P in K]?: T } {
  const [value] = list
  return (value === undefined ? {} : { [key]: value }) as { [P in K]?: T }
}

export const quorumCertificateCodec: Codec<QuorumCertificate> = sszCodec(
  'quorum certificate',
  QuorumCertificateSsz,
  CERTIFICATE_BYTES,
  same(),
)

/** Bytes in front of the first offset, of containers that begin with an epoch and a view. */
const BEHIND_EPOCH_AND_VIEW = 16

export const timeoutCertificateCodec: Codec<TimeoutCertificate> = extendedCodec(
  sszCodec('timeout certificate', TimeoutCertificateSsz, CERTIFICATE_BYTES, {
    toSsz: tcToSsz,
    fromSsz: (tc): TimeoutCertificate => tc,
  }),
  sszCodec('timeout certificate', HighTipTimeoutCertificateSsz, HIGH_TIP_CERTIFICATE_BYTES, {
    toSsz: highTipTCToSsz,
    fromSsz: highTipTCFromSsz,
  }),
  { isLonger: isHighTipTC, offsetAt: BEHIND_EPOCH_AND_VIEW, offset: 28 },
)

/** Proves itself, see `Tip`. */
export const tipCodec: Codec<Tip> = sszCodec('tip', TipSsz, HIGH_TIP_CERTIFICATE_BYTES, {
  toSsz: tipToSsz,
  fromSsz: tipFromSsz,
})

export const noEndorsementCertificateCodec: Codec<NoEndorsementCertificate> = sszCodec(
  'no-endorsement certificate',
  NoEndorsementCertificateSsz,
  CERTIFICATE_BYTES,
  same(),
)

export const noEndorseCodec: Codec<NoEndorse> = sszCodec(
  'no-endorsement',
  NoEndorseSsz,
  VOTE_BYTES,
  same(),
)

export const roundRecoveryCodec: Codec<RoundRecovery> = sszCodec(
  'round recovery',
  RoundRecoverySsz,
  HIGH_TIP_CERTIFICATE_BYTES + VOTE_BYTES,
  {
    toSsz: ({ tc, signature: own }) => ({ tc: highTipTCToSsz(tc), signature: own }),
    fromSsz: ({ tc, signature: own }) => ({ tc: highTipTCFromSsz(tc), signature: own }),
  },
)

export const payloadCodec: Codec<Payload> = sszCodec('payload', PayloadSsz, BLOCK_BYTES_MAX, {
  toSsz: payloadToSsz,
  fromSsz: (payload): Payload => payload,
})

export const blockCodec: Codec<Block> = sszCodec('block', BlockSsz, BLOCK_BYTES_MAX, {
  toSsz: blockToSsz,
  fromSsz: blockFromSsz,
})

export const proposalCodec: Codec<Proposal> = extendedCodec(
  sszCodec('proposal', ProposalSsz, PROPOSAL_BYTES, {
    toSsz: ({ epoch, view, block, tc, signature }) => ({
      epoch,
      view,
      block: blockToSsz(block),
      tc: optionalTCToSsz(tc),
      signature,
    }),
    fromSsz: ({ tc, block, ...rest }): Proposal => ({
      ...rest,
      block: blockFromSsz(block),
      ...optional('tc', tc),
    }),
  }),
  sszCodec('proposal', HighTipProposalSsz, HIGH_TIP_PROPOSAL_BYTES, {
    toSsz: ({ block, tc, nec, ...rest }) => ({
      ...rest,
      block: blockToSsz(block),
      tc: optionalHighTipTCToSsz(tc),
      nec: optionalToList(nec),
    }),
    fromSsz: ({ block, tc, nec, ...rest }): Proposal => ({
      ...rest,
      block: blockFromSsz(block),
      ...optional('tc', tc.map(highTipTCFromSsz)),
      ...optional('nec', nec),
    }),
  }),
  {
    isLonger: ({ tc, nec }) => nec !== undefined || (tc !== undefined && isHighTipTC(tc)),
    offsetAt: BEHIND_EPOCH_AND_VIEW,
    offset: 92,
  },
)

export const voteCodec: Codec<Vote> = sszCodec('vote', VoteSsz, VOTE_BYTES, same())

export const timeoutVoteCodec: Codec<TimeoutVote> = extendedCodec(
  sszCodec('timeout vote', TimeoutVoteSsz, TIMEOUT_BYTES, {
    toSsz: ({ lastTC, vote, ...rest }) => ({
      ...rest,
      lastTC: optionalTCToSsz(lastTC),
      vote: optionalToList(vote),
    }),
    fromSsz: ({ lastTC, vote, ...rest }): TimeoutVote => ({
      ...rest,
      ...optional('lastTC', lastTC),
      ...optional('vote', vote),
    }),
  }),
  sszCodec('timeout vote', HighTipTimeoutVoteSsz, HIGH_TIP_TIMEOUT_BYTES, {
    toSsz: ({ lastTC, vote, highTip, ...rest }) => ({
      ...rest,
      lastTC: optionalHighTipTCToSsz(lastTC),
      vote: optionalToList(vote),
      highTip: optionalTipToSsz(highTip),
    }),
    fromSsz: ({ lastTC, vote, highTip, ...rest }): TimeoutVote => ({
      ...rest,
      ...optional('lastTC', lastTC.map(highTipTCFromSsz)),
      ...optional('vote', vote),
      ...optional('highTip', highTip.map(tipFromSsz)),
    }),
  }),
  {
    isLonger: ({ lastTC, highTip }) =>
      highTip !== undefined || (lastTC !== undefined && isHighTipTC(lastTC)),
    offsetAt: BEHIND_EPOCH_AND_VIEW,
    offset: 38,
  },
)

export const commitProofCodec: Codec<CommitProof> = sszCodec(
  'commit proof',
  CommitProofSsz,
  PROOF_BYTES,
  { toSsz: commitToSsz, fromSsz: commitFromSsz },
)

export const advanceViewCodec: Codec<AdvanceView> = extendedCodec(
  sszCodec('advance view', AdvanceViewSsz, PROOF_BYTES, {
    toSsz: ({ highQC, tc, highestCommit }) => ({
      highQC,
      tc: optionalTCToSsz(tc),
      highestCommit: optionalCommitToSsz(highestCommit),
    }),
    fromSsz: ({ highQC, tc, highestCommit }): AdvanceView => ({
      highQC,
      ...optional('tc', tc),
      ...optional('highestCommit', highestCommit.map(commitFromSsz)),
    }),
  }),
  sszCodec('advance view', HighTipAdvanceViewSsz, PROOF_BYTES, {
    toSsz: ({ highQC, tc, highestCommit }) => ({
      highQC,
      tc: optionalHighTipTCToSsz(tc),
      highestCommit: optionalCommitToSsz(highestCommit),
      version: HIGH_TIP_VERSION,
    }),
    fromSsz: ({ highQC, tc, highestCommit }): AdvanceView => ({
      highQC,
      ...optional('tc', tc.map(highTipTCFromSsz)),
      ...optional('highestCommit', highestCommit.map(commitFromSsz)),
    }),
  }),
  {
    isLonger: ({ tc }) => tc !== undefined && isHighTipTC(tc),
    offsetAt: 0,
    offset: 13,
  },
)

/** Members are sorted by address and `index` is the position; who decodes one from outside checks that too. */
export const validatorSetCodec: Codec<ValidatorSet> = sszCodec(
  'validator set',
  ValidatorSetSsz,
  CERTIFICATE_BYTES,
  { toSsz: setToSsz, fromSsz: setFromSsz },
)

export const epochChangeProofCodec: Codec<EpochChangeProof> = sszCodec(
  'epoch change proof',
  EpochChangeProofSsz,
  PROOF_BYTES,
  {
    toSsz: ({ proofs }) => ({
      proofs: proofs.map(({ commit, nextSet }) => ({
        commit: commitToSsz(commit),
        nextSet: setToSsz(nextSet),
      })),
    }),
    fromSsz: ({ proofs }) => ({
      proofs: proofs.map(({ commit, nextSet }) => ({
        commit: commitFromSsz(commit),
        nextSet: setFromSsz(nextSet),
      })),
    }),
  },
)

export const getBlocksCodec: Codec<GetBlocks> = sszCodec(
  'block request',
  GetBlocksSsz,
  VOTE_BYTES,
  {
    toSsz: ({ fromHeight, toHash, bytesMax }) => ({
      fromHeight,
      toHash: optionalToList(toHash),
      bytesMax,
    }),
    fromSsz: ({ toHash, ...rest }) => ({ ...rest, ...optional('toHash', toHash) }),
  },
)

export const blocksAnswerCodec: Codec<BlocksAnswer> = sszCodec(
  'block answer',
  BlocksAnswerSsz,
  SYNC_BYTES_MAX,
  {
    toSsz: ({ blocks, qc }) => ({ blocks: blocks.map(blockToSsz), qc: optionalToList(qc) }),
    fromSsz: ({ blocks, qc }) => ({ blocks: blocks.map(blockFromSsz), ...optional('qc', qc) }),
  },
)

type EvidenceOf<Kind extends Evidence['kind']> = Omit<Extract<Evidence, { kind: Kind }>, 'kind'>

const duplicateVoteCodec: Codec<EvidenceOf<'duplicateVote'>> = sszCodec(
  'evidence',
  new ContainerType({ first: VoteSsz, second: VoteSsz }),
  EVIDENCE_BYTES_MAX,
  same(),
)

const duplicateProposalCodec: Codec<EvidenceOf<'duplicateProposal'>> = sszCodec(
  'evidence',
  new ContainerType({ first: ProposalStatementSsz, second: ProposalStatementSsz }),
  EVIDENCE_BYTES_MAX,
  {
    toSsz: ({ first, second }) => ({
      first: statementToSsz(first),
      second: statementToSsz(second),
    }),
    fromSsz: ({ first, second }) => ({
      first: statementFromSsz(first),
      second: statementFromSsz(second),
    }),
  },
)

const lockRegressionCodec: Codec<EvidenceOf<'lockRegression'>> = sszCodec(
  'evidence',
  LockRegressionSsz,
  EVIDENCE_BYTES_MAX,
  {
    toSsz: ({ header, timeout, vote }) => ({
      vote,
      header: headerToSsz(header),
      timeout: timeoutStatementToSsz(timeout),
    }),
    fromSsz: ({ header, timeout, vote }) => ({
      vote,
      header: headerFromSsz(header),
      timeout: timeoutStatementFromSsz(timeout),
    }),
  },
)

const conflictingTimeoutsCodec: Codec<EvidenceOf<'conflictingTimeouts'>> = sszCodec(
  'evidence',
  new ContainerType({ first: TimeoutStatementSsz, second: TimeoutStatementSsz }),
  EVIDENCE_BYTES_MAX,
  {
    toSsz: ({ first, second }) => ({
      first: timeoutStatementToSsz(first),
      second: timeoutStatementToSsz(second),
    }),
    fromSsz: ({ first, second }) => ({
      first: timeoutStatementFromSsz(first),
      second: timeoutStatementFromSsz(second),
    }),
  },
)

const conflictingQCsCodec: Codec<EvidenceOf<'conflictingQCs'>> = sszCodec(
  'evidence',
  new ContainerType({ first: QuorumCertificateSsz, second: QuorumCertificateSsz }),
  EVIDENCE_BYTES_MAX,
  same(),
)

/** Evidence of any kind: the byte of its kind, then its SSZ container. */
export const evidenceCodec: Codec<Evidence> = {
  encode(evidence) {
    return concatBytes(Uint8Array.of(EVIDENCE_KIND[evidence.kind]), encodeEvidenceBody(evidence))
  },
  decode(bytes) {
    const body = bytes.subarray(1)
    switch (bytes[0]) {
      case EVIDENCE_KIND.duplicateVote:
        return { kind: 'duplicateVote', ...duplicateVoteCodec.decode(body) }
      case EVIDENCE_KIND.duplicateProposal:
        return { kind: 'duplicateProposal', ...duplicateProposalCodec.decode(body) }
      case EVIDENCE_KIND.lockRegression:
        return { kind: 'lockRegression', ...lockRegressionCodec.decode(body) }
      case EVIDENCE_KIND.conflictingTimeouts:
        return { kind: 'conflictingTimeouts', ...conflictingTimeoutsCodec.decode(body) }
      case EVIDENCE_KIND.conflictingQCs:
        return { kind: 'conflictingQCs', ...conflictingQCsCodec.decode(body) }
      default:
        throw malformed('evidence', 'unknown kind')
    }
  },
}

function encodeEvidenceBody(evidence: Evidence): Uint8Array {
  switch (evidence.kind) {
    case 'duplicateVote':
      return duplicateVoteCodec.encode(evidence)
    case 'duplicateProposal':
      return duplicateProposalCodec.encode(evidence)
    case 'lockRegression':
      return lockRegressionCodec.encode(evidence)
    case 'conflictingTimeouts':
      return conflictingTimeoutsCodec.encode(evidence)
    case 'conflictingQCs':
      return conflictingQCsCodec.encode(evidence)
    default:
      return unreachable(evidence)
  }
}

const MISBEHAVIOR_KINDS: readonly Misbehavior['kind'][] = [
  'duplicateVote',
  'duplicateProposal',
  'lockRegression',
  'conflictingTimeouts',
  'conflictingQCs',
]

/** What the evidence of one block convicted whom of: the record a node keeps of it. */
export const misbehaviorsCodec: Codec<readonly Misbehavior[]> = sszCodec(
  'misbehaviors',
  MisbehaviorsSsz,
  CERTIFICATE_BYTES,
  {
    toSsz: (misbehaviors) =>
      misbehaviors.map(({ kind, ...rest }) => ({ ...rest, kind: EVIDENCE_KIND[kind] })),
    fromSsz: (misbehaviors) =>
      misbehaviors.map(({ kind, ...rest }) => {
        const name = MISBEHAVIOR_KINDS[kind - 1]
        if (name === undefined) throw malformed('misbehaviors', 'unknown kind')
        return { ...rest, kind: name }
      }),
  },
)

export const actionEnvelopeCodec: Codec<ActionEnvelope> = sszCodec(
  'action envelope',
  ActionEnvelopeSsz,
  TRANSACTION_BYTES_MAX,
  {
    toSsz: ({ action, nonce, vaultAddress, expiresAfter, signature }) => {
      assert(Number.isSafeInteger(nonce) && nonce >= 0, 'nonce is a safe integer')
      return {
        action,
        nonce: BigInt(nonce),
        vaultAddress: optionalToList(vaultAddress),
        expiresAfter: expiresAfter === undefined ? [] : [BigInt(expiresAfter)],
        signature,
      }
    },
    fromSsz: ({ action, nonce, vaultAddress, expiresAfter, signature }) => ({
      action,
      nonce: safeInteger('nonce', nonce),
      ...optional('vaultAddress', vaultAddress),
      ...optional(
        'expiresAfter',
        expiresAfter.map((value) => safeInteger('expiresAfter', value)),
      ),
      signature: ethereumSignature(signature),
    }),
  },
)

/** One signature has one form: clients may send v as 0 or 1, what travels says 27 or 28. */
function ethereumSignature(signature: ActionSignature): ActionSignature {
  if (signature.v !== 27 && signature.v !== 28) throw malformed('signature.v', 'wants 27 or 28')
  return signature
}

export const transactionCodec: Codec<Transaction> = sszCodec(
  'transaction',
  TransactionSsz,
  TRANSACTION_BYTES_MAX + 16,
  { toSsz: (value) => value, fromSsz: transactionFromSsz },
)

export const transactionBatchCodec: Codec<readonly Transaction[]> = sszCodec(
  'transaction batch',
  TransactionBatchSsz,
  262_144,
  { toSsz: (batch) => [...batch], fromSsz: (batch) => batch.map(transactionFromSsz) },
)

function transactionFromSsz({ kind, bytes }: ValueOf<typeof TransactionSsz>): Transaction {
  if (kind !== TRANSACTION_KIND.action && kind !== TRANSACTION_KIND.evm) {
    throw malformed('transaction', 'unknown kind')
  }
  return { kind: kind satisfies TransactionKind, bytes }
}
