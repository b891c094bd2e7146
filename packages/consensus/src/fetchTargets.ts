import {
  equalBytes,
  type Hash,
  type QuorumCertificate,
  type Verified,
  type View,
} from '@openliquid/primitives'
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
  #targets: FetchTarget[] = []

  get size(): number {
    return this.#targets.length
  }

  want(qc: Verified<QuorumCertificate>): void {
    if (this.qcOf(qc.blockHash) !== undefined) return
    this.#targets.push({ qc, requestId: undefined, failures: 0, notBeforeMs: 0 })
    if (this.#targets.length > FETCH_TARGETS_MAX) this.#dropLowest()
  }

  qcOf(blockHash: Hash): Verified<QuorumCertificate> | undefined {
    for (const { qc } of this.#targets) if (equalBytes(qc.blockHash, blockHash)) return qc
    return undefined
  }

  byRequest(requestId: number): FetchTarget | undefined {
    return this.#targets.find((target) => target.requestId === requestId)
  }

  all(): Iterable<FetchTarget> {
    return this.#targets
  }

  /** The block is here, or of no use. */
  remove(blockHash: Hash): void {
    this.#targets = this.#targets.filter(({ qc }) => !equalBytes(qc.blockHash, blockHash))
  }

  /** Forgets blocks of views that are decided. */
  forgetUpTo(view: View): void {
    if (this.#targets.length === 0) return
    this.#targets = this.#targets.filter(({ qc }) => qc.view > view)
  }

  #dropLowest(): void {
    let [lowest] = this.#targets
    for (const target of this.#targets) {
      if (lowest === undefined || target.qc.view < lowest.qc.view) lowest = target
    }
    this.#targets = this.#targets.filter((target) => target !== lowest)
  }
}
