import type { LogRecord } from '@openliquid/consensus'
import { blockCodec, type Height } from '@openliquid/primitives'
import type { ConsensusLog, LoggedRecord } from '@openliquid/storage'

/**
 * Appends to the consensus log and lets old segments go once every block in them is in the database or below it.
 *
 * A synced append has reached the disk when it returns.
 */
export class PrunedLog {
  readonly #log: ConsensusLog
  /** Block records that may still be needed, in the order of the log. */
  #blocks: { readonly seq: bigint; readonly height: Height }[] = []

  constructor(log: ConsensusLog) {
    this.#log = log
    for (const record of log.recover()) this.#note(record)
  }

  append(records: readonly LogRecord[], options: { readonly sync: boolean }): void {
    // A new segment begins with records of its own: too low a number only keeps a segment longer.
    const seq = this.#log.lastSeq + 1n
    this.#log.append(records, options)
    for (const { kind, body } of records) this.#note({ kind, body, seq })
  }

  /** @param height - newest block whose batch is on disk */
  onExecuted(height: Height): void {
    this.#blocks = this.#blocks.filter((block) => block.height > height)
    if (this.#log.segmentCount === 1) return
    this.#log.prune(this.#blocks[0]?.seq ?? this.#log.lastSeq)
  }

  close(): void {
    this.#log.close()
  }

  #note({ kind, body, seq }: LoggedRecord): void {
    if (kind !== 'block') return
    this.#blocks.push({ seq, height: blockCodec.decode(body).header.height })
  }
}
