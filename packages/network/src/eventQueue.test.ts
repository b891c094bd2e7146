import { expect, test } from 'vitest'
import { EventHub } from './eventQueue.ts'
import { EVENTS_QUEUED_MAX } from './limits.ts'
import type { NetworkEvent } from './networkEvent.ts'

const event = (count: number): NetworkEvent => ({ kind: 'eventsLost', count })

test('every reader gets every event in order', async () => {
  const hub = new EventHub()
  const readers = [hub.open(), hub.open()]
  for (let i = 0; i < 3; i++) hub.emit(event(i))
  hub.end()
  for (const reader of readers) {
    const counts: unknown[] = []
    for await (const value of reader) counts.push(value)
    expect(counts).toEqual([event(0), event(1), event(2)])
  }
})

test('a waiting reader gets the next event', async () => {
  const hub = new EventHub()
  const reader = hub.open()
  const next = reader.next()
  hub.emit(event(1))
  expect(await next).toEqual({ done: false, value: event(1) })
})

test('a slow reader loses the oldest and learns how many', async () => {
  const hub = new EventHub()
  const reader = hub.open()
  for (let i = 0; i < EVENTS_QUEUED_MAX + 5; i++) hub.emit(event(i))
  expect(await reader.next()).toEqual({ done: false, value: { kind: 'eventsLost', count: 5 } })
  expect(await reader.next()).toEqual({ done: false, value: event(5) })
})

test('the signal ends a reader, also one that waits', async () => {
  const hub = new EventHub()
  const controller = new AbortController()
  const reader = hub.open(controller.signal)
  const next = reader.next()
  controller.abort()
  expect((await next).done).toBe(true)
  expect(hub.isWanted('peerDown')).toBe(false)
  expect((await hub.open(controller.signal).next()).done).toBe(true)
})

test('a reader that leaves its loop is let go', async () => {
  const hub = new EventHub()
  const reader = hub.open()
  hub.emit(event(1))
  for await (const _ of reader) break
  expect(hub.isWanted('peerDown')).toBe(false)
})

test('a listener gets the events of its kind in their turn until it ends', () => {
  const hub = new EventHub()
  const heard: string[] = []
  expect(hub.isWanted('peerDown')).toBe(false)
  const off = hub.on('peerDown', ({ peer }) => heard.push(peer))
  const offOther = hub.on('peerDown', ({ peer }) => heard.push(`other ${peer}`))
  hub.emit({ kind: 'peerDown', peer: 'a' })
  hub.emit({ kind: 'peerSuspect', peer: 'b' })
  expect(heard).toEqual(['a', 'other a'])
  expect(hub.isWanted('peerDown')).toBe(true)
  expect(hub.isWanted('peerSuspect')).toBe(false)
  off()
  off()
  hub.emit({ kind: 'peerDown', peer: 'c' })
  expect(heard).toEqual(['a', 'other a', 'other c'])
  offOther()
  expect(hub.isWanted('peerDown')).toBe(false)
})

test('a reader that comes after the end has nothing to wait for', async () => {
  const hub = new EventHub()
  hub.end()
  expect(await hub.open().next()).toEqual({ done: true, value: undefined })
})

test('the end ends listeners too', () => {
  const hub = new EventHub()
  const heard: string[] = []
  hub.on('peerDown', ({ peer }) => heard.push(peer))
  hub.end()
  hub.emit({ kind: 'peerDown', peer: 'a' })
  expect(heard).toEqual([])
})
