import {
  DecodeError,
  type Envelope,
  type GossipVerdict,
  MESSAGE_KIND,
  type Transaction,
  transactionBatchCodec,
} from '@openliquid/primitives'
import type { Clock } from './clock.ts'
import { GOSSIP_BYTES_MAX, GOSSIP_PAUSE_MS, GOSSIP_TRANSACTIONS_MAX } from './limits.ts'

/**
 * Publishes admitted transactions: a lone one at once with what else the turn brings, a stream of them in one message
 * for each pause. A message costs every node about as much as checking several transactions.
 */
export class TransactionGossip {
  readonly #publish: (envelope: Envelope) => void
  readonly #clock: Clock
  #publishedAtMs = Number.NEGATIVE_INFINITY
  #batch: Transaction[] = []
  #bytes = 0
  #isScheduled = false

  constructor(publish: (envelope: Envelope) => void, clock: Clock) {
    this.#publish = publish
    this.#clock = clock
  }

  /** For transactions that came in through this node's own door; others were gossiped by theirs. */
  add({ kind, bytes }: Transaction): void {
    const isFull =
      this.#batch.length >= GOSSIP_TRANSACTIONS_MAX || this.#bytes + bytes.length > GOSSIP_BYTES_MAX
    if (isFull) this.#flush()
    this.#batch.push({ kind, bytes })
    this.#bytes += bytes.length
    if (this.#isScheduled) return
    this.#isScheduled = true
    const flush = (): void => {
      this.#isScheduled = false
      this.#flush()
    }
    const waitMs = this.#publishedAtMs + GOSSIP_PAUSE_MS - this.#clock()
    // A clock that was set back must not hold transactions up.
    if (waitMs > 0 && waitMs <= GOSSIP_PAUSE_MS) setTimeout(flush, waitMs)
    else setImmediate(flush)
  }

  #flush(): void {
    if (this.#batch.length === 0) return
    const body = transactionBatchCodec.encode(this.#batch)
    this.#batch = []
    this.#bytes = 0
    this.#publishedAtMs = this.#clock()
    this.#publish({ kind: MESSAGE_KIND.transactions, lane: 'transactions', body })
  }
}

/** The transactions of a gossip message, or what to say of it. */
export function decodeTransactions(
  envelope: Envelope,
): readonly Transaction[] | Extract<GossipVerdict, 'reject'> {
  if (envelope.kind !== MESSAGE_KIND.transactions) return 'reject'
  try {
    return transactionBatchCodec.decode(envelope.body)
  } catch (error) {
    if (error instanceof DecodeError) return 'reject'
    throw error
  }
}
