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

test.each([0, 1.5, 128, 0xf0])(
  'a message of kind %d, which is none, does not leave',
  async (kind) => {
    const manager = createNetworkManager(CONFIG)
    const envelope = { kind, lane: 'consensus', body: new Uint8Array(1) } as const
    expect(() => manager.send(manager.self, envelope)).toThrow('OL_NETWORK_KIND')
    expect(() => manager.publish('qcs', envelope)).toThrow('OL_NETWORK_KIND')
    const asked = manager.request(manager.self, kind, envelope.body, {
      timeoutMs: 1,
      answerBytesMax: 1,
    })
    await expect(asked).rejects.toThrow('OL_NETWORK_KIND')
  },
)

test('1,000 health queries are cheap', () => {
  const manager = createNetworkManager(CONFIG)
  for (let i = 0; i < 1_000; i++) manager.health()
})
