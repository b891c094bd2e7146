import { type Adversary, someNodes, type World } from './adversary.ts'
import { Arsenal } from './arsenal.ts'

/** Views before its turn from which it looks: certificates of older views tempt nobody. */
const PROPOSALS_PER_TURN = 3

/**
 * A2: in each of its views it proposes on any QC it knows, with any TC it knows, different blocks to different random
 * nodes, or nothing.
 */
export function byzantineLeader(world: World): Adversary {
  const arsenal = new Arsenal(world)
  const { prng } = world

  const attack = (view: bigint): void => {
    const count = prng.below(PROPOSALS_PER_TURN + 1)
    for (let i = 0; i < count; i++) {
      const tc = arsenal.tcs.find((known) => known.view + 1n === view)
      const usable = arsenal.qcs.filter((known) => known.view < view)
      const direct = usable.filter((known) => known.view + 1n === view)
      const pool = direct.length > 0 && prng.chance(400) ? direct : usable
      const qc = pool[prng.below(pool.length)]
      if (qc === undefined) continue
      const isDirect = qc.view + 1n === view
      const proposal = arsenal.proposal(view, qc, {
        ...(isDirect || tc === undefined ? {} : { tc }),
        payload: { actions: [Uint8Array.of(i, Number(view & 0xffn))], evm: [], evidence: [] },
      })
      if (proposal === undefined) continue
      arsenal.see({ kind: 'proposal', proposal })
      const hash = { kind: 'proposal' as const, proposal }
      for (const to of someNodes(world)) world.sendAfter(prng.below(60), to, hash)
    }
  }

  return {
    onMessage: (message) => arsenal.see(message),
    onEffect(effect) {
      if (effect.kind === 'enterView' && effect.leader === world.position) attack(effect.view)
      const isProposal = effect.kind === 'broadcast' && effect.message.kind === 'proposal'
      if (isProposal) arsenal.see(effect.message)
      // Its honest half speaks now and then, so that chains grow on its blocks as well.
      return isProposal && prng.chance(700) ? [] : [effect]
    },
  }
}
