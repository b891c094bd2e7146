import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { OpenLiquidError } from '@openliquid/primitives'
import { type WebSocket, WebSocketServer } from 'ws'
import { RpcError, RpcListenError } from '../errors.ts'
import { HEADER_BYTES_MAX, type RpcLimits } from '../limits.ts'
import type { RpcLogger } from '../logger.ts'
import type { RpcMeters } from '../metrics.ts'
import type { HttpDoor, SocketClient, SocketDoor } from './doors.ts'
import { sendAnswer } from './httpAnswer.ts'
import { readBody } from './httpBody.ts'
import { describe } from './jsonRpc.ts'
import { clientOf, type RateLimiter } from './rateLimiter.ts'
import type { RequestGuard } from './requestGuard.ts'

/** How often open WebSockets are pinged; one that missed a whole interval is cut off. */
const PING_INTERVAL_MS = 30_000

/** How long `stop` lets requests under way finish. */
const STOP_GRACE_MS = 2_000

/** What the listener needs; see `HttpListener`. */
export interface HttpListenerOptions {
  readonly host: string
  readonly port: number
  readonly httpDoors: ReadonlyMap<string, HttpDoor>
  readonly socketDoors: ReadonlyMap<string, SocketDoor>
  readonly guard: RequestGuard
  readonly rateLimiter: RateLimiter
  readonly limits: RpcLimits
  readonly logger: RpcLogger
  readonly meters: RpcMeters
}

/** One port: routes POST requests and WebSockets to their doors, and keeps out what the guard refuses. */
export class HttpListener {
  readonly #options: HttpListenerOptions
  readonly #server: Server
  readonly #webSockets = new Map<SocketDoor, WebSocketServer>()
  /** Sockets that answered the last ping. */
  readonly #alive = new WeakSet<WebSocket>()
  #webSocketCount = 0
  #requestsUnderWay = 0
  #onIdle: (() => void) | undefined
  #isStopping = false
  #pinger: NodeJS.Timeout | undefined

  constructor(options: HttpListenerOptions) {
    this.#options = options
    const { limits } = options
    this.#server = createServer({
      maxHeaderSize: HEADER_BYTES_MAX,
      headersTimeout: limits.headersTimeoutMs,
      requestTimeout: limits.requestTimeoutMs,
      // The two time-outs above are only looked at this often.
      connectionsCheckingInterval: 1_000,
      keepAliveTimeout: limits.keepAliveTimeoutMs,
    })
    this.#server.maxConnections = limits.connectionsMax
    this.#server.on('drop', () => options.meters.refused.inc({ code: 'OL_RPC_CONNECTIONS_FULL' }))
    this.#server.on('request', (request, response) => void this.#onRequest(request, response))
    this.#server.on('upgrade', (request, socket, head) => this.#onUpgrade(request, socket, head))
    for (const door of new Set(options.socketDoors.values())) {
      this.#webSockets.set(
        door,
        new WebSocketServer({
          noServer: true,
          maxPayload: door.messageBytesMax,
          // Compression would let a small message become a large one in memory.
          perMessageDeflate: false,
          clientTracking: true,
        }),
      )
    }
  }

  /** The port that is listened on, or the one asked for before `start`. */
  get port(): number {
    const address = this.#server.address() as AddressInfo | null
    return address?.port ?? this.#options.port
  }

  /** @throws {RpcListenError} OL_RPC_PORT_IN_USE, OL_RPC_LISTEN */
  async start(): Promise<void> {
    const { host, port } = this.#options
    await new Promise<void>((resolve, reject) => {
      const onError = (cause: NodeJS.ErrnoException): void => {
        const inUse = cause.code === 'EADDRINUSE'
        const message = inUse
          ? `port ${port} on ${host} is in use; choose another RPC port or stop the other program`
          : `cannot listen on ${host}:${port} (${cause.code ?? cause.message}); check the RPC host and port`
        const code = inUse ? 'OL_RPC_PORT_IN_USE' : 'OL_RPC_LISTEN'
        reject(new RpcListenError(message, { code, host, port }, { cause }))
      }
      this.#server.once('error', onError)
      this.#server.listen({ host, port }, () => {
        this.#server.off('error', onError)
        this.#server.on('error', (error) =>
          this.#options.logger.error({ error: error.message }, 'the RPC listener failed'),
        )
        resolve()
      })
    })
    this.#pinger = setInterval(() => this.#pingWebSockets(), PING_INTERVAL_MS)
    this.#pinger.unref()
  }

  /**
   * Stops listening, lets requests under way finish for a short while, then ends every connection. Idempotent.
   */
  async stop(): Promise<void> {
    if (this.#isStopping) return
    this.#isStopping = true
    clearInterval(this.#pinger)
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()))
    this.#server.closeIdleConnections()
    for (const sockets of this.#webSockets.values()) {
      for (const socket of sockets.clients) socket.close(1001, 'the node is stopping')
    }
    if (this.#requestsUnderWay > 0) await this.#idleOrGraceOver()
    for (const sockets of this.#webSockets.values()) {
      for (const socket of sockets.clients) socket.terminate()
      sockets.close()
    }
    this.#server.closeAllConnections()
    await closed
  }

  async #idleOrGraceOver(): Promise<void> {
    await new Promise<void>((resolve) => {
      const grace = setTimeout(resolve, STOP_GRACE_MS)
      this.#onIdle = () => {
        clearTimeout(grace)
        resolve()
      }
    })
  }

  async #onRequest(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.#requestsUnderWay++
    // Counted until the answer is flushed or the client has gone, so that `stop` cuts off no answer.
    response.once('close', () => {
      this.#requestsUnderWay--
      if (this.#requestsUnderWay === 0) this.#onIdle?.()
    })
    if (this.#isStopping) response.setHeader('connection', 'close')
    const startMs = performance.now()
    const path = pathOf(request)
    const door = this.#options.httpDoors.get(path)
    try {
      this.#options.guard.assertHost(request)
      this.#allowOrigin(request, response)
      if (door === undefined) throw noSuchPath(path)
      if (request.method === 'OPTIONS') return this.#answerPreflight(response)
      if (request.method !== 'POST') throw wrongHttpMethod(request.method ?? '')
      this.#options.guard.assertJson(request)
      const bytes = await readBody(request, door.bodyBytesMax)
      sendAnswer(response, await door.answer(bytes, this.#clientOf(request)))
      const seconds = (performance.now() - startMs) / 1_000
      this.#options.meters.seconds.observe(seconds, { door: door.name })
    } catch (error) {
      this.#refuse(response, error, door)
      // What the client still sends is thrown away until the request time-out, so that it can read its answer.
      request.resume()
    }
  }

  #refuse(response: ServerResponse, error: unknown, door: HttpDoor | undefined): void {
    const known = error instanceof RpcError
    const code = error instanceof OpenLiquidError ? error.code : 'OL_RPC_INTERNAL'
    if (!known) {
      this.#options.logger.error(
        {
          error: describe(error),
        },
        'a request failed',
      )
    }
    this.#options.meters.refused.inc({ code })
    if (known && error.code === 'OL_RPC_HTTP_METHOD') response.setHeader('allow', 'POST')
    if (known && error.code === 'OL_RPC_RATE_LIMIT') response.setHeader('retry-after', '1')
    const body =
      door?.errorBody(error) ??
      JSON.stringify({ error: known ? error.summary : 'internal error', code })
    sendAnswer(response, { status: known ? error.httpStatus : 500, body })
  }

  #allowOrigin(request: IncomingMessage, response: ServerResponse): void {
    const origin = this.#options.guard.corsOriginOf(request)
    if (origin === undefined) return
    response.setHeader('access-control-allow-origin', origin)
    response.setHeader('vary', 'Origin')
  }

  /** Without a configured origin the answer lacks the CORS headers, and the browser gives up. */
  #answerPreflight(response: ServerResponse): void {
    if (response.hasHeader('access-control-allow-origin')) {
      response.setHeader('access-control-allow-methods', 'POST')
      response.setHeader('access-control-allow-headers', 'content-type')
      response.setHeader('access-control-max-age', '600')
    }
    sendAnswer(response, { status: 204, body: undefined })
  }

  #clientOf(request: IncomingMessage): SocketClient {
    const address = request.socket.remoteAddress ?? ''
    const { rateLimiter } = this.#options
    return {
      id: clientOf(address),
      takeWeight: (weight) => rateLimiter.take(address, weight, Date.now()),
      chargeWeight: (weight) => rateLimiter.charge(address, weight, Date.now()),
    }
  }

  #onUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => socket.destroy())
    try {
      this.#options.guard.assertHost(request)
      assertWebSocketUpgrade(request)
      this.#options.guard.assertWebSocketOrigin(request)
      const path = pathOf(request)
      const door = this.#options.socketDoors.get(path)
      const sockets = door === undefined ? undefined : this.#webSockets.get(door)
      if (door === undefined || sockets === undefined) throw noSuchPath(path)
      if (this.#isStopping) {
        throw new RpcError('the node is stopping', { code: 'OL_RPC_STOPPING' })
      }
      const max = this.#options.limits.webSocketsMax
      if (this.#webSocketCount >= max) {
        throw new RpcError(`more than ${max} WebSockets are open`, {
          code: 'OL_RPC_CONNECTIONS_FULL',
          max,
        })
      }
      const client = this.#clientOf(request)
      sockets.handleUpgrade(request, socket, head, (webSocket) => {
        this.#onWebSocket(webSocket)
        door.serve(webSocket, client)
      })
    } catch (error) {
      this.#refuseUpgrade(socket, error)
    }
  }

  #onWebSocket(socket: WebSocket): void {
    this.#webSocketCount++
    this.#options.meters.webSockets.set(this.#webSocketCount)
    this.#alive.add(socket)
    socket.on('pong', () => this.#alive.add(socket))
    socket.on('close', () => {
      this.#webSocketCount--
      this.#options.meters.webSockets.set(this.#webSocketCount)
    })
  }

  #refuseUpgrade(socket: Duplex, error: unknown): void {
    const known = error instanceof RpcError
    const code = known ? error.code : 'OL_RPC_INTERNAL'
    this.#options.meters.refused.inc({ code })
    const status = known ? error.httpStatus : 500
    const body = JSON.stringify({ error: known ? error.summary : 'internal error', code })
    socket.once('finish', () => socket.destroy())
    socket.end(
      `HTTP/1.1 ${status} Refused\r\ncontent-type: application/json\r\nconnection: close\r\n` +
        `content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    )
  }

  #pingWebSockets(): void {
    for (const sockets of this.#webSockets.values()) {
      for (const socket of sockets.clients) {
        if (this.#alive.delete(socket)) socket.ping()
        else socket.terminate()
      }
    }
  }
}

function pathOf(request: IncomingMessage): string {
  const path = (request.url ?? '/').split('?', 1)[0] ?? '/'
  return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path
}

/** Some clients offer HTTP/2 in clear text with every request; what they want must be said without it. */
function assertWebSocketUpgrade(request: IncomingMessage): void {
  if (request.headers.upgrade?.toLowerCase() === 'websocket') return
  throw new RpcError('WebSockets are the only upgrade here; send HTTP/1.1 without an upgrade', {
    code: 'OL_RPC_REQUEST',
    reason: 'upgrade',
  })
}

function noSuchPath(path: string): RpcError {
  return new RpcError('nothing is served at this path', {
    code: 'OL_RPC_PATH',
    path: path.slice(0, 255),
  })
}

function wrongHttpMethod(method: string): RpcError {
  return new RpcError('this path takes POST requests', { code: 'OL_RPC_HTTP_METHOD', method })
}
