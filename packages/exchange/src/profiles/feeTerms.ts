import { grown, grownLength } from '../growth.ts'

/**
 * Which accounts do not pay what everyone pays, by the handles of `AccountTable`.
 *
 * Derived from stakes, links, referrals and sub-accounts by the hooks of their tables, so that a match need only look
 * at two columns.
 */
export class FeeTerms {
  #stakingPpm: Uint32Array = new Uint32Array(0)
  #isReferred: Uint8Array = new Uint8Array(0)
  /** Accounts with terms of their own. */
  #count = 0

  isSpecial(handle: number): boolean {
    if (this.#count === 0) return false
    return this.stakingPpm(handle) !== 0 || this.isReferred(handle)
  }

  /** Discount for stake, millionths. */
  stakingPpm(handle: number): number {
    return this.#stakingPpm[handle] ?? 0
  }

  /** Whether somebody referred the account. */
  isReferred(handle: number): boolean {
    return this.#isReferred[handle] === 1
  }

  set(handle: number, terms: { readonly stakingPpm: number; readonly isReferred: boolean }): void {
    const isSpecial = terms.stakingPpm !== 0 || terms.isReferred
    if (handle >= this.#isReferred.length) {
      if (!isSpecial) return
      const length = grownLength(handle)
      this.#stakingPpm = grown(this.#stakingPpm, length)
      this.#isReferred = grown(this.#isReferred, length)
    }
    this.#count += Number(isSpecial) - Number(this.isSpecial(handle))
    this.#stakingPpm[handle] = terms.stakingPpm
    this.#isReferred[handle] = Number(terms.isReferred)
  }
}
