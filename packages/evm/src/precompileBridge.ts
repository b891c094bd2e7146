import {
  type CustomPrecompile,
  EVMError,
  type ExecResult,
  type PrecompileInput,
} from '@ethereumjs/evm'
import { Address } from '@ethereumjs/util'
import {
  assert,
  bytesToUint,
  type ExchangeReader,
  type L1Precompile,
  uintToBytes,
} from '@openliquid/primitives'

import {
  type PrecompileAnswer,
  type PrecompileCalls,
  precompileCallText,
} from './precompileCalls.ts'

/** The view of the exchange that precompiles read: set per EVM block, and per call. */
export interface ExchangeHandle {
  reader: ExchangeReader | undefined
  /** Where answers are noted, for a block. */
  record?: Map<string, PrecompileAnswer> | undefined
  /** Answers of the block that is run again; what it did not ask is refused. Used instead of a reader. */
  replay?: PrecompileCalls | undefined
}

/** KZG point evaluation: a chain without blobs has no proofs to check. */
const POINT_EVALUATION = uintToBytes(0x0a, 20)

/**
 * Shows precompiles to ethereumjs.
 *
 * Addresses between the first and the last that hold none are warm, as the others are, and otherwise empty accounts.
 *
 * @see docs/spec/evm.md §10
 */
export function bridgePrecompiles(
  precompiles: readonly L1Precompile[],
  handle: ExchangeHandle,
): CustomPrecompile[] {
  const bridged: CustomPrecompile[] = [
    {
      address: new Address(POINT_EVALUATION),
      function: ({ gasLimit }) => failure('refused', gasLimit),
    },
  ]
  const byAddress = new Map(precompiles.map((entry) => [bytesToUint(entry.address), entry]))
  const addresses = [...byAddress.keys()].sort((a, b) => (a < b ? -1 : 1))
  const last = addresses[addresses.length - 1]
  for (let at = addresses[0] ?? 0n; last !== undefined && at <= last; at++) {
    const address = new Address(uintToBytes(at, 20))
    const precompile = byAddress.get(at)
    // Without a function ethereumjs lists the address, and so warms it, but runs what code the account has.
    if (precompile === undefined) bridged.push({ address })
    else bridged.push({ address, function: (input) => run(precompile, input, handle) })
  }
  return bridged
}

function run(precompile: L1Precompile, input: PrecompileInput, handle: ExchangeHandle): ExecResult {
  assert(input.gasLimit >= 0n, 'a frame has gas or none')
  const { reader, record, replay } = handle
  if (replay !== undefined) return replayed(replay, precompile.address, input)
  if (reader === undefined) return failure('refused', input.gasLimit)
  const result = precompile.run(input.data, input.gasLimit, reader)
  const text = record === undefined ? '' : precompileCallText(precompile.address, input.data)
  if (!result.ok) {
    if (result.reason === 'outOfGas') return failure('outOfGas', input.gasLimit)
    record?.set(text, undefined)
    return failure('refused', input.gasLimit)
  }
  record?.set(text, { gasUsed: result.gasUsed, output: result.output })
  return { executionGasUsed: result.gasUsed, returnValue: result.output }
}

function replayed(
  replay: PrecompileCalls,
  address: Uint8Array,
  { data, gasLimit }: PrecompileInput,
): ExecResult {
  const answer = replay.get(precompileCallText(address, data))
  if (answer === undefined) return failure('refused', gasLimit)
  if (answer.gasUsed > gasLimit) return failure('outOfGas', gasLimit)
  return { executionGasUsed: answer.gasUsed, returnValue: answer.output }
}

/** A failing precompile takes all gas of its frame; anything thrown instead would abort the whole transaction. */
function failure(reason: 'outOfGas' | 'refused', gasLimit: bigint): ExecResult {
  const { OUT_OF_GAS, OUT_OF_RANGE } = EVMError.errorMessages
  return {
    executionGasUsed: gasLimit,
    returnValue: new Uint8Array(0),
    exceptionError: new EVMError(reason === 'outOfGas' ? OUT_OF_GAS : OUT_OF_RANGE),
  }
}
