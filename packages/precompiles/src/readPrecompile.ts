import {
  type Address,
  assert,
  type ExchangeReader,
  type L1Precompile,
  type PrecompileResult,
  uintToBytes,
} from '@openliquid/primitives'
import {
  type AbiResult,
  type AbiType,
  type AbiValue,
  encodeAbi,
  readWord,
  WORD_BYTES,
} from './abi.ts'
import { precompileGas } from './gas.ts'

/** One row of the table of reads: where, what goes in, what comes out. */
export interface ReadDefinition {
  readonly address: number
  readonly name: string
  readonly inputs: readonly AbiType[]
  /** Words of the output, when it has always as many. Absent: it has strings or lists. */
  readonly outputs?: number
  /** `undefined`: the asset, token, vault or perp dex does not exist. */
  read(reader: ExchangeReader, args: Arguments): AbiResult | undefined
}

/** The decoded arguments of one call, by position. */
export interface Arguments {
  address(index: number): Address
  /** @returns `undefined` above 2^53 - 1, where no asset or token id lies */
  id(index: number): number | undefined
}

const INVALID_INPUT: PrecompileResult = { ok: false, reason: 'invalidInput' }
const OUT_OF_GAS: PrecompileResult = { ok: false, reason: 'outOfGas' }

/** Makes a precompile that applies the strict input rules of docs/spec/hyperliquid.md §11. */
export function readPrecompile(definition: ReadDefinition): L1Precompile {
  const { address, name, inputs, outputs, read } = definition
  return {
    address: uintToBytes(address, 20),
    name,
    run(input, gasLimit, reader) {
      // What the lengths alone say is charged before anything is decoded.
      const least = precompileGas({
        inputBytes: input.length,
        outputBytes: (outputs ?? 0) * WORD_BYTES,
      })
      if (least > gasLimit) return OUT_OF_GAS

      const args = decodeArguments(input, inputs)
      const result = args === undefined ? undefined : read(reader, args)
      const output = result === undefined ? undefined : encodeAbi(result)
      if (output === undefined) return INVALID_INPUT
      assert(
        outputs === undefined || output.length === outputs * WORD_BYTES,
        `${name} returns ${outputs} words`,
      )
      const gasUsed = precompileGas({ inputBytes: input.length, outputBytes: output.length })
      return gasUsed > gasLimit ? OUT_OF_GAS : { ok: true, gasUsed, output }
    },
  }
}

function decodeArguments(input: Uint8Array, types: readonly AbiType[]): Arguments | undefined {
  if (input.length !== types.length * WORD_BYTES) return undefined
  const values: AbiValue[] = []
  for (const [index, type] of types.entries()) {
    const value = readWord(input, index, type)
    if (value === undefined) return undefined
    values.push(value)
  }
  return {
    address(index) {
      const value = values[index]
      assert(value instanceof Uint8Array, 'the argument is an address')
      return value
    },
    id(index) {
      const value = values[index]
      assert(typeof value === 'bigint', 'the argument is an integer')
      return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : undefined
    },
  }
}
