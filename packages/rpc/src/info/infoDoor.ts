import type { ChainView } from '@openliquid/execution'
import { RpcError } from '../errors.ts'
import type { RpcLimits } from '../limits.ts'
import type { RpcLogger } from '../logger.ts'
import type { RpcMeters } from '../metrics.ts'
import { parseBoundedJson } from '../transport/boundedJson.ts'
import { DEADLINE_PASSED, withDeadline } from '../transport/deadline.ts'
import type { HttpDoor } from '../transport/doors.ts'
import type { HttpAnswer } from '../transport/httpAnswer.ts'
import { describe, type RpcSession } from '../transport/jsonRpc.ts'
import { errorBody } from './errorBody.ts'
import { INFO_QUERIES, UNSUPPORTED_INFO_TYPES } from './infoQueries.ts'

/** What the door needs; see `InfoDoor`. */
export interface InfoDoorOptions {
  readonly view: ChainView
  readonly limits: RpcLimits
  readonly logger: RpcLogger
  readonly meters: RpcMeters
}

/** `POST /info`: queries of the exchange, docs/spec/hyperliquid.md §10.1. */
export class InfoDoor implements HttpDoor {
  readonly name = 'info'
  readonly bodyBytesMax: number
  readonly #options: InfoDoorOptions

  constructor(options: InfoDoorOptions) {
    this.#options = options
    this.bodyBytesMax = options.limits.infoBodyBytesMax
  }

  async answer(bytes: Uint8Array, session: RpcSession): Promise<HttpAnswer> {
    const { text } = await this.query(parseBoundedJson(bytes), session)
    return { status: 200, body: text }
  }

  errorBody(error: unknown): string {
    return errorBody(error)
  }

  /** Answers one query as JSON text; also what a WebSocket `post` of type `info` gets. @throws {RpcError} */
  async query(
    request: unknown,
    session: RpcSession,
  ): Promise<{ readonly type: string; readonly text: string }> {
    const { type, fields } = parseQuery(request)
    const query = INFO_QUERIES.get(type)
    const label = query === undefined ? 'info:unknown' : `info:${type}`
    try {
      if (query === undefined) throw noSuchType(type)
      this.#takeWeight(session, query.weight)
      const { text, itemCount } = await this.#run(() => query.answer(this.#options.view, fields))
      if (query.itemsPerWeight !== undefined) {
        session.chargeWeight(Math.floor(itemCount / query.itemsPerWeight))
      }
      this.#options.meters.requests.inc({ method: label, outcome: 'ok' })
      return { type, text }
    } catch (error) {
      const fault = this.#reportable(error, type)
      this.#options.meters.requests.inc({ method: label, outcome: fault.code })
      throw fault
    }
  }

  /** Anything but a coded answer of ours is a bug or the disk: logged whole, told as an internal error. */
  #reportable(error: unknown, type: string): RpcError {
    if (error instanceof RpcError) return error
    this.#options.logger.error({ type, error: describe(error) }, 'an info query failed')
    return new RpcError('internal error', { code: 'OL_RPC_INTERNAL' }, { cause: error })
  }

  async #run(
    answer: () => unknown,
  ): Promise<{ readonly text: string; readonly itemCount: number }> {
    const timeoutMs = this.#options.limits.requestTimeoutMs
    // Queries read the state and nothing else: one lock around the whole answer.
    const result = await withDeadline(this.#options.view.call(answer), timeoutMs)
    if (result === DEADLINE_PASSED) {
      throw new RpcError(`no result within ${timeoutMs} ms`, { code: 'OL_RPC_TIMEOUT', timeoutMs })
    }
    const text = JSON.stringify(result ?? null)
    const max = this.#options.limits.responseBytesMax
    if (text.length <= max) return { text, itemCount: Array.isArray(result) ? result.length : 0 }
    throw new RpcError(`the answer is larger than ${max} bytes`, {
      code: 'OL_RPC_RESPONSE_SIZE',
      max,
    })
  }

  #takeWeight(session: RpcSession, weight: number): void {
    if (session.takeWeight(weight)) return
    throw new RpcError('too many requests from this address', {
      code: 'OL_RPC_RATE_LIMIT',
      weightPerMinute: this.#options.limits.weightPerMinute,
    })
  }
}

function parseQuery(request: unknown): {
  readonly type: string
  readonly fields: Readonly<Record<string, unknown>>
} {
  if (typeof request !== 'object' || request === null || Array.isArray(request)) {
    throw new RpcError('a query is a JSON object with a type', {
      code: 'OL_RPC_REQUEST',
      reason: 'not an object',
    })
  }
  const fields = request as Readonly<Record<string, unknown>>
  const type = fields['type']
  if (typeof type === 'string') return { type, fields }
  throw new RpcError('the type of a query is a string', {
    code: 'OL_RPC_REQUEST',
    reason: 'no type',
  })
}

function noSuchType(type: string): RpcError {
  const name = type.slice(0, 100)
  return UNSUPPORTED_INFO_TYPES.has(type)
    ? new RpcError(`the query ${name} is not supported by this node yet`, {
        code: 'OL_RPC_INFO_UNSUPPORTED',
        type: name,
      })
    : new RpcError(`there is no query ${name}`, { code: 'OL_RPC_INFO_UNKNOWN', type: name })
}
