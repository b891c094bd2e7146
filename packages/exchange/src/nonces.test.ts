import { describe, expect, it } from 'vitest'
import { NONCE_AGE_MS_MAX, NONCE_LEAD_MS_MAX, NONCES_MAX } from './limits.ts'
import { addNonce, checkNonce } from './nonces.ts'

const T = 1_700_000_000_000

describe('nonce rule: §3.5', () => {
  it.each([
    [T - NONCE_AGE_MS_MAX, 'outOfRange'],
    [T - NONCE_AGE_MS_MAX + 1, 'ok'],
    [T, 'ok'],
    [T + NONCE_LEAD_MS_MAX - 1, 'ok'],
    [T + NONCE_LEAD_MS_MAX, 'outOfRange'],
  ])('judges nonce %i by block time', (nonce, verdict) => {
    expect(checkNonce([], nonce, T)).toBe(verdict)
  })

  it('refuses a nonce that was used', () => {
    expect(checkNonce([T], T, T)).toBe('duplicate')
  })

  it('takes nonces in any order while the set has room', () => {
    const used: number[] = []
    for (const n of [5, 3, 9, 1]) addNonce(used, T + n)
    expect(used).toEqual([T + 1, T + 3, T + 5, T + 9])
    expect(checkNonce(used, T, T)).toBe('ok')
  })

  it('keeps the highest hundred and refuses what is below them', () => {
    const full = Array.from({ length: NONCES_MAX }, (_, i) => T + 2 * i)
    expect(checkNonce(full, T - 1, T)).toBe('tooLow')
    expect(checkNonce(full.slice(1), T - 1, T)).toBe('ok')
    expect(checkNonce(full, T + 1, T)).toBe('ok')
    addNonce(full, T + 1)
    expect(full).toHaveLength(NONCES_MAX)
    expect(full[0]).toBe(T + 1)
    expect(checkNonce(full, T, T)).toBe('tooLow')
    addNonce(full, T + 7)
    expect(full).toHaveLength(NONCES_MAX)
    expect(full.slice(0, 5)).toEqual([2, 4, 6, 7, 8].map((n) => T + n))
  })
})
