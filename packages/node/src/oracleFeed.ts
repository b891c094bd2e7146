import { addressOf, signDigest } from '@openliquid/crypto'
import type { ChainView } from '@openliquid/execution'
import {
  type Action,
  type ActionEnvelope,
  actionDigest,
  actionEnvelopeCodec,
  bytesToHex,
  encodeAction,
  TRANSACTION_KIND,
  type Transaction,
} from '@openliquid/primitives'
import { codeOf } from './errors.ts'
import type { Logger } from './logger.ts'
import type { PriceSource } from './priceSource.ts'
import { Timers } from './timers.ts'

/** Length of an oracle bucket; docs/spec/hyperliquid.md §7.1. */
const BUCKET_MS = 3_000
/** After the bucket began: a block that is proposed then has a time inside it. */
const DELAY_MS = 250

export interface OracleFeedOptions {
  readonly clock: () => number
  readonly view: Pick<ChainView, 'call' | 'core' | 'submit' | 'chain'>
  /** secp256k1 key of the validator's signer. */
  readonly signerSecret: Uint8Array
  readonly source: PriceSource
  readonly logger: Logger
}

/** Publishes one `validatorOracle` action a bucket while the node's signer is that of an active validator. */
export class OracleFeed {
  readonly #options: OracleFeedOptions
  readonly #timers: Timers<'bucket'>
  readonly #signer: string
  #lastNonce = 0
  #isStopped = false

  constructor(options: OracleFeedOptions) {
    this.#options = options
    this.#signer = bytesToHex(addressOf(options.signerSecret))
    this.#timers = new Timers(options.clock, () => {
      this.#publish().catch((error: unknown) => this.#warn(error))
    })
  }

  start(): void {
    this.#await()
  }

  stop(): void {
    this.#isStopped = true
    this.#timers.cancelAll()
  }

  /** The next bucket that has not begun. */
  #await(): void {
    if (this.#isStopped) return
    const now = this.#options.clock()
    const begun = Math.floor((now - DELAY_MS) / BUCKET_MS)
    this.#timers.set('bucket', (begun + 1) * BUCKET_MS + DELAY_MS)
  }

  async #publish(): Promise<void> {
    this.#await()
    const { clock, source, view } = this.#options
    const bucket = Math.floor(clock() / BUCKET_MS)
    const isActive = await view.call(() =>
      view.core.validators().some(({ signer, isActive }) => isActive && signer === this.#signer),
    )
    const prices = isActive ? source(bucket) : new Map<number, string>()
    if (prices.size === 0 || this.#isStopped) return
    await view.submit(this.#transactionOf(bucket, prices))
  }

  #transactionOf(bucket: number, prices: ReadonlyMap<number, string>): Transaction {
    const action: Action = {
      type: 'validatorOracle',
      bucket,
      prices: [...prices].sort(([a], [b]) => a - b).map(([perp, px]) => [perp, px, null]),
    }
    this.#lastNonce = Math.max(this.#lastNonce + 1, this.#options.clock())
    const unsigned: ActionEnvelope = {
      action: encodeAction(action),
      nonce: this.#lastNonce,
      signature: { r: new Uint8Array(32), s: new Uint8Array(32), v: 27 },
    }
    const { signerSecret, view } = this.#options
    const signature = signDigest(signerSecret, actionDigest(unsigned, view.chain.network))
    const bytes = actionEnvelopeCodec.encode({ ...unsigned, signature })
    return { kind: TRANSACTION_KIND.action, bytes }
  }

  /** A bucket without prices of this node is one that others may still fill. */
  #warn(error: unknown): void {
    this.#options.logger.warn({ code: codeOf(error), err: error }, 'oracle prices were not sent')
  }
}
