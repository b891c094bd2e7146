import { OpenLiquidError } from '@openliquid/primitives'

/** A genesis whose Core section cannot be a state. `path` names the entry. */
export type GenesisCoreFault =
  | { readonly code: 'OL_CORE_GENESIS_TOKEN'; readonly path: string; readonly reason: string }
  | { readonly code: 'OL_CORE_GENESIS_SPOT_PAIR'; readonly path: string; readonly reason: string }
  | { readonly code: 'OL_CORE_GENESIS_PERP'; readonly path: string; readonly reason: string }
  | {
      readonly code: 'OL_CORE_GENESIS_MARGIN_TABLE'
      readonly path: string
      readonly reason: string
    }
  | { readonly code: 'OL_CORE_GENESIS_BALANCE'; readonly path: string; readonly reason: string }
  | { readonly code: 'OL_CORE_GENESIS_FEES'; readonly path: string; readonly reason: string }
  | { readonly code: 'OL_CORE_GENESIS_LIMITS'; readonly path: string; readonly reason: string }
  | { readonly code: 'OL_CORE_GENESIS_STAKING'; readonly path: string; readonly reason: string }
  | { readonly code: 'OL_CORE_GENESIS_VALIDATOR'; readonly path: string; readonly reason: string }

/** Thrown before a chain starts; the operator repairs the genesis file. */
export class GenesisCoreError extends OpenLiquidError<GenesisCoreFault> {
  override readonly name: string = 'GenesisCoreError'
}

/** Stored Core entries that no machine wrote. */
export interface CoreStateFault {
  readonly code: 'OL_CORE_STATE_CORRUPT'
  readonly reason: string
}

/** Thrown by `ExchangeMachine.load`; the node stops and restores its state from elsewhere. */
export class CoreStateError extends OpenLiquidError<CoreStateFault> {
  override readonly name: string = 'CoreStateError'
}

/** Why a whole action failed. Stable beside the text, which follows docs/spec/hyperliquid.md §4. */
export type ActionFaultCode =
  | 'OL_ACTION_UNSUPPORTED'
  | 'OL_ACTION_UNKNOWN_SIGNER'
  | 'OL_ACTION_NONCE'
  | 'OL_ACTION_EXPIRED'
  | 'OL_ACTION_MALFORMED'
  | 'OL_ACTION_ASSET'
  | 'OL_ACTION_BALANCE'
  | 'OL_ACTION_MARGIN'
  | 'OL_ACTION_LEVERAGE'
  | 'OL_ACTION_DESTINATION'
  | 'OL_ACTION_EVM_QUEUE'
  | 'OL_ACTION_EVM_LINK'
  | 'OL_ACTION_TOKEN'
  | 'OL_ACTION_ORACLE'
  | 'OL_ACTION_SCHEDULE'
  | 'OL_ACTION_AGENT'
  | 'OL_ACTION_SUB_ACCOUNT'
  | 'OL_ACTION_VAULT'
  | 'OL_ACTION_RATE_LIMIT'
  | 'OL_ACTION_BUILDER'
  | 'OL_ACTION_MODIFY'
  | 'OL_ACTION_STAKING'
  | 'OL_ACTION_DEPLOY'
  | 'OL_ACTION_MULTI_SIG'
  | 'OL_ACTION_REFERRAL'
  | 'OL_ACTION_VOTE'
  | 'OL_ACTION_INVARIANT'

/** Why an order was refused. The texts of docs/spec/hyperliquid.md §4.2 are in `orderRejection.ts`. */
export type OrderRejectionCode =
  | 'OL_ORDER_ASSET'
  | 'OL_ORDER_TICK'
  | 'OL_ORDER_SIZE'
  | 'OL_ORDER_MIN_NOTIONAL'
  | 'OL_ORDER_MAX_VALUE'
  | 'OL_ORDER_MARGIN'
  | 'OL_ORDER_REDUCE_ONLY'
  | 'OL_ORDER_POST_ONLY'
  | 'OL_ORDER_NO_MATCH'
  | 'OL_ORDER_BALANCE'
  | 'OL_ORDER_ORACLE'
  | 'OL_ORDER_MAX_POSITION'
  | 'OL_ORDER_TOO_MANY'
  | 'OL_ORDER_OPEN_INTEREST'
  | 'OL_ORDER_CLIENT_ID'
  | 'OL_ORDER_MODIFY'
  | 'OL_ORDER_TRIGGER_PRICE'
  | 'OL_ORDER_NO_LIQUIDITY'
  | 'OL_ORDER_PARENT'
