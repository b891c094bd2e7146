import type { Fault, PeerId, TimeoutVote } from '@openliquid/primitives'
import type { CertificateProcessor } from './certificateProcessor.ts'
import { ignore, reject } from './errors.ts'
import { checkTipLeader } from './highTip.ts'
import { REBROADCAST_MS_MAX } from './limits.ts'
import { checkTimeout } from './proposalRules.ts'
import type { Replica } from './replica.ts'
import type { ViewSynchronizer } from './viewSynchronizer.ts'
import { viewTimeoutMs } from './viewTimer.ts'

/**
 * Gives views up, alone by the timer or in company, and leads out of them with a TC, or better with the QC that the
 * votes carried in the timeouts make.
 *
 * @see docs/spec/consensus.md §5
 */
export class TimeoutAggregator {
  readonly #replica: Replica
  readonly #processor: CertificateProcessor
  readonly #synchronizer: ViewSynchronizer

  constructor(replica: Replica, processor: CertificateProcessor, synchronizer: ViewSynchronizer) {
    this.#replica = replica
    this.#processor = processor
    this.#synchronizer = synchronizer
  }

  /** The view timer has run out: the first time the view is given up, later that is repeated. */
  onViewTimer(nowMs: number): void {
    if (this.hasGivenUp) {
      // Replicas in the same view may differ in commits, so the repetition carries the newest one.
      this.#synchronizer.broadcastNews(nowMs)
    }
    this.giveUp(nowMs)
  }

  get hasGivenUp(): boolean {
    const { pacemaker, safety } = this.#replica
    return safety?.data.lastTimeout?.view === pacemaker.view
  }

  /** Sends our timeout of the current view, always the same bytes. Returns whether the safety rules allow one. */
  giveUp(nowMs: number): boolean {
    const { outbox, pacemaker, params, safety, timeouts, timers } = this.#replica
    const signed = safety?.timeout({ currentView: pacemaker.view, ...pacemaker.entry })
    if (signed === undefined) return false
    const { message: timeout, records } = signed
    outbox.persist(records, { sync: true }) // R6
    outbox.broadcast({ kind: 'timeout', timeout })
    timeouts.add(timeout)
    const repeatMs = Math.min(viewTimeoutMs(params, pacemaker.failures), REBROADCAST_MS_MAX)
    timers.set('view', nowMs + repeatMs)
    return true
  }

  /** Returns what is wrong with the timeout, as far as one can tell before its own signature is verified. */
  onTimeout(timeout: TimeoutVote, from: PeerId, nowMs: number): Fault | undefined {
    const { pacemaker, rules, timeouts, verifier } = this.#replica
    const fault = checkTimeout(timeout, rules)
    if (fault !== undefined) {
      this.#watchMalformed(timeout)
      return fault
    }

    const { highTip, lastTC } = timeout
    const highQC = verifier.verifyQC(timeout.highQC)
    if (highQC === undefined) return badCertificate('highQC')
    if (lastTC !== undefined) {
      const tc = verifier.verifyTC(lastTC)
      if (tc === undefined) return badCertificate('lastTC')
      const tipFault = checkTipLeader(this.#replica, tc.highTip)
      if (tipFault !== undefined) return tipFault
      this.#processor.learnTC(tc, nowMs)
    }
    this.#processor.learnQC(highQC, nowMs)
    if (highTip !== undefined) {
      if (verifier.verifyTip(highTip) === undefined) return badCertificate('highTip')
      this.#processor.learnQC(verifier.trustQC(highTip.header.qc), nowMs)
      const tipFault = checkTipLeader(this.#replica, highTip)
      if (tipFault !== undefined) return tipFault
    }
    this.#replica.detector.onTimeout(timeout)
    if (timeout.view < pacemaker.view) {
      this.#synchronizer.tellLate(from, timeout.view, nowMs)
      return ignore('OL_CONSENSUS_STALE', 'a timeout of a view that is over')
    }
    timeouts.add(timeout)
    return undefined
  }

  /** What is wrong around a timeout makes its signature no less of a promise; views ahead of ours could be anything. */
  #watchMalformed({ vote: _, ...timeout }: TimeoutVote): void {
    const { committee, detector, epoch, pacemaker } = this.#replica
    if (timeout.epoch !== epoch || timeout.view > pacemaker.view) return
    if (committee.has(timeout.signer)) detector.onTimeout(timeout)
  }

  /** Draws the consequences of the timeouts of the current view; returns whether there were any. */
  settle(nowMs: number): boolean {
    const { pacemaker, timeouts } = this.#replica
    const { view } = pacemaker
    if (!timeouts.has(view)) return false
    if (timeouts.isQuorum(view)) return this.#leaveView(nowMs)
    // Amplification: an honest replica is among them, so the view is not going to succeed.
    return !this.hasGivenUp && timeouts.isBlocking(view) && this.giveUp(nowMs)
  }

  #leaveView(nowMs: number): boolean {
    const { pacemaker, timeouts, votes } = this.#replica
    const { view } = pacemaker
    for (const { vote } of timeouts.timeoutsOf(view)) if (vote !== undefined) votes.add(vote)
    const qc = votes.certificate(view)
    const tc = qc === undefined ? timeouts.certificate(view) : undefined
    if (qc !== undefined) this.#processor.learnQC(qc, nowMs)
    else if (tc !== undefined) this.#processor.learnTC(tc, nowMs)
    else return false
    this.#synchronizer.tellLeader()
    this.#synchronizer.broadcastNews(nowMs)
    return true
  }
}

function badCertificate(which: 'highQC' | 'lastTC' | 'highTip'): Fault {
  return reject('OL_CONSENSUS_CERTIFICATE', `the ${which} of a timeout is invalid`)
}
