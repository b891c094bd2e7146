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
import type { QuorumCertificate, TimeoutCertificate } from '../types/certificates.ts'
import { assert } from '../types/errors.ts'
import {
  BLOCK_BYTES_MAX,
  BLOCK_EVIDENCE_MAX,
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
  Proposal,
  TimeoutVote,
  Vote,
} from '../types/messages.ts'
import {
  type ActionEnvelope,
  type ActionSignature,
  TRANSACTION_KIND,
  type Transaction,
  type TransactionKind,
} from '../types/transaction.ts'
import type { ValidatorSet } from '../types/validator.ts'
import { type Codec, optionalToList, safeInteger, sszCodec } from './codec.ts'
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

const CommitProofSsz = new ContainerType({
  path: new ListCompositeType(BlockHeaderSsz, COMMIT_PROOF_HEADERS_MAX),
  qc: QuorumCertificateSsz,
})

const AdvanceViewSsz = new ContainerType({
  highQC: QuorumCertificateSsz,
  tc: optionalTC,
  highestCommit: new ListCompositeType(CommitProofSsz, 1),
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

function tcToSsz(tc: TimeoutCertificate): ValueOf<typeof TimeoutCertificateSsz> {
  return { ...tc, groups: [...tc.groups] }
}

function optionalTCToSsz(
  tc: TimeoutCertificate | undefined,
): ValueOf<typeof TimeoutCertificateSsz>[] {
  return tc === undefined ? [] : [tcToSsz(tc)]
}

function commitToSsz({ path, qc }: CommitProof): ValueOf<typeof CommitProofSsz> {
  return { path: path.map(headerToSsz), qc }
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

export const timeoutCertificateCodec: Codec<TimeoutCertificate> = sszCodec(
  'timeout certificate',
  TimeoutCertificateSsz,
  CERTIFICATE_BYTES,
  { toSsz: tcToSsz, fromSsz: (tc): TimeoutCertificate => tc },
)

export const blockHeaderCodec: Codec<BlockHeader> = sszCodec(
  'block header',
  BlockHeaderSsz,
  CERTIFICATE_BYTES,
  { toSsz: headerToSsz, fromSsz: headerFromSsz },
)

export const payloadCodec: Codec<Payload> = sszCodec('payload', PayloadSsz, BLOCK_BYTES_MAX, {
  toSsz: payloadToSsz,
  fromSsz: (payload): Payload => payload,
})

export const blockCodec: Codec<Block> = sszCodec('block', BlockSsz, BLOCK_BYTES_MAX, {
  toSsz: blockToSsz,
  fromSsz: blockFromSsz,
})

export const proposalCodec: Codec<Proposal> = sszCodec('proposal', ProposalSsz, PROPOSAL_BYTES, {
  toSsz: ({ epoch, view, block, tc, signature }) => ({
    epoch,
    view,
    block: blockToSsz(block),
    tc: optionalTCToSsz(tc),
    signature,
  }),
  fromSsz: ({ tc, block, ...rest }) => ({
    ...rest,
    block: blockFromSsz(block),
    ...optional('tc', tc),
  }),
})

export const voteCodec: Codec<Vote> = sszCodec('vote', VoteSsz, VOTE_BYTES, same())

export const timeoutVoteCodec: Codec<TimeoutVote> = sszCodec(
  'timeout vote',
  TimeoutVoteSsz,
  TIMEOUT_BYTES,
  {
    toSsz: ({ lastTC, vote, ...rest }) => ({
      ...rest,
      lastTC: optionalTCToSsz(lastTC),
      vote: optionalToList(vote),
    }),
    fromSsz: ({ lastTC, vote, ...rest }) => ({
      ...rest,
      ...optional('lastTC', lastTC),
      ...optional('vote', vote),
    }),
  },
)

export const commitProofCodec: Codec<CommitProof> = sszCodec(
  'commit proof',
  CommitProofSsz,
  PROOF_BYTES,
  { toSsz: commitToSsz, fromSsz: commitFromSsz },
)

export const advanceViewCodec: Codec<AdvanceView> = sszCodec(
  'advance view',
  AdvanceViewSsz,
  PROOF_BYTES,
  {
    toSsz: ({ highQC, tc, highestCommit }) => ({
      highQC,
      tc: optionalTCToSsz(tc),
      highestCommit: highestCommit === undefined ? [] : [commitToSsz(highestCommit)],
    }),
    fromSsz: ({ highQC, tc, highestCommit }) => ({
      highQC,
      ...optional('tc', tc),
      ...optional('highestCommit', highestCommit.map(commitFromSsz)),
    }),
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
