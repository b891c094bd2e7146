import type { Fault, PeerId, View, Vote } from '@openliquid/primitives'
import type { CertificateProcessor } from './certificateProcessor.ts'
import { ignore } from './errors.ts'
import { VOTE_VIEWS_AHEAD_MAX } from './limits.ts'
import { checkVote } from './proposalRules.ts'
import type { Replica } from './replica.ts'
import type { ViewSynchronizer } from './viewSynchronizer.ts'

const VIEWS_AHEAD = BigInt(VOTE_VIEWS_AHEAD_MAX)

/**
 * Turns votes into QCs: at once as leader of the next view, after `backupDelayMs` as leader of the view itself, when
 * the next one seems to be down.
 *
 * @see docs/spec/consensus.md §5
 */
export class VoteAggregator {
  readonly #replica: Replica
  readonly #processor: CertificateProcessor
  readonly #synchronizer: ViewSynchronizer

  constructor(replica: Replica, processor: CertificateProcessor, synchronizer: ViewSynchronizer) {
    this.#replica = replica
    this.#processor = processor
    this.#synchronizer = synchronizer
  }

  /** Returns what is wrong with the vote, as far as one can tell unverified. */
  onVote(vote: Vote, from: PeerId, nowMs: number): Fault | undefined {
    const { committee, pacemaker } = this.#replica
    const fault = checkVote(vote, committee)
    if (fault !== undefined) return fault
    const isFarAhead = vote.view > pacemaker.view + VIEWS_AHEAD
    if (!isFarAhead) this.#replica.detector.onVote(vote)
    // Votes that were on their way when the quorum stood are late, but their authors are not behind.
    const nextView = vote.view + 1n
    if (nextView < pacemaker.view) {
      this.#synchronizer.tellPeer(from, nowMs)
      return ignore('OL_CONSENSUS_STALE', 'a vote of a view that is over')
    }
    if (isFarAhead) {
      return ignore('OL_CONSENSUS_FUTURE', 'a vote of a view far ahead')
    }
    if (this.#isLeader(vote.view) || this.#isLeader(nextView)) this.#replica.votes.add(vote, from)
    return undefined
  }

  /** Takes our own vote. */
  add(vote: Vote): void {
    this.#replica.votes.add(vote)
  }

  /** Forms the QC of the current view or the one before if that is our duty now; returns whether one was formed. */
  formQC(nowMs: number): boolean {
    const { pacemaker, votes } = this.#replica
    if (!votes.hasAnyQuorum) return false
    const { view } = pacemaker
    return this.#formQCOf(view, nowMs) || (view > 1n && this.#formQCOf(view - 1n, nowMs))
  }

  onBackupTimer(nowMs: number): void {
    const { pacemaker, votes } = this.#replica
    const qc = votes.certificate(pacemaker.view)
    if (qc === undefined) return
    this.#processor.learnQC(qc, nowMs)
    this.#synchronizer.broadcastNews(nowMs)
  }

  #formQCOf(view: View, nowMs: number): boolean {
    const { pacemaker, params, timers, votes } = this.#replica
    if (pacemaker.highQC.view >= view || !votes.hasQuorum(view)) return false
    const leadsNext = this.#isLeader(view + 1n)
    if (!leadsNext && !this.#isLeader(view)) return false
    if (!leadsNext) {
      if (view === pacemaker.view && !timers.isSet('backup')) {
        timers.set('backup', nowMs + params.backupDelayMs)
      }
      return false
    }
    const qc = votes.certificate(view)
    if (qc === undefined) return false
    this.#processor.learnQC(qc, nowMs)
    return true
  }

  #isLeader(view: View): boolean {
    const { election, epoch, selfIndex } = this.#replica
    return selfIndex !== undefined && election.leader(epoch, view) === selfIndex
  }
}
