import type { OrderRejectionCode } from './errors.ts'
import type { OrderStatus } from './events.ts'

/** A refused order: stable code, status of §4.3, text of §4.2. */
export interface OrderRejection {
  readonly code: OrderRejectionCode
  readonly status: OrderStatus
  readonly text: string
}

type OrderRejectionId =
  | 'asset'
  | 'delisted'
  | 'openInterestIncrease'
  | 'tick'
  | 'size'
  | 'maxValue'
  | 'minTradeNtl'
  | 'perpMargin'
  | 'reduceOnly'
  | 'iocCancel'
  | 'badTriggerPx'
  | 'marketOrderNoLiquidity'
  | 'parentNotFilled'
  | 'insufficientSpotBalance'
  | 'oracle'
  | 'perpMaxPosition'
  | 'tooManyOpenOrders'
  | 'positionIncreaseAtOpenInterestCap'
  | 'positionFlipAtOpenInterestCap'
  | 'tooAggressiveAtOpenInterestCap'
  | 'duplicateCloid'
  | 'modifyGone'
  | 'modifyTaker'

/** The rejections whose text is fixed; docs/spec/hyperliquid.md §4.2. */
export const ORDER_REJECTIONS: Readonly<Record<OrderRejectionId, OrderRejection>> = {
  asset: {
    code: 'OL_ORDER_ASSET',
    status: 'rejected',
    text: 'Asset does not exist.',
  },
  delisted: {
    code: 'OL_ORDER_ASSET',
    status: 'rejected',
    text: 'Asset is delisted.',
  },
  openInterestIncrease: {
    code: 'OL_ORDER_OPEN_INTEREST',
    status: 'openInterestIncreaseRejected',
    text: 'Order would increase open interest too quickly',
  },
  tick: {
    code: 'OL_ORDER_TICK',
    status: 'tickRejected',
    text: 'Price must be divisible by tick size.',
  },
  size: {
    code: 'OL_ORDER_SIZE',
    status: 'rejected',
    text: 'Order has invalid size.',
  },
  maxValue: {
    code: 'OL_ORDER_MAX_VALUE',
    status: 'rejected',
    text: 'Order has too large value.',
  },
  minTradeNtl: {
    code: 'OL_ORDER_MIN_NOTIONAL',
    status: 'minTradeNtlRejected',
    text: 'Order must have minimum value of $10.',
  },
  perpMargin: {
    code: 'OL_ORDER_MARGIN',
    status: 'perpMarginRejected',
    text: 'Insufficient margin to place order.',
  },
  reduceOnly: {
    code: 'OL_ORDER_REDUCE_ONLY',
    status: 'reduceOnlyRejected',
    text: 'Reduce only order would increase position.',
  },
  iocCancel: {
    code: 'OL_ORDER_NO_MATCH',
    status: 'iocCancelRejected',
    text: 'Order could not immediately match against any resting orders.',
  },
  badTriggerPx: {
    code: 'OL_ORDER_TRIGGER_PRICE',
    status: 'badTriggerPxRejected',
    text: 'Invalid TP/SL price.',
  },
  marketOrderNoLiquidity: {
    code: 'OL_ORDER_NO_LIQUIDITY',
    status: 'marketOrderNoLiquidityRejected',
    text: 'No liquidity available for market order.',
  },
  parentNotFilled: {
    code: 'OL_ORDER_PARENT',
    status: 'rejected',
    text: 'Parent order was not filled.',
  },
  insufficientSpotBalance: {
    code: 'OL_ORDER_BALANCE',
    status: 'insufficientSpotBalanceRejected',
    text: 'Order has insufficient spot balance to trade',
  },
  oracle: {
    code: 'OL_ORDER_ORACLE',
    status: 'oracleRejected',
    text: 'Order price too far from oracle',
  },
  perpMaxPosition: {
    code: 'OL_ORDER_MAX_POSITION',
    status: 'perpMaxPositionRejected',
    text: 'Order would cause position to exceed margin tier limit at current leverage',
  },
  positionIncreaseAtOpenInterestCap: {
    code: 'OL_ORDER_OPEN_INTEREST',
    status: 'positionIncreaseAtOpenInterestCapRejected',
    text: 'Order would increase open interest while open interest is capped',
  },
  positionFlipAtOpenInterestCap: {
    code: 'OL_ORDER_OPEN_INTEREST',
    status: 'positionFlipAtOpenInterestCapRejected',
    text: 'Order would increase open interest while open interest is capped',
  },
  tooAggressiveAtOpenInterestCap: {
    code: 'OL_ORDER_OPEN_INTEREST',
    status: 'tooAggressiveAtOpenInterestCapRejected',
    text: 'Order rejected due to price more aggressive than oracle while at open interest cap',
  },
  tooManyOpenOrders: {
    code: 'OL_ORDER_TOO_MANY',
    status: 'tooManyOpenOrdersRejected',
    text: 'Too many open orders.',
  },
  duplicateCloid: {
    code: 'OL_ORDER_CLIENT_ID',
    status: 'rejected',
    text: 'An open order already has this client order id.',
  },
  modifyGone: {
    code: 'OL_ORDER_MODIFY',
    status: 'rejected',
    text: 'Cannot modify canceled or filled order.',
  },
  modifyTaker: {
    code: 'OL_ORDER_MODIFY',
    status: 'rejected',
    text: 'Modified order must be a limit order that only rests.',
  },
}

/** The minimum on spot names the quote token. */
export function minTradeSpotNtl(quoteName: string): OrderRejection {
  return {
    code: 'OL_ORDER_MIN_NOTIONAL',
    status: 'minTradeNtlRejected',
    text: `Order must have minimum value of 10 ${quoteName}.`,
  }
}

/** The refusal of a post-only order shows the best bid and ask, `bid@ask`. */
export function badAloPx(bbo: string): OrderRejection {
  return {
    code: 'OL_ORDER_POST_ONLY',
    status: 'badAloPxRejected',
    text: `Post only order would have immediately matched, bbo was ${bbo}.`,
  }
}

/** Answer to a `twapCancel` of nothing; §4.2. */
export const MISSING_TWAP = 'TWAP was never placed, already canceled, or filled.'

/** Per-cancel text of §4.2. */
export const MISSING_ORDER = 'Order was never placed, already canceled, or filled.'
