import { concatBytes } from '@openliquid/primitives'
import { expect, test } from 'vitest'
import { GossipInbox } from './gossipInbox.ts'
import {
  GOSSIP_TURN_MESSAGES_MAX,
  INBOX_BYTES_MAX,
  RPC_BEATS_MAX,
  RPC_BYTES_MAX,
} from './limits.ts'

const varint = (value: number): Uint8Array =>
  value < 0x80
    ? Uint8Array.of(value)
    : concatBytes(Uint8Array.of((value % 0x80) | 0x80), varint(Math.floor(value / 0x80)))
const message = (size: number): Uint8Array =>
  concatBytes(Uint8Array.of(0x12), varint(size), new Uint8Array(size))
/** Behind its length. */
const rpcOf = (count: number, size = 10): Uint8Array => {
  const body = concatBytes(...Array.from({ length: count }, () => message(size)))
  return concatBytes(varint(body.length), body)
}

function inboxOf() {
  const log: string[] = []
  const faults: string[] = []
  const asked: (readonly [number, number])[] = []
  const turns: (() => void)[] = []
  const later: (() => void)[] = []
  const state = { isAllowed: true, held: '' }
  const inbox = new GossipInbox({
    allowRpc: (_peer, bytes, messages) => {
      asked.push([bytes, messages])
      return state.isAllowed
    },
    onFault: (peer, fault) => faults.push(`${peer} ${fault}`),
    handle: (peer) => log.push(peer),
    mayHandle: (peer) => peer !== state.held,
    nextTurn: (run) => turns.push(run),
    later: (run) => later.push(run),
  })
  const open = (peer: string) => {
    const calls: string[] = []
    const { read: take, close } = inbox.open(peer, {
      pause: () => calls.push('pause'),
      resume: () => calls.push('resume'),
      abort: () => calls.push('abort'),
    })
    return { calls, take, close }
  }
  const beat = (times: number): void => {
    for (let i = 0; i < times; i++) inbox.beat()
  }
  return { log, faults, asked, turns, later, state, open, beat }
}

test('an RPC comes out once it is whole, however it was cut', () => {
  const { open, asked } = inboxOf()
  const { take } = open('a')
  const bytes = concatBytes(rpcOf(1, 300), rpcOf(2))
  for (const byte of bytes) take(Uint8Array.of(byte))
  expect(asked).toEqual([
    [303, 1],
    [24, 2],
  ])
})

test('an RPC that began must end within some beats, and one that comes piece by piece has the same time', () => {
  const { open, faults, asked, beat } = inboxOf()
  const { take, calls } = open('slow')
  const quick = open('quick')
  const gone = open('gone')
  const bytes = rpcOf(1, 300)
  for (const sink of [take, gone.take]) sink(bytes.subarray(0, 5))
  for (let i = 0; i < RPC_BEATS_MAX; i++) {
    take(bytes.subarray(5 + i, 6 + i))
    // It has always begun one and always ended the one before.
    quick.take(concatBytes(bytes.subarray(i === 0 ? 0 : 9), bytes.subarray(0, 9)))
    beat(1)
  }
  gone.close()
  expect(faults).toEqual([])
  expect(asked).toHaveLength(RPC_BEATS_MAX)
  beat(1)
  expect(faults).toEqual(['slow late'])
  expect(calls).toEqual(['abort'])
  take(bytes.subarray(5 + RPC_BEATS_MAX))
  beat(2 * RPC_BEATS_MAX)
  expect(asked).toHaveLength(RPC_BEATS_MAX)
  expect(faults).toEqual(['slow late', 'quick late'])
})

test('what is kept of an RPC does not keep the packet that it came in', () => {
  const { open, asked } = inboxOf()
  const { take } = open('a')
  const bytes = rpcOf(1, 300)
  const packet = new Uint8Array(2 ** 16)
  packet.set(bytes)
  take(packet.subarray(0, 10))
  // Nobody reads there any more.
  packet.fill(0xff)
  take(bytes.subarray(10))
  expect(asked).toEqual([[303, 1]])
})

test('an RPC over its quota, or that is none, is not handled', () => {
  const { open, log, state, faults, turns } = inboxOf()
  const { take } = open('a')
  state.isAllowed = false
  take(rpcOf(3))
  take(Uint8Array.of(2, 0xff, 0xff))
  state.isAllowed = true
  expect([log, faults, turns]).toEqual([[], [], []])
  take(Uint8Array.of(2, 0xff, 0xff))
  expect([log, faults, turns]).toEqual([[], ['a malformed'], []])
})

test('a peer with many messages waits for the next turn, and others go between', () => {
  const { open, log, turns } = inboxOf()
  open('flooder').take(rpcOf(3 * GOSSIP_TURN_MESSAGES_MAX))
  expect(log).toEqual(['flooder'])
  open('honest').take(rpcOf(1))
  expect(log).toEqual(['flooder'])
  expect(turns).toHaveLength(1)
  turns.shift()!()
  expect(log).toEqual(['flooder', 'flooder'])
  turns.shift()!()
  expect(log).toEqual(['flooder', 'flooder', 'honest', 'flooder'])
  turns.shift()!()
  expect(turns).toEqual([])
})

test('few messages are handled at once, as long as the turn has room', () => {
  const { open, log, turns } = inboxOf()
  const { take } = open('a')
  take(rpcOf(1))
  take(rpcOf(2))
  expect(log).toEqual(['a', 'a'])
  expect(turns).toHaveLength(1)
})

test('a peer of whom too much waits is told to send no more until half of it is done', () => {
  const { open, turns } = inboxOf()
  const { take, calls } = open('a')
  const size = INBOX_BYTES_MAX / 32
  take(rpcOf(64, size))
  expect(calls).toEqual(['pause'])
  while (turns.length > 0 && calls.length < 2) turns.shift()!()
  expect(calls).toEqual(['pause', 'resume'])
  expect(turns.length).toBeGreaterThan(0)
})

test('who is held to a pace waits, in order and with one look at a time, and others go on', () => {
  const { open, log, turns, later, state } = inboxOf()
  state.held = 'burst'
  const burst = open('burst')
  burst.take(rpcOf(2 * GOSSIP_TURN_MESSAGES_MAX))
  burst.take(rpcOf(1))
  open('honest').take(rpcOf(1))
  expect(log).toEqual(['honest'])
  expect(later).toHaveLength(1)
  later.shift()!()
  expect(later).toHaveLength(1)
  state.held = ''
  later.shift()!()
  while (turns.length > 0) turns.shift()!()
  expect(log).toEqual(['honest', 'burst', 'burst', 'burst'])
  expect(later).toEqual([])
})

test('who has filled its room is not held to a pace, so that a flood of large messages shows', () => {
  const { open, log, turns, later, state } = inboxOf()
  state.held = 'flooder'
  const { take, calls } = open('flooder')
  take(rpcOf(64, INBOX_BYTES_MAX / 32))
  expect(calls).toEqual(['pause'])
  while (turns.length > 0) turns.shift()!()
  expect(calls).toEqual(['pause', 'resume'])
  expect(log.length).toBeGreaterThan(0)
  expect(later).toHaveLength(1)
})

test('a length above the largest, or that is none, ends the stream with one fault', () => {
  for (const length of [varint(RPC_BYTES_MAX + 1), new Uint8Array(9).fill(255)]) {
    const { open, faults, asked } = inboxOf()
    const { take, calls } = open('a')
    take(length)
    take(rpcOf(1))
    expect(calls).toEqual(['abort'])
    expect(faults).toEqual(['a malformed'])
    expect(asked).toEqual([])
  }
})
