import { expect, test } from 'vitest'
import { forwardEncodedOnce, forwardToFew } from './gossipTuning.ts'

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
