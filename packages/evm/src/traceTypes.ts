import type { Address, Hash } from '@openliquid/primitives'
import type { EvmSlotValue } from './evmView.ts'
import type { EvmLogEntry } from './receipts.ts'

/** Which tracer runs, and how. */
export type EvmTraceOptions = EvmTracerOptions & {
  /** Stops a trace that takes too long: OL_EVM_TRACE. */
  readonly signal?: AbortSignal
}

type EvmTracerOptions =
  | {
      readonly tracer: 'call'
      /** Only the outermost message. */
      readonly onlyTopCall?: boolean
      readonly withLog?: boolean
    }
  | {
      readonly tracer: 'prestate'
      /** What changed, instead of all that was looked at. */
      readonly diffMode?: boolean
    }
  | { readonly tracer: '4byte' }
  | { readonly tracer: 'noop' }
  | {
      readonly tracer: 'struct'
      readonly withMemory?: boolean
      readonly withoutStack?: boolean
      readonly withoutStorage?: boolean
      readonly withReturnData?: boolean
      /** Steps to keep; STRUCT_LOGS_MAX if absent. More are an error only if absent. */
      readonly limit?: number
    }

/** What a tracer found: plain data, in the integers and bytes of the EVM. */
export type EvmTrace =
  | {
      readonly tracer: 'call'
      readonly transactionHash: Hash | undefined
      readonly call: EvmCallFrame
    }
  | {
      readonly tracer: 'prestate'
      readonly transactionHash: Hash | undefined
      readonly before: readonly EvmAccountTrace[]
      /** In diff mode only: what is another afterwards. */
      readonly after?: readonly EvmAccountTrace[]
    }
  | {
      readonly tracer: '4byte'
      readonly transactionHash: Hash | undefined
      /** By selector and size of the arguments: how often. */
      readonly selectors: readonly {
        readonly selector: Uint8Array
        readonly argumentBytes: number
        readonly count: number
      }[]
    }
  | { readonly tracer: 'noop'; readonly transactionHash: Hash | undefined }
  | {
      readonly tracer: 'struct'
      readonly transactionHash: Hash | undefined
      readonly gasUsed: bigint
      readonly failure: string | undefined
      readonly output: Uint8Array
      readonly steps: readonly EvmStep[]
    }

/** One message and those inside it. */
export interface EvmCallFrame {
  readonly type:
    | 'CALL'
    | 'STATICCALL'
    | 'DELEGATECALL'
    | 'CALLCODE'
    | 'CREATE'
    | 'CREATE2'
    | 'SELFDESTRUCT'
  readonly from: Address
  /** Absent for a creation that made nothing. */
  readonly to: Address | undefined
  readonly value: bigint
  readonly gas: bigint
  readonly gasUsed: bigint
  readonly input: Uint8Array
  readonly output: Uint8Array
  /** The EVM's own word. */
  readonly failure: string | undefined
  readonly calls: readonly EvmCallFrame[]
  /** Its own, not those of messages inside; `position` is how many messages came before. */
  readonly logs: readonly (EvmLogEntry & { readonly position: number })[]
}

/** What is known of an account; in a diff, only what is another. */
export interface EvmAccountTrace {
  readonly address: Address
  readonly balance?: bigint
  readonly nonce?: bigint
  readonly code?: Uint8Array
  readonly storage: readonly EvmSlotValue[]
}

/** One instruction, before it runs. */
export interface EvmStep {
  readonly pc: number
  readonly op: string
  readonly gas: bigint
  readonly gasCost: bigint
  /** 1 for the outermost message. */
  readonly depth: number
  readonly refund: bigint
  readonly stack?: readonly bigint[]
  readonly memory?: Uint8Array
  /** Slots that the contract has read or written so far. */
  readonly storage?: readonly EvmSlotValue[]
  readonly failure?: string
}
