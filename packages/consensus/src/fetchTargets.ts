import type { Hash, QuorumCertificate, Verified, View } from '@openliquid/primitives'
import { type HashKey, hashKey } from './hashKey.ts'
import { FETCH_TARGETS_MAX } from './limits.ts'

/** A certified block that is not here. */
export interface FetchTarget {
  readonly qc: Verified<QuorumCertificate>
  /** Of the request under way. */
  requestId: number | undefined
  /** Requests that brought nothing, in a row. */
  failures: number
  /** Not asked for again before. */
  notBeforeMs: number
}

/** Certified blocks to be fetched, those of the greatest views. Only a valid QC makes a target: nobody can invent one. */
export class FetchTargets {
  readonly #targets = new Map<HashKey, FetchTarget>()

  get size(): number {
    return this.#targets.size
  }

  want(qc: Verified<QuorumCertificate>): void {
    const key = hashKey(qc.blockHash)
    if (this.#targets.has(key)) return
    this.#targets.set(key, { qc, requestId: undefined, failures: 0, notBeforeMs: 0 })
    if (this.#targets.size > FETCH_TARGETS_MAX) this.#dropLowest()
  }

  qcOf(blockHash: Hash): Verified<QuorumCertificate> | undefined {
    return this.#targets.size === 0 ? undefined : this.#targets.get(hashKey(blockHash))?.qc
  }

  byRequest(requestId: number): FetchTarget | undefined {
    for (const target of this.#targets.values()) if (target.requestId === requestId) return target
    return undefined
  }

  all(): Iterable<FetchTarget> {
    return this.#targets.values()
  }

  /** The block is here, or of no use. */
  remove(blockHash: Hash): void {
    this.#targets.delete(hashKey(blockHash))
  }

  /** Forgets blocks of views that are decided. */
  forgetUpTo(view: View): void {
    for (const [key, { qc }] of this.#targets) if (qc.view <= view) this.#targets.delete(key)
  }

  #dropLowest(): void {
    let lowest: [HashKey, FetchTarget] | undefined
    for (const entry of this.#targets) {
      if (lowest === undefined || entry[1].qc.view < lowest[1].qc.view) lowest = entry
    }
    if (lowest !== undefined) this.#targets.delete(lowest[0])
  }
}
