import {
  assert,
  type QuorumCertificate,
  type TimeoutCertificate,
  type Verified,
  type View,
} from '@openliquid/primitives'

/** How the current view was entered. */
export interface ViewEntry {
  readonly highQC: Verified<QuorumCertificate>
  /** Present exactly when highQC is not of the view before. */
  readonly tc?: Verified<TimeoutCertificate>
}

/**
 * The only owner of the current view: max(highQC.view, lastTC.view) + 1, moved by certificates and never by a clock.
 *
 * @see docs/spec/consensus.md §5
 */
export class Pacemaker {
  #highQC: Verified<QuorumCertificate>
  #lastTC: Verified<TimeoutCertificate> | undefined
  #view: View
  #failures = 0

  constructor(
    highQC: Verified<QuorumCertificate>,
    lastTC: Verified<TimeoutCertificate> | undefined,
  ) {
    this.#highQC = highQC
    this.#lastTC = lastTC
    this.#view =
      (lastTC !== undefined && lastTC.view > highQC.view ? lastTC.view : highQC.view) + 1n
  }

  get view(): View {
    return this.#view
  }

  get highQC(): Verified<QuorumCertificate> {
    return this.#highQC
  }

  /** The TC of the greatest view known. */
  get lastTC(): Verified<TimeoutCertificate> | undefined {
    return this.#lastTC
  }

  /** k of §5: views in a row entered by a TC since the last one entered by a QC. */
  get failures(): number {
    return this.#failures
  }

  /** The entry proof of the current view, as timeouts and proposals carry it (B4). */
  get entry(): ViewEntry {
    const highQC = this.#highQC
    if (highQC.view + 1n === this.#view) return { highQC }
    const tc = this.#lastTC
    assert(tc !== undefined && tc.view + 1n === this.#view, 'a certificate of the view before')
    // Learning a TC learns its highQC first, so ours is never below it.
    assert(highQC.view >= tc.highQC.view, 'highQC is at least that of the TC')
    return { highQC, tc }
  }

  /** Returns whether a new view was entered. */
  onQC(qc: Verified<QuorumCertificate>): boolean {
    if (qc.view > this.#highQC.view) this.#highQC = qc
    if (qc.view < this.#view) return false
    this.#view = qc.view + 1n
    this.#failures = 0
    return true
  }

  /** Returns whether a new view was entered. The TC's highQC must have been learned before. */
  onTC(tc: Verified<TimeoutCertificate>): boolean {
    assert(this.#highQC.view >= tc.highQC.view, 'the highQC of a TC is learned before the TC')
    if (this.#lastTC === undefined || tc.view > this.#lastTC.view) this.#lastTC = tc
    if (tc.view < this.#view) return false
    this.#view = tc.view + 1n
    this.#failures += 1
    return true
  }

  /** Whether the TC would be news. */
  isNewTC(tc: TimeoutCertificate): boolean {
    return this.#lastTC === undefined || tc.view > this.#lastTC.view
  }
}
