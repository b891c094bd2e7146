import { expect, test } from 'vitest'
import { Dedupe } from './dedupe.ts'
import { DEDUPE_GENERATION_MS, DEDUPE_IDS_MAX } from './limits.ts'

test('an id is new once within the window', () => {
  const dedupe = new Dedupe()
  expect(dedupe.add('a', 0)).toBe(true)
  expect(dedupe.add('a', 0)).toBe(false)
  expect(dedupe.add('a', 59_999)).toBe(false)
  expect(dedupe.add('b', 59_999)).toBe(true)
})

test('an id is remembered for 60 s at least and 90 s at most, whenever it came', () => {
  for (const bornMs of [1, 10_000, 29_999, 30_000, 45_000]) {
    const dedupe = new Dedupe()
    dedupe.add('first', 0)
    dedupe.add('a', bornMs)
    expect(dedupe.add('a', bornMs + 59_999)).toBe(false)
    const later = new Dedupe()
    later.add('first', 0)
    later.add('a', bornMs)
    expect(later.add('a', bornMs + 90_000)).toBe(true)
  }
})

test('a long sleep forgets everything at once', () => {
  const dedupe = new Dedupe()
  dedupe.add('a', 0)
  expect(dedupe.add('a', 1e9)).toBe(true)
  expect(dedupe.size).toBe(1)
})

test('never holds more than its limit, drops the oldest and counts it', () => {
  const dedupe = new Dedupe(100)
  for (let i = 0; i < 60; i++) dedupe.add(`old ${i}`, 0)
  for (let i = 0; i < 60; i++) dedupe.add(`new ${i}`, DEDUPE_GENERATION_MS)
  expect(dedupe.size).toBe(60)
  expect(dedupe.overflows).toBe(1)
  expect(dedupe.add('new 59', DEDUPE_GENERATION_MS)).toBe(false)
  expect(dedupe.add('old 0', DEDUPE_GENERATION_MS)).toBe(true)
})

test('stays within the limit when one generation alone fills it', () => {
  const dedupe = new Dedupe(10)
  for (let i = 0; i < 1_000; i++) dedupe.add(String(i), 0)
  expect(dedupe.size).toBeLessThanOrEqual(10)
  expect(dedupe.add('999', 0)).toBe(false)
})

test('the default limit holds', () => {
  const dedupe = new Dedupe()
  for (let i = 0; i < DEDUPE_IDS_MAX + 10; i++) dedupe.add(String(i), 0)
  expect(dedupe.size).toBeLessThanOrEqual(DEDUPE_IDS_MAX)
})
