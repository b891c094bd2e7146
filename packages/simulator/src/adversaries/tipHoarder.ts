import type { Tip } from '@openliquid/primitives'
import type { Adversary, World } from './adversary.ts'
import { Arsenal } from './arsenal.ts'

/**
 * A10: as leader it builds a second block that it shows to one node at most, and later gives views up with that as its
 * tip, or with an older one, so that leaders must ask around for what nobody has.
 */
export function tipHoarder(world: World): Adversary {
  const arsenal = new Arsenal(world)
  const { prng } = world
  const hoard: Tip[] = []

  return {
    onMessage: (message) => arsenal.see(message),
    onEffect(effect) {
      if (effect.kind !== 'broadcast') return [effect]
      const { message } = effect
      arsenal.see(message)
      if (
        message.kind === 'proposal' &&
        message.proposal.block.header.proposer === world.position
      ) {
        const { block, nec, tc, view } = message.proposal
        if (block.header.view !== view) return [effect]
        const payload = { actions: [Uint8Array.of(8)], evm: [], evidence: [] }
        const other = arsenal.proposal(view, block.header.qc, {
          payload,
          ...(tc === undefined ? {} : { tc }),
          ...(nec === undefined ? {} : { nec }),
        })
        if (other === undefined) return [effect]
        hoard.push(arsenal.tipOf(other))
        if (hoard.length > 4) hoard.shift()
        if (prng.chance(500)) {
          world.send(prng.below(world.nodeCount), { kind: 'proposal', proposal: other })
        }
        return prng.chance(400) ? [] : [effect]
      }
      if (message.kind !== 'timeout') return [effect]
      const { highQC, lastTC, view } = message.timeout
      const tip = [...hoard, ...arsenal.tips]
        .filter(({ header }) => header.epoch === highQC.epoch)
        .filter(({ header }) => header.view > highQC.view && header.view <= view)
        .at(prng.chance(700) ? 0 : -1)
      const timeout = arsenal.timeout(view, highQC, lastTC, tip)
      return [{ kind: 'broadcast', message: { kind: 'timeout', timeout } }]
    },
  }
}
