/** A victim, an honest validator that is connected to it, and a peer that says whatever a test wants. */
import { MESSAGE_KIND } from '@openliquid/primitives'
import { expect } from 'vitest'
import { body, QUICK, type TestNode, testNode, validatorSetOf } from './cluster.ts'
import { type RawPeer, type RawStream, rawPeer, sayHello } from './rawPeer.ts'
import { until } from './until.ts'

/** Seed of the honest validators is 0 and 1, of the hostile peer 66. */
export const HOSTILE = 66

export interface HostilePair {
  readonly victim: TestNode
  readonly friend: TestNode
  readonly raw: RawPeer
  /** A channel of the hostile peer with a correct hello. */
  liveChannel(): Promise<RawStream>
  isBanned(): boolean
  /** Ends all; fails when the honest pair does not talk any more, or noticed anything. */
  end(): Promise<void>
}

export async function hostilePair(): Promise<HostilePair> {
  const validatorSet = validatorSetOf(2)
  const timing = { ...QUICK, heartbeatMs: 400, helloTimeoutMs: 2_000, frameTimeoutMs: 300 }
  const victim = testNode(0, { validatorSet, timing })
  await victim.start()
  const friend = testNode(1, { validatorSet, timing, peers: victim.manager.multiaddrs() })
  await friend.start()
  const raw = await rawPeer(HOSTILE)
  await raw.host.dial(victim.manager.multiaddrs()[0]!, 10_000)
  await until(() => victim.manager.peers().includes(friend.manager.self))
  return {
    victim,
    friend,
    raw,
    async liveChannel() {
      const channel = await raw.openChannel(victim.manager.self)
      await sayHello(raw, victim.manager.self, channel, until)
      return channel
    },
    isBanned: () => victim.manager.bans().some(({ peer }) => peer === raw.self),
    async end() {
      try {
        const before = victim.messages.length
        friend.manager.send(victim.manager.self, {
          kind: MESSAGE_KIND.vote,
          lane: 'consensus',
          body: body(100, 1),
        })
        await until(() => victim.messages.length === before + 1)
        expect(friend.faults).toEqual([])
      } finally {
        await Promise.all([
          victim.manager.stop(),
          friend.manager.stop(),
          raw[Symbol.asyncDispose](),
        ])
      }
    },
  }
}
