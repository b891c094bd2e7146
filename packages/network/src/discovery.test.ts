import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Discovery, type DiscoveryOptions, decodeAddresses, encodeAddresses } from './discovery.ts'
import {
  ADDRESS_BYTES_MAX,
  DISCOVERY_ADDRESSES_MAX,
  DISCOVERY_DIALS_MAX,
  DISCOVERY_VALIDATOR_DIALS_MAX,
  PEERS_WANTED,
} from './limits.ts'

const addressOf = (peer: string): string => `/ip4/10.0.0.1/tcp/1/p2p/${peer}`

function setUp(changes: Partial<DiscoveryOptions> = {}): {
  discovery: Discovery
  dialled: string[]
} {
  const dialled: string[] = []
  const discovery = new Discovery({
    self: 'self',
    livePeers: () => ['a', 'b', 'c'],
    isConnected: (peer) => 'abc'.includes(peer),
    missing: () => new Set(),
    addressesOf: async (peer) => [addressOf(peer)],
    peerIdOf: (address) => address.split('/p2p/')[1],
    ask: async () => encodeAddresses(['self', 'a', 'd', 'd', 'e'].map(addressOf)),
    dial: async (address) => {
      dialled.push(address)
    },
    random: () => 0,
    ...changes,
  })
  return { discovery, dialled }
}

test('dials whom it does not know, once', async () => {
  const { discovery, dialled } = setUp()
  await discovery.tick()
  expect(dialled).toEqual([addressOf('d'), addressOf('e')])
})

test('tells the addresses of others', async () => {
  const { discovery } = setUp()
  expect(decodeAddresses(await discovery.answer('b'))).toEqual([addressOf('a'), addressOf('c')])
})

test('asks nobody with enough peers or none', async () => {
  let asked = 0
  const ask = async (): Promise<Uint8Array> => {
    asked++
    return encodeAddresses([])
  }
  const many = Array.from({ length: PEERS_WANTED }, (_, i) => `p${i}`)
  await setUp({ ask, livePeers: () => many }).discovery.tick()
  await setUp({ ask, livePeers: () => [] }).discovery.tick()
  expect(asked).toBe(0)
})

test('a long list costs a handful of dials, and failures none of them end it', async () => {
  const list = Array.from({ length: DISCOVERY_ADDRESSES_MAX }, (_, i) => addressOf(`p${i}`))
  let dials = 0
  const { discovery } = setUp({
    ask: async () => encodeAddresses(list),
    dial: async () => {
      dials++
      throw new Error('nobody there')
    },
  })
  await discovery.tick()
  expect(dials).toBe(DISCOVERY_DIALS_MAX)
})

test('a validator asks on until it reaches all others, and dials those it misses before anybody', async () => {
  const live = Array.from({ length: PEERS_WANTED }, (_, i) => `p${i}`)
  const needed = Array.from({ length: DISCOVERY_VALIDATOR_DIALS_MAX + 1 }, (_, i) => `v${i}`)
  const missing = new Set(needed)
  const { discovery, dialled } = setUp({
    livePeers: () => live,
    missing: () => missing,
    ask: async () => encodeAddresses(['d', 'e', ...needed].map(addressOf)),
  })
  await discovery.tick()
  expect(dialled).toEqual(needed.slice(0, DISCOVERY_VALIDATOR_DIALS_MAX).map(addressOf))
  discovery.onFound('d')
  discovery.onFound('v16')
  expect(dialled.slice(DISCOVERY_VALIDATOR_DIALS_MAX)).toEqual(['v16'])
  missing.clear()
  dialled.length = 0
  await discovery.tick()
  expect(dialled).toEqual([])
})

test('a set with a validator that is missed ends the pause', async () => {
  let asked = 0
  const missing = new Set<string>()
  const { discovery } = setUp({
    missing: () => missing,
    ask: async () => {
      asked++
      return encodeAddresses([])
    },
  })
  for (let i = 0; i < 100; i++) await discovery.tick()
  expect(asked).toBe(4)
  missing.add('v')
  await discovery.tick()
  expect(asked).toBe(5)
})

test('a peer that refuses or lies is no harm', async () => {
  await setUp({ ask: () => Promise.reject(new Error('refused')) }).discovery.tick()
  const { discovery, dialled } = setUp({ ask: async () => new Uint8Array(99).fill(250) })
  await discovery.tick()
  expect(dialled).toEqual([])
})

test('addresses survive the wire; too long ones are left out', () => {
  const long = 'x'.repeat(ADDRESS_BYTES_MAX)
  expect(decodeAddresses(encodeAddresses(['a', long, `${long}x`]))).toEqual(['a', long])
})

test('any bytes are a list that encodes to them, or none', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      const addresses = decodeAddresses(bytes)
      if (addresses !== undefined) expect(encodeAddresses(addresses)).toEqual(bytes)
    }),
    { numRuns: 2_000 },
  )
})

test('a peer that was found is dialled by its id, a few at a time, unless it is known', async () => {
  const release: (() => void)[] = []
  const dialled: string[] = []
  const { discovery } = setUp({
    dial: (address) => {
      dialled.push(address)
      return new Promise<void>((resolve) => release.push(resolve))
    },
  })
  for (const peer of ['self', 'a', 'd', 'e', 'f', 'g', 'h', 'i']) discovery.onFound(peer)
  expect(dialled).toEqual(['d', 'e', 'f', 'g'])
  release[0]?.()
  await Promise.resolve()
  discovery.onFound('h')
  expect(dialled.at(-1)).toBe('h')
})

test('nobody asks on where there is no news, until a peer is lost or found', async () => {
  let asked = 0
  let live = ['a', 'b']
  const { discovery } = setUp({
    livePeers: () => live,
    ask: async () => {
      asked++
      return encodeAddresses([addressOf('a')])
    },
  })
  for (let i = 0; i < 100; i++) await discovery.tick()
  // After 1, 4, 16, 64 steps.
  expect(asked).toBe(4)
  live = ['a']
  await discovery.tick()
  expect(asked).toBe(5)
})
