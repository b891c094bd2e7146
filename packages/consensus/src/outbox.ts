import type { ConsensusMessage, Fault, PeerId } from '@openliquid/primitives'
import type { Effect, LogRecord, Recipient } from './effect.ts'

const NONE = -1
/** Effects and records of a step that stay in memory until those of later steps take their places. */
const HELD_MAX = 32
const NO_RECORDS: Effect = { kind: 'persist', records: [], sync: false }

/**
 * The effects of one step. All its records go out as one `persist` in front of everything else: one append and one
 * sync per step, and nothing leaves before what it promises is on disk.
 */
export class Outbox {
  /** Both lists are filled anew by every step, and what is handed over is a copy no larger than it must be. */
  #records: LogRecord[] = []
  #recordCount = 0
  /** The first place is kept for the records. */
  #effects: Effect[] = [NO_RECORDS]
  #effectCount = 1
  /** Place of the safety data among the records. */
  #safetyAt = NONE
  #sync = false
  readonly #validators: Recipient[] = []

  persist(records: readonly LogRecord[], { sync }: { readonly sync: boolean }): void {
    for (const record of records) {
      if (record.kind === 'safety') this.#dropSafety()
      this.#records[this.#recordCount++] = record
    }
    this.#sync ||= sync
  }

  push(effect: Exclude<Effect, { kind: 'persist' }>): void {
    this.#effects[this.#effectCount++] = effect
  }

  sendToValidator(validator: number, message: ConsensusMessage): void {
    let to = this.#validators[validator]
    if (to === undefined) {
      to = { validator }
      this.#validators[validator] = to
    }
    this.push({ kind: 'send', to, message })
  }

  sendToPeer(peer: PeerId, message: ConsensusMessage): void {
    this.push({ kind: 'send', to: { peer }, message })
  }

  broadcast(message: ConsensusMessage): void {
    this.push({ kind: 'broadcast', message })
  }

  report(peer: PeerId, fault: Fault): void {
    this.push({ kind: 'report', peer, fault })
  }

  /** Hands the effects over and starts afresh. */
  drain(): Effect[] {
    if (this.#recordCount === 0) return this.#takeFrom(1)
    const records = this.#records.slice(0, this.#recordCount)
    this.#effects[0] = { kind: 'persist', records, sync: this.#sync }
    this.#recordCount = 0
    this.#safetyAt = NONE
    this.#sync = false
    return this.#takeFrom(0)
  }

  #takeFrom(first: number): Effect[] {
    const effects = this.#effects.slice(first, this.#effectCount)
    this.#effectCount = 1
    // What a long step leaves behind is not held for long.
    if (this.#effects.length > HELD_MAX) this.#effects = [NO_RECORDS]
    if (this.#records.length > HELD_MAX) this.#records = []
    return effects
  }

  /** Safety data replaces what stood before it, so only the last of a step is worth writing. */
  #dropSafety(): void {
    if (this.#safetyAt !== NONE) {
      this.#recordCount -= 1
      this.#records.copyWithin(this.#safetyAt, this.#safetyAt + 1)
    }
    this.#safetyAt = this.#recordCount
  }
}
