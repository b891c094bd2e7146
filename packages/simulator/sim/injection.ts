import type { Effect } from '@openliquid/consensus'
import type { Hash, Proposal, TimeoutCertificate, View } from '@openliquid/primitives'
import { type Arsenal, type Cluster, silent } from '../src/index.ts'
import { arsenalOf, clusterOf, demand, type Scenario, ScenarioFailure } from './scenarios.ts'

/** What a forged proposal is made from: everything is valid until a scenario spoils it. */
export interface Forgery {
  readonly cluster: Cluster
  readonly arsenal: Arsenal
  readonly tc: TimeoutCertificate
  readonly view: View
  readonly nowMs: number
}

/** Makes the proposal that arrives first; undefined where this view does not fit. */
export type Forge = (forgery: Forgery) => Proposal | undefined

/**
 * A view was entered by a timeout certificate; before its leader's proposal arrives, another one does.
 *
 * @param isGood - whether node 0 must vote for it, or must not
 */
export function injection(forge: Forge, { isGood }: { readonly isGood: boolean }): Scenario {
  return (coreModule) => {
    const tcs: TimeoutCertificate[] = []
    let arsenal: Arsenal | undefined
    const votes: { readonly view: View; readonly hash: Hash }[] = []
    const cluster = clusterOf(coreModule, {
      seed: 61,
      nodes: new Map([[2, { behavior: silent }]]),
      observe: (node, effect) => {
        if (effect.kind === 'send' || effect.kind === 'broadcast') arsenal?.see(effect.message)
        if (node !== 0) return
        const tc = tcOf(effect)
        if (tc !== undefined) tcs.push(tc)
        if (effect.kind !== 'send' || effect.message.kind !== 'vote') return
        const { blockHash, view } = effect.message.vote
        votes.push({ view, hash: blockHash })
      },
    })
    const victim = cluster.node(0)
    arsenal = arsenalOf(cluster, 3)
    cluster.start()
    for (let round = 0; round < 20; round++) {
      tcs.length = 0
      cluster.runUntil(() => tcs.length > 0 && victim.core.status.leader === 3, 20_000)
      const tc = tcs.at(-1)
      if (tc === undefined || victim.core.status.leader !== 3) continue
      const proposal = forge({
        cluster,
        arsenal,
        tc,
        view: tc.view + 1n,
        nowMs: cluster.scheduler.nowMs,
      })
      if (proposal === undefined) continue
      votes.length = 0
      victim.receive(3, { kind: 'proposal', proposal })
      cluster.runFor(1)
      const voted = votes.some(({ view }) => view === proposal.view)
      demand(voted === isGood, isGood ? 'does not vote for a good block' : 'votes for a bad block')
      return
    }
    throw new ScenarioFailure('no view fit')
  }
}

function tcOf(effect: Effect): TimeoutCertificate | undefined {
  if (effect.kind !== 'broadcast' || effect.message.kind !== 'advanceView') return undefined
  return effect.message.advanceView.tc
}

export function bad(forge: Forge): Scenario {
  return injection(forge, { isGood: false })
}
