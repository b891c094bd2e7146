import type { Common } from '@ethereumjs/common'
import type { EVM, ExecResult } from '@ethereumjs/evm'
import { assert } from '@openliquid/primitives'

type RunState = NonNullable<ExecResult['runState']>
type Handler = (state: RunState, common: Common) => void

/** The instructions of the fork, by their byte. */
export interface InstructionTable {
  /** What is charged before all else. */
  readonly fees: Int32Array
  /** How many operands there must be on the stack. */
  readonly operands: Uint8Array
  /** Absent for what is no instruction, and for those whose handler waits. */
  readonly handlers: readonly (Handler | undefined)[]
}

/** Operands by instruction; ranges count up or stay. */
const OPERANDS: readonly (readonly [first: number, last: number, count: number])[] = [
  [0x01, 0x07, 2],
  [0x08, 0x09, 3],
  [0x0a, 0x0b, 2],
  [0x10, 0x14, 2],
  [0x15, 0x15, 1],
  [0x16, 0x18, 2],
  [0x19, 0x19, 1],
  [0x1a, 0x1d, 2],
  [0x20, 0x20, 2],
  [0x31, 0x31, 1],
  [0x35, 0x35, 1],
  [0x37, 0x37, 3],
  [0x39, 0x39, 3],
  [0x3b, 0x3b, 1],
  [0x3c, 0x3c, 4],
  [0x3e, 0x3e, 3],
  [0x3f, 0x40, 1],
  [0x49, 0x49, 1],
  [0x50, 0x51, 1],
  [0x52, 0x53, 2],
  [0x54, 0x54, 1],
  [0x55, 0x55, 2],
  [0x56, 0x56, 1],
  [0x57, 0x57, 2],
  [0x5c, 0x5c, 1],
  [0x5d, 0x5d, 2],
  [0x5e, 0x5e, 3],
  [0xf0, 0xf0, 3],
  [0xf1, 0xf2, 7],
  [0xf3, 0xf3, 2],
  [0xf4, 0xf4, 6],
  [0xf5, 0xf5, 4],
  [0xfa, 0xfa, 6],
  [0xfd, 0xfd, 2],
  [0xff, 0xff, 1],
]
const DUP1 = 0x80
const SWAP1 = 0x90
const LOG0 = 0xa0

/** Reads the library's table for the fork that it is set to. */
export function readInstructions(library: EVM): InstructionTable {
  const entries = library['_opcodeMap']
  const fees = new Int32Array(256)
  const handlers: (Handler | undefined)[] = new Array(256).fill(undefined)
  for (let op = 0; op < 256; op++) {
    const entry = entries[op]
    assert(entry !== undefined, 'every byte is an instruction, if an invalid one')
    const { opcodeInfo, opHandler } = entry
    if (opcodeInfo.isInvalid) continue
    fees[op] = opcodeInfo.fee
    // The table marks more instructions as waiting than do.
    if (!isAsync(opHandler)) handlers[op] = opHandler as Handler
  }
  return { fees, operands: operandCounts(), handlers }
}

function isAsync(handler: unknown): boolean {
  return Object.prototype.toString.call(handler) === '[object AsyncFunction]'
}

function operandCounts(): Uint8Array {
  const counts = new Uint8Array(256)
  for (const [first, last, count] of OPERANDS) counts.fill(count, first, last + 1)
  for (let n = 0; n < 16; n++) {
    counts[DUP1 + n] = n + 1
    counts[SWAP1 + n] = n + 2
  }
  for (let n = 0; n <= 4; n++) counts[LOG0 + n] = n + 2
  return counts
}
