import { expect, test } from 'vitest'
import { createNetworkManager, type NetworkConfig } from './index.ts'

const CONFIG: NetworkConfig = {
  nodeKey: new Uint8Array(32).fill(1),
  chainId: 1998,
  genesisHash: new Uint8Array(32),
  listen: [],
  sameHost: true,
}

test.each([
  ['nodeKey', { nodeKey: new Uint8Array(31) }],
  ['genesisHash', { genesisHash: new Uint8Array(33) }],
  ['listen', { listen: ['127.0.0.1:9600'] }],
  ['peers', { peers: ['/ip4/127.0.0.1/tcp'] }],
] as const)('a bad %s is told with its name', (field, changes) => {
  const create = (): unknown => createNetworkManager({ ...CONFIG, ...changes })
  expect(create).toThrow(
    expect.objectContaining({
      code: 'OL_NETWORK_CONFIG',
      data: expect.objectContaining({ field }),
    }),
  )
})

test('the peer id follows from the node key, and nothing runs before start', () => {
  const first = createNetworkManager(CONFIG)
  const second = createNetworkManager(CONFIG)
  expect(first.self).toBe(second.self)
  expect(first.self).toMatch(/^12D3KooW/)
  expect(first.multiaddrs()).toEqual([])
  expect(first.peers()).toEqual([])
  expect(first.stats().connections).toBe(0)
})

test('what health and stats return can be cloned', () => {
  const manager = createNetworkManager(CONFIG)
  expect(structuredClone(manager.health())).toEqual(manager.health())
  expect(structuredClone(manager.stats())).toEqual(manager.stats())
})

test('1,000 health queries are cheap', () => {
  const manager = createNetworkManager(CONFIG)
  for (let i = 0; i < 1_000; i++) manager.health()
})
