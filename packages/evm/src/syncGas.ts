import type { Common } from '@ethereumjs/common'
import { EVMError, type ExecResult } from '@ethereumjs/evm'

/** The interpreter's registers, as the library's handlers take them. */
export type RunState = NonNullable<ExecResult['runState']>

/** Gas of one instruction beyond its fixed price; may stop the frame by throwing an `EVMError`. */
export type SyncGas = (state: RunState, gas: bigint) => bigint

/** What memory holds is far below this; an offset above it cannot be paid for. */
const WORD = 32n

/**
 * Gas rules of Cancun for instructions whose rules the library writes as asynchronous functions although they wait for
 * nothing. Same results, shown by a test that runs both.
 *
 * @see docs/spec/evm.md §5
 */
export function syncGasRules(common: Common): ReadonlyMap<number, SyncGas> {
  const memoryWord = common.param('memoryGas')
  const quadratic = common.param('quadCoefficientDivGas')
  const copyWord = common.param('copyGas')
  const hashWord = common.param('keccak256WordGas')
  const logTopic = common.param('logTopicGas')
  const logByte = common.param('logDataGas')
  const expByte = common.param('expByteGas')
  const coldSlot = common.param('coldsloadGas')
  const warmSlot = common.param('warmstoragereadGas')

  /** Price of the memory that an instruction reaches for the first time: linear, and above 700 words or so quadratic. */
  function memory(state: RunState, offset: bigint, length: bigint): bigint {
    if (length === 0n) return 0n
    const words = wordsOf(offset + length)
    if (words <= state.memoryWordCount) return 0n
    const cost = words * memoryWord + (words * words) / quadratic
    const paid = state.highestMemCost
    state.memoryWordCount = words
    state.highestMemCost = cost
    return cost - paid
  }

  function copy(state: RunState, gas: bigint): bigint {
    const [to = 0n, , length = 0n] = state.stack.peek(3)
    return gas + memory(state, to, length) + copyWord * wordsOf(length)
  }

  function output(state: RunState, gas: bigint): bigint {
    const [offset = 0n, length = 0n] = state.stack.peek(2)
    return gas + memory(state, offset, length)
  }

  function word(state: RunState, gas: bigint): bigint {
    const [offset = 0n] = state.stack.peek()
    return gas + memory(state, offset, WORD)
  }

  function log(state: RunState, gas: bigint): bigint {
    if (state.interpreter.isStatic()) throw new EVMError(EVMError.errorMessages.STATIC_STATE_CHANGE)
    const [offset = 0n, length = 0n] = state.stack.peek(2)
    const topics = BigInt(state.opCode - LOG0)
    return gas + memory(state, offset, length) + logTopic * topics + logByte * length
  }

  const rules: [number, SyncGas][] = [
    [
      EXP,
      (state, gas): bigint => {
        const exponent = state.stack.peek(2)[1] ?? 0n
        return exponent === 0n ? gas : gas + BigInt(byteLength(exponent)) * expByte
      },
    ],
    [
      KECCAK256,
      (state, gas): bigint => {
        const [offset = 0n, length = 0n] = state.stack.peek(2)
        return gas + memory(state, offset, length) + hashWord * wordsOf(length)
      },
    ],
    [CALLDATACOPY, copy],
    [CODECOPY, copy],
    [MLOAD, word],
    [MSTORE, word],
    [MSTORE8, (state, gas): bigint => gas + memory(state, state.stack.peek()[0] ?? 0n, 1n)],
    [
      SLOAD,
      (state, gas): bigint => {
        const { journal } = state.interpreter
        const address = state.interpreter.getAddress().bytes
        const slot = wordBytes(state.stack.peek()[0] ?? 0n)
        if (journal.isWarmedStorage(address, slot)) return gas + warmSlot
        journal.addWarmedStorage(address, slot)
        return gas + coldSlot
      },
    ],
    [
      MCOPY,
      (state, gas): bigint => {
        const [to = 0n, from = 0n, length = 0n] = state.stack.peek(3)
        const moved = gas + copyWord * wordsOf(length)
        return moved + memory(state, from, length) + memory(state, to, length)
      },
    ],
    [RETURN, output],
    [REVERT, output],
  ]
  for (let topics = 0; topics <= 4; topics++) rules.push([LOG0 + topics, log])
  return new Map(rules)
}

const EXP = 0x0a
const KECCAK256 = 0x20
const CALLDATACOPY = 0x37
const CODECOPY = 0x39
const MLOAD = 0x51
const MSTORE = 0x52
const MSTORE8 = 0x53
/** Also the one instruction whose work, not only its price, is done without waiting. */
export const SLOAD = 0x54
const MCOPY = 0x5e
const LOG0 = 0xa0
const RETURN = 0xf3
const REVERT = 0xfd

/** Big-endian in 32 bytes. */
export function wordBytes(value: bigint): Uint8Array {
  return new Uint8Array(Buffer.from(value.toString(16).padStart(64, '0'), 'hex'))
}

function wordsOf(bytes: bigint): bigint {
  return (bytes + WORD - 1n) / WORD
}

function byteLength(value: bigint): number {
  return (value.toString(16).length + 1) >> 1
}
