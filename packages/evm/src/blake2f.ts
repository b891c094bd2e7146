import { WasmBody, type WasmModule, wasmModule } from './wasm.ts'

/** Bytes of the precompile's input: rounds, h, m, t, final flag (EIP-152). */
export const BLAKE2F_INPUT_BYTES = 213

// The memory of the module: h, m and t as in the input, the flag as a mask, the order of the message by round, constants.
const H = 0
const M = 64
const T = 192
const FLAG = 208
const SCHEDULE = 256
const SCHEDULE_ROUND_BYTES = 64
const SCHEDULE_ROUNDS = 10

const IV: readonly bigint[] = [
  0x6a09e667f3bcc908n,
  0xbb67ae8584caa73bn,
  0x3c6ef372fe94f82bn,
  0xa54ff53a5f1d36f1n,
  0x510e527fade682d1n,
  0x9b05688c2b3e6c1fn,
  0x1f83d9abfb41bd6bn,
  0x5be0cd19137e2179n,
]

/** Which word of the message each step of a round takes (RFC 7693 §2.7). */
const SIGMA: readonly (readonly number[])[] = [
  [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15],
  [14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3],
  [11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4],
  [7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8],
  [9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13],
  [2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9],
  [12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11],
  [13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10],
  [6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5],
  [10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0],
]

/** Lanes that each of the eight steps of a round mixes. */
const STEPS = [
  [0, 4, 8, 12],
  [1, 5, 9, 13],
  [2, 6, 10, 14],
  [3, 7, 11, 15],
  [0, 5, 10, 15],
  [1, 6, 11, 12],
  [2, 7, 8, 13],
  [3, 4, 9, 14],
] as const

const BLOCK = [0x02, 0x40] as const
const LOOP = [0x03, 0x40] as const
const BRANCH = 0x0c
const BRANCH_IF = 0x0d
const END = 0x0b
const I32_LOAD = 0x28
const I32_EQZ = 0x45
const I32_EQ = 0x46
const I32_ADD = 0x6a
const I32_SUB = 0x6b
const I64_ADD = 0x7c
const I64_XOR = 0x85
const I64_ROTR = 0x8a

/** The compression function of BLAKE2b in WebAssembly; rounds beyond the tenth begin the schedule again. */
function compression(): WasmModule {
  const body = new WasmBody()
  const at = 1
  const V = 2
  for (let i = 0; i < 8; i++) {
    body.i32(0).load(H + 8 * i)
    body.set(V + i)
    body.i64(IV[i] as bigint)
    if (i === 4 || i === 5)
      body
        .i32(0)
        .load(T + 8 * (i - 4))
        .op(I64_XOR)
    if (i === 6) body.i32(0).load(FLAG).op(I64_XOR)
    body.set(V + 8 + i)
  }
  body.i32(SCHEDULE).set(at)
  body.op(...BLOCK).op(...LOOP)
  body.get(0).op(I32_EQZ, BRANCH_IF, 1)
  body.get(0).i32(1).op(I32_SUB).set(0)
  for (const [step, [a, b, c, d]] of STEPS.entries()) {
    mix(body, [V + a, V + b, V + c, V + d], 2 * step, 32, 24)
    mix(body, [V + a, V + b, V + c, V + d], 2 * step + 1, 16, 63)
  }
  body.get(at).i32(SCHEDULE_ROUND_BYTES).op(I32_ADD).set(at)
  const end = SCHEDULE + SCHEDULE_ROUNDS * SCHEDULE_ROUND_BYTES
  body.get(at).i32(end).op(I32_EQ, 0x04, 0x40).i32(SCHEDULE).set(at).op(END)
  body.op(BRANCH, 0, END, END)
  for (let i = 0; i < 8; i++) {
    body.i32(0)
    body.i32(0).load(H + 8 * i)
    body.get(V + i).op(I64_XOR)
    body.get(V + 8 + i).op(I64_XOR)
    body.store(H + 8 * i)
  }
  const made = wasmModule(body, { i32: 1, i64: 16, pages: 1 })
  const view = new DataView(made.memory.buffer)
  for (const [round, order] of SIGMA.entries()) {
    for (const [step, word] of order.entries()) {
      view.setUint32(SCHEDULE + round * SCHEDULE_ROUND_BYTES + 4 * step, M + 8 * word, true)
    }
  }
  return made

  /** Half a step: a += b + m; d = (d ^ a) >>> r1; c += d; b = (b ^ c) >>> r2. */
  function mix(
    into: WasmBody,
    [a, b, c, d]: readonly [number, number, number, number],
    word: number,
    first: number,
    second: number,
  ): void {
    into.get(a).get(b).op(I64_ADD)
    into
      .get(at)
      .op(I32_LOAD, 2, 4 * word)
      .load(0)
      .op(I64_ADD)
      .set(a)
    into.get(d).get(a).op(I64_XOR).i64(BigInt(first)).op(I64_ROTR).set(d)
    into.get(c).get(d).op(I64_ADD).set(c)
    into.get(b).get(c).op(I64_XOR).i64(BigInt(second)).op(I64_ROTR).set(b)
  }
}

const { memory, run } = compression()

/**
 * What precompile 0x09 computes, and how many rounds, which are its gas.
 *
 * @param input - 213 bytes whose last is 0 or 1
 */
export function blake2f(input: Uint8Array, rounds: number): Uint8Array {
  memory.set(input.subarray(4, BLAKE2F_INPUT_BYTES - 1), H)
  memory.fill(input[BLAKE2F_INPUT_BYTES - 1] === 1 ? 0xff : 0, FLAG, FLAG + 8)
  run(rounds)
  return memory.slice(H, H + 64)
}
