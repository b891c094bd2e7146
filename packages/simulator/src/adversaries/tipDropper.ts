import type { Proposal, TimeoutCertificate, View } from '@openliquid/primitives'
import { type Adversary, someNodes, type World } from './adversary.ts'
import { Arsenal } from './arsenal.ts'

/** How long it gathers refusals before it proposes. */
const GATHERING_MS_MAX = 80

/**
 * A9: as leader after a given-up view it does what it can to put a block of its own in the place of the tip: a TC of
 * those who know least, requests for blocks it has, new blocks with and without a NEC, the tip and another block to
 * different nodes, an older tip.
 */
export function tipDropper(world: World): Adversary {
  const arsenal = new Arsenal(world)
  const { prng } = world
  /** Its next try, in the view it leads. */
  let attack: { readonly view: View; readonly tc: TimeoutCertificate } | undefined

  const show = (proposal: Proposal | undefined): void => {
    if (proposal === undefined) return
    arsenal.see({ kind: 'proposal', proposal })
    for (const to of someNodes(world)) {
      world.sendAfter(prng.below(60), to, { kind: 'proposal', proposal })
    }
  }

  const propose = ({ view, tc }: NonNullable<typeof attack>): void => {
    const tip = tc.highTip
    const payload = { actions: [Uint8Array.of(9, Number(view & 0xffn))], evm: [], evidence: [] }
    const nec = tip === undefined ? undefined : arsenal.formNec(view, tip.header.qc.view)
    const refused = nec === undefined ? {} : { nec }
    show(arsenal.proposal(view, tc.highQC, { tc, payload, ...refused }))
    const older = arsenal.tips[prng.below(Math.max(1, arsenal.tips.length))]
    for (const other of [tip, older]) {
      const block = other === undefined ? undefined : arsenal.blockOfHeader(other.header)
      if (block !== undefined && prng.chance(500)) show(arsenal.envelope(block, view, tc))
    }
    const qc = arsenal.qcs[prng.below(arsenal.qcs.length)]
    if (qc !== undefined && qc.view < view) show(arsenal.proposal(view, qc, { tc, payload }))
  }

  return {
    onMessage(message) {
      arsenal.see(message)
      if (attack === undefined || message.kind !== 'noEndorse') return
      // As soon as the refusals are enough.
      if (arsenal.formNec(attack.view, message.noEndorse.tipQCView) === undefined) return
      propose(attack)
      attack = undefined
    },
    onEffect(effect) {
      if (effect.kind === 'enterView') {
        if (attack !== undefined) propose(attack)
        attack = undefined
        const { view } = effect
        const low = arsenal.formLowTC(view - 1n)
        const tc = low ?? arsenal.tcs.find((known) => known.view + 1n === view)
        if (effect.leader !== world.position || tc === undefined) return [effect]
        attack = { view, tc }
        if (prng.chance(500)) propose(attack)
        if (tc.highTip !== undefined) {
          const roundRecovery = arsenal.roundRecovery(tc)
          for (const to of someNodes(world)) {
            world.sendAfter(prng.below(GATHERING_MS_MAX), to, {
              kind: 'roundRecovery',
              roundRecovery,
            })
          }
        }
        return [effect]
      }
      if (effect.kind === 'broadcast' || effect.kind === 'send') arsenal.see(effect.message)
      const isProposal = effect.kind === 'broadcast' && effect.message.kind === 'proposal'
      return isProposal &&
        effect.message.kind === 'proposal' &&
        effect.message.proposal.tc !== undefined
        ? []
        : [effect]
    },
  }
}
