import { describe, expect, it, vi } from 'vitest'
import { grown, KeptRoom } from './growth.ts'
import { NumberList } from './numberList.ts'

function filled(length: number): Float64Array {
  return Float64Array.from({ length }, (_, i) => i + 1)
}

describe('a column that grows', () => {
  it.each([
    ['by a copy', 100, 200],
    ['into memory that grows', 50_000, 150_000],
    ['in place', 150_000, 200_000],
  ])('keeps its numbers and has zeros behind them: %s', (_, from, to) => {
    const column = grown(filled(from), from + 64)
    const longer = grown(column, to)
    expect(longer).toHaveLength(to)
    expect(longer.subarray(0, from)).toEqual(filled(from))
    expect(longer.subarray(from).some((value) => value !== 0)).toBe(false)
    longer[to - 1] = 7
    expect(longer.at(-1)).toBe(7)
  })

  it('moves no byte while there are addresses left', () => {
    const column = grown(new Int32Array(300_000))
    expect(grown(column).buffer).toBe(column.buffer)
  })

  it('is copied where there are no addresses to reserve', () => {
    const None = class extends SharedArrayBuffer {
      constructor() {
        super(0)
        throw new RangeError('Array buffer allocation failed')
      }
    }
    vi.stubGlobal('SharedArrayBuffer', None)
    try {
      const longer = grown(filled(200_000), 300_000)
      expect(longer.buffer).toBeInstanceOf(ArrayBuffer)
      expect(longer.subarray(0, 200_000)).toEqual(filled(200_000))
    } finally {
      vi.unstubAllGlobals()
    }
  })
})

it('room is halved when little of it was used for a while, and not by one small block among large ones', () => {
  const room = new KeptRoom()
  const after = (used: number, length = 1_000): number => room.lengthAfter(length, used, 64)
  const small = Array.from({ length: 15 }, () => 1)
  for (const used of [...small, 900, ...small]) expect(after(used)).toBe(1_000)
  expect([after(1), after(1)]).toEqual([500, 1_000])
  for (const used of small.slice(1)) expect(after(used, 100)).toBe(100)
  expect(after(1, 100)).toBe(64)
})

it('a list of numbers begins anew when it is cleared, with the room that it had', () => {
  const list = new NumberList()
  for (let round = 0; round < 3; round++) {
    for (let i = 0; i < 1_000; i++) list.push(round * i)
    expect(list.pop()).toBe(round * 999)
    expect([list.length, list.at(0), list.at(998)]).toEqual([999, 0, round * 998])
    list.clear()
    expect(list.length).toBe(0)
  }
})
