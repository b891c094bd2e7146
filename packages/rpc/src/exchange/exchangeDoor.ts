import { type ChainView, ExecutionError, MempoolError } from '@openliquid/execution'
import {
  actionEnvelopeCodec,
  bytesToHex,
  OpenLiquidError,
  parseExchangeRequest,
  TRANSACTION_KIND,
} from '@openliquid/primitives'
import { RpcError } from '../errors.ts'
import { errorBody } from '../info/errorBody.ts'
import type { RpcLimits } from '../limits.ts'
import type { RpcLogger } from '../logger.ts'
import type { RpcMeters } from '../metrics.ts'
import { parseBoundedJson } from '../transport/boundedJson.ts'
import type { HttpDoor } from '../transport/doors.ts'
import type { HttpAnswer } from '../transport/httpAnswer.ts'
import { describe, type RpcSession, summaryOf } from '../transport/jsonRpc.ts'

/** What the door needs; see `ExchangeDoor`. */
export interface ExchangeDoorOptions {
  readonly view: ChainView
  readonly limits: RpcLimits
  readonly logger: RpcLogger
  readonly meters: RpcMeters
}

/** Entries of a batch that cost one more unit of weight; docs/spec/hyperliquid.md §8.2. */
const ENTRIES_PER_WEIGHT = 40

/**
 * `POST /exchange`: signed actions, docs/spec/hyperliquid.md §3.1 and §4.1.
 *
 * Answers when the action is executed in a committed block. Status 200 is the chain's or the mempool's answer, good
 * or bad; 422 is a body that is no action; 504 is an action whose fate is not known yet.
 */
export class ExchangeDoor implements HttpDoor {
  readonly name = 'exchange'
  readonly bodyBytesMax: number
  readonly #options: ExchangeDoorOptions

  constructor(options: ExchangeDoorOptions) {
    this.#options = options
    this.bodyBytesMax = options.limits.infoBodyBytesMax
  }

  async answer(bytes: Uint8Array, session: RpcSession): Promise<HttpAnswer> {
    return this.submit(parseBoundedJson(bytes), session)
  }

  errorBody(error: unknown): string {
    return errorBody(error)
  }

  /** Submits one action; also what a WebSocket `post` of type `action` does. @throws {RpcError} OL_RPC_RATE_LIMIT */
  async submit(request: unknown, session: RpcSession): Promise<HttpAnswer> {
    this.#takeWeight(session, weightOf(request))
    const bytes = encodeRequest(request)
    if (bytes instanceof Error) {
      this.#count('malformed')
      return { status: 422, body: errorBody(bytes) }
    }
    const { view, limits } = this.#options
    let txId: Uint8Array | undefined
    try {
      txId = (await view.submit({ kind: TRANSACTION_KIND.action, bytes })).txId
      const outcome = await view.waitForReceipt(txId, limits.receiptTimeoutMs)
      if (outcome.kind !== 'action') throw new Error('the receipt of an action is not of an action')
      const { status, response } = outcome.receipt
      this.#count(status)
      const body =
        outcome.receipt.status === 'ok'
          ? { status, response }
          : { status, response, code: outcome.receipt.code }
      return { status: 200, body: JSON.stringify(body) }
    } catch (error) {
      return this.#failed(error, txId)
    }
  }

  #failed(error: unknown, txId: Uint8Array | undefined): HttpAnswer {
    if (error instanceof MempoolError) {
      this.#count('refused')
      const body = { status: 'err', response: error.reason, code: error.code }
      return { status: 200, body: JSON.stringify(body) }
    }
    if (error instanceof ExecutionError) {
      this.#count('unknown')
      // Neither done nor refused: the action may still be executed, so the client gets its id to ask again.
      const id = txId === undefined ? {} : { txId: bytesToHex(txId) }
      const body = { status: 'err', response: summaryOf(error), code: error.code, ...id }
      return {
        status: error.code === 'OL_RECEIPT_TIMEOUT' ? 504 : 503,
        body: JSON.stringify(body),
      }
    }
    this.#count('failed')
    this.#options.logger.error(
      {
        error: describe(error),
      },
      'an action could not be submitted',
    )
    return { status: 500, body: errorBody(error) }
  }

  #takeWeight(session: RpcSession, weight: number): void {
    if (session.takeWeight(weight)) return
    throw new RpcError('too many requests from this address', {
      code: 'OL_RPC_RATE_LIMIT',
      weightPerMinute: this.#options.limits.weightPerMinute,
    })
  }

  #count(outcome: string): void {
    this.#options.meters.requests.inc({ method: 'exchange', outcome })
  }
}

/** The transaction's bytes, or why the request is none. */
function encodeRequest(request: unknown): Uint8Array | Error {
  try {
    return actionEnvelopeCodec.encode(parseExchangeRequest(request))
  } catch (error) {
    if (error instanceof OpenLiquidError) return error
    throw error
  }
}

function weightOf(request: unknown): number {
  const action = fieldOf(request, 'action')
  const batch = ['orders', 'cancels', 'modifies']
    .map((name) => fieldOf(action, name))
    .find((value) => Array.isArray(value))
  return 1 + Math.floor((batch?.length ?? 0) / ENTRIES_PER_WEIGHT)
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null
    ? (value as Readonly<Record<string, unknown>>)[name]
    : undefined
}
