import { blockHash } from '@openliquid/primitives'
import type { CertificateProcessor } from './certificateProcessor.ts'
import type { RecoveredState } from './consensusOptions.ts'
import { deferredRecord } from './deferredRecord.ts'
import { Quarantine } from './quarantine.ts'
import type { Replica } from './replica.ts'
import { encodeSafetyData } from './safetyCodec.ts'
import type { ViewSynchronizer } from './viewSynchronizer.ts'

/**
 * The first step of a replica: puts back what the log held above the executed blocks, commits what its certificates
 * commit, and says again what it last said. Nothing is signed anew for a view that was signed in before.
 *
 * @see docs/spec/consensus.md §7
 */
export function resume(
  replica: Replica,
  recovered: RecoveredState,
  {
    processor,
    synchronizer,
    nowMs,
    isWaiting,
  }: {
    readonly processor: CertificateProcessor
    readonly synchronizer: ViewSynchronizer
    readonly nowMs: number
    /** For a sign of another node with the same keys. */
    readonly isWaiting: boolean
  },
): void {
  const { committee, outbox, pacemaker, params, safety, timers } = replica
  if (safety !== undefined && recovered.safety === undefined) {
    // From now on a log without safety data is a lost one.
    outbox.persist([deferredRecord('safety', encodeSafetyData, safety.data)], { sync: true })
  }
  if (isWaiting && replica.ownKeys !== undefined) {
    replica.quarantine = new Quarantine({
      nowMs,
      clockDriftMs: params.clockDriftMsMax,
      validators: committee.size,
      viewTimeoutMs: params.viewTimeoutMs,
    })
    replica.safety = undefined
    timers.set('quarantine', replica.quarantine.endMs)
  }
  restoreEpoch(replica, recovered, { processor, nowMs })
  processor.learnQC(pacemaker.highQC, nowMs)
  processor.enterView(nowMs)
  repeatLastMessages(replica)
  synchronizer.broadcastNews(nowMs)
}

/** Puts back what the log knows of the present epoch: blocks, then certificates. */
export function restoreEpoch(
  replica: Replica,
  recovered: RecoveredState,
  { processor, nowMs }: { readonly processor: CertificateProcessor; readonly nowMs: number },
): void {
  const { epoch, verifier } = replica
  admitRecovered(replica, recovered, processor, nowMs)
  // The commit rule runs for every certificate: without those of recovered blocks, votes would wait for commits (B7).
  for (const qc of recovered.certificates) {
    if (qc.epoch === epoch) processor.learnQC(verifier.trustQC(qc), nowMs)
  }
  for (const tc of recovered.laterTCs ?? []) {
    if (tc.epoch === epoch) processor.learnTC(verifier.trustTC(tc), nowMs)
  }
}

function admitRecovered(
  { epoch, signer, tree }: Replica,
  { blocksAbove }: RecoveredState,
  processor: CertificateProcessor,
  nowMs: number,
): void {
  for (const block of blocksAbove) {
    if (block.header.epoch !== epoch) continue
    const hash = blockHash(block.header)
    if (tree.get(hash) !== undefined) continue
    // Forks from below the last committed block are dead.
    if (tree.get(block.header.parentHash) === undefined) continue
    processor.admit(block, hash, { isCertified: false, nowMs })
    const node = tree.get(hash)
    if (node === undefined) continue
    tree.markLogged(node)
    // Blocks come into the log by our vote, our proposal or a commit: others may need any of them.
    if (signer !== undefined) tree.markVoted(node)
  }
}

/** Byte for byte what was sent before the restart, if its view is still the current one. */
export function repeatLastMessages({
  election,
  epoch,
  outbox,
  pacemaker,
  safety,
  selfIndex,
  timeouts,
  tree,
  votes,
}: Replica): void {
  if (safety === undefined) return
  const { lastProposed, lastTimeout, lastVote } = safety.data
  const { view } = pacemaker
  if (lastProposed?.view === view) {
    const block = tree.get(blockHash(lastProposed.block.header))?.block
    if (block !== undefined) {
      outbox.broadcast({ kind: 'proposal', proposal: { ...lastProposed, block } })
    }
  }
  if (lastVote?.view === view) {
    const leaders = new Set([election.leader(epoch, view + 1n), election.leader(epoch, view)])
    for (const leader of leaders) {
      if (leader === selfIndex) votes.add(lastVote)
      else outbox.sendToValidator(leader, { kind: 'vote', vote: lastVote })
    }
  }
  if (lastTimeout?.view === view) {
    outbox.broadcast({ kind: 'timeout', timeout: lastTimeout })
    timeouts.add(lastTimeout)
  }
}
