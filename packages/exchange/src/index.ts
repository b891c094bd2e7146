export { type ActionClass, actionClass } from './actionClass.ts'
export type { BookAggregation } from './bookAggregation.ts'
export type { CoreWriterDelayedEvent, EvmCreditEvent, EvmTransferEvent } from './bridgeEvents.ts'
export {
  type CoreProof,
  type CoreProofStep,
  EMPTY_ROOT,
  verifyCoreProof,
} from './coreProof.ts'
export { type CoreRangeProof, type CoreRangeStep, CoreRanges, coreRangeRoot } from './coreRange.ts'
export { CORE_WRITER_DELAY_MS } from './coreWriter.ts'
export {
  type ActionFaultCode,
  CoreStateError,
  type CoreStateFault,
  GenesisCoreError,
  type GenesisCoreFault,
  type OrderRejectionCode,
} from './errors.ts'
export type {
  BookDiffEvent,
  CoreWriterExecutedEvent,
  CoreWriterRejectedEvent,
  ExchangeEvent,
  FillEvent,
  FundingEvent,
  FundingRateEvent,
  LedgerUpdateEvent,
  LiquidationJson,
  OracleUpdateEvent,
  OrderDetailsJson,
  OrderJson,
  OrderStatus,
  OrderUpdateEvent,
  TradeEvent,
  TwapUpdateEvent,
} from './events.ts'
export type { EvmEscrow, EvmFacts } from './evmBridge.ts'
export {
  type ActionMeta,
  ExchangeMachine,
  type ExchangeOptions,
} from './exchangeMachine.ts'
export type { ExchangeTransition } from './exchangeTransition.ts'
export type { UserFeesReading } from './feeView.ts'
export type { ExchangeGenesis } from './genesis.ts'
export {
  BATCH_MAX,
  BOOK_LEVELS_SHOWN_MAX,
  CORE_WRITER_QUEUE_MAX,
  NONCE_AGE_MS_MAX,
  NONCE_LEAD_MS_MAX,
  NONCES_MAX,
} from './limits.ts'
export { NONCE_TEXTS, type NonceVerdict } from './nonces.ts'
export { ORACLE_BUCKET_MS, oracleBucketOf } from './oracleBucket.ts'
export type { BookLevel, OrderBook } from './orderBook.ts'
export type { TriggerOrder } from './orderRecords.ts'

export { MISSING_ORDER } from './orderRejection.ts'
export type { ActionReceipt, ActionResponse, CancelResult, OrderResult } from './receipt.ts'
export type { BuilderFee, Cloid, Order, User } from './records.ts'
export type {
  DelegatorRewardEvent,
  DelegatorUpdateEvent,
  EpochEvent,
  ValidatorEvent,
} from './staking/stakingEvents.ts'
export type { ValidatorReading } from './staking/stakingView.ts'
export type { NextMember } from './staking/validatorSet.ts'
export type { PossessionVerifier } from './staking/validators.ts'
export {
  accountKey,
  coreKeyRange,
  openOrderKey,
  positionKey,
  spotBalanceKey,
} from './stateKeys.ts'
export type { TriggerBook } from './triggerBook.ts'
export type { HoldingReading, VaultReading } from './vaults/vaultView.ts'
export type {
  ActiveAssetDataJson,
  BookLevelJson,
  ClearinghouseStateJson,
  ExchangeView,
  ExtraAgentJson,
  FrontendOrderJson,
  L2BookJson,
  MarginSummaryJson,
  MetaJson,
  PerpCtxJson,
  SpotClearinghouseStateJson,
  SpotCtxJson,
  SpotMetaJson,
  SubAccountJson,
  UserRateLimitJson,
  UserRoleJson,
} from './view.ts'
