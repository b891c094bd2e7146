import { encodeSafetyData, safetyAt } from '@openliquid/consensus'
import {
  type Evidence,
  evidenceCodec,
  type Hash,
  type Misbehavior,
  type Payload,
  type ProposalStatement,
  proposalDigest,
  sha256,
  type View,
  type Vote,
  voteDigest,
} from '@openliquid/primitives'
import {
  byzantineLeader,
  byzantineVoter,
  type Cluster,
  equivocatingLeader,
  liarInTimeouts,
  silent,
} from '../src/index.ts'
import { bad, type Forge, injection } from './injection.ts'
import { clusterOf, demand, goOn, type Scenario } from './scenarios.ts'

const SEVEN = [1n, 1n, 1n, 1n, 1n, 1n, 1n]
/** Several times what it takes, and short enough that a planted fault is soon seen. */
const CONVICTED_MS = 30_000
/** Enough is lost that some views fail. */
const ROUGH = { delayMsMin: 1, delayMsMax: 100, lossPermille: 60, duplicatePermille: 0 }
/** So much is lost that most views fail. */
const BROKEN = { delayMsMin: 1, delayMsMax: 400, lossPermille: 300, duplicatePermille: 0 }

/**
 * An equivocating leader and a validator that votes for everything: both are convicted. Proposals travel by gossip, so
 * whatever the leader sends to some reaches all.
 */
export const convictsEquivocation: Scenario = (coreModule) => {
  const { chain, schemes } = clusterOf(coreModule, { seed: 71, stakes: SEVEN })
  const behavior = equivocatingLeader({ chain, index: 1, nodeScheme: schemes.nodeScheme })
  const cluster: Cluster = clusterOf(coreModule, {
    seed: 71,
    stakes: SEVEN,
    nodes: new Map([
      [1, { behavior }],
      [4, { adversaries: [byzantineVoter] }],
    ]),
    observe: (_, effect) => {
      if (effect.kind !== 'send' || effect.message.kind !== 'proposal') return
      const { message } = effect
      cluster.scheduler.after(20, () => {
        for (const node of cluster.nodes) node.receive(0, message)
      })
    },
  })
  cluster.start()
  demandConviction(cluster, 'duplicateProposal', 1)
  demandConviction(cluster, 'duplicateVote', 4)
}

/** Two nodes with one key and different clocks contradict each other as soon as they lead. */
export const convictsTwins: Scenario = (coreModule) => {
  const cluster = clusterOf(coreModule, {
    seed: 72,
    twins: [2],
    nodes: new Map([[4, { clockSkewMs: 7 }]]),
  })
  cluster.start()
  demandConviction(cluster, 'duplicateProposal', 2)
}

/** Who gives one view up with different high QCs, and with ones below what it voted on. */
export const convictsLiar: Scenario = (coreModule) => {
  const cluster = clusterOf(coreModule, {
    seed: 73,
    links: BROKEN,
    nodes: new Map([[1, { adversaries: [liarInTimeouts] }]]),
  })
  cluster.start()
  demandConviction(cluster, 'lockRegression', 1)
  demandConviction(cluster, 'conflictingTimeouts', 1)
}

/** A byzantine leader with any QC and TC it knows. */
export const convictsByzantineLeader: Scenario = (coreModule) => {
  const cluster = clusterOf(coreModule, {
    seed: 9,
    links: ROUGH,
    nodes: new Map([[1, { adversaries: [byzantineLeader] }]]),
  })
  cluster.start()
  demandConviction(cluster, 'duplicateProposal', 1)
}

/** Evidence that one node was shown reaches a block, its penalty is paid once, and never again after restarts. */
export const paysOnce: Scenario = (coreModule) => {
  const cluster = clusterOf(coreModule, {
    seed: 75,
    nodes: new Map([[1, { behavior: silent }]]),
    params: { epochDurationMs: 3_000 },
  })
  cluster.start()
  goOn(cluster, 4, 20_000)
  const evidence = twoVotes(cluster, 1, 1n)
  showAll(cluster, evidence)
  demandConviction(cluster, 'duplicateVote', 1)
  // The penalty is in the database everywhere: what the log still holds would bring it back by itself.
  goOn(cluster, 8, 20_000)
  for (const { index } of cluster.nodes) cluster.crash(index)
  for (const { index } of cluster.nodes) cluster.restart(index)
  showAll(cluster, evidence)
  showAll(cluster, sameActByProposals(cluster, 1, 1n))
  goOn(cluster, 12, 60_000)
  demand(cluster.evidence.convictions.length === 1, 'one act is punished twice')
}

/** The pool is memory, but what was found is told at once: the finder's crash in the same moment loses nothing. */
export const survivesItsFinder: Scenario = (coreModule) => {
  let isTold = false
  const cluster = clusterOf(coreModule, {
    seed: 79,
    stakes: SEVEN,
    nodes: new Map([[1, { behavior: silent }]]),
    observe: (node, effect) => {
      if (node === 0 && effect.kind === 'broadcast' && effect.message.kind === 'evidence') {
        isTold = true
      }
    },
  })
  cluster.start()
  goOn(cluster, 4, 20_000)
  const finder = cluster.node(0)
  const evidence = twoVotes(cluster, 1, finder.core.status.view)
  if (evidence.kind !== 'duplicateVote') return
  // It alone sees both.
  for (const vote of [evidence.first, evidence.second]) finder.receive(1, { kind: 'vote', vote })
  demand(isTold, 'who sees two votes tells everyone')
  cluster.crash(0)
  demandConviction(cluster, 'duplicateVote', 1)
  cluster.restart(0)
  goOn(cluster, 12, 60_000)
  demand(cluster.evidence.convictions.length === 1, 'one act is punished twice')
}

/** Evidence of an epoch that is over counts until the stake of its members is unbonded, and no longer. */
export const expires: Scenario = (coreModule) => {
  const cluster = clusterOf(coreModule, {
    seed: 76,
    nodes: new Map([[1, { behavior: silent }]]),
    params: { epochDurationMs: 1_000, unbondingMs: 6_000 },
  })
  cluster.start()
  cluster.runUntil(() => cluster.node(0).core.status.epoch === 3n, 60_000)
  showAll(cluster, twoVotes(cluster, 1, 1n))
  demandConviction(cluster, 'duplicateVote', 1)
  // The sets of epochs that are over must survive a restart: who has forgotten them would judge otherwise.
  for (const { index } of cluster.nodes) cluster.crash(index)
  for (const { index } of cluster.nodes) cluster.restart(index)
  showAll(cluster, twoVotes(cluster, 1, 2n))
  const isPaid = cluster.runUntil(() => cluster.evidence.convictions.length === 2, 30_000)
  demand(isPaid, 'an epoch that is over is forgotten by a restart')
  const start = cluster.scheduler.nowMs
  cluster.runUntil(() => cluster.scheduler.nowMs > start + 7_000, 10_000)
  showAll(cluster, twoVotes(cluster, 1, 3n))
  goOn(cluster, 12, 60_000)
  demand(cluster.evidence.convictions.length === 2, 'expired evidence convicts')
}

/** After a reset nothing is signed up to the mark, and no view is given up with less than a QC at the mark. */
export const resetLocks: Scenario = (coreModule) => {
  const below: string[] = []
  let mark = 0n
  const cluster = clusterOf(coreModule, {
    seed: 78,
    observe: (node, effect) => {
      if (node !== 0 || mark === 0n) return
      if (effect.kind === 'broadcast' && effect.message.kind === 'timeout') {
        const { highQC, view } = effect.message.timeout
        if (highQC.view < mark) below.push(`gives view ${view} up with QC ${highQC.view}`)
      }
    },
  })
  cluster.start()
  goOn(cluster, 4, 5_000)
  cluster.crash(0)
  mark = cluster.node(1).core.status.view + 3n
  const body = encodeSafetyData(safetyAt({ epoch: 1n, view: mark }))
  cluster.node(0).disk.append([{ kind: 'safety', body }], { sync: true })
  cluster.restart(0)
  // Without proposals there are only timeouts, and the views pass the mark without a QC.
  let isSilent = true
  cluster.network.addFilter((_, __, message) => (isSilent && message?.kind === 'proposal' ? -1 : 0))
  cluster.runUntil(() => cluster.node(1).core.status.view > mark + 2n, 60_000)
  demand(cluster.node(0).core.status.view > mark, 'the views pass the mark')
  cluster.runFor(2_000)
  demand(below.length === 0, below.join('; '))
  isSilent = false
  goOn(cluster, 10, 60_000)
}

/** Junk in messages that say they are evidence changes nothing. */
export const junkEvidence: Scenario = (coreModule) => {
  const cluster = clusterOf(coreModule, { seed: 77 })
  cluster.start()
  goOn(cluster, 3, 5_000)
  const good = twoVotes(cluster, 1, 1n)
  if (good.kind !== 'duplicateVote') return
  const forged = { ...good, second: { ...good.second, signature: good.first.signature } }
  showAll(cluster, forged)
  showAll(cluster, { ...good, second: good.first })
  showAll(cluster, {
    ...good,
    first: { ...good.first, epoch: 9n },
    second: { ...good.second, epoch: 9n },
  })
  goOn(cluster, 10, 20_000)
  demand(cluster.evidence.convictions.length === 0, 'junk convicts')
}

const withEvidence =
  (make: (cluster: Cluster) => readonly Uint8Array[]): Forge =>
  ({ arsenal, cluster, tc, view }) => {
    const payload: Payload = { actions: [], evm: [], evidence: make(cluster) }
    return arsenal.proposal(view, tc.highQC, { tc, payload })
  }

const encoded = (evidence: Evidence): Uint8Array => evidenceCodec.encode(evidence)

/** The control of those below. */
export const goodEvidence: Scenario = injection(
  withEvidence((cluster) => [encoded(twoVotes(cluster, 2, 1n)), encoded(twoVotes(cluster, 2, 2n))]),
  { isGood: true },
)
export const evidenceOfNobody: Scenario = bad(
  withEvidence((cluster) => {
    const evidence = twoVotes(cluster, 2, 1n)
    if (evidence.kind !== 'duplicateVote') return []
    const { first, second } = evidence
    return [encoded({ ...evidence, second: { ...second, signature: first.signature } })]
  }),
)
export const evidenceTwice: Scenario = bad(
  withEvidence((cluster) => [
    encoded(twoVotes(cluster, 2, 1n)),
    encoded(sameActByProposals(cluster, 2, 1n)),
  ]),
)
export const evidenceOfFutureEpoch: Scenario = bad(
  withEvidence((cluster) => [encoded(twoVotes(cluster, 2, 1n, 2n))]),
)
export const evidenceMalformed: Scenario = bad(withEvidence(() => [Uint8Array.of(1, 2, 3)]))
export const evidenceTooMuch: Scenario = bad(
  withEvidence((cluster) =>
    Array.from({ length: 17 }, (_, i) => encoded(twoVotes(cluster, i % 4, BigInt(1 + (i >> 2))))),
  ),
)
export const evidenceTooMadValidator: Scenario = bad(
  withEvidence((cluster) =>
    Array.from({ length: 9 }, (_, i) => encoded(twoVotes(cluster, 2, BigInt(1 + i)))),
  ),
)

export function demandConviction(
  cluster: Cluster,
  kind: Misbehavior['kind'],
  validator: number,
): void {
  const isConvicted = (): boolean =>
    cluster.evidence.convictions.some((one) => one.kind === kind && one.validator === validator)
  demand(
    cluster.runUntil(isConvicted, CONVICTED_MS),
    `validator ${validator} is not convicted of ${kind}`,
  )
}

function showAll(cluster: Cluster, evidence: Evidence): void {
  for (const node of cluster.nodes) node.receive(1, { kind: 'evidence', evidence })
}

/** Two votes that a validator's key has signed in one view. */
export function twoVotes(
  { chain, schemes: { scheme } }: Cluster,
  signer: number,
  view: View,
  epoch: bigint = 1n,
): Evidence {
  const vote = (hash: Hash): Vote => {
    const digest = voteDigest(chain.context, epoch, view, hash)
    const secret = chain.keys[signer]?.voteSecretKey ?? new Uint8Array(32)
    return { epoch, view, blockHash: hash, signer, signature: scheme.sign(secret, digest) }
  }
  const [low, high] = hashes()
  return { kind: 'duplicateVote', first: vote(low), second: vote(high) }
}

/** Two proposals that a validator's key has signed in one view. */
function sameActByProposals(
  { chain, schemes: { nodeScheme } }: Cluster,
  signer: number,
  view: View,
): Evidence {
  const statement = (hash: Hash): ProposalStatement => {
    const digest = proposalDigest(chain.context, 1n, view, hash, undefined)
    const secret = chain.keys[signer]?.nodeSecretKey ?? new Uint8Array(32)
    const signature = nodeScheme.sign(secret, digest)
    return { epoch: 1n, view, blockHash: hash, signer, signature }
  }
  const [low, high] = hashes()
  return { kind: 'duplicateProposal', first: statement(low), second: statement(high) }
}

/** Of two blocks that nobody has, the smaller first. */
function hashes(): readonly [Hash, Hash] {
  const hash = sha256(Uint8Array.of(1))
  const [low, high] = [hash.slice(), hash.slice()]
  low[0] = 1
  high[0] = 2
  return [low, high]
}
