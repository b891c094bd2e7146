import { blockHash } from '@openliquid/primitives'
import type { Adversary, World } from './adversary.ts'
import { Arsenal } from './arsenal.ts'

/** A3: votes for every proposal it sees, in every view, to everyone. */
export function byzantineVoter(world: World): Adversary {
  const arsenal = new Arsenal(world)
  return {
    onMessage(message) {
      if (message.kind !== 'proposal') return
      const { block, view } = message.proposal
      const vote = arsenal.vote(view, blockHash(block.header))
      for (let to = 0; to < world.nodeCount; to++) {
        if (to !== world.node) world.send(to, { kind: 'vote', vote })
      }
    },
  }
}
