import { bytesToUint } from '@openliquid/primitives'
import { expect, test } from 'vitest'
import { EvmCode } from './evmCode.ts'
import { CODE_BYTES_MAX } from './limits.ts'

test.each([40, CODE_BYTES_MAX])('pushes of code of %i bytes are the same however often', (size) => {
  // PUSH1 to PUSH32 over and over, the last of them cut off by the end.
  const bytes = Uint8Array.from({ length: size }, (_, i) => (i * 131) & 0xff)
  const places: number[] = []
  for (let at = 0, n = 0; at < size; n++) {
    bytes[at] = 0x60 + (n % 32)
    places.push(at)
    at += 2 + (n % 32)
  }
  const code = new EvmCode(bytes)
  for (let round = 0; round < 3; round++) {
    for (const [n, at] of places.entries()) {
      const padded = new Uint8Array(33)
      padded.set(bytes.subarray(at + 1, at + 2 + (n % 32)))
      const value = bytesToUint(padded.subarray(0, 1 + (n % 32)))
      expect(code.pushes[at] ?? code.push(at)).toBe(value)
      if (code.pushes[at] !== undefined) expect(code.pushes[at]).toBe(value)
    }
  }
  // By now it keeps them.
  expect(places.every((at) => code.pushes[at] !== undefined)).toBe(true)
})
