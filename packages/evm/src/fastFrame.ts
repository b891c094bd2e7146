import { assert } from '@openliquid/primitives'
import type { AccountCell } from './accountCell.ts'
import type { EvmCode } from './evmCode.ts'

const NOTHING: Uint8Array = new Uint8Array(0)
const WORD = 32
/** Memory that a frame starts with, and that is kept for the next one at its depth. */
const MEMORY_BYTES = 1_024
const MEMORY_KEPT_BYTES_MAX = 65_536
/** Words above which no gas of a block pays for memory: 2 GiB cost 8.8 × 10^12. */
const MEMORY_WORDS_MAX = 67_108_864
const MEMORY_WORD_GAS = 3
const MEMORY_QUADRATIC = 512

/** What a frame is asked to do. */
export interface FrameStart {
  readonly code: EvmCode
  readonly self: AccountCell
  readonly caller: AccountCell
  readonly value: bigint
  readonly input: Uint8Array
  readonly isStatic: boolean
  /** Makes `self`. */
  readonly isCreation: boolean
  readonly gas: number
}

/** One running message: registers of the loop while it is in another frame. There is one for each depth, used again and again. */
export class FastFrame {
  readonly depth: number
  readonly stack: bigint[] = []
  code: EvmCode
  self: AccountCell
  caller: AccountCell
  value: bigint = 0n
  input: Uint8Array = NOTHING
  isStatic: boolean = false
  isCreation: boolean = false
  pc: number = 0
  sp: number = 0
  gas: number = 0
  memory: Uint8Array = new Uint8Array(MEMORY_BYTES)
  view: DataView = new DataView(this.memory.buffer)
  /** Bytes of memory that are paid for. */
  size: number = 0
  /** What the last call gave back. */
  returned: Uint8Array = NOTHING
  /** What this frame gives back. */
  output: Uint8Array = NOTHING
  /** Where the caller wants the output. */
  outputAt: number = 0
  outputSize: number = 0
  /** Of the transaction when the frame began, for when it fails. */
  refundBefore: number = 0
  logsBefore: number = 0

  constructor(depth: number, start: FrameStart) {
    this.depth = depth
    this.code = start.code
    this.self = start.self
    this.caller = start.caller
    this.start(start)
  }

  start(start: FrameStart): void {
    this.code = start.code
    this.self = start.self
    this.caller = start.caller
    this.value = start.value
    this.input = start.input
    this.isStatic = start.isStatic
    this.isCreation = start.isCreation
    this.gas = start.gas
    this.pc = 0
    this.sp = 0
    this.returned = NOTHING
    this.output = NOTHING
    if (this.memory.length > MEMORY_KEPT_BYTES_MAX) this.#allocate(MEMORY_BYTES)
    else this.memory.fill(0, 0, this.size)
    this.size = 0
  }

  /**
   * Makes memory reach as far as an instruction does.
   *
   * @returns what that costs; infinite if no gas would pay for it
   */
  expand(offset: bigint, length: bigint): number {
    if (length === 0n) return 0
    const end = Number(offset) + Number(length)
    return end <= this.size ? 0 : this.grow(end)
  }

  /** `expand` up to an end above `size`. */
  grow(end: number): number {
    const words = Math.ceil(end / WORD)
    if (words > MEMORY_WORDS_MAX) return Number.POSITIVE_INFINITY
    const cost = memoryGas(words) - memoryGas(this.size / WORD)
    if (cost > this.gas) return Number.POSITIVE_INFINITY
    this.size = words * WORD
    if (this.size > this.memory.length) {
      const old = this.memory
      this.#allocate(Math.max(this.size, old.length * 2))
      this.memory.set(old)
    }
    return cost
  }

  #allocate(bytes: number): void {
    this.memory = new Uint8Array(bytes)
    this.view = new DataView(this.memory.buffer)
  }

  /** A copy of memory that was paid for. */
  read(offset: bigint, length: bigint): Uint8Array {
    if (length === 0n) return NOTHING
    const at = Number(offset)
    assert(at + Number(length) <= this.size, 'memory is paid for before it is read')
    return this.memory.slice(at, at + Number(length))
  }

  /** Fills memory that was paid for with a part of `source`, and with zeros past its end. */
  copyIn(source: Uint8Array, to: bigint, from: bigint, length: bigint): void {
    if (length === 0n) return
    const at = Number(to)
    const size = Number(length)
    const start = from > BigInt(source.length) ? source.length : Number(from)
    const part = source.subarray(start, start + size)
    this.memory.set(part, at)
    if (part.length < size) this.memory.fill(0, at + part.length, at + size)
  }
}

function memoryGas(words: number): number {
  return words * MEMORY_WORD_GAS + Math.floor((words * words) / MEMORY_QUADRATIC)
}
