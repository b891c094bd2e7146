import type { ExecResult } from '@ethereumjs/evm'
import { BLAKE2F_INPUT_BYTES, blake2f } from './blake2f.ts'
import { modexp } from './modexp.ts'

/** Does what the library's precompile does; `undefined` leaves the input to the library. */
export type FastPrecompile = (input: Uint8Array, gas: number) => ExecResult | undefined

/** Precompiles that run too long in the library for their price, by their address in its hex. */
export const FAST_PRECOMPILES: readonly (readonly [address: string, run: FastPrecompile])[] = [
  ['0000000000000000000000000000000000000005', (input, gas) => modexp(input, BigInt(gas))],
  ['0000000000000000000000000000000000000009', runBlake2f],
]

/** BLAKE2b's compression, whose gas is its rounds (EIP-152). */
function runBlake2f(input: Uint8Array, gas: number): ExecResult | undefined {
  if (input.length !== BLAKE2F_INPUT_BYTES || (input[BLAKE2F_INPUT_BYTES - 1] as number) > 1) {
    return undefined
  }
  const rounds = new DataView(input.buffer, input.byteOffset).getUint32(0)
  if (rounds > gas) return undefined
  return { executionGasUsed: BigInt(rounds), returnValue: blake2f(input, rounds) }
}
