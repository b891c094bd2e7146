import { describe, expect, it } from 'vitest'
import { changePosition, closableSize, fillDirection } from './position.ts'
import { prng } from './testing/index.ts'

const none = { size: 0, entryNtl: 0n }
const buy = (size: number, px: number) => ({ isBuy: true, size, px })
const sell = (size: number, px: number) => ({ isBuy: false, size, px })

describe('entry and closed profit: §6.2', () => {
  it('averages the entry when a position opens', () => {
    const first = changePosition(none, buy(10, 100))
    const second = changePosition(first, buy(10, 200))
    expect(second).toEqual({ size: 20, entryNtl: 3_000n, closedPnl: 0n })
  })

  it('keeps the entry price when a position closes, and realises the rest', () => {
    const long = { size: 20, entryNtl: 3_000n }
    expect(changePosition(long, sell(5, 170))).toEqual({
      size: 15,
      entryNtl: 2_250n,
      closedPnl: 100n,
    })
    const short = { size: -20, entryNtl: 3_000n }
    expect(changePosition(short, buy(5, 170))).toEqual({
      size: -15,
      entryNtl: 2_250n,
      closedPnl: -100n,
    })
  })

  it('closes and then opens on a flip', () => {
    const long = { size: 10, entryNtl: 1_000n }
    expect(changePosition(long, sell(15, 120))).toEqual({
      size: -5,
      entryNtl: 600n,
      closedPnl: 200n,
    })
  })

  it('adds up exactly through any fills: what was paid, what is realised and what stays', () => {
    const next = prng(5)
    let position = { size: 0, entryNtl: 0n }
    let cash = 0n
    let realised = 0n
    for (let i = 0; i < 2_000; i++) {
      const fill = { isBuy: next(2) === 0, size: 1 + next(100), px: 1 + next(1_000) }
      const { closedPnl, ...changed } = changePosition(position, fill)
      position = changed
      cash += BigInt((fill.isBuy ? -1 : 1) * fill.size * fill.px)
      realised += closedPnl
      const stays = position.size < 0 ? -position.entryNtl : position.entryNtl
      expect(cash + stays).toBe(realised)
      expect(position.entryNtl === 0n).toBe(position.size === 0)
    }
  })
})

it.each([
  [0, true, 5, 'Open Long', 0],
  [5, true, 5, 'Open Long', 0],
  [-5, true, 5, 'Close Short', 5],
  [-5, true, 6, 'Short > Long', 5],
  [0, false, 5, 'Open Short', 0],
  [-5, false, 5, 'Open Short', 0],
  [5, false, 5, 'Close Long', 5],
  [5, false, 6, 'Long > Short', 5],
])('size %i, buy %s, fill %i is %s', (start, isBuy, size, dir, closable) => {
  expect(fillDirection(start, isBuy, size)).toBe(dir)
  expect(closableSize(start, isBuy)).toBe(closable)
})
