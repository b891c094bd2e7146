import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { EXP_SCALE, expOfMinus } from './fixedExp.ts'

interface Vector {
  readonly numerator: string
  readonly denominator: string
  readonly exp: string
}
const { cases } = JSON.parse(
  readFileSync(new URL('../vectors/fixedExp.json', import.meta.url), 'utf8'),
) as { readonly cases: readonly Vector[] }

describe('e^-x in fixed point: §7.2', () => {
  it.each(cases)('e^-($numerator/$denominator)', ({ numerator, denominator, exp }) => {
    expect(expOfMinus(BigInt(numerator), BigInt(denominator))).toBe(BigInt(exp))
  })

  it('falls, from one to nothing, and its products agree', () => {
    let last = EXP_SCALE + 1n
    for (let ms = 0n; ms < 7_000_000n; ms += 9_973n) {
      const value = expOfMinus(ms, 150_000n)
      expect(value <= last).toBe(true)
      const half = expOfMinus(ms, 300_000n)
      const error = (half * half) / EXP_SCALE - value
      expect(error >= -3n && error <= 3n).toBe(true)
      last = value
    }
    expect(last).toBe(0n)
  })
})
