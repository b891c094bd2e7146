import { type ExecResult, getActivePrecompiles, type PrecompileInput } from '@ethereumjs/evm'
import { concatBytes, keccak256, uintToBytes } from '@openliquid/primitives'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { chainCommon } from './chainCommon.ts'
import { boundedModexp, modexp } from './modexp.ts'

const common = chainCommon(1n)
const library = getActivePrecompiles(common, []).get('0000000000000000000000000000000000000005')!
const word = (value: bigint | number): Uint8Array => uintToBytes(value, 32)

function input(base: Uint8Array, exponent: Uint8Array, modulus: Uint8Array): Uint8Array {
  const lengths = [base, exponent, modulus].map(({ length }) => word(length))
  return concatBytes(...lengths, base, exponent, modulus)
}

/** Gas, bytes and failure, to compare. */
function shown({ executionGasUsed, returnValue, exceptionError }: ExecResult): string {
  return `${executionGasUsed} ${Buffer.from(returnValue).toString('hex')} ${exceptionError?.error}`
}

async function expectSame(data: Uint8Array, gasLimit: bigint): Promise<void> {
  const expected = await library({ data, gasLimit, common } as PrecompileInput)
  expect(shown(modexp(data, gasLimit))).toBe(shown(expected))
}

const bytes = (maxLength: number) => fc.uint8Array({ maxLength })
/** Odd, even and powers of two, of every length on either side of what the modules take. */
const modulus = fc
  .record({ bytes: bytes(70), zeros: fc.nat(40), head: fc.nat(40) })
  .map(({ bytes: made, zeros, head }) => {
    made.fill(0, Math.max(0, made.length - zeros))
    made.fill(0, 0, Math.min(head, made.length))
    return made
  })

describe('modexp is that of the library', () => {
  test('for random numbers', async () => {
    const property = fc.asyncProperty(
      bytes(70),
      bytes(70),
      fc.oneof(modulus, bytes(34)),
      fc.bigInt(0n, 40_000n),
      (base, exponent, number, gas) => expectSame(input(base, exponent, number), gas),
    )
    await fc.assert(property, { numRuns: 400, seed: 5 })
  })

  test('for input that is cut off anywhere', async () => {
    const whole = input(word(7), word(1n << 200n), word((1n << 255n) + 95n))
    for (let end = 0; end <= whole.length; end++) {
      await expectSame(whole.subarray(0, end), 100_000n)
    }
  })

  test.each([
    ['lengths of nothing', [0n, 0n, 0n]],
    ['an exponent without a modulus', [0n, 64n, 0n]],
    ['a base without a modulus', [33n, 64n, 0n]],
    ['a length above what the library takes', [1n << 31n, 1n, 1n]],
    ['an exponent length above what the library takes', [1n, 1n << 31n, 1n]],
    ['an exponent length above it that nothing is raised to', [0n, 1n << 200n, 0n]],
    ['the longest lengths', [(1n << 256n) - 1n, (1n << 256n) - 1n, (1n << 256n) - 1n]],
    ['the longest base', [(1n << 256n) - 1n, 0n, 0n]],
  ])('for %s', async (_what, lengths) => {
    const data = concatBytes(...lengths.map(word), new Uint8Array(70).fill(3))
    for (const gas of [0n, 199n, 200n, 10_000n, 1n << 42n]) await expectSame(data, gas)
  })
})

// The library's loop shifts the whole exponent for every bit of it: this one would take it a minute.
test('an exponent of 200,000 bytes takes a time that its gas pays for', () => {
  const length = 200_000
  const number = Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xc5)
  const head = concatBytes(word(1), word(length), word(number.length), Uint8Array.of(3, 1))
  const data = concatBytes(head, new Uint8Array(length - 1), number)
  const { executionGasUsed, returnValue } = modexp(data, 1n << 40n)
  // 8 bits for each byte beyond the first 32, of which 248 are below the highest bit that is set.
  expect(executionGasUsed).toBe(BigInt(Math.floor((8 * (length - 32) + 248) / 3)))
  // 3^(2^8·(length - 1)): the square of the square …
  let expected = 3n
  const prime = (1n << 64n) - 59n
  for (let i = 0; i < 8 * (length - 1); i++) expected = (expected * expected) % prime
  expect(returnValue).toEqual(uintToBytes(expected, 8))
  const bounded = boundedModexp(common)
  const result = bounded?.function({ data, gasLimit: 1n << 40n, common } as PrecompileInput)
  expect((result as ExecResult).returnValue).toEqual(returnValue)
})

test('the oracle asks the library as long as it comes to an end', async () => {
  const data = input(keccak256(word(1)), keccak256(word(2)), keccak256(word(3)))
  const bounded = boundedModexp(common)?.function
  const result = await bounded?.({ data, gasLimit: 100_000n, common } as PrecompileInput)
  expect(shown(result as ExecResult)).toBe(shown(modexp(data, 100_000n)))
})
