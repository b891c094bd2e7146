import type { ExchangeReader } from './exchangeReader.ts'
import type { Address } from './ids.ts'

/** What a call of a read precompile did. A failure consumes all gas given to the frame. */
export type PrecompileResult =
  | { readonly ok: true; readonly gasUsed: bigint; readonly output: Uint8Array }
  | { readonly ok: false; readonly reason: 'invalidInput' | 'outOfGas' }

/**
 * A contract at a fixed address that reads the exchange. Pure: bytes, a gas limit and a reader in, bytes and gas out.
 *
 * @see docs/spec/hyperliquid.md §11
 */
export interface L1Precompile {
  readonly address: Address
  readonly name: string
  run(input: Uint8Array, gasLimit: bigint, reader: ExchangeReader): PrecompileResult
}
