export { decodeAction, encodeAction, parseAction } from './actions/actionCodec.ts'
export { actionDigest, decodedActionDigest, isUserSigned } from './actions/actionDigest.ts'
export { actionHash, type ExchangeNetwork, l1ActionDigest } from './actions/actionHash.ts'
export { actionTable } from './actions/actionTable.ts'
export { parseExchangeRequest, signatureOf } from './actions/exchangeRequest.ts'
export {
  ACTION_BYTES_MAX,
  ACTION_DATA_BYTES_MAX,
  ACTION_LIST_MAX,
  ACTION_NAME_BYTES_MAX,
  ACTION_TEXT_BYTES_MAX,
  MULTI_SIG_SIGNERS_MAX,
} from './actions/limits.ts'
export { multiSigPayloadDigest } from './actions/multiSigDigest.ts'
export { ANNOUNCED_ID_BYTES, announcementCodec } from './codec/announcementCodec.ts'
export { blockHeaderCodec } from './codec/blockHeaderCodec.ts'
export {
  bytesToUint,
  compareBytes,
  concatBytes,
  equalBytes,
  uintToBytes,
  utf8ToBytes,
} from './codec/bytes.ts'
export type { Codec } from './codec/codec.ts'
export {
  actionEnvelopeCodec,
  advanceViewCodec,
  blockCodec,
  blocksAnswerCodec,
  commitProofCodec,
  epochChangeProofCodec,
  evidenceCodec,
  getBlocksCodec,
  misbehaviorsCodec,
  noEndorseCodec,
  noEndorsementCertificateCodec,
  payloadCodec,
  proposalCodec,
  quorumCertificateCodec,
  roundRecoveryCodec,
  timeoutCertificateCodec,
  timeoutVoteCodec,
  tipCodec,
  transactionBatchCodec,
  transactionCodec,
  validatorSetCodec,
  voteCodec,
} from './codec/codecs.ts'
export { DECIMAL_CHARS_MAX, formatDecimal, parseDecimal } from './codec/decimal.ts'
export { keccak256, sha256 } from './codec/hash.ts'
export { bytesToHex, hexToBytes } from './codec/hex.ts'
export {
  blockHash,
  merkleRoot,
  payloadRoot,
  transactionId,
  validatorSetHash,
} from './codec/identity.ts'
export { MESSAGE_KIND, type MessageKind } from './codec/messageKind.ts'
export { isUsableSet, nextSetOf } from './codec/nextSet.ts'
export { Sha256Lanes } from './codec/sha256Lanes.ts'
export {
  noEndorseDigest,
  peerHelloDigest,
  proofOfPossessionDigest,
  proposalDigest,
  roundRecoveryDigest,
  SIGNING_TYPE,
  type SigningContext,
  sentryDigest,
  timeoutDigest,
  voteDigest,
} from './codec/signingDigest.ts'
export {
  getSnapshotChunkCodec,
  snapshotChunkCodec,
  snapshotManifestCodec,
  snapshotOffersCodec,
  snapshotPartsCodec,
} from './codec/snapshotCodecs.ts'
export {
  epochGenesisQC,
  genesisBlock,
  genesisHash,
  genesisValidatorSet,
} from './genesis/genesis.ts'
export {
  GENESIS_ACCOUNTS_MAX,
  GENESIS_CODE_BYTES_MAX,
  GENESIS_MARGIN_TIERS_MAX,
  GENESIS_MARKETS_MAX,
  GENESIS_STORAGE_SLOTS_MAX,
} from './genesis/limits.ts'
export { parseGenesis } from './genesis/parseGenesis.ts'
export type {
  Action,
  ActionType,
  AgentSendAssetAction,
  AgentSetAbstractionAction,
  ApproveAgentAction,
  ApproveBuilderFeeAction,
  BatchModifyAction,
  BorrowLendAction,
  CancelAction,
  CancelByCloidAction,
  CDepositAction,
  ClaimRewardsAction,
  ConvertToMultiSigUserAction,
  CreateSubAccountAction,
  CreateVaultAction,
  CSignerAction,
  CValidatorAction,
  CWithdrawAction,
  EvmUserModifyAction,
  FinalizeEvmContractAction,
  GroupingWire,
  L1Action,
  LinkStakingUserAction,
  ModifyAction,
  MultiSigAction,
  NoopAction,
  OrderAction,
  OrderIdWire,
  OrderTypeWire,
  OrderWire,
  RegisterReferrerAction,
  ReserveRequestWeightAction,
  ScheduleCancelAction,
  SendAssetAction,
  SendToEvmWithDataAction,
  SetDisplayNameAction,
  SetReferrerAction,
  SignatureWire,
  SpotDeployAction,
  SpotSendAction,
  SpotUserAction,
  StakingLinkDisableTradingUserAction,
  SubAccountModifyAction,
  SubAccountSpotTransferAction,
  SubAccountTransferAction,
  TimeInForce,
  TokenDelegateAction,
  TopUpIsolatedOnlyMarginAction,
  TwapCancelAction,
  TwapOrderAction,
  UpdateIsolatedMarginAction,
  UpdateLeverageAction,
  UsdClassTransferAction,
  UsdSendAction,
  UserDexAbstractionAction,
  UserPortfolioMarginAction,
  UserSetAbstractionAction,
  UserSignedAction,
  ValidatorKeysWire,
  ValidatorL1StreamAction,
  ValidatorL1VoteAction,
  ValidatorOracleAction,
  VaultDistributeAction,
  VaultModifyAction,
  VaultTransferAction,
  Withdraw3Action,
} from './types/action.ts'
export type { Block, BlockHeader, Payload } from './types/block.ts'
export { FLAG_EPOCH_CLOSING, FLAG_EPOCH_SUFFIX } from './types/block.ts'
export type {
  QuorumCertificate,
  TimeoutCertificate,
  TimeoutGroup,
} from './types/certificates.ts'
export {
  CORE_WRITER_ADDRESS,
  type CoreWriterAction,
  type CoreWriterLog,
  type CoreWriterSource,
  RAW_ACTION_TOPIC,
} from './types/coreWriter.ts'
export {
  assert,
  DecodeError,
  type DecodeFault,
  type Fault,
  InvariantError,
  OpenLiquidError,
  unreachable,
} from './types/errors.ts'
export {
  EVIDENCE_KIND,
  type Evidence,
  type ProposalStatement,
  type TimeoutStatement,
} from './types/evidence.ts'
export {
  type EvmCredit,
  type EvmLink,
  type EvmTransfer,
  type EvmTransferCall,
  NATIVE_SYSTEM_ADDRESS,
  NATIVE_TOKEN_EVM_DECIMALS,
  NATIVE_TOKEN_NAME,
  SYSTEM_TRANSACTION_GAS,
  tokenSystemAddress,
} from './types/evmBridge.ts'
export type {
  BestPricesReading,
  DelegationReading,
  DelegatorSummaryReading,
  ExchangeReader,
  MarginSummaryReading,
  PerpInfoReading,
  PositionReading,
  SpotBalanceReading,
  SpotInfoReading,
  TokenInfoReading,
  TokenSupplyReading,
  VaultEquityReading,
} from './types/exchangeReader.ts'
export type {
  ConsensusParams,
  Genesis,
  GenesisBalance,
  GenesisCore,
  GenesisEvm,
  GenesisFees,
  GenesisFeeTier,
  GenesisLane,
  GenesisMarginTable,
  GenesisPerp,
  GenesisReferral,
  GenesisRisk,
  GenesisSpotPair,
  GenesisStaking,
  GenesisToken,
  GenesisValidator,
} from './types/genesis.ts'
export type { Address, Epoch, Hash, Height, Hex, PeerId, Verified, View } from './types/ids.ts'
export type { KeyRange, KeyValueStore, StoreSnapshot } from './types/keyValueStore.ts'
export {
  ANNOUNCEMENT_BYTES_MAX,
  BLOCK_BYTES_MAX,
  BLOCK_EVIDENCE_BYTES_MAX,
  BLOCK_EVIDENCE_MAX,
  BLOCK_MISBEHAVIORS_MAX,
  BLOCK_TRANSACTIONS_MAX,
  CERTIFICATE_SIGNATURE_BYTES_MAX,
  COMMIT_PROOF_HEADERS_MAX,
  EPOCH_CHANGE_PROOFS_MAX,
  EVIDENCE_BYTES_MAX,
  EXECUTION_LAG_MAX,
  GENESIS_BYTES_MAX,
  SIGNER_BITMAP_BYTES_MAX,
  SNAPSHOT_CHUNK_BYTES_MAX,
  SNAPSHOT_CHUNKS_MAX,
  SNAPSHOT_HEADERS_MAX,
  SNAPSHOT_OFFERS_BYTES_MAX,
  SNAPSHOT_OFFERS_MAX,
  SNAPSHOT_PARTS_BYTES_MAX,
  SNAPSHOT_REPUTATION_BYTES_MAX,
  SYNC_BLOCKS_MAX,
  SYNC_BYTES_MAX,
  TRANSACTION_BYTES_MAX,
  VALIDATORS_MAX,
} from './types/limits.ts'
export type {
  AdvanceView,
  Announcement,
  BlocksAnswer,
  CommitProof,
  ConsensusMessage,
  EpochChange,
  EpochChangeProof,
  GetBlocks,
  NoEndorse,
  Proposal,
  RoundRecovery,
  TimeoutVote,
  Vote,
} from './types/messages.ts'
export {
  type Counter,
  type Gauge,
  type Histogram,
  type MetricDefinition,
  type Metrics,
  noMetrics,
} from './types/metrics.ts'
export type { L1Precompile, PrecompileResult } from './types/precompile.ts'
export type {
  GetSnapshotChunk,
  SnapshotAccount,
  SnapshotAccountChunk,
  SnapshotChunk,
  SnapshotCoreChunk,
  SnapshotCoreStep,
  SnapshotManifest,
  SnapshotOffer,
  SnapshotOffers,
  SnapshotParts,
  SnapshotSlot,
  SnapshotSlotChunk,
} from './types/snapshot.ts'
export type {
  BlockContext,
  Misbehavior,
  StateMachine,
  StateTransition,
  Write,
} from './types/stateMachine.ts'
export type { FreshProof, NoEndorsementCertificate, Tip } from './types/tip.ts'
export {
  type ActionEnvelope,
  type ActionSignature,
  type RecoveredTransaction,
  TRANSACTION_KIND,
  type Transaction,
  type TransactionKind,
} from './types/transaction.ts'
export {
  type Envelope,
  type GossipVerdict,
  LANES,
  type Lane,
  type RequestOptions,
  type SendResult,
  TOPICS,
  type Topic,
  type Transport,
  type TransportHandlers,
} from './types/transport.ts'
export type { ValidatorInfo, ValidatorSet } from './types/validator.ts'
