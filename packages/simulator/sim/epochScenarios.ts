import { bitmapFromSigners } from '@openliquid/crypto'
import {
  blockHash,
  equalBytes,
  FLAG_EPOCH_SUFFIX,
  type Hash,
  payloadRoot,
  type QuorumCertificate,
  timeoutDigest,
} from '@openliquid/primitives'
import { type Behavior, resign } from '../src/index.ts'
import {
  clusterOf,
  demand,
  goOn,
  isUnderHighTip,
  type Scenario,
  ScenarioFailure,
} from './scenarios.ts'

const SHORT = { epochDurationMs: 400 }

/** Epochs that end while every fifth proposal is lost: gaps lie between closing blocks and what commits them. */
export const closedWithGaps: Scenario = (coreModule) => {
  const cluster = clusterOf(coreModule, {
    seed: 71,
    params: { epochDurationMs: 100, viewTimeoutMs: 100, backupDelayMs: 60, clockDriftMsMax: 50 },
  })
  const lost = new Map<bigint, boolean>()
  cluster.network.addFilter((_from, _to, message) => {
    if (message?.kind !== 'proposal') return 0
    const { epoch, view } = message.proposal
    const key = epoch * 100_000n + view
    const isLost = lost.get(key) ?? cluster.prng.chance(200)
    lost.set(key, isLost)
    return isLost ? -1 : 0
  })
  cluster.start()
  goOn(cluster, 200, 300_000)
}

/** A leader fills a block after the closing one: it never counts, so what is in it would be lost. */
export const suffixWithPayload: Scenario = (coreModule) => {
  const filled: Hash[] = []
  const { chain, schemes } = clusterOf(coreModule, { seed: 72, params: SHORT })
  const behavior: Behavior = (effect) => {
    if (effect.kind !== 'broadcast' || effect.message.kind !== 'proposal') return [effect]
    const { proposal } = effect.message
    if (proposal.block.header.flags !== FLAG_EPOCH_SUFFIX) return [effect]
    const payload = { actions: [Uint8Array.of(1)], evm: [], evidence: [] }
    const signed = resign(
      proposal,
      { chain, index: 1, nodeScheme: schemes.nodeScheme },
      { payloadRoot: payloadRoot(payload) },
    )
    const spoiled = { ...signed, block: { ...signed.block, payload } }
    filled.push(blockHash(spoiled.block.header))
    return [{ kind: 'broadcast', message: { kind: 'proposal', proposal: spoiled } }]
  }
  let votes = 0
  const cluster = clusterOf(coreModule, {
    seed: 72,
    params: SHORT,
    nodes: new Map([[1, { behavior }]]),
    observe: (node, effect) => {
      if (node === 1 || effect.kind !== 'send' || effect.message.kind !== 'vote') return
      const { blockHash: hash } = effect.message.vote
      if (filled.some((one) => equalBytes(one, hash))) votes += 1
    },
  })
  cluster.start()
  cluster.runUntil(() => filled.length >= 3, 60_000)
  cluster.runFor(100)
  demand(filled.length >= 3, 'no suffix block was filled')
  demand(votes === 0, 'votes for a suffix block with a payload')
}

/** A timeout certificate of this epoch names a QC of the one before, of a high view: views of epochs do not compare. */
export const qcOfEpochBefore: Scenario = (coreModule) => {
  const old: QuorumCertificate[] = []
  const cluster = clusterOf(coreModule, {
    seed: 73,
    params: { epochDurationMs: 3_000 },
    observe: (_, effect) => {
      if (effect.kind !== 'broadcast' || effect.message.kind !== 'proposal') return
      const { qc } = effect.message.proposal.block.header
      if (qc.epoch === 1n) old.push(qc)
    },
  })
  cluster.start()
  const victim = cluster.node(0)
  cluster.runUntil(() => victim.core.status.epoch === 2n && victim.core.status.view > 2n, 20_000)
  const qc = old.at(-1)
  const { epoch, highQCView, view } = victim.core.status
  if (qc === undefined || epoch !== 2n) throw new ScenarioFailure('no epoch is over')
  demand(qc.view > view + 10n, 'the first epoch has many views')
  const { chain, schemes } = cluster
  const at = qc.view + 1n
  // Right in all but the epoch of its QC.
  const claim = { highQCView: qc.view, ...(isUnderHighTip() ? { highTipView: 0n } : {}) }
  const digest = timeoutDigest(chain.context, 2n, at, claim.highQCView, claim.highTipView)
  const { signature, signers } = schemes.scheme.aggregate(
    chain.keys.slice(0, 3).map(({ voteSecretKey }, signer) => ({
      signer,
      publicKey: schemes.scheme.publicKeyOf(voteSecretKey),
      signature: schemes.scheme.sign(voteSecretKey, digest),
    })),
    digest,
  )
  const highQC = victim.core.highQC
  victim.receive(1, {
    kind: 'advanceView',
    advanceView: {
      highQC,
      tc: {
        epoch: 2n,
        view: at,
        groups: [{ ...claim, signers: bitmapFromSigners(signers, 4), signature }],
        highQC: qc,
      },
    },
  })
  demand(victim.core.status.highQCView === highQCView, 'takes a QC of another epoch')
}
