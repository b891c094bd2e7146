import { expect, test } from 'vitest'
import { forwardEncodedOnce, forwardToFew, readThroughInbox } from './gossipTuning.ts'
import { COALESCE_BYTES_MAX, RPC_MESSAGES_MAX } from './limits.ts'

function fakeGossipsub(subscribers: readonly string[], mesh: readonly string[]) {
  const sent: { readonly to: readonly string[]; readonly rpc: object }[] = []
  const delivered: string[] = []
  return {
    sent,
    delivered,
    topics: new Map([['blocks', new Set(subscribers)]]),
    idontwants: new Map([['c', new Set(['id'])]]),
    score: { deliverMessage: (from: string) => delivered.push(from) },
    selectPeersToForward: (_topic: string, source?: string, excluded?: ReadonlySet<string>) =>
      new Set(mesh.filter((peer) => peer !== source && excluded?.has(peer) !== true)),
    sendRpcInBatch(to: Set<string>, rpc: object) {
      sent.push({ to: [...to], rpc })
    },
    forwardMessage(_id: string, _message: object, _source?: string, _excluded?: Set<string>): void {
      throw new Error('stock')
    },
  }
}

const message = { topic: 'blocks', data: new Uint8Array(100) }
const endOfTurn = (): Promise<void> => new Promise((resolve) => process.nextTick(resolve))

test('a message is encoded once for all who get it: not its source, not who has it, not who does not want it', async () => {
  const gossipsub = fakeGossipsub(['a', 'b', 'c', 'd', 'e'], ['a', 'b', 'c', 'd', 'e'])
  forwardEncodedOnce(gossipsub)
  gossipsub.forwardMessage('id', message, 'a', new Set(['b']))
  await endOfTurn()
  expect(gossipsub.sent).toEqual([
    { to: ['d', 'e'], rpc: { subscriptions: [], messages: [message] } },
  ])
  expect(gossipsub.delivered).toEqual(['a'])
  gossipsub.forwardMessage('other', message, undefined, new Set(['a', 'b', 'c', 'd', 'e']))
  await endOfTurn()
  expect(gossipsub.sent).toHaveLength(1)
  expect(gossipsub.delivered).toHaveLength(1)
})

test('what is forwarded in one turn to the same peers leaves together, up to a size and a number', async () => {
  const gossipsub = fakeGossipsub(['a', 'b', 'd'], ['a', 'b', 'd'])
  forwardEncodedOnce(gossipsub)
  const forward = (source: string, size = 100): void =>
    gossipsub.forwardMessage('id', { topic: 'blocks', data: new Uint8Array(size) }, source)
  for (let i = 0; i < 3; i++) forward('a')
  // In microtasks of the same turn, as verdicts come.
  await Promise.resolve().then(() => forward('b'))
  await Promise.resolve().then(() => forward('a'))
  expect(gossipsub.sent).toEqual([])
  await endOfTurn()
  const counts = (): unknown =>
    gossipsub.sent.map(({ to, rpc }) => [
      to.join(),
      (rpc as { messages: unknown[] }).messages.length,
    ])
  expect(counts()).toEqual([
    ['b,d', 4],
    ['a,d', 1],
  ])
  gossipsub.sent.length = 0
  for (let i = 0; i <= RPC_MESSAGES_MAX; i++) forward('a', 1)
  for (let i = 0; i < 3; i++) forward('b', COALESCE_BYTES_MAX / 2)
  await endOfTurn()
  expect(counts()).toEqual([
    ['b,d', RPC_MESSAGES_MAX],
    ['a,d', 2],
    ['b,d', 1],
    ['a,d', 1],
  ])
})

test('with few subscribers all get it, meshed or not; with more the mesh alone', async () => {
  for (const [subscribers, receivers] of [
    [
      ['a', 'b', 'd', 'e', 'f', 'g'],
      ['d', 'b', 'e', 'f', 'g'],
    ],
    [['a', 'b', 'd', 'e', 'f', 'g', 'h'], ['d']],
  ] as const) {
    const gossipsub = fakeGossipsub(subscribers, ['d'])
    forwardToFew(gossipsub)
    forwardEncodedOnce(gossipsub)
    gossipsub.forwardMessage('id', message, 'a', new Set())
    await endOfTurn()
    expect(gossipsub.sent.map(({ to }) => to)).toEqual([receivers])
  }
})

/** Gossipsub as far as it reads: two peers, streams that are fed by hand. */
function fakeReader() {
  const handled: { readonly from: string; readonly rpc: object }[] = []
  const told: string[] = []
  const closed: object[] = []
  const inner = {
    peers: new Map([['a', 'a']]),
    streamsInbound: new Map<string, { close(): Promise<void> }>(),
    isStarted: () => true,
    decodeRpc(bytes: Uint8Array): object {
      if (bytes.length === 5) throw new Error('not protobuf')
      return { subscriptions: [{ topic: String.fromCharCode(...bytes.subarray(2)) }] }
    },
    handleReceivedRpc: async (from: string, rpc: object) => handled.push({ from, rpc }),
    createInboundStream(_peer: string, _stream: object): void {
      throw new Error('stock')
    },
  }
  const open = (peer: string) => {
    let take: (event: object) => void = () => undefined
    const stream = {
      pause: () => undefined,
      resume: () => {
        throw new Error('closed')
      },
      abort: () => undefined,
      close: async () => void closed.push(stream),
      addEventListener: (type: string, listener: (event: object) => void) => {
        if (type === 'message') take = listener
      },
    }
    inner.createInboundStream(peer, stream)
    return (...bytes: number[]) => take({ data: { subarray: () => Uint8Array.from(bytes) } })
  }
  readThroughInbox(inner, new Set(['ab']), {
    allowRpc: () => true,
    mayHandle: () => true,
    onFault: (from, fault) => told.push(`${from} ${fault}`),
  })
  return { inner, handled, told, closed, open }
}

test('an RPC that does not decode, or names a topic there is none of, is told and not handled', () => {
  const { open, handled, told } = fakeReader()
  const say = open('a')
  say(4, 0x0a, 2, 97, 98)
  expect(handled).toEqual([{ from: 'a', rpc: { subscriptions: [{ topic: 'ab' }] } }])
  say(4, 0x0a, 2, 97, 99)
  say(5, 0x0a, 3, 97, 98, 99)
  expect(handled).toHaveLength(1)
  expect(told).toEqual(['a topics', 'a malformed'])
})

test('a second stream of a peer takes the place of the first; one of a peer that is unknown is not read', () => {
  const { open, handled, closed, inner } = fakeReader()
  open('a')
  const say = open('a')
  expect(closed).toHaveLength(1)
  expect(inner.streamsInbound.size).toBe(1)
  say(4, 0x0a, 2, 97, 98)
  open('b')(4, 0x0a, 2, 97, 98)
  expect(handled).toHaveLength(1)
})
