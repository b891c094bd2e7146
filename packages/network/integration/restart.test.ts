/**
 * A peer that leaves while identify and gossip are still being set up. Gossipsub can then keep a dead stream, or lose the
 * subscription, and never notice; every round meets another moment.
 */
import { MESSAGE_KIND } from '@openliquid/primitives'
import { expect, test } from 'vitest'
import { body, testNode, validatorSetOf } from './cluster.ts'
import { portOf } from './proxy.ts'
import { until } from './until.ts'

test.each([1, 2, 3, 4, 5, 6])(
  'gossip survives a restart in the first moments, round %i',
  async () => {
    const validatorSet = validatorSetOf(2)
    await using stayer = testNode(0, { validatorSet })
    await stayer.start()
    const before = testNode(1, { validatorSet, peers: stayer.manager.multiaddrs() })
    await before.start()
    await until(() => stayer.manager.peers().length === 1)
    const listen = [`/ip4/127.0.0.1/tcp/${portOf(before.manager.multiaddrs())}`]
    await before.manager.stop()
    await until(() => stayer.manager.peers().length === 0)
    await using after = testNode(1, { validatorSet, listen })
    await after.start()
    await until(
      () =>
        stayer.manager.subscribers('blocks').length === 1 &&
        after.manager.subscribers('blocks').length === 1,
    )
    const block = { kind: MESSAGE_KIND.proposal, lane: 'blocks', body: body(1_000, 3) } as const
    stayer.manager.publish('blocks', block)
    await until(() => after.gossip.length === 1)
    expect(after.manager.peers()).toEqual([stayer.manager.self])
  },
)
