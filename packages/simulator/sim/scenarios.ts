import type { Effect } from '@openliquid/consensus'
import { bitmapFromSigners } from '@openliquid/crypto'
import {
  type Block,
  type BlockHeader,
  blockHash,
  type Proposal,
  proposalDigest,
  type QuorumCertificate,
  sha256,
  type TimeoutCertificate,
  timeoutCertificateCodec,
  type View,
  voteDigest,
} from '@openliquid/primitives'
import {
  Arsenal,
  Cluster,
  type ClusterOptions,
  type CoreModule,
  equivocatingLeader,
  silent,
  steadyLinks,
  wrongRootLeader,
} from '../src/index.ts'

/** Thrown where a scenario sees what a correct implementation does not do. */
export class ScenarioFailure extends Error {
  override readonly name: string = 'ScenarioFailure'
}

/** Runs a cluster of the given implementation; returns when it behaved, throws when it did not. */
export type Scenario = (coreModule: CoreModule | undefined) => void

const FOUR = [1n, 1n, 1n, 1n]

let highTip = false

/** The same scenario on a chain with tail-fork resistance (§12). */
export function underHighTip(scenario: Scenario): Scenario {
  return (coreModule) => {
    highTip = true
    try {
      scenario(coreModule)
    } finally {
      highTip = false
    }
  }
}

/** Whether a scenario that runs now does so with tail-fork resistance. */
export function isUnderHighTip(): boolean {
  return highTip
}

export function clusterOf(
  coreModule: CoreModule | undefined,
  options: Partial<ClusterOptions> & Pick<ClusterOptions, 'seed'>,
): Cluster {
  return new Cluster({
    stakes: FOUR,
    links: steadyLinks(10),
    ...(coreModule === undefined ? {} : { coreModule }),
    ...options,
    params: { highTip, ...options.params },
  })
}

/** All that was said, and the keys of one validator. */
export function arsenalOf(cluster: Cluster, validator: number): Arsenal {
  const { chain, prng, schemes } = cluster
  return new Arsenal({
    node: validator,
    validator,
    set: chain.set,
    position: validator,
    nodeCount: cluster.nodes.length,
    chain,
    schemes,
    prng,
    highTip: cluster.params.highTip,
    nowMs: () => cluster.scheduler.nowMs,
    send: () => undefined,
    sendAfter: () => undefined,
    stateRootAt: (height) => cluster.node(0).application.stateRootAt(height),
  })
}

export function demand(condition: boolean, text: string): void {
  if (!condition) throw new ScenarioFailure(text)
}

export function goOn(cluster: Cluster, heights: number, withinMs: number): void {
  const height = BigInt(cluster.commits.height + heights)
  const isLive = cluster.runUntil(() => cluster.executedByAll >= height, withinMs)
  demand(isLive, `liveness: height ${height} is not reached in ${withinMs} ms`)
}

/**
 * One of four is dead; each of its turns may cost one view, and no block of the leader before it: three blocks of 2δ,
 * the backup delay, one τ0 and a few δ.
 */
export const deadLeader: Scenario = (coreModule) => {
  const missed = new Set<number>()
  const cluster = clusterOf(coreModule, {
    seed: 31,
    nodes: new Map([[2, { behavior: silent }]]),
    observe: (node, effect) => {
      if (node !== 0 || effect.kind !== 'commit') return
      for (const { context } of effect.blocks) {
        for (const slot of context.missedSlots) missed.add(slot)
      }
    },
  })
  cluster.start()
  goOn(cluster, 30, 10 * (125 + 500 + 14 * 10))
  demand([...missed].join() === '2', `missed slots of ${[...missed].join()}`)
}

/** Unequal stakes with the heavy one and a light one away: number is not stake. */
export const lightMajority: Scenario = (coreModule) => {
  const cluster = clusterOf(coreModule, { seed: 32, stakes: [40n, 20n, 20n, 20n] })
  cluster.start()
  goOn(cluster, 10, 5_000)
  cluster.crash(0)
  cluster.runFor(5_000)
  const { height } = cluster.commits
  cluster.runFor(20_000)
  // Three of four by number, but 60 % by stake.
  demand(cluster.commits.height === height, 'commits without a quorum of the stake')
}

/** Whatever is sent arrives twice; half of the stake is not enough all the same. */
export const everythingTwice: Scenario = (coreModule) => {
  const cluster = clusterOf(coreModule, {
    seed: 39,
    links: { ...steadyLinks(10), duplicatePermille: 1_000 },
  })
  cluster.start()
  goOn(cluster, 10, 5_000)
  cluster.network.partition([0, 0, 1, 1])
  cluster.runFor(5_000)
  cluster.heal()
  goOn(cluster, 10, 20_000)
}

/** Loss, reordering, partitions and crashes, with all monitors on, then good links. */
export function chaos(seed: number): Scenario {
  return (coreModule) => {
    const cluster = clusterOf(coreModule, {
      seed,
      links: { delayMsMin: 1, delayMsMax: 350, lossPermille: 60, duplicatePermille: 30 },
    })
    cluster.start()
    cluster.restartCrashedAfter(300)
    for (let round = 0; round < 8; round++) {
      cluster.runFor(600)
      cluster.node(cluster.prng.below(4)).crashAtEffect(cluster.prng.below(20))
      if (cluster.prng.chance(300)) cluster.network.partition([0, 1, cluster.prng.below(2), 1])
      else cluster.network.heal()
    }
    cluster.heal()
    cluster.network.setConditions(steadyLinks(10))
    goOn(cluster, 10, 40_000)
  }
}

/** For a while everything is lost; afterwards nobody is told that links are back. */
export const silentSpell: Scenario = (coreModule) => {
  const cluster = clusterOf(coreModule, { seed: 38 })
  cluster.start()
  goOn(cluster, 10, 5_000)
  cluster.network.setConditions({ ...steadyLinks(10), lossPermille: 1_000 })
  cluster.runFor(3_000)
  cluster.network.setConditions(steadyLinks(10))
  goOn(cluster, 10, 20_000)
}

/** All die at once, over and over. */
export const allCrash: Scenario = (coreModule) => {
  for (let seed = 40; seed < 46; seed++) {
    const cluster = clusterOf(coreModule, { seed, nodes: new Map([[1, { behavior: silent }]]) })
    cluster.start()
    cluster.runFor(150 + 130 * (seed - 40))
    for (let round = 0; round < 4; round++) {
      for (const { index } of cluster.nodes) cluster.crash(index)
      for (const { index } of cluster.nodes) cluster.restart(index)
      cluster.runFor(200 + cluster.prng.below(900))
    }
    goOn(cluster, 10, 60_000)
  }
}

/** A leader proposes twice in its views. */
export const equivocation: Scenario = (coreModule) => {
  const { chain, schemes } = clusterOf(coreModule, { seed: 33 })
  const behavior = equivocatingLeader({ chain, index: 1, nodeScheme: schemes.nodeScheme })
  const cluster = clusterOf(coreModule, { seed: 33, nodes: new Map([[1, { behavior }]]) })
  cluster.start()
  goOn(cluster, 20, 60_000)
}

/** All have voted in a view that a timeout certificate opened when the power fails. */
export const allCrashAfterVote: Scenario = (coreModule) => {
  let hasTC = false
  const cluster = clusterOf(coreModule, {
    seed: 41,
    nodes: new Map([[2, { behavior: silent }]]),
    observe: (_, effect) => {
      if (effect.kind !== 'broadcast' || effect.message.kind !== 'proposal') return
      hasTC ||= effect.message.proposal.tc !== undefined
    },
  })
  cluster.start()
  cluster.runUntil(() => hasTC, 20_000)
  cluster.runFor(11)
  for (const { index } of cluster.nodes) cluster.crash(index)
  cluster.runFor(100)
  for (const { index } of cluster.nodes) cluster.restart(index)
  goOn(cluster, 10, 60_000)
}

/** A replica has given its view up, and a QC of an earlier view that nobody had shown turns up. */
export const lateQC: Scenario = (coreModule) => {
  let hasTC = false
  const cluster = clusterOf(coreModule, {
    seed: 42,
    nodes: new Map([[2, { behavior: silent }]]),
    observe: (_, effect) => {
      if (effect.kind !== 'broadcast' || effect.message.kind !== 'advanceView') return
      hasTC ||= effect.message.advanceView.tc !== undefined
    },
  })
  cluster.start()
  cluster.runUntil(() => hasTC, 20_000)
  cluster.crash(1)
  cluster.crash(3)
  cluster.runFor(3_000)
  const node = cluster.node(0)
  const { highQCView, view } = node.core.status
  demand(highQCView + 1n < view, 'the view was entered by a timeout certificate')
  const highQC = forgeQC(cluster, view - 1n)
  node.receive(1, { kind: 'advanceView', advanceView: { highQC } })
  demand(node.core.status.highQCView === view - 1n, 'the QC counts')
  cluster.runFor(3_000)
}

/** Both proposals of an equivocating leader reach everybody, the second first refused, then repeated. */
export const doubleProposal: Scenario = (coreModule) => {
  const proposals: Proposal[] = []
  const cluster = clusterOf(coreModule, {
    seed: 34,
    // Its key signs both, so nothing that convicts it is a false alarm.
    nodes: new Map([[1, { behavior: (effect) => [effect] }]]),
    observe: (node, effect) => {
      if (node === 1 && effect.kind === 'broadcast' && effect.message.kind === 'proposal') {
        proposals.push(effect.message.proposal)
      }
    },
  })
  cluster.start()
  for (let round = 0; round < 10; round++) {
    const { length } = proposals
    cluster.runUntil(() => proposals.length > length, 5_000)
    const proposal = proposals.at(-1)
    if (proposal === undefined) return
    // 11 ms later all have voted for the first one.
    cluster.runFor(11)
    const { header } = proposal.block
    const other = forge(cluster, proposal, { timestampMs: header.timestampMs + 1 })
    for (const node of cluster.nodes) node.receive(1, { kind: 'proposal', proposal: other })
  }
}

/** A leader names a wrong state root. */
export const wrongRoot: Scenario = (coreModule) => {
  const { chain, schemes } = clusterOf(coreModule, { seed: 35 })
  const behavior = wrongRootLeader({ chain, index: 1, nodeScheme: schemes.nodeScheme })
  const cluster = clusterOf(coreModule, { seed: 35, nodes: new Map([[1, { behavior }]]) })
  cluster.start()
  goOn(cluster, 20, 60_000)
}

/** One node executes otherwise than the quorum: it must stop. */
export const otherExecution: Scenario = (coreModule) => {
  const cluster = clusterOf(coreModule, { seed: 36, nodes: new Map([[3, { salt: 1 }]]) })
  cluster.start()
  goOn(cluster, 20, 60_000)
  demand(cluster.node(3).halt?.code === 'OL_CONSENSUS_STATE_ROOT', 'the node does not halt')
}

/**
 * After a timeout, the next leader proposes beside the block that a quorum certified, though the timeout certificate
 * tells that it is. Nobody may vote for that.
 */
export const staleQC: Scenario = (coreModule) => {
  let tc: TimeoutCertificate | undefined
  const votes: Effect[] = []
  const cluster = clusterOf(coreModule, {
    seed: 37,
    nodes: new Map([[2, { behavior: silent }]]),
    observe: (node, effect) => {
      if (node !== 0) return
      if (effect.kind === 'broadcast' && effect.message.kind === 'advanceView') {
        tc = effect.message.advanceView.tc ?? tc
      }
      if (effect.kind === 'send' && effect.message.kind === 'vote') votes.push(effect)
    },
  })
  cluster.start()
  cluster.runUntil(() => tc !== undefined, 20_000)
  if (tc === undefined) throw new ScenarioFailure('no view timed out')
  const { highQC, view } = tc
  const victim = cluster.node(0)
  const certified: Block | undefined = victim.core.uncommitted(highQC.blockHash)
  if (certified === undefined) throw new ScenarioFailure('the certified block is unknown')
  const leader = victim.core.status.leader
  const proposal: Proposal = {
    epoch: 1n,
    view: view + 1n,
    block: certified,
    tc,
    signature: new Uint8Array(64),
  }
  votes.length = 0
  const forged = forge(cluster, proposal, { view: view + 1n, proposer: leader })
  victim.receive(leader, { kind: 'proposal', proposal: forged })
  cluster.runFor(1)
  demand(votes.length === 0, 'votes beside a certified block')
}

/** A proposal with another header, signed with the key of its proposer. */
function forge(cluster: Cluster, proposal: Proposal, change: Partial<BlockHeader>): Proposal {
  const header = { ...proposal.block.header, ...change }
  const tcHash =
    proposal.tc === undefined ? undefined : sha256(timeoutCertificateCodec.encode(proposal.tc))
  const { context, keys } = cluster.chain
  const secretKey = keys[header.proposer]?.nodeSecretKey ?? new Uint8Array(32)
  const digest = proposalDigest(context, 1n, proposal.view, blockHash(header), tcHash)
  return {
    ...proposal,
    block: { ...proposal.block, header },
    signature: cluster.schemes.nodeScheme.sign(secretKey, digest),
  }
}

/** A QC over a block that nobody has, by a quorum of keys. */
export function forgeQC({ chain, schemes: { scheme } }: Cluster, view: View): QuorumCertificate {
  const hash = sha256(Uint8Array.of(3))
  const digest = voteDigest(chain.context, 1n, view, hash)
  const { signature, signers } = scheme.aggregate(
    chain.keys.slice(0, 3).map(({ voteSecretKey }, signer) => ({
      signer,
      publicKey: scheme.publicKeyOf(voteSecretKey),
      signature: scheme.sign(voteSecretKey, digest),
    })),
    digest,
  )
  const bitmap = bitmapFromSigners(signers, chain.keys.length)
  return { epoch: 1n, view, blockHash: hash, signers: bitmap, signature }
}
