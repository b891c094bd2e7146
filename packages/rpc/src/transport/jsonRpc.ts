import { EvmError, ExecutionError, MempoolError } from '@openliquid/execution'
import { OpenLiquidError } from '@openliquid/primitives'
import { RpcError } from '../errors.ts'
import { BATCH_CONCURRENCY_MAX, LARGE_REQUEST_BYTES, type RpcLimits } from '../limits.ts'
import type { RpcLogger } from '../logger.ts'
import type { RpcMeters } from '../metrics.ts'
import { parseBoundedJson } from './boundedJson.ts'
import { DEADLINE_PASSED, withDeadline } from './deadline.ts'

/** Who is calling: one HTTP request or one WebSocket. */
export interface RpcSession {
  /** Takes rate-limit weight; false when the client has used its own up. */
  takeWeight(weight: number): boolean
  /** Takes what an answer turned out to weigh beyond its request. */
  chargeWeight(weight: number): void
  /** Present on WebSockets only. */
  readonly subscriptions?: RpcSubscriptions
}

/** The subscriptions of one WebSocket. */
export interface RpcSubscriptions {
  /**
   * Starts a subscription and returns its id. What is pushed is JSON text, so that all subscribers share one.
   *
   * @throws {RpcError} OL_RPC_SUBSCRIPTIONS_FULL
   */
  open(start: (push: (resultText: string) => void) => () => void): string
  /** False when there is no such subscription. */
  close(id: string): boolean
}

/** A method: positional parameters in, a JSON value (or a promise of one) out; throws `RpcError` or any coded error. */
export type RpcMethod = (params: readonly unknown[], session: RpcSession) => unknown

/** What the dispatcher needs; see `JsonRpcDispatcher`. */
export interface JsonRpcOptions {
  readonly methods: ReadonlyMap<string, RpcMethod>
  /** Methods that exist and are switched off here: -32601 with OL_RPC_METHOD_UNSUPPORTED. */
  readonly unsupported: ReadonlySet<string>
  readonly limits: RpcLimits
  readonly logger: RpcLogger
  readonly meters: RpcMeters
}

type RequestId = string | number | null

interface Call {
  readonly id: RequestId
  /** Without an id: executed, not answered. */
  readonly isNotification: boolean
  readonly method: string
  readonly params: readonly unknown[]
}

/**
 * JSON-RPC 2.0 over any transport: bytes in, the text of the answer out.
 *
 * The calls of a batch run concurrently and are answered in order. Never throws for what a client sends, except
 * for OL_RPC_RATE_LIMIT, to which the transport gives its own status.
 */
export class JsonRpcDispatcher {
  readonly #options: JsonRpcOptions
  #largeTurn: Promise<void> = Promise.resolve()

  constructor(options: JsonRpcOptions) {
    this.#options = options
  }

  /** @returns `undefined` when there were only notifications. @throws {RpcError} OL_RPC_RATE_LIMIT */
  async answer(bytes: Uint8Array, session: RpcSession): Promise<string | undefined> {
    if (bytes.length > LARGE_REQUEST_BYTES) await this.#turnOfLarge()
    let request: unknown
    try {
      request = parseBoundedJson(bytes, this.#options.limits.batchCallsMax)
    } catch (error) {
      return jsonRpcErrorText(null, error)
    }
    if (!Array.isArray(request)) {
      this.#takeWeight(session, 1)
      return this.#answerOne(request, session)
    }
    if (request.length === 0) return jsonRpcErrorText(null, invalidRequest('the batch is empty'))
    this.#takeWeight(session, request.length)
    return this.#answerBatch(request, session)
  }

  /** One large request is read in each turn of the event loop: that takes some 10 ms for each MiB. */
  #turnOfLarge(): Promise<void> {
    this.#largeTurn = this.#largeTurn.then(() => new Promise((resolve) => setImmediate(resolve)))
    return this.#largeTurn
  }

  #takeWeight(session: RpcSession, weight: number): void {
    if (session.takeWeight(weight)) return
    throw new RpcError('too many requests from this address', {
      code: 'OL_RPC_RATE_LIMIT',
      weightPerMinute: this.#options.limits.weightPerMinute,
    })
  }

  async #answerBatch(
    requests: readonly unknown[],
    session: RpcSession,
  ): Promise<string | undefined> {
    const answers: (string | undefined)[] = []
    const { responseBytesMax, requestTimeoutMs } = this.#options.limits
    const endMs = performance.now() + requestTimeoutMs
    let bytesLeft = responseBytesMax
    let next = 0
    const worker = async (): Promise<void> => {
      while (next < requests.length) {
        const index = next++
        const request = requests[index]
        // Once the batch's time or its answer is used up the rest is not executed: each call says so itself.
        const refusal =
          bytesLeft <= 0
            ? this.#responseTooLarge()
            : performance.now() >= endMs
              ? this.#timedOut()
              : undefined
        if (refusal !== undefined) {
          answers[index] = refuseCall(request, refusal)
          continue
        }
        const answer = await this.#answerOne(request, session)
        const fits = answer === undefined || answer.length <= bytesLeft
        bytesLeft -= answer?.length ?? 0
        answers[index] = fits ? answer : refuseCall(request, this.#responseTooLarge())
      }
    }
    await Promise.all(
      Array.from({ length: Math.min(BATCH_CONCURRENCY_MAX, requests.length) }, worker),
    )
    const texts = answers.filter((answer) => answer !== undefined)
    return texts.length === 0 ? undefined : `[${texts.join(',')}]`
  }

  #responseTooLarge(): RpcError {
    const max = this.#options.limits.responseBytesMax
    return new RpcError(`the answer is larger than ${max} bytes; ask for less`, {
      code: 'OL_RPC_RESPONSE_SIZE',
      max,
    })
  }

  async #answerOne(request: unknown, session: RpcSession): Promise<string | undefined> {
    const call = parseCall(request)
    if (call instanceof RpcError) {
      this.#options.meters.requests.inc({ method: 'invalid', outcome: call.jsonRpcCode })
      return jsonRpcErrorText(null, call)
    }
    const known = this.#options.methods.has(call.method)
    const label = known ? call.method : 'unknown'
    try {
      const result = await this.#run(call, session)
      const text = JSON.stringify(result ?? null)
      if (text.length > this.#options.limits.responseBytesMax) throw this.#responseTooLarge()
      this.#options.meters.requests.inc({ method: label, outcome: 'ok' })
      if (call.isNotification) return undefined
      return `{"jsonrpc":"2.0","id":${JSON.stringify(call.id)},"result":${text}}`
    } catch (error) {
      const fault = this.#reportable(error, call.method)
      this.#options.meters.requests.inc({ method: label, outcome: jsonRpcCodeOf(fault) })
      return call.isNotification ? undefined : jsonRpcErrorText(call.id, fault)
    }
  }

  async #run(call: Call, session: RpcSession): Promise<unknown> {
    const method = this.#options.methods.get(call.method)
    if (method === undefined) throw this.#noSuchMethod(call.method)
    const work = (async () => await method(call.params, session))()
    const result = await withDeadline(work, this.#options.limits.requestTimeoutMs)
    if (result !== DEADLINE_PASSED) return result
    throw this.#timedOut()
  }

  #timedOut(): RpcError {
    const timeoutMs = this.#options.limits.requestTimeoutMs
    return new RpcError(`no result within ${timeoutMs} ms`, { code: 'OL_RPC_TIMEOUT', timeoutMs })
  }

  #noSuchMethod(method: string): RpcError {
    const name = method.slice(0, 100)
    return this.#options.unsupported.has(method)
      ? new RpcError(`the method ${name} is switched off on this node`, {
          code: 'OL_RPC_METHOD_UNSUPPORTED',
          method: name,
        })
      : new RpcError(`the method ${name} does not exist`, {
          code: 'OL_RPC_METHOD_UNKNOWN',
          method: name,
        })
  }

  /** What the rooms behind the door refuse goes to the client as it is; anything else is a bug of ours or the disk. */
  #reportable(error: unknown, method: string): OpenLiquidError<{ readonly code: `OL_${string}` }> {
    if (error instanceof RpcError || error instanceof MempoolError) return error
    if (error instanceof ExecutionError || error instanceof EvmError) return error
    this.#options.logger.error({ method, error: describe(error) }, 'a JSON-RPC method failed')
    return new RpcError('internal error', { code: 'OL_RPC_INTERNAL' }, { cause: error })
  }
}

/** The text of one error answer. */
export function jsonRpcErrorText(id: RequestId, error: unknown): string {
  const body = {
    jsonrpc: '2.0',
    id,
    error: {
      code: jsonRpcCodeOf(error),
      message: summaryOf(error),
      data: jsonRpcDataOf(error),
    },
  }
  return JSON.stringify(body)
}

/** The message without the ` [OL_…]` that every coded error ends in: the answer has the code in its own field. */
export function summaryOf(error: unknown): string {
  if (error instanceof RpcError) return error.summary
  if (!(error instanceof OpenLiquidError)) return 'internal error'
  const suffix = ` [${error.code}]`
  return error.message.endsWith(suffix) ? error.message.slice(0, -suffix.length) : error.message
}

/** Queries that the EVM refuses because of their parameters or their size. */
const QUERY_CODES: ReadonlyMap<string, number> = new Map([
  ['OL_EVM_LOGS_RANGE', -32005],
  ['OL_EVM_LOGS_RESULTS', -32005],
  ['OL_EVM_STORAGE_RANGE', -32005],
  ['OL_EVM_PROOF', -32005],
  ['OL_EVM_LOGS_FILTER', -32602],
  ['OL_EVM_FEE_HISTORY', -32602],
  ['OL_EVM_LANE', -32602],
  ['OL_EVM_OVERRIDE', -32602],
  // As geth and EIP-4444 have it.
  ['OL_EVM_PRUNED', 4444],
  // As eth_simulateV1 fixes them; the last is more than the client may ask for.
  ['OL_EVM_OVERRIDE_SELF', -38022],
  ['OL_EVM_OVERRIDE_TWICE', -38023],
  ['OL_EVM_SIMULATION', -38026],
])

/** The other errors of the rooms behind the door are refusals of a transaction: -32000, as geth. */
function jsonRpcCodeOf(error: unknown): number {
  if (error instanceof RpcError) return error.jsonRpcCode
  return error instanceof OpenLiquidError ? (QUERY_CODES.get(error.code) ?? -32000) : -32603
}

/** Clients expect the bare revert data beside code 3, and the hash beside 4 and 5; others carry their stable code. */
function jsonRpcDataOf(error: unknown): unknown {
  if (error instanceof RpcError && 'hash' in error.data) return error.data.hash
  if (error instanceof RpcError && error.code === 'OL_RPC_REVERTED') {
    return 'revertData' in error.data ? error.data.revertData : '0x'
  }
  return error instanceof OpenLiquidError ? { code: error.code } : { code: 'OL_RPC_INTERNAL' }
}

/** The answer to a call that is not executed. */
function refuseCall(request: unknown, refusal: RpcError): string | undefined {
  const call = parseCall(request)
  if (call instanceof RpcError) return jsonRpcErrorText(null, call)
  return call.isNotification ? undefined : jsonRpcErrorText(call.id, refusal)
}

function parseCall(request: unknown): Call | RpcError {
  if (typeof request !== 'object' || request === null || Array.isArray(request)) {
    return invalidRequest('a call is an object')
  }
  const { jsonrpc, id, method, params } = request as Readonly<Record<string, unknown>>
  if (jsonrpc !== '2.0') return invalidRequest('jsonrpc must be "2.0"')
  if (typeof method !== 'string') return invalidRequest('method must be a string')
  if (id !== undefined && !isRequestId(id)) {
    return invalidRequest('id must be a string, a finite number or null')
  }
  // Positional parameters only, as every Ethereum client sends them; by-name ones have no agreed names.
  if (params !== undefined && params !== null && !Array.isArray(params)) {
    return invalidRequest('params must be an array')
  }
  return { id: id ?? null, isNotification: id === undefined, method, params: params ?? [] }
}

function isRequestId(id: unknown): id is RequestId {
  return id === null || typeof id === 'string' || (typeof id === 'number' && Number.isFinite(id))
}

function invalidRequest(reason: string): RpcError {
  return new RpcError(`invalid request: ${reason}`, { code: 'OL_RPC_REQUEST', reason })
}

/** For the log, with the stack. */
export function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
