import type { AdvanceView, ConsensusMessage, Fault, PeerId, View } from '@openliquid/primitives'
import type { CertificateProcessor } from './certificateProcessor.ts'
import { reject } from './errors.ts'
import { checkTipLeader } from './highTip.ts'
import { isCommitPath } from './lightVerifier.ts'
import { PEERS_REMEMBERED_MAX, REBROADCAST_MS_MAX } from './limits.ts'
import { decidedView, type Replica } from './replica.ts'

/**
 * Keeps replicas in the same view: whoever is seen behind is told the certificates that lead here.
 *
 * @see docs/spec/consensus.md §5 catch-up of a stale peer
 */
export class ViewSynchronizer {
  readonly #replica: Replica
  readonly #processor: CertificateProcessor
  /** When each peer was last told, in order of that. */
  readonly #answeredAtMs = new Map<PeerId, number>()
  /** When everyone was last told. */
  #broadcastAtMs = Number.NEGATIVE_INFINITY

  constructor(replica: Replica, processor: CertificateProcessor) {
    this.#replica = replica
    this.#processor = processor
  }

  /** Tells everyone. */
  broadcastNews(nowMs: number): void {
    this.#broadcastAtMs = nowMs
    this.#replica.outbox.broadcast(this.#news())
  }

  /** Tells the leader of the current view, who waits for nothing else. */
  tellLeader(): void {
    const { election, epoch, outbox, pacemaker, selfIndex } = this.#replica
    const leader = election.leader(epoch, pacemaker.view)
    if (leader !== selfIndex) outbox.sendToValidator(leader, this.#news())
  }

  /** Tells a peer that gave up a view we have left, unless what we sent to all when we left it is on its way. */
  tellLate(peer: PeerId, view: View, nowMs: number): void {
    const { pacemaker, params } = this.#replica
    const isJustLeft = view + 1n === pacemaker.view
    if (isJustLeft && nowMs < this.#broadcastAtMs + params.viewTimeoutMs / 2) return
    this.tellPeer(peer, nowMs)
  }

  /** Tells one peer, at most once a second. */
  tellPeer(peer: PeerId, nowMs: number): void {
    if (this.mayTell(peer, nowMs)) this.#replica.outbox.sendToPeer(peer, this.#news())
  }

  /** Whether a peer may be told something again; if so this counts as having told it. */
  mayTell(peer: PeerId, nowMs: number): boolean {
    const lastMs = this.#answeredAtMs.get(peer)
    if (lastMs !== undefined && nowMs < lastMs + REBROADCAST_MS_MAX) return false
    this.#answeredAtMs.delete(peer)
    this.#answeredAtMs.set(peer, nowMs)
    if (this.#answeredAtMs.size > PEERS_REMEMBERED_MAX) {
      const [oldest] = this.#answeredAtMs.keys()
      if (oldest !== undefined) this.#answeredAtMs.delete(oldest)
    }
    return true
  }

  /** Returns what is wrong with the news. */
  onAdvanceView(news: AdvanceView, from: PeerId, nowMs: number): Fault | undefined {
    const { epoch, pacemaker, verifier } = this.#replica
    const { highQC, tc } = news
    // A commit of the epoch before is told by the change itself.
    const highestCommit = news.highestCommit?.qc.epoch === epoch ? news.highestCommit : undefined
    // What is committed may change who led: the rest of the news is taken all the same.
    let tipFault: Fault | undefined
    // Certificates that can change nothing are not worth a verification.
    if (tc !== undefined && tc.view >= pacemaker.view) {
      const verifiedTC = verifier.verifyTC(tc)
      if (verifiedTC === undefined) return badCertificate('tc')
      tipFault = checkTipLeader(this.#replica, tc.highTip)
      if (tipFault === undefined) this.#processor.learnTC(verifiedTC, nowMs)
    }
    const isNews = highestCommit !== undefined && highestCommit.qc.view > decidedView(this.#replica)
    if (isNews && !isCommitPath(highestCommit)) {
      return reject('OL_CONSENSUS_MALFORMED', 'the commit proof of an AdvanceView')
    }
    // The proof's own QC brings its block and all below it to commit; its path is for those without the blocks.
    for (const qc of highestCommit === undefined ? [highQC] : [highestCommit.qc, highQC]) {
      if (qc.view <= decidedView(this.#replica)) continue
      const verifiedQC = verifier.verifyQC(qc)
      if (verifiedQC === undefined) return badCertificate('qc')
      this.#processor.learnQC(verifiedQC, nowMs)
    }
    const theirView = (tc !== undefined && tc.view > highQC.view ? tc.view : highQC.view) + 1n
    if (theirView < pacemaker.view) this.tellPeer(from, nowMs)
    return tipFault
  }

  #news(): ConsensusMessage {
    const { highestCommit, pacemaker } = this.#replica
    const { highQC, tc } = pacemaker.entry
    return {
      kind: 'advanceView',
      advanceView: {
        highQC,
        ...(tc === undefined ? {} : { tc }),
        ...(highestCommit === undefined ? {} : { highestCommit }),
      },
    }
  }
}

function badCertificate(which: 'qc' | 'tc'): Fault {
  return reject('OL_CONSENSUS_CERTIFICATE', `the ${which} of an AdvanceView is invalid`)
}
