import type { View } from '@openliquid/primitives'
import { CERTIFICATE_VIEWS_CACHED_MAX, CERTIFICATES_PER_VIEW_MAX } from './limits.ts'

/**
 * Certificates that were verified, found again by what they say: the same object at once, any other by all its fields.
 *
 * They lie by view: each new view takes the place of one that is long decided, and never the other way round, so that
 * nobody can drive out the certificates in use by repeating old ones.
 * @see docs/spec/consensus.md §3
 */
export class CertificateCache<T> {
  readonly #isSame: (a: T, b: T) => boolean
  /** By row, which come into being as they are needed: the view it is of, and the certificate that came last. */
  readonly #views: (View | undefined)[] = []
  readonly #newest: (T | undefined)[] = []
  /** Of the rows with several certificates: those that came before, newest first. */
  readonly #others = new Map<number, readonly T[]>()

  /** @param isSame - whether two certificates are equal to the last byte */
  constructor(isSame: (a: T, b: T) => boolean) {
    this.#isSame = isSame
  }

  has(view: View, certificate: T): boolean {
    const row = rowOf(view)
    const newest = this.#newest[row]
    if (newest === undefined || this.#views[row] !== view) return false
    if (newest === certificate || this.#isSame(newest, certificate)) return true
    return this.#others.get(row)?.some((known) => this.#isSame(known, certificate)) === true
  }

  /** Of several for one view, which differ in their signers, the oldest makes room. */
  add(view: View, certificate: T): void {
    const row = rowOf(view)
    const known = this.#views[row]
    if (known !== undefined && known > view) return
    const newest = this.#newest[row]
    if (known === view && newest !== undefined) {
      const others = [newest, ...(this.#others.get(row) ?? [])]
      this.#others.set(row, others.slice(0, CERTIFICATES_PER_VIEW_MAX - 1))
    } else if (this.#others.size > 0) this.#others.delete(row)
    this.#views[row] = view
    this.#newest[row] = certificate
  }
}

function rowOf(view: View): number {
  return Number(view) % CERTIFICATE_VIEWS_CACHED_MAX
}
