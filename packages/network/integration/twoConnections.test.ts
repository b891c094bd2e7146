/** Both sides dial at the same moment: one connection stays, and nobody sees the peer go. */
import { MESSAGE_KIND } from '@openliquid/primitives'
import { expect, test } from 'vitest'
import { body, numberOf, testNode, validatorSetOf } from './cluster.ts'
import { until } from './until.ts'

test.each([1, 2, 3])('simultaneous dials end in one connection, round %i', async () => {
  const validatorSet = validatorSetOf(2)
  await using first = testNode(0, { validatorSet })
  await using second = testNode(1, { validatorSet })
  await Promise.all([first.start(), second.start()])
  for (const [node, other, index] of [
    [first, second, 1],
    [second, first, 0],
  ] as const) {
    const { nodeKey } = validatorSet.validators[index]!
    node.manager.addValidator({ nodeKey, multiaddrs: other.manager.multiaddrs() })
  }
  await until(() => first.manager.peers().length === 1 && second.manager.peers().length === 1)
  // Sent while the streams may be moving.
  for (let i = 0; i < 50; i++) {
    const vote = { kind: MESSAGE_KIND.vote, lane: 'consensus', body: body(100, i) } as const
    first.manager.send(second.manager.self, vote)
    second.manager.send(first.manager.self, vote)
  }
  await until(() => first.messages.length === 50 && second.messages.length === 50)
  await until(() => first.manager.stats().connections === 1)
  await until(() => second.manager.stats().connections === 1)
  for (const { messages, states, faults } of [first, second]) {
    const numbers = messages.map(({ envelope }) => numberOf(envelope.body))
    expect(numbers).toEqual(Array.from({ length: 50 }, (_, i) => i))
    expect(states.map(({ state }) => state)).toEqual(['connected'])
    expect(faults).toEqual([])
  }
  await until(
    () =>
      first.manager.subscribers('blocks').length === 1 &&
      second.manager.subscribers('blocks').length === 1,
  )
  const block = { kind: MESSAGE_KIND.proposal, lane: 'blocks', body: body(100, 1) } as const
  first.manager.publish('blocks', block)
  await until(() => second.gossip.length === 1)
})
