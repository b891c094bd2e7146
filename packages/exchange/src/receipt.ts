import type { Hash } from '@openliquid/primitives'
import type { ActionFaultCode } from './errors.ts'

/** What came of one order of a batch; docs/spec/hyperliquid.md §4.1. */
export type OrderResult =
  | { readonly resting: { readonly oid: number; readonly cloid?: string } }
  | {
      readonly filled: {
        readonly totalSz: string
        readonly avgPx: string
        readonly oid: number
        readonly cloid?: string
      }
    }
  /** A TP/SL order whose parent is not filled yet, or one that waits for its price. */
  | 'waitingForFill'
  | 'waitingForTrigger'
  | { readonly error: string }

export type TwapResult =
  | { readonly running: { readonly twapId: number } }
  | { readonly error: string }

export type CancelResult = 'success' | { readonly error: string }

/** The `response` of an action that was carried out, exactly as the API prints it. */
export type ActionResponse =
  | { readonly type: 'default' }
  | { readonly type: 'order'; readonly data: { readonly statuses: readonly OrderResult[] } }
  | { readonly type: 'createSubAccount' | 'createVault'; readonly data: string }
  | { readonly type: 'twapOrder'; readonly data: { readonly status: TwapResult } }
  | { readonly type: 'twapCancel'; readonly data: { readonly status: CancelResult } }
  | { readonly type: 'cancel'; readonly data: { readonly statuses: readonly CancelResult[] } }

/** What the chain says of one action. `status` and `response` are the JSON of docs/spec/hyperliquid.md §4.1. */
export type ActionReceipt =
  | { readonly txId: Hash; readonly status: 'ok'; readonly response: ActionResponse }
  | {
      readonly txId: Hash
      readonly status: 'err'
      readonly response: string
      readonly code: ActionFaultCode
    }
