import { expect, test } from 'vitest'
import type { Denial } from './admission.ts'
import { HalfOpenDials } from './halfOpenDials.ts'
import { ADDRESSES_REMEMBERED_MAX, BAN_FAULT_MS, HALF_OPEN_MAX, HALF_OPEN_MS } from './limits.ts'

function setUp({ sameHost = false } = {}) {
  const faults: string[] = []
  const refused: string[] = []
  const clock = { nowMs: 1_000 }
  const dials = new HalfOpenDials({
    sameHost,
    nowMs: () => clock.nowMs,
    isReserved: (peer) => peer.startsWith('validator'),
    onFault: (address, { code }) => faults.push(`${address} ${code}`),
    onRefused: (address) => refused.push(address),
  })
  let serial = 0
  /** Dials and says nothing until it is cut off; no time passes for the others. */
  const halfOpen = (ip: string, waitMs = HALF_OPEN_MS): boolean => {
    const dial = `${ip}:${++serial}`
    const isTaken = dials.onDialled(dial, ip)
    const { nowMs } = clock
    clock.nowMs += waitMs
    dials.onClosed(dial)
    clock.nowMs = nowMs
    return isTaken
  }
  return { dials, faults, refused, clock, halfOpen }
}

test('a dial that ends before it is known who it is counts against its address', () => {
  const { faults, halfOpen } = setUp()
  expect(halfOpen('10.0.0.1')).toBe(true)
  expect(halfOpen('2001:db8:7::1')).toBe(true)
  expect(faults).toEqual(['10.0.0.1 OL_CONNECTION_HALF_OPEN', '2001:db8:7 OL_CONNECTION_HALF_OPEN'])
})

test('one that becomes a connection, or is not admitted, counts against nobody', () => {
  const { dials, faults } = setUp()
  dials.onDialled('a', '10.0.0.1')
  dials.onOpened('a', 'follower', '10.0.0.1')
  dials.onClosed('a')
  dials.onDialled('b', '10.0.0.1')
  dials.onDenied('b', 'full')
  dials.onClosed('b')
  expect(faults).toEqual([])
})

test('an address from which a banned peer dials again and again is refused for a minute', () => {
  const { dials, faults, clock } = setUp()
  const dial = (address: string, denial: Denial): void => {
    clock.nowMs += 200
    dials.onDialled(`${clock.nowMs}`, address)
    dials.onDenied(`${clock.nowMs}`, denial)
    dials.onClosed(`${clock.nowMs}`)
  }
  for (let i = 0; i < 7; i++) dial('10.0.0.1', 'banned')
  for (let i = 0; i < 20; i++) dial('10.0.0.2', 'subnet')
  dials.trust('10.0.0.3')
  for (let i = 0; i < 20; i++) dial('10.0.0.3', 'banned')
  const mayDial = (): boolean[] => [1, 2, 3].map((host) => dials.mayDial(`10.0.0.${host}`))
  expect(mayDial()).toEqual([false, true, true])
  clock.nowMs += BAN_FAULT_MS
  expect(mayDial()).toEqual([true, true, true])
  expect(faults).toEqual([])
})

test('an address has five dials a second, a trusted one and those of one host as many as they like', () => {
  const { dials, clock, refused } = setUp()
  dials.trust('10.0.0.2')
  const count = (ip: string): number =>
    Array.from({ length: 20 }, () => dials.mayDial(ip)).filter(Boolean).length
  expect([count('10.0.0.1'), count('10.0.0.2'), count('10.0.0.3')]).toEqual([5, 20, 5])
  clock.nowMs += 999
  expect(count('10.0.0.1')).toBe(0)
  clock.nowMs += 1
  expect(count('10.0.0.1')).toBe(5)
  expect(new Set(refused)).toEqual(new Set(['10.0.0.1', '10.0.0.3']))
  const { dials: ofOneHost } = setUp({ sameHost: true })
  expect(Array.from({ length: 100 }, () => ofOneHost.mayDial('127.0.0.1'))).not.toContain(false)
})

test('the dials of a second are counted of so many addresses and no more', () => {
  const { dials } = setUp()
  const isFull = (ip: string): boolean =>
    Array.from({ length: 6 }, () => dials.mayDial(ip)).includes(false)
  for (let i = 0; i < ADDRESSES_REMEMBERED_MAX; i++)
    dials.mayDial(`10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`)
  expect([isFull('10.0.0.0'), isFull('11.0.0.0')]).toEqual([true, false])
})

test('six at once and the address is refused for a minute, others are not', () => {
  const { dials, refused, clock, halfOpen } = setUp()
  for (let i = 0; i < 6; i++) expect(halfOpen('10.0.0.1')).toBe(true)
  expect(dials.mayDial('10.0.0.1')).toBe(false)
  expect(refused).toEqual(['10.0.0.1'])
  expect(dials.mayDial('10.0.0.2')).toBe(true)
  clock.nowMs += HALF_OPEN_MS + BAN_FAULT_MS - 1
  expect(dials.mayDial('10.0.0.1')).toBe(false)
  clock.nowMs += 1
  expect(dials.mayDial('10.0.0.1')).toBe(true)
})

test('who gives up sooner than we do is told of and never refused', () => {
  const { dials, faults, halfOpen } = setUp()
  for (let i = 0; i < 100; i++) expect(halfOpen('10.0.0.1', 2_000)).toBe(true)
  expect(dials.mayDial('10.0.0.1')).toBe(true)
  expect(faults.length).toBe(100)
})

test('one in ten seconds is never refused', () => {
  const { dials, clock, halfOpen } = setUp()
  for (let i = 0; i < 100; i++) {
    expect(dials.mayDial('10.0.0.1') && halfOpen('10.0.0.1')).toBe(true)
    clock.nowMs += 10_000
  }
})

test('an address has four at a time and all together 24; a place is free again when one ends', () => {
  const { dials, faults, refused } = setUp()
  for (let i = 0; i < 4; i++) expect(dials.onDialled(`a${i}`, '10.0.0.1')).toBe(true)
  expect(dials.onDialled('a4', '10.0.0.1')).toBe(false)
  expect(faults).toEqual(['10.0.0.1 OL_CONNECTION_HALF_OPEN'])
  for (let i = 4; i < HALF_OPEN_MAX; i++) {
    expect(dials.onDialled(`b${i}`, `10.0.1.${i}`)).toBe(true)
  }
  expect(dials.onDialled('c', '10.0.2.1')).toBe(false)
  expect(refused).toEqual(['10.0.2.1'])
  dials.onOpened('a0', 'follower', '10.0.0.1')
  expect(dials.onDialled('c', '10.0.2.1')).toBe(true)
})

test('addresses of validators and configured peers always have room and are never refused', () => {
  const { dials, faults, halfOpen } = setUp()
  dials.trust('10.0.0.1')
  dials.onOpened('x', 'validator 1', '10.0.0.2')
  dials.onOpened('y', 'follower', '10.0.0.3')
  for (let i = 0; i < HALF_OPEN_MAX; i++) dials.onDialled(`b${i}`, `10.0.1.${i}`)
  for (const ip of ['10.0.0.1', '10.0.0.2']) {
    for (let i = 0; i < 40; i++) expect(dials.mayDial(ip) && halfOpen(ip)).toBe(true)
  }
  expect(faults.length).toBe(80)
  expect(halfOpen('10.0.0.3')).toBe(false)
})

test('many nodes behind one address: each is told of, none is refused', () => {
  const { dials, faults, halfOpen } = setUp({ sameHost: true })
  for (let i = 0; i < 100; i++) expect(halfOpen('127.0.0.1')).toBe(true)
  expect(dials.mayDial('127.0.0.1')).toBe(true)
  expect(faults.length).toBe(100)
})

test('no more addresses are remembered than the limit, the oldest is forgotten', () => {
  const { dials, halfOpen } = setUp()
  const ipOf = (i: number): string => `10.${i >> 8}.${i & 255}.1`
  for (let i = 0; i <= ADDRESSES_REMEMBERED_MAX; i++) {
    for (let n = 0; n < 6; n++) halfOpen(ipOf(i))
  }
  expect(dials.mayDial(ipOf(0))).toBe(true)
  expect(dials.mayDial(ipOf(1))).toBe(false)
  expect(dials.mayDial(ipOf(ADDRESSES_REMEMBERED_MAX))).toBe(false)
  dials.trust('11.0.0.1')
  for (let i = 0; i < ADDRESSES_REMEMBERED_MAX; i++) dials.trust(`12.${i >> 8}.${i & 255}.1`)
  for (let n = 0; n < 6; n++) halfOpen('11.0.0.1')
  expect(dials.mayDial('11.0.0.1')).toBe(false)
})

test('a sweep forgets refusals that are over', () => {
  const { dials, clock, halfOpen } = setUp()
  for (let n = 0; n < 6; n++) halfOpen('10.0.0.1')
  dials.sweep()
  expect(dials.mayDial('10.0.0.1')).toBe(false)
  clock.nowMs += HALF_OPEN_MS + BAN_FAULT_MS
  dials.sweep()
  expect(dials.mayDial('10.0.0.1')).toBe(true)
})
