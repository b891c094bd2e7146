import { uintToBytes } from '@openliquid/primitives'

/** Deterministic numbers below `bound`. */
export function numbers(seed: number): (bound: number) => number {
  let state = seed >>> 0
  return (bound) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * bound)
  }
}

/** Contracts that random programs call: one more address than this is tried, so that some calls reach nobody. */
export const RANDOM_CONTRACTS = 24

export function randomContractAddress(index: number): Uint8Array {
  return uintToBytes(0x1_0000 + index, 20)
}

/** Instructions that do something when their arguments are small; the rest of the 256 come in as single bytes. */
const PLAIN = [
  0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0a, 0x0b, 0x10, 0x11, 0x12, 0x13, 0x14,
  0x15, 0x16, 0x17, 0x18, 0x19, 0x1a, 0x1b, 0x1c, 0x1d, 0x20, 0x30, 0x32, 0x33, 0x34, 0x35, 0x36,
  0x37, 0x38, 0x39, 0x3a, 0x3b, 0x3c, 0x3d, 0x3e, 0x3f, 0x40, 0x41, 0x42, 0x43, 0x44, 0x45, 0x46,
  0x47, 0x48, 0x49, 0x4a, 0x50, 0x51, 0x52, 0x53, 0x54, 0x55, 0x58, 0x59, 0x5a, 0x5b, 0x5c, 0x5d,
  0x5e, 0x5f, 0x80, 0x81, 0x82, 0x83, 0x90, 0x91, 0x92, 0xa0, 0xa1, 0xa2, 0xa3, 0xa4,
]
const CALLS = [0xf1, 0xf2, 0xf4, 0xfa]

/** A program of small pushes, instructions, calls of other contracts, creations, jumps and now and then any byte. */
export function randomCode(next: (bound: number) => number): Uint8Array {
  const code: number[] = []
  const push = (value: number): void => {
    if (value < 256) code.push(0x60, value)
    else code.push(0x62, value >> 16, (value >> 8) & 0xff, value & 0xff)
  }
  // A stack to begin with, or most programs would underflow at once.
  for (let n = 0; n < 10; n++) push(next(50))
  const length = 10 + next(60)
  for (let i = 0; i < length; i++) {
    for (let n = next(4); n > 0; n--) push(next(3) === 0 ? next(70_000) : next(40))
    const kind = next(40)
    if (kind < 28) code.push(PLAIN[next(PLAIN.length)] as number)
    else if (kind < 32) {
      for (let n = 0; n < 4; n++) push(next(64))
      if (next(2) === 0) push(next(3))
      // Now and then a precompile instead of a contract.
      push(next(8) === 0 ? 1 + next(10) : 0x1_0000 + next(RANDOM_CONTRACTS + 1))
      push(next(60_000))
      code.push(CALLS[next(CALLS.length)] as number)
    } else if (kind < 34) {
      push(code.length + 5)
      push(next(2))
      code.push(0x90, 0x57, 0x5b)
    } else if (kind < 36) {
      push(next(32))
      push(0)
      push(0)
      code.push(next(2) === 0 ? 0xf0 : 0xf5)
    } else if (kind === 36) {
      push(next(64))
      push(next(64))
      code.push([0xf3, 0xfd, 0x00, 0xff][next(4)] as number)
    } else if (kind === 37) {
      code.push(next(256))
    } else {
      push(next(30))
      push(next(4))
      code.push(0x55)
    }
  }
  return Uint8Array.from(code)
}
