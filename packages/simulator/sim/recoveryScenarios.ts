import type { Effect } from '@openliquid/consensus'
import type { View } from '@openliquid/primitives'
import { silent, steadyLinks } from '../src/index.ts'
import { clusterOf, demand, goOn, type Scenario, ScenarioFailure } from './scenarios.ts'

/**
 * A replica fetches a branch whose newest block stands after a gap of views: what is committed, certificates within the
 * branch alone can tell.
 */
export const gapAtTheTop: Scenario = (coreModule) => {
  const cluster = clusterOf(coreModule, { seed: 81, stakes: [1n, 1n, 1n, 1n, 1n, 1n, 1n] })
  const server = cluster.node(0)
  const late = cluster.node(6)
  cluster.start()
  cluster.runFor(500)
  cluster.network.partition([0, 0, 0, 0, 0, 0, 1])
  cluster.runFor(500)
  // One view without a proposal, and the next block is certified.
  const lost: View = server.core.status.view + 3n
  cluster.network.addFilter((_from, _to, message) =>
    message?.kind === 'proposal' && message.proposal.view === lost ? -1 : 0,
  )
  cluster.runUntil(() => server.core.status.highQCView > lost, 5_000)
  for (let other = 1; other < 6; other++) cluster.crash(other)
  cluster.network.heal()
  // News would tell it what is committed.
  cluster.network.addFilter((_from, _to, message) => (message?.kind === 'advanceView' ? -1 : 0))
  const { committedHeight } = server.core.status
  const { highQC } = server.core
  const top = server.core.uncommitted(highQC.blockHash)
  if (top === undefined) throw new ScenarioFailure('the newest block is unknown')
  demand(top.header.qc.view + 1n < highQC.view, 'a gap is at the top')
  late.receive(0, { kind: 'advanceView', advanceView: { highQC } })
  // Answers come from crashed peers as well: until the one that is up is asked.
  cluster.runUntil(() => late.core.uncommitted(highQC.blockHash) !== undefined, 20_000)
  demand(late.core.status.committedHeight >= committedHeight, 'does not commit what it fetched')
}

/**
 * All stop at once, again and again, with execution slower than views: nobody may vote before what was committed is
 * committed again, and the newest certificates alone need not commit it.
 */
export const restartsBehind: Scenario = (coreModule) => {
  for (let seed = 100; seed < 104; seed++) {
    const cluster = clusterOf(coreModule, {
      seed,
      links: steadyLinks(5),
      executionMs: 150,
      params: {
        viewTimeoutMs: 60,
        viewTimeoutMsMax: 400,
        backupDelayMs: 20,
        clockDriftMsMax: 30,
        minBlockIntervalMs: 10,
      },
    })
    cluster.start()
    for (let round = 0; round < 10; round++) {
      cluster.runFor(400 + cluster.prng.below(400))
      for (const { index } of cluster.nodes) cluster.crash(index)
      for (const { index } of cluster.nodes) cluster.restart(index)
    }
    goOn(cluster, 5, 30_000)
  }
}

/**
 * A view was given up by three, one of whom does not come back after all stopped; the fourth was told, and voted in the
 * view after. Two timeouts are left of the three: only who kept the certificate can go on.
 */
export const restartWithoutTimeouts: Scenario = (coreModule) => {
  let hasTC = false
  const cluster = clusterOf(coreModule, {
    seed: 84,
    observe: (_, effect) => {
      if (effect.kind !== 'broadcast' || effect.message.kind !== 'proposal') return
      hasTC ||= effect.message.proposal.tc !== undefined
    },
  })
  const lost = 10n
  let isLosing = true
  cluster.network.addFilter((_from, to, message) => {
    if (!isLosing) return 0
    if (message?.kind === 'proposal' && message.proposal.view === lost) return -1
    // It enters the view later than the others: its timer is the last to run out.
    const isEntry = message?.kind === 'advanceView' && message.advanceView.tc === undefined
    if (isEntry && to === 3) return 200
    return message?.kind === 'timeout' && to === 3 ? -1 : 0
  })
  cluster.start()
  cluster.runUntil(() => hasTC, 5_000)
  cluster.runFor(11)
  isLosing = false
  for (const { index } of cluster.nodes) cluster.crash(index)
  cluster.runFor(100)
  for (const index of [0, 1, 3]) cluster.restart(index)
  goOn(cluster, 5, 60_000)
}

/** A replica restarts with nobody to talk to: it says nothing of views that are over. */
export const restartInSilence: Scenario = (coreModule) => {
  for (let round = 0; round < 12; round++) {
    const said: View[] = []
    let isWatched = false
    const cluster = clusterOf(coreModule, {
      seed: 83 + round,
      nodes: new Map([[2, { behavior: silent }]]),
      observe: (node, effect) => {
        if (node === 0 && isWatched) said.push(...viewOf(effect))
      },
    })
    cluster.start()
    cluster.runFor(1_000 + 7 * round)
    for (const { index } of cluster.nodes) cluster.crash(index)
    isWatched = true
    cluster.restart(0)
    isWatched = false
    const { view } = cluster.node(0).core.status
    demand(
      said.every((one) => one === view),
      `speaks of view ${said.join()} in ${view}`,
    )
  }
}

function viewOf(effect: Effect): View[] {
  if (effect.kind !== 'send' && effect.kind !== 'broadcast') return []
  const { message } = effect
  if (message.kind === 'vote') return [message.vote.view]
  if (message.kind === 'timeout') return [message.timeout.view]
  if (message.kind === 'proposal') return [message.proposal.view]
  return []
}
