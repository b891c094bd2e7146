/** Cuts, one-way cuts and slow peers, over TCP and over memory. */
import { MESSAGE_KIND } from '@openliquid/primitives'
import { describe, expect, test } from 'vitest'
import type { NetworkConfig, NetworkEvent } from '../src/index.ts'
import {
  body,
  memoryAddress,
  numberOf,
  QUICK,
  type TestNode,
  testNode,
  validatorSetOf,
} from './cluster.ts'
import { MemoryWire } from './memoryWire.ts'
import { portOf, tcpProxy } from './proxy.ts'
import { until } from './until.ts'

const vote = (value: number) =>
  ({ kind: MESSAGE_KIND.vote, lane: 'consensus', body: body(100, value) }) as const
const isLinked = (a: TestNode, b: TestNode): boolean =>
  a.manager.peers().includes(b.manager.self) && b.manager.peers().includes(a.manager.self)

/** A server and how clients reach it over something that can be cut. */
interface Line extends AsyncDisposable {
  readonly server: TestNode
  client(config: Partial<NetworkConfig>): TestNode
  cut(): void
  cutOneWay(): void
  heal(): void
}

type Config = Partial<NetworkConfig>

async function tcpLine(config: Config): Promise<Line> {
  const server = testNode(1, config)
  await server.start()
  const proxy = await tcpProxy(portOf(server.manager.multiaddrs()))
  return {
    server,
    client: ({ peers = [], ...rest }) =>
      testNode(0, { ...rest, peers: [proxy.multiaddr, ...peers] }),
    cut: () => proxy.cut(),
    cutOneWay: () => proxy.cutOneWay(),
    heal: () => proxy.heal(),
    async [Symbol.asyncDispose]() {
      await server.manager.stop()
      await proxy[Symbol.asyncDispose]()
    },
  }
}

async function memoryLine(config: Config): Promise<Line> {
  const wire = new MemoryWire(memoryAddress(1))
  const server = testNode(1, { ...config, wire })
  await server.start()
  return {
    server,
    client: ({ peers = [], ...rest }) =>
      testNode(0, { ...rest, wire, peers: [...server.manager.multiaddrs(), ...peers] }),
    cut: () => wire.cut(),
    cutOneWay: () => wire.cutOneWay(),
    heal: () => wire.heal(),
    [Symbol.asyncDispose]: () => server.manager.stop(),
  }
}

describe.each([
  ['TCP', tcpLine],
  ['memory', memoryLine],
] as const)('over %s', (medium, lineOf) => {
  test('a silent cut is suspected, then down; when it heals the channel is back', async () => {
    const validatorSet = validatorSetOf(2)
    await using line = await lineOf({})
    const { server } = line
    await using client = line.client({ validatorSet, listen: [] })
    const events: NetworkEvent['kind'][] = []
    void (async () => {
      for await (const { kind } of client.manager.events()) events.push(kind)
    })()
    await client.start()
    await until(() => isLinked(client, server) && client.manager.quorumReachable())
    line.cut()
    await until(() => client.states.some(({ state }) => state === 'suspect'))
    expect(client.manager.quorumReachable()).toBe(true)
    await until(() => client.states.at(-1)?.state === 'down')
    expect(client.manager.quorumReachable()).toBe(false)
    expect(client.manager.send(server.manager.self, vote(1))).toBe('unreachable')
    line.heal()
    await until(() => isLinked(client, server))
    expect(client.manager.quorumReachable()).toBe(true)
    client.manager.send(server.manager.self, vote(2))
    await until(() => server.messages.length === 1)
    expect(events.filter((kind) => kind.startsWith('quorum'))).toEqual([
      'quorumReached',
      'quorumLost',
      'quorumReached',
    ])
  })

  test('a cut in one direction is one: neither of the two counts the other, until it heals', async () => {
    const validatorSet = validatorSetOf(2)
    await using line = await lineOf({ validatorSet })
    const { server } = line
    await using client = line.client({ validatorSet, listen: [] })
    await client.start()
    await until(() => isLinked(client, server))
    line.cutOneWay()
    await until(() => server.states.some(({ state }) => state === 'down'))
    await until(() => client.states.some(({ state }) => state === 'down'))
    expect([client, server].map(({ manager }) => manager.quorumReachable())).toEqual([false, false])
    line.heal()
    await until(() => isLinked(client, server))
    expect([client, server].map(({ manager }) => manager.quorumReachable())).toEqual([true, true])
  })

  test('a peer that reads nothing costs a bounded queue and leaves others alone', async () => {
    await using line = await lineOf({})
    const { server: slow } = line
    await using quick = testNode(2, { isMemory: medium === 'memory' })
    await quick.start()
    await using sender = line.client({
      peers: quick.manager.multiaddrs(),
      // Long enough that the peer is slow and not down.
      timing: { ...QUICK, heartbeatMs: 2_000 },
    })
    await sender.start()
    await until(() => isLinked(sender, slow) && isLinked(sender, quick))
    line.cut()
    const large = { kind: MESSAGE_KIND.proposal, lane: 'blocks', body: body(2 ** 20, 1) } as const
    const results = new Set<string>()
    await until(() => {
      for (let i = 0; i < 8; i++) results.add(sender.manager.send(slow.manager.self, large))
      return results.has('full')
    })
    const health = sender.manager.health().peers.find(({ peer }) => peer === slow.manager.self)!
    expect(health.queuedBytes).toBeLessThanOrEqual(16 * 2 ** 20)
    // A newer vote still replaces the one that waits.
    const replacing = { replaceKey: 'vote' }
    expect(sender.manager.send(slow.manager.self, { ...vote(1), ...replacing })).toBe('queued')
    expect(sender.manager.send(slow.manager.self, { ...vote(2), ...replacing })).toBe('replaced')
    sender.manager.send(quick.manager.self, vote(3))
    await until(() => quick.messages.length === 1)
    expect(sender.manager.stats().channels.dropped.blocks).toBeGreaterThan(0)
    line.heal()
    await until(() => slow.messages.some(({ envelope }) => numberOf(envelope.body) === 2))
  })
})
