import { expect, test } from 'vitest'
import { ConnectionBook, type Standing } from './connectionBook.ts'

const connection = (direction: 'inbound' | 'outbound', openMs: number) => ({
  status: 'open',
  direction,
  timeline: { open: openMs },
})

test('the first connection is the first, the last one the last', () => {
  const book = new ConnectionBook<Standing>('b')
  const only = connection('inbound', 1)
  expect(book.onOpen('a', only)).toEqual({ kind: 'first' })
  expect(book.usable('a')).toBe(only)
  expect(book.onClose('a', only)).toBe('last')
  expect(book.has('a')).toBe(false)
  expect(book.onClose('a', only)).toBe('unknown')
})

test('of simultaneous dials both sides keep the one that the smaller id dialled', () => {
  for (const first of ['inbound', 'outbound'] as const) {
    const second = first === 'inbound' ? 'outbound' : 'inbound'
    const smaller = new ConnectionBook<Standing>('a')
    smaller.onOpen('b', connection(first, 1_000))
    expect(smaller.onOpen('b', connection(second, 1_100))).toMatchObject({
      kept: { direction: 'outbound' },
      surplus: [{ direction: 'inbound' }],
    })
    const larger = new ConnectionBook<Standing>('b')
    larger.onOpen('a', connection(first, 1_000))
    expect(larger.onOpen('a', connection(second, 1_100))).toMatchObject({
      kept: { direction: 'inbound' },
    })
  }
})

test('of one that stood long and a new one the new one stays, whoever dialled', () => {
  const book = new ConnectionBook<Standing>('a')
  const old = connection('outbound', 1_000)
  const young = connection('inbound', 7_000)
  book.onOpen('b', old)
  expect(book.onOpen('b', young)).toEqual({ kind: 'several', kept: young, surplus: [old] })
  expect(book.usable('b')).toBe(young)
  expect(book.onClose('b', old)).toBe('surplus')
  expect(book.onClose('b', young)).toBe('last')
})

test('the loss of the one that stays is told, and another that is open serves', () => {
  const book = new ConnectionBook<Standing>('a')
  const [old, young] = [connection('outbound', 1_000), connection('inbound', 7_000)]
  book.onOpen('b', old)
  book.onOpen('b', young)
  young.status = 'closed'
  expect(book.usable('b')).toBe(old)
  expect(book.onClose('b', young)).toBe('lost')
})

test('one that is closing already does not count beside a new one', () => {
  const book = new ConnectionBook<Standing>('a')
  book.onOpen('b', { ...connection('outbound', 1_000), status: 'closing' })
  expect(book.onOpen('b', connection('inbound', 1_100))).toEqual({ kind: 'none' })
})
