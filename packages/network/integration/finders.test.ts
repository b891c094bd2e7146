/** Peers found by a Kademlia table, and by multicast DNS in a network namespace that leads nowhere. */
import { expect, test, vi } from 'vitest'
import { testNode } from './cluster.ts'
import { namespacesMissing, nodesOfOneNamespace } from './namespaces.ts'

const missing = namespacesMissing()
if (missing !== undefined) console.log(`multicast DNS test skipped: ${missing}`)

const until = (condition: () => boolean): Promise<void> =>
  vi.waitUntil(condition, { timeout: 25_000, interval: 10 }).then(() => undefined)

test('nodes that share one peer find each other by the Kademlia table, which is off unless asked for', async () => {
  const options = { discovery: false, dht: true } as const
  await using first = testNode(0, options)
  await first.start()
  const peers = first.manager.multiaddrs()
  await using second = testNode(1, { ...options, peers })
  await second.start()
  await using third = testNode(2, { ...options, peers })
  await using without = testNode(3, { discovery: false, peers })
  await Promise.all([third.start(), without.start()])
  await until(() => second.manager.peers().includes(third.manager.self))
  expect(without.manager.peers()).toEqual([first.manager.self])
})

test.skipIf(missing !== undefined)(
  'nodes of one network that know nobody find each other by multicast DNS, which is off unless asked for',
  { timeout: 100_000 },
  async () => {
    await using network = nodesOfOneNamespace([{ mdns: true }, { mdns: true }, { mdns: false }])
    const connected = (index: number): readonly (number | undefined)[] =>
      (network.events[index] ?? [])
        .filter(({ kind }) => kind === 'peerConnected')
        .map(({ validator }) => validator)
    await vi.waitUntil(() => connected(0).length > 0 && connected(1).length > 0, {
      timeout: 90_000,
      interval: 20,
    })
    expect([connected(0), connected(1), connected(2)]).toEqual([[1], [0], []])
  },
)
