import { expect, it } from 'vitest'
import { OrderArena } from './orderArena.ts'

function fill(arena: OrderArena, rows: number, from = 0): void {
  for (let i = from; i < from + rows; i++) {
    const row = arena.take()
    arena.setOid(row, 10 * i)
    arena.index(row)
  }
}

it('memory that was reserved for orders is the memory that they get', () => {
  const arena = new OrderArena()
  fill(arena, 50)
  arena.reserve(1_000)
  const { doubles } = arena
  fill(arena, 950, 50)
  expect(arena.doubles).toBe(doubles)
  expect([arena.find(490), arena.find(9_990), arena.find(5)]).toEqual([49, 999, -1])
})
