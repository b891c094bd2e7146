/** Honest nodes over loopback TCP: join, leave, restart, late subscriber. Cuts and slow peers: cut.test.ts. */
import { MESSAGE_KIND } from '@openliquid/primitives'
import { expect, test } from 'vitest'
import type { Ban, NetworkEvent } from '../src/index.ts'
import { body, numberOf, QUICK, type TestNode, testNode, validatorSetOf } from './cluster.ts'
import { freePort, portOf } from './proxy.ts'
import { until } from './until.ts'

const block = (value: number) =>
  ({ kind: MESSAGE_KIND.proposal, lane: 'blocks', body: body(1_000, value) }) as const
const vote = (value: number) =>
  ({ kind: MESSAGE_KIND.vote, lane: 'consensus', body: body(100, value) }) as const

const values = (node: TestNode): number[] =>
  node.gossip.map(({ envelope }) => numberOf(envelope.body))
const isLinked = (a: TestNode, b: TestNode): boolean =>
  a.manager.peers().includes(b.manager.self) && b.manager.peers().includes(a.manager.self)
const isSubscribed = (a: TestNode, b: TestNode): boolean =>
  a.manager.subscribers('blocks').includes(b.manager.self)

test('four validators find each other from one address list and reach everybody', async () => {
  const validatorSet = validatorSetOf(4)
  await using first = testNode(0, { validatorSet })
  await first.start()
  const peers = first.manager.multiaddrs()
  await using second = testNode(1, { validatorSet, peers })
  await second.start()
  await using third = testNode(2, {
    validatorSet,
    peers: [...peers, ...second.manager.multiaddrs()],
  })
  await third.start()
  await using fourth = testNode(3, {
    validatorSet,
    // Without the peer id: whoever answers there is learnt by the handshake.
    peers: [first, second, third].map((node) =>
      node.manager.multiaddrs()[0]!.replace(/\/p2p\/.*/, ''),
    ),
  })
  await fourth.start()
  const nodes = [first, second, third, fourth]
  await until(() => nodes.every((a) => nodes.every((b) => a === b || isSubscribed(a, b))))
  for (const node of nodes) {
    expect(node.manager.peers()).toHaveLength(3)
    expect(node.manager.quorumReachable()).toBe(true)
    expect(node.manager.health()).toMatchObject({
      validatorsConnected: 3,
      validatorCount: 4,
      reachableStake: 400n,
      totalStake: 400n,
    })
  }
  for (const [value, node] of nodes.entries()) node.manager.publish('blocks', block(value))
  await until(() => nodes.every((node) => node.gossip.length === 3))
  for (const [value, node] of nodes.entries()) {
    expect(values(node).sort()).toEqual([0, 1, 2, 3].filter((other) => other !== value))
  }
  expect(third.manager.sendToValidator(0, vote(5))).toBe('queued')
  expect(third.manager.sendToValidator(new Uint8Array(20).fill(2), vote(6))).toBe('queued')
  expect(third.manager.sendToValidator(9, vote(7))).toBe('unreachable')
  await until(() => first.messages.length === 1 && second.messages.length === 1)
  expect(first.messages[0]!.from).toBe(third.manager.validatorPeer(2))
  expect(nodes.flatMap(({ faults }) => faults)).toEqual([])
})

test('a message is forwarded only when the handler accepts it', async () => {
  await using first = testNode(0)
  await first.start()
  await using middle = testNode(1, { peers: first.manager.multiaddrs() })
  await middle.start()
  await using last = testNode(2, { peers: middle.manager.multiaddrs() })
  await last.start()
  await until(() => isSubscribed(first, middle) && isSubscribed(middle, last))
  const verdicts = ['accept', 'reject', 'ignore'] as const
  middle.verdict = ({ body: bytes }) => verdicts[numberOf(bytes) % 3]!
  first.manager.publish('blocks', block(1))
  first.manager.publish('blocks', block(2))
  // Sent last on the same way: when it is there, the others have had their time.
  first.manager.publish('blocks', block(3))
  await until(() => last.gossip.length > 0)
  expect(values(last)).toEqual([3])
  expect(values(middle)).toEqual([1, 2, 3])
  expect(last.gossip[0]!.from).toBe(middle.manager.self)
})

test('a validator that restarts is back without help, and messages flow', async () => {
  const validatorSet = validatorSetOf(2)
  await using stayer = testNode(0, { validatorSet })
  await stayer.start()
  const address = stayer.manager.multiaddrs()
  const port = await (async () => {
    await using before = testNode(1, { validatorSet, peers: address })
    await before.start()
    await until(() => isLinked(stayer, before) && stayer.manager.quorumReachable())
    return portOf(before.manager.multiaddrs())
  })()
  await until(() => !stayer.manager.quorumReachable())
  expect(stayer.states.at(-1)?.state).toBe('down')
  // No address of the other: only the redial of the stayer brings it back.
  await using after = testNode(1, { validatorSet, listen: [`/ip4/127.0.0.1/tcp/${port}`] })
  await after.start()
  await until(() => isLinked(stayer, after) && isSubscribed(stayer, after))
  expect(stayer.manager.quorumReachable()).toBe(true)
  expect(stayer.manager.send(after.manager.self, vote(1))).toBe('queued')
  expect(after.manager.send(stayer.manager.self, vote(2))).toBe('queued')
  stayer.manager.publish('blocks', block(3))
  await until(() => after.messages.length === 1 && stayer.messages.length === 1)
  await until(() => after.gossip.length === 1)
  expect(stayer.manager.stats().channels.reconnects).toBe(1)
})

test('a late subscriber gets what is published after it came', async () => {
  await using first = testNode(0)
  await first.start()
  first.manager.publish('blocks', block(1))
  await using late = testNode(1, { peers: first.manager.multiaddrs() })
  await late.start()
  await until(() => isSubscribed(first, late))
  first.manager.publish('blocks', block(2))
  await until(() => values(late).includes(2))
})

test('a follower gets a channel, and the set decides who is a validator', async () => {
  const validatorSet = validatorSetOf(2)
  await using first = testNode(0, { validatorSet })
  await first.start()
  await using follower = testNode(5, { validatorSet, peers: first.manager.multiaddrs() })
  await follower.start()
  await until(() => isLinked(first, follower))
  expect(first.manager.validatorOf(follower.manager.self)).toBeUndefined()
  expect(first.manager.health().peers[0]).not.toHaveProperty('validator')
  expect(first.manager.quorumReachable()).toBe(false)
  expect(follower.manager.validatorOf(first.manager.self)).toBe(0)
  const { validators } = validatorSetOf(6)
  const nextSet = {
    epoch: 2n,
    validators: [validators[0]!, { ...validators[5]!, index: 1 }],
    totalStake: 200n,
  }
  expect(() => first.manager.setValidatorSet(3n, nextSet)).toThrow('OL_NETWORK_CONFIG')
  expect(first.manager.validatorOf(follower.manager.self)).toBeUndefined()
  first.manager.setValidatorSet(2n, nextSet)
  expect(first.manager.validatorOf(follower.manager.self)).toBe(1)
  expect(first.manager.quorumReachable()).toBe(true)
})

test('a validator that is down is forgotten with the set that is without it', async () => {
  const validatorSet = validatorSetOf(2)
  await using first = testNode(0, { validatorSet })
  await first.start()
  await using second = testNode(1, { validatorSet, peers: first.manager.multiaddrs() })
  await second.start()
  await until(() => isLinked(first, second))
  await second.manager.stop()
  await until(() => first.manager.health().peers[0]?.state === 'down')
  const [self] = validatorSet.validators
  first.manager.setValidatorSet(2n, { epoch: 2n, validators: [self!], totalStake: 100n })
  expect(first.manager.health().peers).toEqual([])
  expect(first.manager.quorumReachable()).toBe(true)
})

test('heads travel with the hello and with every heartbeat', async () => {
  const head = { headHeight: 9n, committedHeight: 7n, epoch: 1n }
  await using first = testNode(0, { head })
  await first.start()
  await using second = testNode(1, { peers: first.manager.multiaddrs() })
  await second.start()
  await until(() => isLinked(first, second))
  expect(second.manager.headOf(first.manager.self)).toEqual(head)
  first.manager.setHead({ ...head, headHeight: 10n })
  await until(() => second.manager.headOf(first.manager.self)?.headHeight === 10n)
  await until(() => first.manager.health().peers[0]?.rttMs !== undefined)
})

test('a block too large for gossip is pushed to every peer', async () => {
  await using first = testNode(0)
  await first.start()
  await using second = testNode(1, { peers: first.manager.multiaddrs() })
  await second.start()
  await until(() => isLinked(first, second))
  const large = { kind: MESSAGE_KIND.proposal, lane: 'blocks', body: body(2 ** 20, 4) } as const
  first.manager.broadcast({ topic: 'blocks', envelope: large })
  await until(() => second.messages.length === 1)
  const { envelope } = second.messages[0]!
  expect({ ...envelope, body: envelope.body.length }).toEqual({ ...large, body: 2 ** 20 })
  expect(numberOf(envelope.body)).toBe(4)
  expect(() => first.manager.publish('qcs', { ...large, kind: MESSAGE_KIND.advanceView })).toThrow(
    'OL_NETWORK_BODY_SIZE',
  )
})

test('requests above the number under way are refused, and the rest answered', async () => {
  await using server = testNode(0)
  await server.start()
  // No question for peers among the requests.
  await using client = testNode(1, {
    discovery: false,
    peers: server.manager.multiaddrs(),
  })
  await client.start()
  await until(() => isLinked(server, client))
  const release: (() => void)[] = []
  server.answer = async (_kind, bytes) => {
    await new Promise<void>((resolve) => release.push(resolve))
    return bytes
  }
  const options = { timeoutMs: 5_000, answerBytesMax: 100 }
  const asked = Array.from({ length: 17 }, (_, i) =>
    client.manager
      .request(server.manager.self, MESSAGE_KIND.getBlocks, body(10, i), options)
      .then(() => 'answered')
      .catch((error: { code: string }) => error.code),
  )
  expect(await asked[16]).toBe('OL_REQUEST_BUSY')
  await until(() => release.length === 4)
  const refused = await Promise.all(asked.slice(4, 16))
  expect(new Set(refused)).toEqual(new Set(['OL_REQUEST_REFUSED']))
  for (const resolve of release) resolve()
  expect(await Promise.all(asked.slice(0, 4))).toEqual(Array.from({ length: 4 }, () => 'answered'))
})

test('an answer of 4 MiB arrives whole', async () => {
  // It takes a machine that is busy with other things longer than quick beats allow.
  const timing = {}
  await using server = testNode(0, { timing })
  await server.start()
  await using client = testNode(1, { timing, peers: server.manager.multiaddrs() })
  await client.start()
  await until(() => isLinked(server, client))
  server.answer = async () => body(2 ** 22, 77)
  const answer = await client.manager.request(
    server.manager.self,
    MESSAGE_KIND.getBlocks,
    body(10, 0),
    { timeoutMs: 5_000, answerBytesMax: 2 ** 22 },
  )
  expect(answer.length).toBe(2 ** 22)
  expect(numberOf(answer)).toBe(77)
})

test('an own address among the peers is dialled once', async () => {
  const port = await freePort()
  const listen = [`/ip4/127.0.0.1/tcp/${port}`]
  const failed: unknown[] = []
  await using node = testNode(0, {
    listen,
    // Without the peer id it is an address like any other.
    peers: [...listen, '/ip4/127.0.0.1/tcp/1'],
    log: (_level, message, { address }) => {
      if (message === 'dial failed') failed.push(address)
    },
  })
  await node.start()
  await until(() => failed.length === 5)
  expect(new Set(failed)).toEqual(new Set(['/ip4/127.0.0.1/tcp/1']))
  expect(node.manager.stats().halfOpenDials).toBe(1)
})

test('a validator that is added is dialled, and nobody else is taken for it', async () => {
  await using node = testNode(0)
  await using wanted = testNode(1)
  await using other = testNode(2)
  await Promise.all([node.start(), wanted.start(), other.start()])
  const addressOf = ({ manager }: TestNode): string =>
    manager.multiaddrs()[0]!.replace(/\/p2p\/.*/, '')
  const { nodeKey } = validatorSetOf(2).validators[1]!
  const add = (key: Uint8Array, address: string): void =>
    node.manager.addValidator({ nodeKey: key, multiaddrs: [address] })
  for (const [key, address] of [
    [nodeKey.subarray(1), addressOf(wanted)],
    [nodeKey, 'localhost:9600'],
    [nodeKey, other.manager.multiaddrs()[0]!],
  ] as const) {
    expect(() => add(key, address)).toThrow('OL_NETWORK_CONFIG')
  }
  add(nodeKey, addressOf(other))
  add(nodeKey, addressOf(wanted))
  await until(() => isLinked(node, wanted))
  expect(node.manager.peers()).toEqual([wanted.manager.self])
  expect(other.manager.stats().connections).toBe(0)
})

test('whatever crosses the manager can be cloned, and listeners hear what readers read', async () => {
  const validatorSet = validatorSetOf(2)
  const crossed: unknown[] = []
  const heard: NetworkEvent[] = []
  await using first = testNode(0, { validatorSet, onBans: (bans) => void crossed.push(bans) })
  await first.start()
  first.manager.on('message', (event) => void heard.push(event))
  first.manager.on('gossip', (event) => void heard.push(event))
  const read: NetworkEvent[] = []
  void (async () => {
    for await (const event of first.manager.events()) read.push(event)
  })()
  first.answer = async (_kind, bytes) => {
    crossed.push(bytes)
    return bytes
  }
  await using second = testNode(1, { validatorSet, peers: first.manager.multiaddrs() })
  await second.start()
  await until(() => isLinked(first, second) && isSubscribed(second, first))
  second.manager.send(first.manager.self, vote(1))
  second.manager.publish('blocks', block(2))
  crossed.push(
    await second.manager.request(first.manager.self, MESSAGE_KIND.getBlocks, body(9, 3), {
      timeoutMs: 5_000,
      answerBytesMax: 9,
    }),
  )
  await until(() => heard.length === 2)
  first.manager.ban(second.manager.self, { durationMs: 60_000, reason: 'test' })
  await until(() => read.some(({ kind }) => kind === 'peerDown'))
  await until(() => read.some(({ kind }) => kind === 'quorumLost'))
  expect(read.filter(({ kind }) => kind === 'message' || kind === 'gossip')).toEqual(heard)
  crossed.push(read, first.gossip, first.messages, first.states, first.manager.bans())
  crossed.push(second.manager.health(), first.manager.stats(), first.manager.subscribers('qcs'))
  // An Uint8Array is one on the other side, a Buffer would not be.
  expect(structuredClone(crossed)).toStrictEqual(crossed)
})

test('a port in use is told with a code', async () => {
  await using first = testNode(0)
  await first.start()
  const listen = [`/ip4/127.0.0.1/tcp/${portOf(first.manager.multiaddrs())}`]
  await using second = testNode(1, { listen })
  await expect(second.start()).rejects.toMatchObject({ code: 'OL_NETWORK_LISTEN' })
})

test('nodes that know one of the others find each other', async () => {
  const timing = { ...QUICK, discoveryMs: 100 }
  await using first = testNode(0, { timing })
  await first.start()
  const peers = first.manager.multiaddrs()
  await using second = testNode(1, { timing, peers })
  await second.start()
  await using third = testNode(2, { timing, peers })
  await third.start()
  await using silent = testNode(3, { timing, peers, discovery: false })
  await silent.start()
  await until(() => isLinked(second, third) && isLinked(first, silent))
  expect([first, second, third].flatMap(({ faults }) => faults)).toEqual([])
})

test('a node with an allow-list takes who is on it, validators and configured peers, and nobody else', async () => {
  const validatorSet = validatorSetOf(2)
  const listed = testNode(3)
  await using closed = testNode(0, { validatorSet, allowList: [listed.manager.self] })
  await closed.start()
  const peers = closed.manager.multiaddrs()
  await using validator = testNode(1, { validatorSet, peers })
  await using follower = testNode(2, { peers })
  await Promise.all([validator.start(), listed.start(), follower.start()])
  listed.manager.addPeer(peers[0]!)
  await until(() => isLinked(closed, validator) && isLinked(closed, listed))
  expect(follower.manager.peers()).toEqual([])
  await listed.manager.stop()
})

test('bans are handed out to be kept, and hold after a restart', async () => {
  let kept: readonly Ban[] = []
  const onBans = (bans: readonly Ban[]): void => {
    kept = bans
  }
  await using follower = testNode(5)
  const listen = await (async () => {
    await using before = testNode(0, { onBans })
    await before.start()
    follower.manager.addPeer(before.manager.multiaddrs()[0]!)
    await follower.start()
    await until(() => isLinked(before, follower))
    before.manager.ban(follower.manager.self, { durationMs: 60_000, reason: 'test' })
    await until(() => follower.manager.peers().length === 0)
    return [`/ip4/127.0.0.1/tcp/${portOf(before.manager.multiaddrs())}`]
  })()
  expect(kept.map(({ peer }) => peer)).toEqual([follower.manager.self])
  await using after = testNode(0, { listen, bans: kept })
  await after.start()
  await using other = testNode(6, { peers: after.manager.multiaddrs() })
  await other.start()
  await until(() => isLinked(after, other))
  expect(after.manager.peers()).toEqual([other.manager.self])
})
