import type { ConsensusMessage, Fault, PeerId } from '@openliquid/primitives'
import type { Effect, LogRecord } from './effect.ts'

/**
 * The effects of one step. All its records go out as one `persist` in front of everything else: one append and one
 * sync per step, and nothing leaves before what it promises is on disk.
 */
export class Outbox {
  #records: LogRecord[] = []
  #sync = false
  #effects: Effect[] = []

  persist(records: readonly LogRecord[], { sync }: { readonly sync: boolean }): void {
    this.#records.push(...records)
    this.#sync ||= sync
  }

  push(effect: Exclude<Effect, { kind: 'persist' }>): void {
    this.#effects.push(effect)
  }

  sendToValidator(validator: number, message: ConsensusMessage): void {
    this.push({ kind: 'send', to: { validator }, message })
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
    const effects = this.#effects
    if (this.#records.length > 0) {
      effects.unshift({ kind: 'persist', records: newestSafety(this.#records), sync: this.#sync })
    }
    this.#records = []
    this.#sync = false
    this.#effects = []
    return effects
  }
}

/** Safety data replaces what stood before it, so only the last of a batch is worth writing. */
function newestSafety(records: readonly LogRecord[]): readonly LogRecord[] {
  if (records.length === 1) return records
  const last = records.findLastIndex(({ kind }) => kind === 'safety')
  return records.filter(({ kind }, i) => kind !== 'safety' || i === last)
}
