import {
  DecodeError,
  type Envelope,
  type GossipVerdict,
  MESSAGE_KIND,
  type Transaction,
  transactionBatchCodec,
} from '@openliquid/primitives'
import { GOSSIP_BYTES_MAX, GOSSIP_TRANSACTIONS_MAX } from './limits.ts'

/** Collects admitted transactions of one turn and publishes them as one message. */
export class TransactionGossip {
  readonly #publish: (envelope: Envelope) => void
  #batch: Transaction[] = []
  #bytes = 0
  #isScheduled = false

  constructor(publish: (envelope: Envelope) => void) {
    this.#publish = publish
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
    setImmediate(() => {
      this.#isScheduled = false
      this.#flush()
    })
  }

  #flush(): void {
    if (this.#batch.length === 0) return
    const body = transactionBatchCodec.encode(this.#batch)
    this.#batch = []
    this.#bytes = 0
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
