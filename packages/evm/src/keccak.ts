import type { Hash } from '@openliquid/primitives'
import { WasmBody, type WasmModule, wasmModule } from './wasm.ts'
import { readWord } from './word.ts'

/** Bytes that one permutation takes in. */
const RATE = 136
const HASH_BYTES = 32
const ROUNDS = 24
const LANES = 25

// The memory of the module: state at the end of a run, round constants, state at its start, input.
const STATE_BYTES = 200
const CONSTANTS = 256
const START = 512
const INPUT = 768
const PAGES = 2
/** Blocks of input that are in the memory at once. */
const BLOCKS_MAX = Math.floor((PAGES * 65_536 - INPUT) / RATE)
const INPUT_BYTES = BLOCKS_MAX * RATE

/** Lane (x, y) stands at x + 5y. Offsets of rho by lane. */
const ROTATIONS = [
  0, 1, 62, 28, 27, 36, 44, 6, 55, 20, 3, 10, 43, 25, 39, 41, 45, 15, 21, 8, 18, 2, 61, 56, 14,
]

const LOOP = [0x03, 0x40] as const
const BRANCH_IF = [0x0d, 0] as const
const END = 0x0b
const I32_ADD = 0x6a
const I32_LT_U = 0x49
const I64_AND = 0x83
const I64_XOR = 0x85
const I64_ROTL = 0x89

const { memory, run } = permutation()
const output: Uint8Array = memory.subarray(0, HASH_BYTES)
const outputView: DataView = new DataView(memory.buffer, 0, HASH_BYTES)

/**
 * keccak-256: the same as that of primitives, in WebAssembly, whose 64-bit words make it several times faster.
 *
 * Synchronous from start to end, so the one memory of the module is never used twice at a time.
 */
export function keccak256(bytes: Uint8Array): Hash {
  absorb(bytes)
  return output.slice()
}

/** Puts `keccak256` into 32 bytes of a buffer. */
export function keccakInto(bytes: Uint8Array, into: Uint8Array, at: number): void {
  absorb(bytes)
  for (let i = 0; i < HASH_BYTES; i++) into[at + i] = output[i] as number
}

/** `keccak256` as a word of a stack. */
export function keccakWord(bytes: Uint8Array): bigint {
  absorb(bytes)
  return readWord(outputView, 0)
}

function absorb(bytes: Uint8Array): void {
  let at = 0
  let rest = bytes.length
  if (rest >= INPUT_BYTES) {
    while (rest >= INPUT_BYTES) {
      memory.set(bytes.subarray(at, at + INPUT_BYTES), INPUT)
      run(BLOCKS_MAX)
      memory.copyWithin(START, 0, STATE_BYTES)
      at += INPUT_BYTES
      rest -= INPUT_BYTES
    }
  }
  memory.set(at === 0 ? bytes : bytes.subarray(at), INPUT)
  const blocks = Math.floor(rest / RATE) + 1
  const end = INPUT + blocks * RATE
  for (let i = INPUT + rest; i < end; i++) memory[i] = 0
  memory[INPUT + rest] = 0x01
  memory[end - 1] = (memory[end - 1] as number) | 0x80
  run(blocks)
  if (at > 0) memory.fill(0, START, START + STATE_BYTES)
}

/** Keccak-f[1600] over the blocks of the input (FIPS 202): the state is in locals while it runs. */
function permutation(): WasmModule {
  const body = new WasmBody()
  const at = 1
  const round = 2
  const block = 3
  const A = 4
  const B = A + LANES
  const C = B + LANES
  const lane = (x: number, y: number): number => (x % 5) + 5 * (y % 5)

  for (let i = 0; i < LANES; i++)
    body
      .i32(START)
      .load(8 * i)
      .set(A + i)
  body
    .i32(INPUT)
    .set(at)
    .op(...LOOP)
  for (let i = 0; i < RATE / 8; i++) {
    body
      .get(A + i)
      .get(at)
      .load(8 * i)
      .op(I64_XOR)
      .set(A + i)
  }
  body
    .i32(0)
    .set(round)
    .op(...LOOP)
  // theta
  for (let x = 0; x < 5; x++) {
    body.get(A + x)
    for (let y = 1; y < 5; y++) body.get(A + lane(x, y)).op(I64_XOR)
    body.set(C + x)
  }
  for (let x = 0; x < 5; x++) {
    body
      .get(C + ((x + 4) % 5))
      .get(C + ((x + 1) % 5))
      .i64(1n)
      .op(I64_ROTL, I64_XOR)
      .set(C + 5)
    for (let y = 0; y < 5; y++) {
      const from = lane(x, y)
      // rho and pi
      body.get(A + from).get(C + 5)
      body
        .op(I64_XOR)
        .i64(BigInt(ROTATIONS[from] as number))
        .op(I64_ROTL)
      body.set(B + lane(y, 2 * x + 3 * y))
    }
  }
  // chi
  for (let y = 0; y < 5; y++) {
    for (let x = 0; x < 5; x++) {
      body.get(B + lane(x, y)).get(B + lane(x + 1, y))
      body
        .i64(-1n)
        .op(I64_XOR)
        .get(B + lane(x + 2, y))
        .op(I64_AND, I64_XOR)
      body.set(A + lane(x, y))
    }
  }
  // iota
  body.get(A).get(round).load(CONSTANTS).op(I64_XOR).set(A)
  body
    .get(round)
    .i32(8)
    .op(I32_ADD)
    .tee(round)
    .i32(8 * ROUNDS)
    .op(I32_LT_U, ...BRANCH_IF, END)
  body.get(at).i32(RATE).op(I32_ADD).set(at)
  body
    .get(block)
    .i32(1)
    .op(I32_ADD)
    .tee(block)
    .get(0)
    .op(I32_LT_U, ...BRANCH_IF, END)
  for (let i = 0; i < LANES; i++)
    body
      .i32(0)
      .get(A + i)
      .store(8 * i)

  const made = wasmModule(body, { i32: 3, i64: 2 * LANES + 6, pages: PAGES })
  const view = new DataView(made.memory.buffer)
  for (const [index, constant] of roundConstants().entries()) {
    view.setBigUint64(CONSTANTS + 8 * index, constant, true)
  }
  return made
}

/** Bits of a linear feedback shift register, seven to a constant. */
function roundConstants(): bigint[] {
  let register = 1
  return Array.from({ length: ROUNDS }, () => {
    let constant = 0n
    for (let bit = 0; bit < 7; bit++) {
      if ((register & 1) !== 0) constant |= 1n << BigInt(2 ** bit - 1)
      register = (register << 1) ^ ((register >> 7) * 0x171)
    }
    return constant
  })
}
