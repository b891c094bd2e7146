/** A validator that hides behind sentries: channel messages go through them, and nobody learns its address. */
import { MESSAGE_KIND } from '@openliquid/primitives'
import { expect, test, vi } from 'vitest'
import { body, numberOf, QUICK, testNode, validatorSetOf } from './cluster.ts'
import { portOf, tcpProxy } from './proxy.ts'

const until = (condition: () => boolean): Promise<void> =>
  vi.waitUntil(condition, { timeout: 15_000, interval: 5 }).then(() => undefined)

const vote = (value: number, replaceKey?: string) =>
  ({
    kind: MESSAGE_KIND.vote,
    lane: 'consensus',
    body: body(100, value),
    ...(replaceKey === undefined ? {} : { replaceKey }),
  }) as const

const validatorSet = validatorSetOf(3)
const [HIDDEN, OPEN, OTHER, SENTRY, SECOND] = [0, 1, 2, 10, 11]

test('a hidden validator talks to all others by way of its sentry, and is counted', async () => {
  const hiddenId = testNode(HIDDEN).manager.self
  await using sentry = testNode(SENTRY, { validatorSet, relayFor: [hiddenId] })
  await sentry.start()
  const peers = sentry.manager.multiaddrs()
  await using hidden = testNode(HIDDEN, { validatorSet, peers, listen: [], isPrivate: true })
  await using open = testNode(OPEN, { validatorSet, peers, timing: { ...QUICK, discoveryMs: 100 } })
  await Promise.all([hidden.start(), open.start()])
  await until(() => open.manager.peers().includes(hiddenId))
  await until(() => hidden.manager.peers().includes(open.manager.self))

  // Late comers learn of it too.
  await using other = testNode(OTHER, {
    validatorSet,
    peers: [...peers, ...open.manager.multiaddrs()],
  })
  await other.start()
  await until(() => other.manager.peers().includes(hiddenId))
  await until(() => hidden.manager.peers().includes(other.manager.self))
  for (const { manager } of [hidden, open, other]) {
    expect(manager.quorumReachable()).toBe(true)
    expect(manager.health().reachableStake).toBe(300n)
  }
  const relayed = open.manager.health().peers.find(({ peer }) => peer === hiddenId)
  expect(relayed).toMatchObject({ validator: HIDDEN, state: 'connected', isRelayed: true })

  expect(open.manager.sendToValidator(HIDDEN, vote(1))).toBe('queued')
  expect(hidden.manager.sendToValidator(OPEN, vote(2, 'vote'))).toBe('queued')
  expect(hidden.manager.sendToValidator(OPEN, vote(3, 'vote'))).toBe('replaced')
  expect(hidden.manager.sendToValidator(OTHER, vote(4, 'vote'))).toBe('queued')
  await until(() => hidden.messages.length === 1 && open.messages.length === 1)
  await until(() => other.messages.length === 1)
  expect(hidden.messages[0]!.from).toBe(open.manager.self)
  expect(open.messages[0]!.from).toBe(hiddenId)
  expect(numberOf(open.messages[0]!.envelope.body)).toBe(3)
  expect(numberOf(other.messages[0]!.envelope.body)).toBe(4)
  // The sentry carries; it is told nothing, and nobody has a connection to the hidden one.
  expect(sentry.messages).toEqual([])
  for (const { manager } of [open, other]) {
    expect(
      manager.health().peers.every(({ peer, isRelayed }) => isRelayed || peer !== hiddenId),
    ).toBe(true)
  }
  // A block of 1 MiB goes the same way, in parts.
  const large = { kind: MESSAGE_KIND.proposal, lane: 'blocks', body: body(2 ** 20, 9) } as const
  expect(hidden.manager.sendToValidator(OPEN, large)).toBe('queued')
  await until(() => open.messages.length === 2)
  const { envelope } = open.messages[1]!
  expect([envelope.kind, envelope.lane]).toEqual([large.kind, large.lane])
  expect([envelope.body.length, numberOf(envelope.body)]).toEqual([2 ** 20, 9])

  await hidden.manager.stop()
  await until(() => !open.manager.peers().includes(hiddenId))
  await until(() => open.states.at(-1)?.state === 'down')
  expect(open.manager.sendToValidator(HIDDEN, vote(5))).toBe('unreachable')
  expect([hidden, open, other, sentry].flatMap(({ faults }) => faults)).toEqual([])
})

test('two hidden validators reach each other through a sentry each; a lost sentry is no loss beside another', async () => {
  const [oneId, twoId] = [HIDDEN, OPEN].map((index) => testNode(index).manager.self) as [
    string,
    string,
  ]
  await using first = testNode(SENTRY, { validatorSet, relayFor: [oneId] })
  await first.start()
  await using second = testNode(SECOND, {
    validatorSet,
    relayFor: [oneId, twoId],
    peers: first.manager.multiaddrs(),
  })
  await second.start()
  await using proxy = await tcpProxy(portOf(second.manager.multiaddrs()))
  await using one = testNode(HIDDEN, {
    validatorSet,
    peers: [...first.manager.multiaddrs(), `${proxy.multiaddr}/p2p/${second.manager.self}`],
    listen: [],
    isPrivate: true,
  })
  await using two = testNode(OPEN, {
    validatorSet,
    peers: second.manager.multiaddrs(),
    listen: [],
    isPrivate: true,
  })
  await Promise.all([one.start(), two.start()])
  await until(() => one.manager.peers().includes(twoId) && two.manager.peers().includes(oneId))
  await until(() => one.manager.peers().includes(second.manager.self))
  proxy.cut()
  await until(() => one.states.some(({ state }) => state === 'down'))
  // Only the way over the first sentry is left: two hops.
  await until(() => one.manager.sendToValidator(OPEN, vote(1)) === 'queued')
  await until(() => two.messages.length > 0)
  expect(two.messages[0]!.from).toBe(oneId)
  await until(() => two.manager.sendToValidator(HIDDEN, vote(2)) === 'queued')
  await until(() => one.messages.length > 0)
  expect(one.messages[0]!.from).toBe(twoId)
})
