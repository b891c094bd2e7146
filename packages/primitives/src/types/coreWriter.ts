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
  | {
      readonly type: 'vaultTransfer'
      readonly vault: Address
      readonly isDeposit: boolean
      /** 1e-6 USDC. */
      readonly usd: bigint
    }
  | {
      readonly type: 'tokenDelegate'
      readonly validator: Address
      /** 1e-8 HYPE. */
      readonly wei: bigint
      readonly isUndelegate: boolean
    }
  | { readonly type: 'stakingDeposit'; readonly wei: bigint }
  | { readonly type: 'stakingWithdraw'; readonly wei: bigint }
  | {
      readonly type: 'spotSend'
      readonly destination: Address
      readonly token: bigint
      readonly wei: bigint
    }
  | {
      readonly type: 'finalizeEvmContract'
      readonly token: bigint
      readonly input:
        | { readonly kind: 'create'; readonly nonce: bigint }
        | { readonly kind: 'firstStorageSlot' }
        | { readonly kind: 'customStorageSlot' }
    }
  | {
      readonly type: 'addApiWallet'
      readonly wallet: Address
      /** Empty for the unnamed one. */
      readonly name: string
    }
  | {
      readonly type: 'approveBuilderFee'
      /** Tenths of a basis point: 10 is 0.01 %. */
      readonly maxFeeRate: bigint
      readonly builder: Address
    }
  | {
      readonly type: 'sendAsset'
      readonly destination: Address
      /** Zero for the sender's own account. */
      readonly subAccount: Address
      /** 0 is the default perp dex, 0xffffffff spot. */
      readonly sourceDex: number
      readonly destinationDex: number
      readonly token: bigint
      readonly wei: bigint
    }
  | { readonly type: 'unsupported'; readonly actionId: number }

/** Which log of which transaction an action came from. */
export interface CoreWriterSource {
  readonly evmTxHash: Hash
  readonly logIndex: number
}

/** A RawAction log of a transaction that did not revert. */
export interface CoreWriterLog extends CoreWriterSource {
  readonly user: Address
  /** The bytes that the contract gave to `sendRawAction`: version, action id, fields. */
  readonly data: Uint8Array
}

/** Where the CoreWriter contract lives; docs/spec/hyperliquid.md §12. */
export const CORE_WRITER_ADDRESS: Address = new Uint8Array(20).fill(0x33)

/** First topic of its log `RawAction(address indexed user, bytes data)`. */
// biome-ignore format: a hash reads best in few lines.
export const RAW_ACTION_TOPIC: Hash = Uint8Array.of(
  0x8c, 0x7f, 0x58, 0x5f, 0xb2, 0x95, 0xf7, 0xeb, 0x1e, 0x6a, 0xeb, 0x8f, 0xba, 0x61, 0xb2, 0x3a,
  0x4f, 0xe6, 0x0b, 0xed, 0xa4, 0x05, 0xf0, 0x04, 0x50, 0x73, 0xb1, 0x85, 0xc7, 0x44, 0x12, 0xe3,
)
