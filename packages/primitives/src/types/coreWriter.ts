import type { Address, Hash } from './ids.ts'

/**
 * An instruction that a contract sent to the exchange through CoreWriter. It acts for `msg.sender` itself.
 *
 * Prices and sizes of orders are in 1e-8 human units, whatever the market.
 * @see docs/spec/hyperliquid.md §12
 */
export type CoreWriterAction =
  | {
      readonly type: 'limitOrder'
      readonly asset: number
      readonly isBuy: boolean
      readonly limitPx: bigint
      readonly size: bigint
      readonly reduceOnly: boolean
      readonly timeInForce: 'alo' | 'gtc' | 'ioc'
      /** 0 is none. */
      readonly clientOrderId: bigint
    }
  | { readonly type: 'usdClassTransfer'; readonly ntl: bigint; readonly toPerp: boolean }
  | { readonly type: 'cancelByOid'; readonly asset: number; readonly oid: bigint }
  | { readonly type: 'cancelByCloid'; readonly asset: number; readonly clientOrderId: bigint }
  | { readonly type: 'unsupported'; readonly actionId: number }

/** Which log of which transaction an action came from. */
export interface CoreWriterSource {
  readonly evmTxHash: Hash
  readonly logIndex: number
}

/** A raw CoreWriter log of a transaction that did not revert. */
export interface CoreWriterLog extends CoreWriterSource {
  readonly user: Address
  readonly data: Uint8Array
}
