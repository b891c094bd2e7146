import type { ChainView } from '@openliquid/execution'
import type { RawData, WebSocket } from 'ws'
import { RpcError } from '../errors.ts'
import { ClientQuotas } from '../feed/clientQuotas.ts'
import { ExchangeFeed } from '../feed/exchangeFeed.ts'
import { SocketFeed } from '../feed/socketFeed.ts'
import type { InfoDoor } from '../info/infoDoor.ts'
import { type RpcLimits, WEB_SOCKET_QUEUE_BYTES_MAX } from '../limits.ts'
import type { RpcLogger } from '../logger.ts'
import { parseBoundedJson } from '../transport/boundedJson.ts'
import type { SocketClient, SocketDoor } from '../transport/doors.ts'
import { summaryOf } from '../transport/jsonRpc.ts'
import { bytesOf } from '../transport/jsonRpcSocket.ts'
import type { ExchangeDoor } from './exchangeDoor.ts'

/** Requests under way on one socket; above it the socket is not read. docs/spec/hyperliquid.md §8.2. */
const POSTS_MAX = 100

/** A socket on which nothing is said for so long is closed; docs/spec/hyperliquid.md §10.2. */
const SILENCE_MS_MAX = 60_000

/** What the door needs; see `HyperliquidSocketDoor`. */
export interface HyperliquidSocketOptions {
  readonly view: ChainView
  readonly info: InfoDoor
  readonly exchange: ExchangeDoor
  readonly limits: RpcLimits
  readonly logger: RpcLogger
}

/** WebSocket `/ws`: `ping`, `post` and subscriptions, docs/spec/hyperliquid.md §10.2. */
export class HyperliquidSocketDoor implements SocketDoor {
  readonly messageBytesMax: number
  readonly #options: HyperliquidSocketOptions
  readonly #feed: ExchangeFeed
  readonly #quotas: ClientQuotas

  constructor(options: HyperliquidSocketOptions) {
    this.#options = options
    this.#feed = new ExchangeFeed(options.view, options.logger)
    this.#quotas = new ClientQuotas(options.limits)
    this.messageBytesMax = options.limits.infoBodyBytesMax
  }

  serve(socket: WebSocket, client: SocketClient): void {
    socket.on('error', () => socket.terminate())
    if (!this.#quotas.open(client.id, Date.now())) {
      socket.close(1008, 'OL_RPC_CONNECTIONS_FULL')
      return
    }
    const silence = setTimeout(() => socket.close(1001, 'silent'), SILENCE_MS_MAX)
    const feed = new SocketFeed({
      feed: this.#feed,
      quotas: this.#quotas,
      clientId: client.id,
      subscriptionsMax: this.#options.limits.exchangeSubscriptionsMax,
      send: (text) => {
        if (socket.readyState !== socket.OPEN) return
        if (socket.bufferedAmount > WEB_SOCKET_QUEUE_BYTES_MAX) {
          // Dropping single messages would leave gaps that the client cannot see: it is told to come back instead.
          feed.closeAll()
          socket.close(1013, 'OL_RPC_SLOW_CONSUMER')
          return
        }
        silence.refresh()
        socket.send(text)
      },
    })
    let requestCount = 0
    const isBusy = (): boolean =>
      requestCount >= POSTS_MAX || socket.bufferedAmount > WEB_SOCKET_QUEUE_BYTES_MAX
    const release = (): void => {
      requestCount--
      if (socket.isPaused && !isBusy()) socket.resume()
    }

    socket.on('message', (message: RawData) => {
      silence.refresh()
      requestCount++
      const reply = async (): Promise<void> => {
        const text = await this.#answer(bytesOf(message), client, feed)
        if (text !== undefined && socket.readyState === socket.OPEN) socket.send(text, release)
        else release()
      }
      void reply()
      if (isBusy()) socket.pause()
    })
    socket.on('close', () => {
      clearTimeout(silence)
      feed.closeAll()
      this.#quotas.close(client.id)
    })
  }

  /** What goes back; `undefined` when it has been sent already. */
  async #answer(
    bytes: Uint8Array,
    client: SocketClient,
    feed: SocketFeed,
  ): Promise<string | undefined> {
    if (!this.#quotas.takeMessage(client.id, Date.now())) {
      return errorText('too many messages from this address [OL_RPC_RATE_LIMIT]')
    }
    let message: unknown
    try {
      message = parseBoundedJson(bytes)
    } catch (error) {
      return errorText(summaryOf(error))
    }
    const { method, id, request, subscription } = fieldsOf(message)
    switch (method) {
      case 'ping':
        return '{"channel":"pong"}'
      case 'post':
        if (typeof id !== 'number' || !Number.isSafeInteger(id)) {
          return errorText('the id of a post is a whole number')
        }
        return this.#answerPost(id, request, client)
      case 'subscribe':
        return this.#answerSubscription(() => feed.subscribe(subscription))
      case 'unsubscribe':
        return this.#answerSubscription(() => feed.unsubscribe(subscription))
      default:
        return errorText('method is ping, post, subscribe or unsubscribe')
    }
  }

  async #answerSubscription(
    change: () => Promise<string | undefined>,
  ): Promise<string | undefined> {
    try {
      const refusal = await change()
      return refusal === undefined ? undefined : errorText(refusal)
    } catch (error) {
      this.#options.logger.error({ error: String(error) }, 'a subscription failed')
      return errorText('internal error [OL_RPC_INTERNAL]')
    }
  }

  async #answerPost(id: number, request: unknown, client: SocketClient): Promise<string> {
    const response = await this.#responseTo(request, client).catch((error: unknown) =>
      JSON.stringify({ type: 'error', payload: summaryOf(error) }),
    )
    return `{"channel":"post","data":{"id":${id},"response":${response}}}`
  }

  async #responseTo(request: unknown, client: SocketClient): Promise<string> {
    const { type, payload } = fieldsOf(request)
    if (type === 'info') {
      const answer = await this.#options.info.query(payload, client)
      return `{"type":"info","payload":{"type":${JSON.stringify(answer.type)},"data":${answer.text}}}`
    }
    if (type !== 'action') {
      throw new RpcError('the type of a post is info or action', {
        code: 'OL_RPC_REQUEST',
        reason: 'unknown type',
      })
    }
    const { status, body } = await this.#options.exchange.submit(payload, client)
    return status === 200
      ? `{"type":"action","payload":${body}}`
      : `{"type":"error","payload":${JSON.stringify(body)}}`
  }
}

function errorText(text: string): string {
  return JSON.stringify({ channel: 'error', data: text })
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
    ? (value as Readonly<Record<string, unknown>>)
    : {}
}
