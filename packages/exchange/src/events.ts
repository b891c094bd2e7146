import type { Address } from '@openliquid/primitives'
import type { CoreWriterDelayedEvent, EvmCreditEvent, EvmTransferEvent } from './bridgeEvents.ts'
import type { OrderRejectionCode } from './errors.ts'
import type {
  DelegatorRewardEvent,
  DelegatorUpdateEvent,
  EpochEvent,
  ValidatorEvent,
} from './staking/stakingEvents.ts'

/** Where an order can stand; docs/spec/hyperliquid.md §4.3. The values that this version produces. */
export const ORDER_STATUSES = [
  'open',
  'filled',
  'canceled',
  'triggered',
  'marginCanceled',
  'selfTradeCanceled',
  'reduceOnlyCanceled',
  'siblingFilledCanceled',
  'scheduledCancel',
  'internalCancel',
  'liquidatedCanceled',
  'openInterestCapCanceled',
  'delistedCanceled',
  'vaultWithdrawalCanceled',
  'positionIncreaseAtOpenInterestCapRejected',
  'positionFlipAtOpenInterestCapRejected',
  'tooAggressiveAtOpenInterestCapRejected',
  'openInterestIncreaseRejected',
  'rejected',
  'tickRejected',
  'minTradeNtlRejected',
  'perpMarginRejected',
  'reduceOnlyRejected',
  'badAloPxRejected',
  'iocCancelRejected',
  'badTriggerPxRejected',
  'marketOrderNoLiquidityRejected',
  'insufficientSpotBalanceRejected',
  'oracleRejected',
  'perpMaxPositionRejected',
  'tooManyOpenOrdersRejected',
] as const
export type OrderStatus = (typeof ORDER_STATUSES)[number]

/** An order as `openOrders` and `orderUpdates` print it; `side` is `B` for a bid and `A` for an ask. */
export interface OrderJson {
  readonly coin: string
  readonly side: 'A' | 'B'
  readonly limitPx: string
  readonly sz: string
  readonly oid: number
  readonly timestamp: number
  readonly origSz: string
  readonly cloid?: string
  readonly reduceOnly?: true
}

/** What `frontendOpenOrders` and `historicalOrders` print beside an `OrderJson`. */
export interface OrderDetailsJson {
  readonly triggerCondition: string
  readonly isTrigger: boolean
  readonly triggerPx: string
  readonly isPositionTpsl: boolean
  readonly orderType: string
  readonly tif: string | null
}

/** One side of a trade: all that `userFills` prints, and whose it is. */
export interface FillEvent {
  readonly kind: 'fill'
  readonly user: Address
  readonly fill: {
    readonly coin: string
    readonly px: string
    readonly sz: string
    readonly side: 'A' | 'B'
    readonly time: number
    /** Signed size before the fill; on spot the balance of the base token. */
    readonly startPosition: string
    readonly dir: string
    /** Without fees; §6.2. */
    readonly closedPnl: string
    /** `0x` id of the action that was the taker, or the hash of the EVM transaction behind it. */
    readonly hash: string
    readonly oid: number
    /** True for the taker. */
    readonly crossed: boolean
    /** What the builder took included. */
    readonly fee: string
    readonly builderFee?: string
    readonly tid: number
    readonly feeToken: string
    /** Of the side whose order is a slice. */
    readonly twapId: number | null
    readonly cloid?: string
    readonly liquidation?: LiquidationJson
  }
}

/** That a fill was part of a liquidation, and of whose. */
export interface LiquidationJson {
  readonly liquidatedUser: string
  readonly markPx: string
  readonly method: 'market' | 'backstop'
}

/** A match, once for both sides; `side` is the aggressor's. */
export interface TradeEvent {
  readonly kind: 'trade'
  readonly trade: {
    readonly coin: string
    readonly side: 'A' | 'B'
    readonly px: string
    readonly sz: string
    readonly time: number
    readonly hash: string
    readonly tid: number
    /** Buyer, seller. */
    readonly users: readonly [string, string]
  }
}

export interface OrderUpdateEvent {
  readonly kind: 'orderUpdate'
  readonly user: Address
  readonly order: OrderJson
  readonly details: OrderDetailsJson
  readonly status: OrderStatus
  readonly statusTimestamp: number
  /** Of a rejection. */
  readonly code?: OrderRejectionCode
}

/** A change of one resting order; §10.3. */
export interface BookDiffEvent {
  readonly kind: 'bookDiff'
  readonly user: Address
  readonly oid: number
  readonly coin: string
  readonly side: 'A' | 'B'
  readonly px: string
  readonly rawBookDiff:
    | { readonly new: { readonly sz: string } }
    | { readonly update: { readonly origSz: string; readonly newSz: string } }
    | 'remove'
}

/** Money that moved without a trade, as `userNonFundingLedgerUpdates` prints it. */
export interface LedgerUpdateEvent {
  readonly kind: 'ledgerUpdate'
  readonly user: Address
  readonly time: number
  readonly hash: string
  readonly delta:
    | { readonly type: 'accountClassTransfer'; readonly usdc: string; readonly toPerp: boolean }
    | {
        readonly type: 'internalTransfer'
        readonly usdc: string
        readonly user: string
        readonly destination: string
        readonly fee: string
      }
    | {
        readonly type: 'liquidation'
        readonly liquidatedNtlPos: string
        readonly accountValue: string
        readonly leverageType: 'Cross' | 'Isolated'
        readonly liquidatedPositions: readonly { readonly coin: string; readonly szi: string }[]
      }
    | {
        readonly type: 'subAccountTransfer'
        readonly usdc: string
        readonly user: string
        readonly destination: string
      }
    | {
        readonly type: 'spotTransfer'
        readonly token: string
        readonly amount: string
        readonly usdcValue: string
        readonly user: string
        readonly destination: string
        /** USDC, for opening the account. */
        readonly fee: string
        /** Gas of a transfer to the EVM. */
        readonly nativeTokenFee: string
        readonly nonce: null
        /** Empty where there is no fee. */
        readonly feeToken: string
      }
    | {
        readonly type: 'vaultCreate' | 'vaultDeposit' | 'vaultDistribution'
        readonly vault: string
        readonly usdc: string
      }
    | {
        readonly type: 'vaultWithdraw'
        readonly vault: string
        readonly user: string
        readonly requestedUsd: string
        readonly commission: string
        readonly closingCost: string
        readonly basis: string
        readonly netWithdrawnUsd: string
      }
    | {
        readonly type: 'vaultLeaderCommission'
        readonly user: string
        readonly usdc: string
      }
    | { readonly type: 'rewardsClaim'; readonly amount: string }
    | {
        readonly type: 'cStakingTransfer'
        readonly token: string
        readonly amount: string
        readonly isDeposit: boolean
      }
    | {
        readonly type: 'send'
        readonly user: string
        readonly destination: string
        readonly sourceDex: string
        readonly destinationDex: string
        readonly token: string
        readonly amount: string
        readonly usdcValue: string
        readonly fee: string
        readonly nativeTokenFee: string
        /** Of the action; 0 when a contract sent it. */
        readonly nonce: number
        readonly feeToken: string
      }
}

/** Funding of one position, as `userFunding` prints it. */
export interface FundingEvent {
  readonly kind: 'funding'
  readonly user: Address
  readonly time: number
  readonly hash: string
  readonly delta: {
    readonly type: 'funding'
    readonly coin: string
    /** Negative when it was paid. */
    readonly usdc: string
    readonly szi: string
    readonly fundingRate: string
    readonly nSamples: null
  }
}

/** The funding of one perp was settled, as `fundingHistory` prints it. */
export interface FundingRateEvent {
  readonly kind: 'fundingRate'
  readonly coin: string
  /** For one hour. */
  readonly fundingRate: string
  readonly premium: string
  readonly time: number
}

/** A quorum of oracle submissions was applied. */
export interface OracleUpdateEvent {
  readonly kind: 'oracleUpdate'
  readonly bucket: number
  readonly prices: readonly {
    readonly coin: string
    readonly oraclePx: string
    readonly markPx: string
  }[]
}

/** A TWAP began or ended. */
export interface TwapUpdateEvent {
  readonly kind: 'twapUpdate'
  readonly user: Address
  /** Absent for one that was refused. */
  readonly twapId?: number
  readonly state: {
    readonly coin: string
    readonly user: string
    readonly side: 'A' | 'B'
    readonly sz: string
    readonly executedSz: string
    readonly executedNtl: string
    readonly minutes: number
    readonly reduceOnly: boolean
    readonly randomize: boolean
    readonly timestamp: number
    readonly stopPx: string | null
    readonly trigger: { readonly px: string; readonly above: boolean } | null
  }
  readonly status:
    | 'waitingForTrigger'
    | 'activated'
    | 'finished'
    | 'terminated'
    | 'stopped'
    | 'error'
  /** Why it was refused. */
  readonly description?: string
  readonly time: number
}

/** An action of a contract that was carried out, when it was: orders come 3000 ms after their log. */
export interface CoreWriterExecutedEvent {
  readonly kind: 'coreWriterExecuted'
  readonly user: Address
  readonly evmTxHash: string
  readonly logIndex: number
  readonly oid?: number
}

/** An action of a contract that the Core refused; the EVM transaction stands. */
export interface CoreWriterRejectedEvent {
  readonly kind: 'coreWriterRejected'
  readonly user: Address
  readonly evmTxHash: string
  readonly logIndex: number
  readonly reason: string
}

/** What a block did, for indexes and pushes. Not state: no later block depends on it. */
export type ExchangeEvent =
  | FillEvent
  | TradeEvent
  | OrderUpdateEvent
  | TwapUpdateEvent
  | BookDiffEvent
  | LedgerUpdateEvent
  | FundingEvent
  | FundingRateEvent
  | OracleUpdateEvent
  | CoreWriterDelayedEvent
  | CoreWriterExecutedEvent
  | CoreWriterRejectedEvent
  | EvmCreditEvent
  | EvmTransferEvent
  | DelegatorUpdateEvent
  | DelegatorRewardEvent
  | ValidatorEvent
  | EpochEvent
