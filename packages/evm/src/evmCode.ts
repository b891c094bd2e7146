/** Bytes of zeros behind the code: it ends in STOP, and what a PUSH reads past the end is zero. */
const PADDING = 33
const JUMPDEST = 0x5b
const PUSH1 = 0x60
const PUSH32 = 0x7f
/** Bytes of code for each push that is not kept: a table of all positions takes a millisecond for the longest code. */
const BYTES_PER_PUSH = 64
/** Of the same kind as the tables that follow it. */
const NO_PUSHES = emptyTable()

/** Code as the loop runs it: padded, with its jump destinations and the values it pushes. */
export class EvmCode {
  /** Without padding. */
  readonly bytes: Uint8Array
  readonly padded: Uint8Array
  #pushes: (bigint | undefined)[] = NO_PUSHES
  #pushed: number = 0
  #jumps: Uint8Array | undefined

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
    this.padded = new Uint8Array(bytes.length + PADDING)
    this.padded.set(bytes)
  }

  /** Values that were pushed, by the position of the instruction: those that code has pushed since it proved to be no passer-by. */
  get pushes(): readonly (bigint | undefined)[] {
    return this.#pushes
  }

  /** 1 at each byte that may be jumped to. */
  get jumps(): Uint8Array {
    this.#jumps ??= jumpDestinations(this.bytes)
    return this.#jumps
  }

  /** Value of the PUSH instruction at `pc`, which `pushes` does not have. `pushes` may be another table after it. */
  push(pc: number): bigint {
    const { padded } = this
    const size = (padded[pc] as number) - PUSH1 + 1
    let value = 0n
    for (let i = 1; i <= size; i++) value = (value << 8n) | BigInt(padded[pc + i] as number)
    if (this.#pushes === NO_PUSHES) {
      if (++this.#pushed * BYTES_PER_PUSH < this.bytes.length) return value
      this.#pushes = new Array(this.bytes.length)
    }
    this.#pushes[pc] = value
    return value
  }
}

function emptyTable(): (bigint | undefined)[] {
  const table: (bigint | undefined)[] = new Array(1)
  table[0] = 0n
  delete table[0]
  return table
}

const codes = new WeakMap<Uint8Array, EvmCode>()

/**
 * The analysed form of stored code.
 *
 * Goes with the bytes, which the cache of codes keeps by their hash: analysed once, and forgotten with them.
 */
export function analysed(bytes: Uint8Array): EvmCode {
  const known = codes.get(bytes)
  if (known !== undefined) return known
  const code = new EvmCode(bytes)
  codes.set(bytes, code)
  return code
}

function jumpDestinations(bytes: Uint8Array): Uint8Array {
  const jumps = new Uint8Array(bytes.length)
  for (let at = 0; at < bytes.length; at++) {
    const op = bytes[at] as number
    if (op === JUMPDEST) jumps[at] = 1
    else if (op >= PUSH1 && op <= PUSH32) at += op - PUSH1 + 1
  }
  return jumps
}
