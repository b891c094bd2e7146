/** Honest nodes without sockets: join, late subscriber, leave, restart. Cuts and slow peers: cut.test.ts. */
import { MESSAGE_KIND } from '@openliquid/primitives'
import { expect, test, vi } from 'vitest'
import { PEERS_WANTED } from '../src/limits.ts'
import {
  body,
  memoryAddress,
  numberOf,
  QUICK,
  type TestNode,
  testNode,
  validatorSetOf,
} from './cluster.ts'
import { until } from './until.ts'

const block = (value: number) =>
  ({ kind: MESSAGE_KIND.proposal, lane: 'blocks', body: body(1_000, value) }) as const
const values = ({ gossip }: TestNode): number[] =>
  gossip.map(({ envelope }) => numberOf(envelope.body)).sort((a, b) => a - b)
const isMeshed = (nodes: readonly TestNode[]): boolean =>
  nodes.every(({ manager }) => manager.subscribers('blocks').length === nodes.length - 1)

test('a validator with more peers than it looks for still finds the validator that it misses', async () => {
  const validatorSet = validatorSetOf(2)
  const rare = { validatorSet, isMemory: true, timing: { ...QUICK, discoveryMs: 60_000 } } as const
  const [seeker, missed] = [
    testNode(0, { ...rare, timing: { ...QUICK, discoveryMs: 100 } }),
    testNode(1, rare),
  ] as const
  // They know both and ask nobody.
  const between = Array.from({ length: PEERS_WANTED }, (_, i) => testNode(i + 2, rare))
  const nodes = [seeker, missed, ...between]
  try {
    await Promise.all(nodes.map((node) => node.start()))
    for (const { manager } of between) {
      for (const end of [0, 1]) manager.addPeer(memoryAddress(end))
    }
    await vi.waitUntil(() => seeker.manager.peers().includes(missed.manager.self), {
      timeout: 25_000,
      interval: 20,
    })
    expect(seeker.manager.peers()).toHaveLength(PEERS_WANTED + 1)
  } finally {
    await Promise.all(nodes.map(({ manager }) => manager.stop()))
  }
})

test('nodes over memory join, hear what is published after they came, leave and come back', async () => {
  const options = { validatorSet: validatorSetOf(4), isMemory: true } as const
  const [first, second, third] = [0, 1, 2].map((index) => testNode(index, options)) as [
    TestNode,
    TestNode,
    TestNode,
  ]
  const started: TestNode[] = []
  const join = async (node: TestNode): Promise<void> => {
    await node.start()
    for (const other of started) node.manager.addPeer(other.manager.multiaddrs()[0]!)
    started.push(node)
  }
  try {
    await join(first)
    await join(second)
    await until(() => isMeshed([first, second]))
    first.manager.publish('blocks', block(1))
    await until(() => values(second).length === 1)
    // A late subscriber.
    await join(third)
    await until(() => isMeshed(started))
    second.manager.publish('blocks', block(2))
    await until(() => values(third).includes(2) && values(first).includes(2))
    expect(values(third)).toEqual([2])
    expect(started.every(({ manager }) => manager.quorumReachable())).toBe(true)
    // One leaves, and the quorum with it; then it is started again.
    await third.manager.stop()
    await until(() => !first.manager.quorumReachable() && !second.manager.quorumReachable())
    started.pop()
    await using again = testNode(2, options)
    await join(again)
    await until(() => isMeshed(started))
    expect(again.manager.send(first.manager.self, { ...block(3), lane: 'consensus' })).toBe(
      'queued',
    )
    await until(() => first.messages.length === 1)
    expect(first.manager.quorumReachable()).toBe(true)
    expect(first.manager.stats().channels.reconnects).toBe(1)
  } finally {
    await Promise.all(started.map(({ manager }) => manager.stop()))
  }
})
