/** Bytes of zeros behind the code: it ends in STOP, and what a PUSH reads past the end is zero. */
const PADDING = 33
const JUMPDEST = 0x5b
const PUSH1 = 0x60
const PUSH32 = 0x7f

/** Code as the loop runs it: padded, with its jump destinations and the values it pushes. */
export class EvmCode {
  /** Without padding. */
  readonly bytes: Uint8Array
  readonly padded: Uint8Array
  /** Values of PUSH2 and longer by the position of the instruction, as far as they were asked for. */
  readonly pushes: (bigint | undefined)[]
  #jumps: Uint8Array | undefined

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
    this.padded = new Uint8Array(bytes.length + PADDING)
    this.padded.set(bytes)
    this.pushes = new Array(bytes.length)
  }

  /** 1 at each byte that may be jumped to. */
  get jumps(): Uint8Array {
    this.#jumps ??= jumpDestinations(this.bytes)
    return this.#jumps
  }

  /** Value of the PUSH instruction at `pc`. */
  push(pc: number): bigint {
    const known = this.pushes[pc]
    if (known !== undefined) return known
    const { padded } = this
    const size = (padded[pc] as number) - PUSH1 + 1
    let value = 0n
    for (let i = 1; i <= size; i++) value = (value << 8n) | BigInt(padded[pc + i] as number)
    this.pushes[pc] = value
    return value
  }
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
