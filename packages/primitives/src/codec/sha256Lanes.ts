import { assert } from '../types/errors.ts'

/** Messages that are hashed side by side. */
export const SHA256_LANES = 4
/** Blocks of one message that fit: what is longer is for `sha256`. */
export const SHA256_LANE_BLOCKS_MAX = 8
const BLOCK_WORDS = 16
const BLOCK_BYTES = 64
const HASH_WORDS = 8
const LANE_BYTES = 16
const OUTPUT_AT = SHA256_LANE_BLOCKS_MAX * BLOCK_WORDS * LANE_BYTES

/**
 * SHA-256 of four short messages at a time, by the 128-bit instructions of WebAssembly: for trees, where hashes of few
 * bytes come by the thousand and a call for each costs more than the hash. The same digests as `sha256`, tested.
 */
export class Sha256Lanes {
  /** Big-endian words of the messages as integers: word w of block b of lane l at `(16 * b + w) * 4 + l`. */
  readonly input: Int32Array
  /** Word w of the digest of lane l at `4 * w + l`. */
  readonly output: Int32Array
  readonly #compress: (blocks: number) => void

  constructor() {
    const { compress, memory } = instantiate()
    this.#compress = compress
    this.input = new Int32Array(memory.buffer, 0, OUTPUT_AT / 4)
    this.output = new Int32Array(memory.buffer, OUTPUT_AT, HASH_WORDS * SHA256_LANES)
  }

  /** Blocks that a message of so many bytes takes, its padding included. */
  static blocksOf(size: number): number {
    return (size + 9 + BLOCK_BYTES - 1) >>> 6
  }

  /** Puts the first bytes of an array into a lane, padded; returns the blocks it takes. */
  setMessage(lane: number, bytes: Uint8Array, size: number): number {
    const blocks = Sha256Lanes.blocksOf(size)
    assert(blocks <= SHA256_LANE_BLOCKS_MAX, 'a message too long for a lane')
    const { input } = this
    const whole = size >>> 2
    let at = lane
    let i = 0
    for (let word = 0; word < whole; word++, i += 4, at += SHA256_LANES) {
      input[at] =
        ((bytes[i] as number) << 24) |
        ((bytes[i + 1] as number) << 16) |
        ((bytes[i + 2] as number) << 8) |
        (bytes[i + 3] as number)
    }
    let last = 0x80 << (24 - 8 * (size & 3))
    for (let shift = 24; i < size; i++, shift -= 8) last |= (bytes[i] as number) << shift
    input[at] = last
    const end = blocks * BLOCK_WORDS - 1
    for (let word = whole + 1; word < end; word++) input[word * SHA256_LANES + lane] = 0
    input[end * SHA256_LANES + lane] = size * 8
    return blocks
  }

  /** Hashes all lanes, each with a message of so many blocks, into `output`. */
  hash(blocks: number): void {
    this.#compress(blocks)
  }
}

/** First 32 bits of the fractional parts of the square roots of the first 8 primes, FIPS 180-4 §5.3.3. */
const INITIAL: readonly number[] = primes(8).map((prime) => fraction(Math.sqrt(prime)))
/** The same of the cube roots of the first 64, §4.2.2. */
const ROUND: readonly number[] = primes(64).map((prime) => fraction(Math.cbrt(prime)))

function primes(count: number): number[] {
  const found: number[] = []
  for (let n = 2; found.length < count; n++)
    if (found.every((prime) => n % prime !== 0)) found.push(n)
  return found
}

function fraction(value: number): number {
  return Math.floor((value - Math.floor(value)) * 2 ** 32)
}

// Numbers of locals of the function below: two counters, then vectors.
const AT = 1
const STATE = 2
const SUM = 10
const SCHEDULE = 18
const T1 = 34
const VECTORS = 33

const localGet = (local: number): number[] => [0x20, local]
const localSet = (local: number): number[] => [0x21, local]
const simd = (code: number): number[] => [0xfd, ...leb(code)]
const ADD = simd(0xae)
const XOR = simd(0x51)
const OR = simd(0x50)
const SELECT = simd(0x52)

function leb(value: number): number[] {
  const bytes: number[] = []
  let rest = value
  do {
    const more = rest > 0x7f
    bytes.push((rest & 0x7f) | (more ? 0x80 : 0))
    rest >>>= 7
  } while (rest > 0)
  return bytes
}

/** Signed LEB128. */
function sleb(value: number): number[] {
  const bytes: number[] = []
  let rest = value
  for (;;) {
    const low = rest & 0x7f
    rest >>= 7
    if ((rest === 0 && (low & 0x40) === 0) || (rest === -1 && (low & 0x40) !== 0)) {
      bytes.push(low)
      return bytes
    }
    bytes.push(low | 0x80)
  }
}

function constant(word: number): number[] {
  const bytes = [word & 255, (word >>> 8) & 255, (word >>> 16) & 255, word >>> 24]
  return [...simd(0x0c), ...bytes, ...bytes, ...bytes, ...bytes]
}

function shift(local: number, code: number, bits: number): number[] {
  return [...localGet(local), 0x41, ...sleb(bits), ...simd(code)]
}

const shiftRight = (local: number, bits: number): number[] => shift(local, 0xad, bits)

function rotate(local: number, bits: number): number[] {
  return [...shiftRight(local, bits), ...shift(local, 0xab, 32 - bits), ...OR]
}

function xor(...parts: readonly number[][]): number[] {
  return parts.flatMap((part, i) => (i === 0 ? part : [...part, ...XOR]))
}

/** The compression function over four lanes, unrolled; FIPS 180-4 §6.2.2. */
function body(): number[] {
  const code: number[] = []
  const emit = (...parts: readonly number[][]): void => {
    for (const part of parts) code.push(...part)
  }
  INITIAL.forEach((word, i) => {
    emit(constant(word), localSet(SUM + i))
  })
  code.push(0x03, 0x40) // loop
  for (let i = 0; i < 16; i++) {
    emit(localGet(AT), simd(0x00), [4, ...leb(LANE_BYTES * i)], localSet(SCHEDULE + i))
  }
  for (let i = 0; i < 8; i++) emit(localGet(SUM + i), localSet(STATE + i))
  // The eight variables move one place a round: their names do, not their values.
  const names = Array.from({ length: 8 }, (_, i) => STATE + i)
  for (let round = 0; round < 64; round++) {
    const w = SCHEDULE + (round & 15)
    if (round >= 16) {
      const [w1, w9, w14] = [1, 9, 14].map((i) => SCHEDULE + ((round + i) & 15)) as [
        number,
        number,
        number,
      ]
      emit(localGet(w), localGet(w9), ADD)
      emit(xor(rotate(w1, 7), rotate(w1, 18), shiftRight(w1, 3)), ADD)
      emit(xor(rotate(w14, 17), rotate(w14, 19), shiftRight(w14, 10)), ADD, localSet(w))
    }
    const [a, b, c, d, e, f, g, h] = names as [
      number,
      number,
      number,
      number,
      number,
      number,
      number,
      number,
    ]
    emit(localGet(h), constant(ROUND[round] as number), ADD, localGet(w), ADD)
    emit(xor(rotate(e, 6), rotate(e, 11), rotate(e, 25)), ADD)
    emit(localGet(f), localGet(g), localGet(e), SELECT, ADD, localSet(T1))
    emit(localGet(d), localGet(T1), ADD, localSet(d))
    emit(localGet(T1), xor(rotate(a, 2), rotate(a, 13), rotate(a, 22)), ADD)
    emit(localGet(c), localGet(a), localGet(a), localGet(b), XOR, SELECT, ADD, localSet(h))
    names.unshift(names.pop() as number)
  }
  for (let i = 0; i < 8; i++) {
    emit(localGet(SUM + i), localGet(names[i] as number), ADD, localSet(SUM + i))
  }
  emit(localGet(AT), [0x41, ...sleb(BLOCK_WORDS * LANE_BYTES), 0x6a], localSet(AT))
  // One block less to go; again while there are some.
  emit(localGet(0), [0x41, 1, 0x6b, 0x22, 0, 0x0d, 0, 0x0b])
  for (let i = 0; i < HASH_WORDS; i++) {
    emit([0x41, ...sleb(OUTPUT_AT + LANE_BYTES * i)], localGet(SUM + i), simd(0x0b), [4, 0])
  }
  code.push(0x0b)
  return code
}

/** Builds the module: one function of the number of blocks, and its memory. */
function moduleBytes(): Uint8Array {
  const section = (id: number, content: readonly number[]): number[] => [
    id,
    ...leb(content.length),
    ...content,
  ]
  const name = (text: string): number[] => [text.length, ...[...text].map((c) => c.charCodeAt(0))]
  // One counter for the place in the input, then the vectors.
  const locals = [2, 1, 0x7f, VECTORS, 0x7b]
  const code = [...locals, ...body()]
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [1, 0x60, 1, 0x7f, 0]),
    ...section(3, [1, 0]),
    ...section(5, [1, 0, 1]),
    ...section(7, [2, ...name('compress'), 0, 0, ...name('memory'), 2, 0]),
    ...section(10, [1, ...leb(code.length), ...code]),
  ])
}

interface Compiled {
  readonly compress: (blocks: number) => void
  readonly memory: { readonly buffer: ArrayBuffer }
}

/** What this file needs of the global `WebAssembly`, which the language's own library does not declare. */
interface WebAssemblyHost {
  readonly WebAssembly: {
    readonly Module: new (bytes: Uint8Array) => object
    readonly Instance: new (module: object) => { readonly exports: unknown }
  }
}

let compiled: object | undefined

function instantiate(): Compiled {
  const { WebAssembly } = globalThis as unknown as WebAssemblyHost
  compiled ??= new WebAssembly.Module(moduleBytes())
  return new WebAssembly.Instance(compiled).exports as Compiled
}
