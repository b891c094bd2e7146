/** Peers found by a Kademlia table. Multicast DNS leaves the loopback interface, so no test sends it. */
import { expect, test, vi } from 'vitest'
import { testNode } from './cluster.ts'

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
