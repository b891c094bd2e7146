import type { Effect } from '@openliquid/consensus'
import type { Payload } from '@openliquid/primitives'
import type { UntimedInput } from './eventLoop.ts'
import { Timers } from './timers.ts'

/** A request of the core for the payload of its next block. */
export type PayloadRequest = Extract<Effect, { readonly kind: 'buildPayload' }>

export interface PayloadSourceOptions {
  readonly clock: () => number
  /** Chooses from the mempool, for a block of that time; empty sections when nothing fits. */
  build(request: PayloadRequest, timestampMs: number): Payload
  push(input: UntimedInput): void
}

const EMPTY: Payload = { actions: [], evm: [], evidence: [] }

/**
 * Answers the core's request for a payload: at once when there is a transaction for it, otherwise with the first one
 * that comes, and empty only when the pace of empty blocks allows.
 */
export class PayloadSource {
  readonly #options: PayloadSourceOptions
  readonly #timers: Timers<'empty'>
  #pending: PayloadRequest | undefined

  constructor(options: PayloadSourceOptions) {
    this.#options = options
    this.#timers = new Timers(options.clock, () => this.#answer({ mayBeEmpty: true }))
  }

  /** Replaces an earlier request. */
  request(request: PayloadRequest): void {
    this.cancel()
    this.#pending = request
    const mayBeEmpty = request.emptyAllowedAtMs <= this.#options.clock()
    if (this.#answer({ mayBeEmpty })) return
    this.#timers.set('empty', request.emptyAllowedAtMs)
  }

  /** The mempool has got a transaction: a waiting request may be answered now. */
  wake(): void {
    if (this.#pending !== undefined && !this.#pending.mustBeEmpty) {
      this.#answer({ mayBeEmpty: false })
    }
  }

  cancel(): void {
    this.#pending = undefined
    this.#timers.cancelAll()
  }

  #answer({ mayBeEmpty }: { readonly mayBeEmpty: boolean }): boolean {
    const request = this.#pending
    if (request === undefined) return false
    // Waiting has moved the clock: the block's time is that of its payload.
    const timestampMs = Math.max(request.timestampMs, this.#options.clock())
    const payload = request.mustBeEmpty ? EMPTY : this.#options.build(request, timestampMs)
    if (!mayBeEmpty && isEmpty(payload)) return false
    this.cancel()
    this.#options.push({ kind: 'payloadBuilt', view: request.view, payload, timestampMs })
    return true
  }
}

function isEmpty({ actions, evm, evidence }: Payload): boolean {
  return actions.length === 0 && evm.length === 0 && evidence.length === 0
}
