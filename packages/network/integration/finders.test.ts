/** Peers found by a Kademlia table, and by multicast DNS where the machine has multicast. */
import { createSocket } from 'node:dgram'
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

const missing = await multicastMissing()
if (missing !== undefined) console.log(`multicast DNS test skipped: ${missing}`)

test.skipIf(missing !== undefined)(
  'nodes of one local network find each other by multicast DNS',
  async () => {
    await using first = testNode(0, { mdns: true })
    await using second = testNode(1, { mdns: true })
    await Promise.all([first.start(), second.start()])
    await until(() => first.manager.peers().includes(second.manager.self))
  },
)

/** Why multicast cannot be used here: what is sent to a group does not come back. */
async function multicastMissing(): Promise<string | undefined> {
  const socket = createSocket({ type: 'udp4', reuseAddr: true })
  try {
    return await new Promise<string | undefined>((resolve) => {
      const timer = setTimeout(() => resolve('no multicast loops back'), 1_000)
      socket.on('error', (error) => resolve(error.message))
      socket.on('message', () => {
        clearTimeout(timer)
        resolve(undefined)
      })
      socket.bind(0, () => {
        try {
          socket.addMembership('224.0.0.251')
          socket.send('x', socket.address().port, '224.0.0.251')
        } catch (error) {
          resolve(String(error))
        }
      })
    })
  } finally {
    socket.close()
  }
}
