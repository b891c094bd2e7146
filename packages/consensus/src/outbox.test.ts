import { expect, it } from 'vitest'
import { Outbox } from './outbox.ts'
import { Timers } from './timers.ts'

it('puts all records of a step in front, with one sync, and only the newest safety data', () => {
  const outbox = new Outbox()
  const body = (value: number): Uint8Array => Uint8Array.of(value)
  outbox.persist([{ kind: 'qc', body: body(1) }], { sync: false })
  outbox.push({ kind: 'cancelTimer', timerId: 'view' })
  outbox.persist([{ kind: 'safety', body: body(2) }], { sync: true })
  outbox.persist(
    [
      { kind: 'block', body: body(3) },
      { kind: 'safety', body: body(4) },
    ],
    { sync: false },
  )
  expect(outbox.drain()).toEqual([
    {
      kind: 'persist',
      sync: true,
      records: [
        { kind: 'qc', body: body(1) },
        { kind: 'block', body: body(3) },
        { kind: 'safety', body: body(4) },
      ],
    },
    { kind: 'cancelTimer', timerId: 'view' },
  ])
  expect(outbox.drain()).toEqual([])
})

it('a timer that fires early is set again, a stopped or replaced one is ignored', () => {
  const outbox = new Outbox()
  const timers = new Timers(outbox)
  timers.set('view', 100)
  timers.set('view', 100)
  expect(outbox.drain()).toEqual([{ kind: 'setTimer', timerId: 'view', atMs: 100 }])
  expect(timers.fired('view', 99)).toBe(false)
  expect(outbox.drain()).toEqual([{ kind: 'setTimer', timerId: 'view', atMs: 100 }])
  expect(timers.fired('view', 100)).toBe(true)
  expect(timers.fired('view', 101)).toBe(false)
  timers.set('hold', 5)
  timers.cancel('hold')
  timers.cancel('hold')
  expect(timers.fired('hold', 9)).toBe(false)
  expect(outbox.drain()).toHaveLength(2)
})
