import { expect, test } from 'vitest'
import { forwardEncodedOnce, forwardToFew, watchRpcs } from './gossipTuning.ts'

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
    forwardMessage(_id: string, _message: object, _source?: string, _excluded?: Set<string>) {
      throw new Error('stock')
    },
  }
}

const message = { topic: 'blocks' }

test('a message is encoded once for all who get it: not its source, not who has it, not who does not want it', () => {
  const gossipsub = fakeGossipsub(['a', 'b', 'c', 'd', 'e'], ['a', 'b', 'c', 'd', 'e'])
  forwardEncodedOnce(gossipsub)
  gossipsub.forwardMessage('id', message, 'a', new Set(['b']))
  expect(gossipsub.sent).toEqual([
    { to: ['d', 'e'], rpc: { subscriptions: [], messages: [message] } },
  ])
  expect(gossipsub.delivered).toEqual(['a'])
  gossipsub.forwardMessage('other', message, undefined, new Set(['a', 'b', 'c', 'd', 'e']))
  expect(gossipsub.sent).toHaveLength(1)
  expect(gossipsub.delivered).toHaveLength(1)
})

test('with few subscribers all get it, meshed or not; with more the mesh alone', () => {
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
    expect(gossipsub.sent.map(({ to }) => to)).toEqual([receivers])
  }
})

test('an RPC over quota is dropped whole; one that is none, or names a topic there is none of, is told', async () => {
  const handled: object[] = []
  const rpcs: Readonly<Record<number, object | undefined>> = {
    1: { messages: [{}, {}] },
    2: { subscriptions: [{ topic: 'blocks' }] },
    3: { subscriptions: [{ topic: 'other' }] },
    5: {},
  }
  const gossipsub = {
    decodeRpc(bytes: Uint8Array): object {
      const rpc = rpcs[bytes.length]
      if (rpc === undefined) throw new Error('not protobuf')
      return rpc
    },
    handleReceivedRpc: async (_from: string, rpc: object) => handled.push(rpc),
  }
  const told: string[] = []
  const counted: number[] = []
  watchRpcs(gossipsub, new Set(['blocks']), {
    allowRpc: (_from, bytes, messages) => counted.push(messages) > 0 && bytes < 5,
    onGossipFault: (from, fault) => told.push(`${from} ${fault}`),
  })
  for (const size of [1, 2, 3, 4, 5]) {
    await gossipsub.handleReceivedRpc('a', gossipsub.decodeRpc(new Uint8Array(size)))
  }
  expect(handled).toEqual([rpcs[1], rpcs[2]])
  expect(told).toEqual(['a topics', 'a malformed'])
  expect(counted).toEqual([2, 0, 0, 0, 0])
})
