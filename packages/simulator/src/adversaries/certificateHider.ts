import type { QuorumCertificate } from '@openliquid/primitives'
import { type Adversary, someNodes, type World } from './adversary.ts'
import { Arsenal } from './arsenal.ts'

/** Longest time a certificate stays hidden. */
const HIDDEN_MS_MAX = 2_500

/** A4: as leader of the next view it makes the QC, keeps it, and shows it to a few much later. */
export function certificateHider(world: World): Adversary {
  const arsenal = new Arsenal(world)
  const shown = new Set<bigint>()

  const reveal = (highQC: QuorumCertificate): void => {
    for (const to of someNodes(world)) {
      const delayMs = world.prng.below(HIDDEN_MS_MAX)
      world.sendAfter(delayMs, to, { kind: 'advanceView', advanceView: { highQC } })
    }
  }

  return {
    onMessage(message) {
      arsenal.see(message)
      if (message.kind !== 'vote' || shown.has(message.vote.view)) return
      const qc = arsenal.formQC(message.vote.view)
      if (qc === undefined) return
      shown.add(qc.view)
      reveal(qc)
    },
    onEffect(effect) {
      // What its honest half would publish are just these certificates.
      const isNews =
        effect.kind === 'broadcast' &&
        (effect.message.kind === 'proposal' || effect.message.kind === 'advanceView')
      return isNews && world.prng.chance(800) ? [] : [effect]
    },
  }
}
