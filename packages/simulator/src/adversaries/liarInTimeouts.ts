import type { Effect } from '@openliquid/consensus'
import type { TimeoutVote } from '@openliquid/primitives'
import type { Adversary, World } from './adversary.ts'
import { Arsenal } from './arsenal.ts'

/** A5: gives views up with older QCs than it knows, and tells different nodes different ones. */
export function liarInTimeouts(world: World): Adversary {
  const arsenal = new Arsenal(world)

  const lieAbout = ({ view }: TimeoutVote): Effect[] => {
    const effects: Effect[] = []
    const tc = arsenal.tcs.find((known) => known.view + 1n === view)
    const usable = arsenal.qcs.filter((qc) =>
      qc.view + 1n === view ? true : tc !== undefined && qc.view < view,
    )
    for (let to = 0; to < world.nodeCount; to++) {
      const highQC = usable[world.prng.below(usable.length)]
      if (to === world.node || highQC === undefined) continue
      const timeout = arsenal.timeout(view, highQC, highQC.view + 1n === view ? undefined : tc)
      effects.push({
        kind: 'send',
        to: { peer: `node-${to}` },
        message: { kind: 'timeout', timeout },
      })
    }
    return effects
  }

  return {
    onMessage: (message) => arsenal.see(message),
    onEffect(effect) {
      if (effect.kind !== 'broadcast' || effect.message.kind !== 'timeout') return [effect]
      arsenal.see(effect.message)
      return world.prng.chance(300) ? [effect] : lieAbout(effect.message.timeout)
    },
  }
}
