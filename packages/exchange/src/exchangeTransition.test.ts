import { expect, it } from 'vitest'
import { ASSETS, TestExchange, testGenesis, testUser } from './testing/index.ts'

/** A block with one resting order, ended but not read. */
function blockWithOrder(x: TestExchange): ReturnType<TestExchange['machine']['endBlock']> {
  const receipt = x.act(testUser(1), {
    type: 'order',
    orders: [
      { a: ASSETS.hypePerp, b: true, p: '39', s: '1', r: false, t: { limit: { tif: 'Gtc' } } },
    ],
    grouping: 'na',
  })
  expect(receipt.status).toBe('ok')
  return x.machine.endBlock()
}

it('is read until the next block begins, and stays as it was read', () => {
  const x = new TestExchange(testGenesis(1))
  const first = blockWithOrder(x)
  const kinds = ['bookDiff', 'orderUpdate']
  expect(first.events.map(({ kind }) => kind)).toEqual(kinds)
  const writes = structuredClone(first.writes)
  x.beginBlock()
  const second = blockWithOrder(x)
  expect(first.events.map(({ kind }) => kind)).toEqual(kinds)
  expect(first.writes).toEqual(writes)
  expect(second.writes).not.toEqual(writes)
})

it('cannot be read for the first time after the next block began: its memory is used again', () => {
  const x = new TestExchange(testGenesis(1))
  const first = blockWithOrder(x)
  x.beginBlock()
  expect(() => first.writes).toThrow('a block was read after the next one began')
  expect(() => first.events).toThrow('a block was read after the next one began')
})
