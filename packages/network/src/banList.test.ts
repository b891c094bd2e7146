import { expect, test } from 'vitest'
import { BanList } from './banList.ts'
import { BANS_MAX } from './limits.ts'

const ban = (peer: string, untilMs: number) => ({ peer, untilMs, reason: 'test' })

test('a ban ends by itself', () => {
  const bans = new BanList([])
  bans.add(ban('a', 100))
  expect(bans.has('a', 99)).toBe(true)
  expect(bans.has('a', 100)).toBe(false)
  expect(bans.list(99)).toEqual([])
})

test('bans given at the start hold', () => {
  expect(new BanList([ban('a', 100)]).has('a', 1)).toBe(true)
})

test('the oldest makes room at the limit', () => {
  const bans = new BanList([])
  for (let i = 0; i <= BANS_MAX; i++) bans.add(ban(String(i), 100))
  expect(bans.has('0', 1)).toBe(false)
  expect(bans.has('1', 1)).toBe(true)
  expect(bans.list(1)).toHaveLength(BANS_MAX)
})
