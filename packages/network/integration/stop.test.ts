/** In a file of its own: nothing else of this process may hold sockets or timers while it counts. */
import { MESSAGE_KIND } from '@openliquid/primitives'
import { expect, test } from 'vitest'
import { body, testNode } from './cluster.ts'

const resources = (): number =>
  process.getActiveResourcesInfo().filter((name) => /TCP|Timeout|Immediate/.test(name)).length

/** Closing takes some turns, and libp2p's queues end with timers of 1 ms. Waits without a timer, which would be counted. */
async function untilClosed(before: number): Promise<void> {
  const untilMs = performance.now() + 100
  while (resources() > before && performance.now() < untilMs) {
    await new Promise((resolve) => setImmediate(resolve))
  }
}

test('stop leaves no socket, server or timer behind', async () => {
  const before = resources()
  const first = testNode(0)
  await first.start()
  // Nobody is there: a redial is pending when the node stops.
  const peers = [...first.manager.multiaddrs(), '/ip4/127.0.0.1/tcp/1']
  const second = testNode(1, { peers })
  await second.start()
  const connected = new Promise<void>((resolve) => {
    const timer = setInterval(() => {
      if (first.manager.peers().length + second.manager.peers().length < 2) return
      clearInterval(timer)
      resolve()
    }, 5)
  })
  await connected
  first.answer = () => new Promise(() => undefined)
  const waiting = second.manager.request(first.manager.self, MESSAGE_KIND.getBlocks, body(9, 9), {
    timeoutMs: 60_000,
    answerBytesMax: 9,
  })
  const outcome = expect(waiting).rejects.toMatchObject({ code: 'OL_REQUEST_DISCONNECTED' })
  first.manager.publish('transactions', {
    kind: MESSAGE_KIND.transactions,
    lane: 'transactions',
    body: body(9, 9),
  })
  expect(resources()).toBeGreaterThan(before)
  await Promise.all([first.manager.stop(), second.manager.stop(), outcome])
  await untilClosed(before)
  expect(resources()).toBeLessThanOrEqual(before)
})

test('a manager that was never started stops', async () => {
  await testNode(0).manager.stop()
})

test('a manager stopped while it starts ends stopped', async () => {
  const node = testNode(0)
  const starting = node.start()
  await node.manager.stop()
  await starting.catch(() => undefined)
  expect(node.manager.peers()).toEqual([])
  await expect(node.manager.start({} as never)).rejects.toMatchObject({
    code: 'OL_NETWORK_NOT_RUNNING',
  })
})

test('events end with the manager', async () => {
  const { manager } = testNode(0)
  const kinds: string[] = []
  const reading = (async () => {
    for await (const { kind } of manager.events()) kinds.push(kind)
  })()
  await manager.stop()
  await reading
  expect(kinds).toEqual([])
})
