import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { DEFAULT_TIMING } from './defaultTiming.ts'
import { DIAL_TARGETS_MAX, VALIDATOR_REDIAL_MS_MAX } from './limits.ts'
import { Redialer, type RedialerOptions } from './redialer.ts'

const ADDRESS = '/ip4/10.0.0.1/tcp/9600'
const { redialDelayMsMax } = DEFAULT_TIMING

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

function setUp(changes: Partial<RedialerOptions> = {}): {
  redialer: Redialer
  dialled: string[]
  connected: Set<string>
} {
  const dialled: string[] = []
  const connected = new Set<string>()
  const redialer = new Redialer({
    self: 'self',
    timing: DEFAULT_TIMING,
    dial: async (address) => {
      dialled.push(address)
      throw new Error('nobody there')
    },
    isConnected: (peer) => connected.has(peer),
    // The longest delay.
    random: () => 1,
    isUrgent: () => false,
    onFailed: () => undefined,
    ...changes,
  })
  return { redialer, dialled, connected }
}

test('all targets are dialled at once, each again after its own delay', async () => {
  const { redialer, dialled } = setUp()
  for (const host of ['a', 'b', 'c']) redialer.add(host)
  expect(dialled).toEqual([])
  redialer.start()
  expect(dialled).toEqual(['a', 'b', 'c'])
  await vi.advanceTimersByTimeAsync(DEFAULT_TIMING.redialDelayMsMin)
  expect(dialled).toEqual(['a', 'b', 'c', 'a', 'b', 'c'])
  redialer.stop()
  await vi.advanceTimersByTimeAsync(60_000)
  expect(dialled).toHaveLength(6)
})

test.each([
  ['a follower', false, redialDelayMsMax],
  ['a validator', true, VALIDATOR_REDIAL_MS_MAX],
] as const)('%s is waited for no longer than its limit', async (_, isUrgent, limitMs) => {
  const { redialer, dialled } = setUp({ isUrgent: () => isUrgent })
  redialer.add(ADDRESS, 'peer')
  redialer.start()
  await vi.advanceTimersByTimeAsync(60_000)
  const before = dialled.length
  await vi.advanceTimersByTimeAsync(10 * limitMs)
  expect(dialled.length - before).toBe(10)
})

test('a peer that answered is left alone until it is lost, and then dialled anew', async () => {
  const { redialer, dialled, connected } = setUp({
    dial: async (address) => {
      dialled.push(address)
      connected.add('peer')
      return 'peer'
    },
  })
  redialer.add(ADDRESS)
  redialer.start()
  await vi.advanceTimersByTimeAsync(60_000)
  expect(dialled).toEqual([ADDRESS])
  connected.delete('peer')
  redialer.onDisconnected('peer')
  await vi.advanceTimersByTimeAsync(DEFAULT_TIMING.redialDelayMsMin)
  expect(dialled).toEqual([ADDRESS, ADDRESS])
})

test('an address that is our own is dialled once', async () => {
  const { redialer, dialled } = setUp({
    dial: async (address) => {
      dialled.push(address)
      return 'self'
    },
  })
  redialer.add(ADDRESS)
  redialer.add('/ip4/10.0.0.2/tcp/9600', 'self')
  redialer.start()
  await vi.advanceTimersByTimeAsync(60_000)
  expect(dialled).toEqual([ADDRESS])
})

test('after three failures every other dial goes to what the peer told of itself', async () => {
  const { redialer, dialled } = setUp()
  redialer.add(ADDRESS, 'peer')
  redialer.add('nameless')
  redialer.start()
  await vi.advanceTimersByTimeAsync(60_000)
  const ofPeer = dialled.filter((address) => address !== 'nameless').slice(0, 7)
  expect(ofPeer).toEqual([ADDRESS, ADDRESS, ADDRESS, 'peer', ADDRESS, 'peer', ADDRESS])
  expect(dialled.filter((address) => address === 'nameless').length).toBeGreaterThan(7)
})

test('a validator that was seen is kept until a set is without it; one that was asked for for good', async () => {
  const { redialer, dialled } = setUp()
  redialer.start()
  redialer.addOfSet('one')
  redialer.addOfSet('two')
  redialer.addPeer('asked')
  redialer.addOfSet('asked')
  await vi.advanceTimersByTimeAsync(60_000)
  dialled.length = 0
  redialer.onSet((peer) => peer === 'two')
  await vi.advanceTimersByTimeAsync(60_000)
  expect(new Set(dialled)).toEqual(new Set(['two', 'asked']))
})

test('no more targets than the limit, and one a peer', () => {
  const { redialer, dialled } = setUp()
  redialer.add(ADDRESS, 'peer')
  redialer.addPeer('peer')
  for (let i = 0; i < DIAL_TARGETS_MAX; i++) redialer.add(`address ${i}`)
  redialer.start()
  expect(dialled).toHaveLength(DIAL_TARGETS_MAX)
  expect(dialled).not.toContain('peer')
})
