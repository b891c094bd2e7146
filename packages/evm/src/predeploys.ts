import { type Address, CORE_WRITER_ADDRESS, NATIVE_SYSTEM_ADDRESS } from '@openliquid/primitives'
import { CORE_WRITER_CODE } from './coreWriterCode.ts'
import { SYSTEM_ADDRESS_CODE, WRAPPED_HYPE_CODE } from './predeployCode.ts'

/** Where the wrapped native token lives; docs/spec/hyperliquid.md §13. */
export const WRAPPED_HYPE_ADDRESS: Address = new Uint8Array(20).fill(0x55)

/** Contracts that every chain has from its genesis on. */
export const PREDEPLOYS: readonly { readonly address: Address; readonly code: Uint8Array }[] = [
  { address: NATIVE_SYSTEM_ADDRESS, code: SYSTEM_ADDRESS_CODE },
  { address: CORE_WRITER_ADDRESS, code: CORE_WRITER_CODE },
  { address: WRAPPED_HYPE_ADDRESS, code: WRAPPED_HYPE_CODE },
]
