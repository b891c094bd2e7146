import { MESSAGE_KIND } from '@openliquid/primitives'
import { expect, test, vi } from 'vitest'
import { body, numberOf, testNode, validatorSetOf } from './cluster.ts'

test('two nodes exchange messages, gossip and requests', async () => {
  const validatorSet = validatorSetOf(2)
  await using first = testNode(0, { validatorSet })
  await first.start()
  await using second = testNode(1, { validatorSet, peers: first.manager.multiaddrs() })
  await second.start()
  await vi.waitFor(() => {
    expect(first.manager.peers()).toEqual([second.manager.self])
    expect(second.manager.peers()).toEqual([first.manager.self])
  })
  expect(
    first.manager.send(second.manager.self, {
      kind: MESSAGE_KIND.vote,
      lane: 'consensus',
      body: body(100, 5),
    }),
  ).toBe('queued')
  await vi.waitFor(() => expect(second.messages).toHaveLength(1))
  expect(numberOf(second.messages[0]!.envelope.body)).toBe(5)
  const answer = await second.manager.request(
    first.manager.self,
    MESSAGE_KIND.getBlocks,
    body(10, 9),
    { timeoutMs: 2_000, answerBytesMax: 100 },
  )
  expect(numberOf(answer)).toBe(9)
  await vi.waitFor(() => expect(first.manager.subscribers('blocks')).toHaveLength(1))
  first.manager.publish('blocks', {
    kind: MESSAGE_KIND.proposal,
    lane: 'blocks',
    body: body(1000, 3),
  })
  await vi.waitFor(() => expect(second.gossip).toHaveLength(1))
  expect(second.faults).toEqual([])
})
