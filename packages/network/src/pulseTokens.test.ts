import { expect, test } from 'vitest'
import { PulseTokens } from './pulseTokens.ts'

const bytesOf = (...tokens: number[]): Uint8Array => {
  const bytes = new Uint8Array(4 * tokens.length)
  for (const [i, token] of tokens.entries()) new DataView(bytes.buffer).setUint32(4 * i, token)
  return bytes
}

test('shows what it was given, in order, then must ask', () => {
  const tokens = new PulseTokens()
  expect(tokens.take()).toBeUndefined()
  tokens.receive([7, 8])
  expect([tokens.take(), tokens.take(), tokens.take()]).toEqual([7, 8, undefined])
  tokens.receive([9])
  expect(tokens.take()).toBe(9)
})

test('keeps no more than 64 of a peer', () => {
  const tokens = new PulseTokens()
  tokens.receive(Array.from({ length: 100 }, (_, i) => i))
  let count = 0
  while (tokens.take() !== undefined) count++
  expect(count).toBe(64)
})

test('accepts each token once, none twice, none of before the last, none that was not given', () => {
  const tokens = new PulseTokens()
  expect(tokens.issue(bytesOf(1, 2, 3, 4))).toEqual([1, 2, 3, 4])
  expect(tokens.accept(5)).toBe(false)
  expect(tokens.accept(2)).toBe(true)
  expect(tokens.accept(2)).toBe(false)
  expect(tokens.accept(1)).toBe(false)
  expect(tokens.accept(3)).toBe(true)
})

test('what was under way when new tokens were given still counts, older ones not', () => {
  const tokens = new PulseTokens()
  tokens.issue(bytesOf(1, 2, 3, 4))
  tokens.issue(bytesOf(11, 12))
  expect(tokens.accept(1)).toBe(true)
  expect(tokens.accept(3)).toBe(false)
  expect(tokens.accept(11)).toBe(true)
  expect(tokens.accept(2)).toBe(false)
})
