import type { RawData, WebSocket } from 'ws'
import { RpcError } from '../errors.ts'
import type { InfoDoor } from '../info/infoDoor.ts'
import { type RpcLimits, WEB_SOCKET_QUEUE_BYTES_MAX } from '../limits.ts'
import { parseBoundedJson } from '../transport/boundedJson.ts'
import type { SocketDoor } from '../transport/doors.ts'
import { type RpcSession, summaryOf } from '../transport/jsonRpc.ts'
import { bytesOf } from '../transport/jsonRpcSocket.ts'
import type { ExchangeDoor } from './exchangeDoor.ts'

/** Posts under way on one socket; above it the socket is not read. docs/spec/hyperliquid.md §8.2. */
const POSTS_MAX = 100

/** A socket that says nothing for so long is closed; docs/spec/hyperliquid.md §10.2. */
const SILENCE_MS_MAX = 60_000

/** What the door needs; see `HyperliquidSocketDoor`. */
export interface HyperliquidSocketOptions {
  readonly info: InfoDoor
  readonly exchange: ExchangeDoor
  readonly limits: RpcLimits
}

/**
 * WebSocket `/ws`: `ping` and `post`, docs/spec/hyperliquid.md §10.2.
 *
 * Subscriptions are answered on the `error` channel with a plain "not supported" until this version has them.
 */
export class HyperliquidSocketDoor implements SocketDoor {
  readonly messageBytesMax: number
  readonly #options: HyperliquidSocketOptions

  constructor(options: HyperliquidSocketOptions) {
    this.#options = options
    this.messageBytesMax = options.limits.infoBodyBytesMax
  }

  serve(socket: WebSocket, takeWeight: (weight: number) => boolean): void {
    const session: RpcSession = { takeWeight }
    let postCount = 0
    const isBusy = (): boolean =>
      postCount >= POSTS_MAX || socket.bufferedAmount > WEB_SOCKET_QUEUE_BYTES_MAX
    const release = (): void => {
      postCount--
      if (socket.isPaused && !isBusy()) socket.resume()
    }
    const silence = setTimeout(() => socket.close(1001, 'silent'), SILENCE_MS_MAX)

    socket.on('message', (message: RawData) => {
      silence.refresh()
      postCount++
      const reply = async (): Promise<void> => {
        const text = await this.#answer(bytesOf(message), session)
        if (socket.readyState === socket.OPEN) socket.send(text, release)
        else release()
      }
      void reply()
      if (isBusy()) socket.pause()
    })
    socket.on('close', () => clearTimeout(silence))
    socket.on('error', () => socket.terminate())
  }

  async #answer(bytes: Uint8Array, session: RpcSession): Promise<string> {
    let message: unknown
    try {
      message = parseBoundedJson(bytes)
    } catch (error) {
      return errorText(summaryOf(error))
    }
    const { method, id, request } = fieldsOf(message)
    switch (method) {
      case 'ping':
        return '{"channel":"pong"}'
      case 'post':
        if (typeof id !== 'number' || !Number.isSafeInteger(id)) {
          return errorText('the id of a post is a whole number')
        }
        return this.#answerPost(id, request, session)
      case 'subscribe':
      case 'unsubscribe':
        return errorText(
          'Subscriptions are not supported by this node yet [OL_RPC_SUBSCRIPTION_UNSUPPORTED]',
        )
      default:
        return errorText('method is ping, post, subscribe or unsubscribe')
    }
  }

  async #answerPost(id: number, request: unknown, session: RpcSession): Promise<string> {
    const response = await this.#responseTo(request, session).catch((error: unknown) =>
      JSON.stringify({ type: 'error', payload: summaryOf(error) }),
    )
    return `{"channel":"post","data":{"id":${id},"response":${response}}}`
  }

  async #responseTo(request: unknown, session: RpcSession): Promise<string> {
    const { type, payload } = fieldsOf(request)
    if (type === 'info') {
      const answer = await this.#options.info.query(payload, session)
      return `{"type":"info","payload":{"type":${JSON.stringify(answer.type)},"data":${answer.text}}}`
    }
    if (type !== 'action') {
      throw new RpcError('the type of a post is info or action', {
        code: 'OL_RPC_REQUEST',
        reason: 'unknown type',
      })
    }
    const { status, body } = await this.#options.exchange.submit(payload, session)
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
