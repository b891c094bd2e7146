import {
  bytesToHex,
  type Evidence,
  evidenceCodec,
  type Hex,
  type Misbehavior,
  sha256,
} from '@openliquid/primitives'
import { EVIDENCE_POOLED_MAX } from './limits.ts'
import { accusationsOf, Offences } from './offences.ts'

/** Verified evidence with its encoding. */
export interface PooledEvidence {
  readonly evidence: Evidence
  readonly bytes: Uint8Array
  readonly accusations: readonly Misbehavior[]
}

/**
 * Verified evidence that waits for a block, oldest first. Of each offence one piece is kept; when the pool is full a new
 * piece is refused: what is in it is enough to be punished for.
 */
export class EvidencePool {
  readonly #items = new Map<Hex, PooledEvidence>()
  #offences = new Offences()

  get size(): number {
    return this.#items.size
  }

  items(): Iterable<PooledEvidence> {
    return this.#items.values()
  }

  /** Whether these very bytes are here, and so verified. */
  has(bytes: Uint8Array): boolean {
    return this.#items.has(bytesToHex(sha256(bytes)))
  }

  /**
   * Whether this would be worth a place: it accuses somebody of what neither the pool nor a block has yet.
   *
   * @param committed - what committed blocks convicted of
   */
  isWanted(evidence: Evidence, committed: Offences): boolean {
    if (this.#items.size >= EVIDENCE_POOLED_MAX) return false
    return accusationsOf(evidence).some(
      (accusation) => committed.isNew(accusation) && this.#offences.isNew(accusation),
    )
  }

  /** Takes verified evidence. */
  add(evidence: Evidence): void {
    const bytes = evidenceCodec.encode(evidence)
    const accusations = accusationsOf(evidence)
    this.#items.set(bytesToHex(sha256(bytes)), { evidence, bytes, accusations })
    this.#offences.add(accusations)
  }

  /** Keeps only what is still of use. */
  retain(isOfUse: (item: PooledEvidence) => boolean): void {
    let changed = false
    for (const [key, item] of this.#items) {
      if (isOfUse(item)) continue
      this.#items.delete(key)
      changed = true
    }
    if (!changed) return
    this.#offences = new Offences()
    for (const { accusations } of this.#items.values()) this.#offences.add(accusations)
  }
}
