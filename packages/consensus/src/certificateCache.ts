import type { View } from '@openliquid/primitives'
import { CERTIFICATE_VIEWS_CACHED_MAX, CERTIFICATES_PER_VIEW_MAX } from './limits.ts'

/**
 * Certificates that were verified, found again by what they say: the same object at once, any other by all its fields.
 *
 * They lie by view, so that each new view takes the place of one that is long decided.
 * @see docs/spec/consensus.md §3
 */
export class CertificateCache<T> {
  readonly #isSame: (a: T, b: T) => boolean
  /** One place after the other for the certificates of one view. */
  readonly #slots: (T | undefined)[] = []

  /** @param isSame - whether two certificates are equal to the last byte */
  constructor(isSame: (a: T, b: T) => boolean) {
    this.#isSame = isSame
  }

  has(view: View, certificate: T): boolean {
    const first = firstSlotOf(view)
    for (let slot = first; slot < first + CERTIFICATES_PER_VIEW_MAX; slot++) {
      const known = this.#slots[slot]
      if (known === undefined) continue
      if (known === certificate || this.#isSame(known, certificate)) return true
    }
    return false
  }

  /** Of several for one view, which differ in their signers, the newest stands first and the oldest makes room. */
  add(view: View, certificate: T): void {
    const first = firstSlotOf(view)
    for (let slot = first + CERTIFICATES_PER_VIEW_MAX - 1; slot > first; slot--) {
      this.#slots[slot] = this.#slots[slot - 1]
    }
    this.#slots[first] = certificate
  }
}

function firstSlotOf(view: View): number {
  return (Number(view) % CERTIFICATE_VIEWS_CACHED_MAX) * CERTIFICATES_PER_VIEW_MAX
}
