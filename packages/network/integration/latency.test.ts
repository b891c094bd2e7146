/** Two validators over a slow, unsteady wire: the channel stays up, measures it, and loses nothing. */
import { MESSAGE_KIND } from '@openliquid/primitives'
import { expect, test, vi } from 'vitest'
import { body, numberOf, QUICK, testNode, validatorSetOf } from './cluster.ts'
import { portOf, tcpProxy } from './proxy.ts'

const until = (condition: () => boolean): Promise<void> =>
  vi.waitUntil(condition, { timeout: 20_000, interval: 5 }).then(() => undefined)

test('delay, jitter and loss on the wire cost time and no message, and the peer stays connected', async () => {
  const validatorSet = validatorSetOf(2)
  const timing = { ...QUICK, heartbeatMs: 400 }
  await using server = testNode(1, { validatorSet, timing })
  await server.start()
  await using proxy = await tcpProxy(portOf(server.manager.multiaddrs()))
  proxy.set({ delayMs: 30, jitterMs: 20 })
  await using client = testNode(0, { validatorSet, timing, peers: [proxy.multiaddr] })
  await client.start()
  await until(() => client.manager.peers().length === 1 && server.manager.peers().length === 1)
  // Of two peers one asks, and measures.
  const rtts = (): number[] =>
    [client, server].flatMap(({ manager }) => manager.health().peers[0]?.rttMs ?? [])
  await until(() => rtts().length > 0)
  // There and back.
  expect(Math.max(...rtts())).toBeGreaterThanOrEqual(59)

  proxy.set({ delayMs: 5, jitterMs: 10, lossPermille: 100, resendMs: 100 })
  const count = 300
  let sent = 0
  const sendSome = (): void => {
    for (let i = 0; i < 3 && sent < count; i++, sent++) {
      client.manager.send(server.manager.self, {
        kind: MESSAGE_KIND.transactions,
        lane: 'transactions',
        body: body(500, sent),
      })
    }
  }
  await until(() => {
    sendSome()
    return server.messages.length === count
  })
  expect(proxy.lost).toBeGreaterThan(0)
  expect(server.messages.map(({ envelope }) => numberOf(envelope.body))).toEqual(
    Array.from({ length: count }, (_, i) => i),
  )
  expect(client.states.map(({ state }) => state)).not.toContain('down')
  expect(client.manager.quorumReachable()).toBe(true)
})
