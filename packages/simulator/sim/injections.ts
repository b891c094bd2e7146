import type { Effect } from '@openliquid/consensus'
import { bitmapFromSigners } from '@openliquid/crypto'
import {
  type Hash,
  type Payload,
  type QuorumCertificate,
  sha256,
  type TimeoutCertificate,
  type TimeoutVote,
  timeoutDigest,
  type View,
  voteDigest,
} from '@openliquid/primitives'
import type { Cluster } from '../src/index.ts'
import { bad, type Forge, injection } from './injection.ts'
import { arsenalOf, clusterOf, demand, goOn, type Scenario, ScenarioFailure } from './scenarios.ts'

const POISONED: Payload = { actions: [Uint8Array.of(0xff)], evm: [], evidence: [] }
const PAID: Payload = { actions: [Uint8Array.of(1)], evm: [], evidence: [] }

const good: Forge = ({ arsenal, tc, view }) => arsenal.proposal(view, tc.highQC, { tc })

/** The control: what all others are spoiled copies of. */
export const goodProposal: Scenario = injection(good, { isGood: true })

export const unsignedProposal: Scenario = bad((forgery) => {
  const proposal = good(forgery)
  return proposal === undefined ? undefined : { ...proposal, signature: new Uint8Array(64) }
})
export const foreignLeader: Scenario = bad(({ cluster, tc, view, arsenal }) => {
  const other = arsenalOf(cluster, 1)
  for (const qc of arsenal.qcs) {
    const block = arsenal.blockOf(qc.blockHash)
    if (block !== undefined) other.see({ kind: 'proposal', proposal: other.envelope(block, view) })
  }
  return other.proposal(view, tc.highQC, { tc })
})
export const skippedHeight: Scenario = bad(({ arsenal, tc, view }) => {
  const height = arsenal.blockOf(tc.highQC.blockHash)?.header.height ?? 0n
  return arsenal.proposal(view, tc.highQC, { tc, change: { height: height + 2n } })
})
export const timeGoesBack: Scenario = bad(({ arsenal, tc, view }) => {
  const timestampMs = arsenal.blockOf(tc.highQC.blockHash)?.header.timestampMs ?? 0
  return arsenal.proposal(view, tc.highQC, { tc, change: { timestampMs } })
})
export const farFuture: Scenario = bad(({ arsenal, nowMs, tc, view }) =>
  arsenal.proposal(view, tc.highQC, { tc, change: { timestampMs: nowMs + 60_000 } }),
)
export const nearFuture: Scenario = bad(({ arsenal, nowMs, tc, view }) =>
  arsenal.proposal(view, tc.highQC, { tc, change: { timestampMs: nowMs + 100 } }),
)
export const olderRoot: Scenario = bad(({ arsenal, cluster, tc, view }) => {
  const parent = arsenal.proposal(view, tc.highQC, { tc })?.block.header
  if (parent === undefined || parent.executedHeight < 2n) return undefined
  const executedHeight = parent.executedHeight - 1n
  const stateRoot = cluster.node(0).application.stateRootAt(executedHeight)
  if (stateRoot === undefined) return undefined
  return arsenal.proposal(view, tc.highQC, { tc, change: { executedHeight, stateRoot } })
})
export const otherPayload: Scenario = bad((forgery) => {
  const proposal = good(forgery)
  if (proposal === undefined) return undefined
  return { ...proposal, block: { ...proposal.block, payload: PAID } }
})
export const poisonedPayload: Scenario = bad(({ arsenal, tc, view }) =>
  arsenal.proposal(view, tc.highQC, { tc, payload: POISONED }),
)
export const otherSet: Scenario = bad(({ arsenal, tc, view }) =>
  arsenal.proposal(view, tc.highQC, { tc, change: { validatorSetHash: sha256(Uint8Array.of(5)) } }),
)
export const otherChain: Scenario = bad(({ arsenal, tc, view }) =>
  arsenal.proposal(view, tc.highQC, { tc, change: { chainId: 7n } }),
)
export const closingTooEarly: Scenario = bad(({ arsenal, tc, view }) =>
  arsenal.proposal(view, tc.highQC, { tc, change: { flags: 1 } }),
)
export const withoutEntryProof: Scenario = bad(({ arsenal, tc, view }) =>
  arsenal.proposal(view, tc.highQC),
)
export const entryProofOfAnotherView: Scenario = bad(({ arsenal, tc, view }) => {
  const older = arsenal.tcs.find((known) => known.view < tc.view)
  return older === undefined ? undefined : arsenal.proposal(view, tc.highQC, { tc: older })
})

/** Certificates that prove nothing must not move a replica. */
function forgedNews(
  forge: (
    cluster: Cluster,
    view: View,
  ) => {
    readonly highQC?: QuorumCertificate
    readonly tc?: TimeoutCertificate
  },
): Scenario {
  return (coreModule) => {
    const cluster = clusterOf(coreModule, { seed: 62 })
    cluster.start()
    goOn(cluster, 5, 5_000)
    const node = cluster.node(0)
    const { view } = node.core.status
    const { highQC = node.core.highQC, tc } = forge(cluster, view + 5n)
    const advanceView = { highQC, ...(tc === undefined ? {} : { tc }) }
    node.receive(1, { kind: 'advanceView', advanceView })
    demand(node.core.status.view === view, `view ${node.core.status.view} is entered from ${view}`)
    demand(node.core.status.highQCView < view, 'the QC counts')
  }
}

export const qcOfTwo: Scenario = forgedNews((cluster, view) => ({
  highQC: qcBy(cluster, view, [0, 1]),
}))
export const qcWithoutSignature: Scenario = forgedNews((cluster, view) => {
  const qc = qcBy(cluster, view, [0, 1, 2])
  return { highQC: { ...qc, signature: new Uint8Array(qc.signature.length) } }
})
export const qcOfNextEpoch: Scenario = forgedNews((cluster, view) => ({
  highQC: qcBy(cluster, view, [0, 1, 2], 2n),
}))
export const qcOfViewZero: Scenario = (coreModule) => {
  const cluster = clusterOf(coreModule, { seed: 63 })
  cluster.start()
  const node = cluster.node(0)
  const reports: Effect[] = []
  for (const effect of node.core.step({
    kind: 'message',
    nowMs: cluster.scheduler.nowMs,
    from: 'node-1',
    message: { kind: 'timeout', timeout: timeoutOnViewZero(cluster) },
  })) {
    if (effect.kind === 'report') reports.push(effect)
  }
  demand(reports.length === 1, 'a false epoch-genesis QC passes')
}
export const tcOfTwo: Scenario = forgedNews((cluster, view) => ({
  tc: tcBy(cluster, view, [[cluster.node(0).core.highQC, [0, 1]]]),
}))
export const tcWithoutSignature: Scenario = forgedNews((cluster, view) => {
  const tc = tcBy(cluster, view, [[cluster.node(0).core.highQC, [0, 1, 2]]])
  const groups = tc.groups.map((group) => ({
    ...group,
    signature: new Uint8Array(group.signature.length),
  }))
  return { tc: { ...tc, groups } }
})
/** Two signers, each in both of two groups: four by count. */
export const tcOfOverlap: Scenario = forgedNews((cluster, view) => {
  const { highQC } = cluster.node(0).core
  const tc = tcBy(cluster, view, [
    [{ ...highQC, view: highQC.view - 1n }, [0, 1]],
    [highQC, [0, 1]],
  ])
  return { tc }
})
/** Its highQC is not the greatest that its signers knew. */
export const tcWithLowerQC: Scenario = forgedNews((cluster, view) => {
  const { highQC } = cluster.node(0).core
  const tc = tcBy(cluster, view, [
    [highQC, [0, 1]],
    [{ ...highQC, view: highQC.view + 1n }, [2]],
  ])
  return { tc: { ...tc, highQC } }
})

/** One node's timeout makes nobody else give up; nor does one for a view that was never entered. */
function loneTimeout(forge: (cluster: Cluster, view: View) => TimeoutVote): Scenario {
  return (coreModule) => {
    let timeouts = 0
    const reports: Effect[] = []
    const cluster = clusterOf(coreModule, {
      seed: 64,
      observe: (node, effect) => {
        if (effect.kind === 'report') reports.push(effect)
        if (node !== 3 && effect.kind === 'broadcast' && effect.message.kind === 'timeout') {
          timeouts += 1
        }
      },
    })
    cluster.start()
    goOn(cluster, 5, 5_000)
    const node = cluster.node(0)
    const timeout = forge(cluster, node.core.status.view)
    node.receive(3, { kind: 'timeout', timeout })
    cluster.runFor(1)
    demand(timeouts === 0, 'gives up for one timeout')
    const entered = timeout.highQC.view + 1n === timeout.view
    demand(entered || reports.length > 0, 'a view that was never entered passes')
  }
}

export const earlyTimeout: Scenario = loneTimeout((cluster, view) => {
  const { highQC } = cluster.node(0).core
  return highQC.view + 1n === view
    ? arsenalOf(cluster, 3).timeout(view, highQC)
    : arsenalOf(cluster, 3).timeout(highQC.view + 1n, highQC)
})
export const unprovenTimeout: Scenario = loneTimeout((cluster, view) =>
  arsenalOf(cluster, 3).timeout(view + 40n, cluster.node(0).core.highQC),
)

/** A faulty leader floods one view with blocks; what is kept of them has a limit (L4). */
export const flood: Scenario = (coreModule) => {
  const cluster = clusterOf(coreModule, { seed: 66 })
  cluster.start()
  goOn(cluster, 5, 5_000)
  const node = cluster.node(0)
  cluster.runUntil(() => node.core.status.leader === 3, 5_000)
  const { view } = node.core.status
  const { highQC } = node.core
  const arsenal = arsenalOf(cluster, 3)
  const parent = node.core.uncommitted(highQC.blockHash)
  const grandparent =
    parent === undefined ? undefined : node.core.uncommitted(parent.header.parentHash)
  for (const block of [grandparent, parent]) {
    if (block !== undefined)
      arsenal.see({ kind: 'proposal', proposal: arsenal.envelope(block, view) })
  }
  const before = node.core.status.uncommittedBlocks
  for (let i = 0; i < 40; i++) {
    const payload: Payload = { actions: [Uint8Array.of(1, i)], evm: [], evidence: [] }
    const proposal = arsenal.proposal(view, highQC, { payload })
    if (proposal === undefined) throw new ScenarioFailure('nothing to flood with')
    node.receive(3, { kind: 'proposal', proposal })
  }
  demand(node.core.status.uncommittedBlocks <= before + 2, 'keeps all blocks of one view')
}

function qcBy(
  { chain, schemes: { scheme } }: Cluster,
  view: View,
  signers: readonly number[],
  epoch: bigint = 1n,
): QuorumCertificate {
  const hash = sha256(Uint8Array.of(3))
  const digest = voteDigest(chain.context, epoch, view, hash)
  return { epoch, view, blockHash: hash, ...aggregate({ chain, scheme }, signers, digest) }
}

function tcBy(
  { chain, params: { highTip }, schemes: { scheme } }: Cluster,
  view: View,
  groups: readonly (readonly [QuorumCertificate, readonly number[]])[],
): TimeoutCertificate {
  const last = groups.at(-1)
  if (last === undefined) throw new ScenarioFailure('a TC has groups')
  return {
    epoch: 1n,
    view,
    highQC: last[0],
    groups: groups.map(([highQC, signers]) => {
      const highTipView = highTip ? 0n : undefined
      const digest = timeoutDigest(chain.context, 1n, view, highQC.view, highTipView)
      return {
        highQCView: highQC.view,
        ...(highTipView === undefined ? {} : { highTipView }),
        ...aggregate({ chain, scheme }, signers, digest),
      }
    }),
  }
}

function aggregate(
  { chain, scheme }: Pick<Cluster, 'chain'> & Pick<Cluster['schemes'], 'scheme'>,
  signers: readonly number[],
  digest: Hash,
): { readonly signers: Uint8Array; readonly signature: Uint8Array } {
  const votes = signers.map((signer) => {
    const secret = chain.keys[signer]?.voteSecretKey ?? new Uint8Array(32)
    return {
      signer,
      publicKey: scheme.publicKeyOf(secret),
      signature: scheme.sign(secret, digest),
    }
  })
  const { signature } = scheme.aggregate(votes, digest)
  return { signers: bitmapFromSigners(signers, chain.keys.length), signature }
}

function timeoutOnViewZero(cluster: Cluster): TimeoutVote {
  const { genesisQC } = cluster.chain
  const highQC = { ...genesisQC, blockHash: sha256(Uint8Array.of(4)) }
  return arsenalOf(cluster, 3).timeout(1n, highQC)
}
