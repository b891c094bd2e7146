import { randomBytes } from 'node:crypto'
import type { RawData, WebSocket } from 'ws'
import { RpcError } from '../errors.ts'
import { WEB_SOCKET_QUEUE_BYTES_MAX, WEB_SOCKET_REQUESTS_MAX } from '../limits.ts'
import type { SocketClient } from './doors.ts'
import {
  type JsonRpcDispatcher,
  jsonRpcErrorText,
  type RpcSession,
  type RpcSubscriptions,
} from './jsonRpc.ts'

/** What one WebSocket needs; see `serveJsonRpcSocket`. */
export interface JsonRpcSocketOptions {
  readonly socket: WebSocket
  readonly dispatcher: JsonRpcDispatcher
  readonly client: SocketClient
  readonly subscriptionsMax: number
}

/**
 * Serves JSON-RPC and eth_subscribe on one WebSocket until it closes.
 *
 * Requests run concurrently, at most WEB_SOCKET_REQUESTS_MAX of them: above it, or while answers pile up unread,
 * the socket is not read, so a client that does not read cannot make us hold its answers.
 */
export function serveJsonRpcSocket(options: JsonRpcSocketOptions): void {
  const { socket, dispatcher } = options
  const subscriptions = new SocketSubscriptions(socket, options.subscriptionsMax)
  const session: RpcSession = { ...options.client, subscriptions }
  let requestCount = 0

  const isBusy = (): boolean =>
    requestCount >= WEB_SOCKET_REQUESTS_MAX || socket.bufferedAmount > WEB_SOCKET_QUEUE_BYTES_MAX

  const release = (): void => {
    requestCount--
    if (socket.isPaused && !isBusy()) socket.resume()
  }

  const serve = async (bytes: Uint8Array): Promise<void> => {
    const answer = await dispatcher
      .answer(bytes, session)
      .catch((error: unknown) => jsonRpcErrorText(null, error))
    if (answer === undefined || socket.readyState !== socket.OPEN) return release()
    // The request counts as under way until its answer has left.
    socket.send(answer, release)
    subscriptions.announce()
  }

  socket.on('message', (message: RawData) => {
    requestCount++
    void serve(bytesOf(message))
    if (isBusy()) socket.pause()
  })
  socket.on('close', () => subscriptions.closeAll())
  // A broken frame or an oversized message: `ws` closes the socket with the right code itself.
  socket.on('error', () => socket.terminate())
}

/** A message of any WebSocket as bytes. */
export function bytesOf(message: RawData): Uint8Array {
  if (Array.isArray(message)) return Buffer.concat(message)
  return message instanceof ArrayBuffer ? new Uint8Array(message) : message
}

interface OpenSubscription {
  stop: () => void
  /** Results that came before the client was told the id. */
  early: string[] | undefined
}

class SocketSubscriptions implements RpcSubscriptions {
  readonly #socket: WebSocket
  readonly #max: number
  readonly #open = new Map<string, OpenSubscription>()

  constructor(socket: WebSocket, max: number) {
    this.#socket = socket
    this.#max = max
  }

  open(start: (push: (resultText: string) => void) => () => void): string {
    if (this.#open.size >= this.#max) {
      throw new RpcError(`a WebSocket holds at most ${this.#max} subscriptions`, {
        code: 'OL_RPC_SUBSCRIPTIONS_FULL',
        max: this.#max,
      })
    }
    const id = `0x${randomBytes(16).toString('hex')}`
    const subscription: OpenSubscription = { stop: () => undefined, early: [] }
    this.#open.set(id, subscription)
    subscription.stop = start((resultText) => this.#push(id, resultText))
    return id
  }

  close(id: string): boolean {
    this.#open.get(id)?.stop()
    return this.#open.delete(id)
  }

  closeAll(): void {
    for (const id of [...this.#open.keys()]) this.close(id)
  }

  /** An answer has been sent: every id opened so far is known to the client. */
  announce(): void {
    for (const subscription of this.#open.values()) {
      const early = subscription.early
      subscription.early = undefined
      for (const text of early ?? []) this.#send(text)
    }
  }

  #push(id: string, resultText: string): void {
    const subscription = this.#open.get(id)
    if (subscription === undefined) return
    const text = `{"jsonrpc":"2.0","method":"eth_subscription","params":{"subscription":"${id}","result":${resultText}}}`
    if (subscription.early === undefined) this.#send(text)
    else subscription.early.push(text)
  }

  #send(text: string): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return
    if (this.#socket.bufferedAmount > WEB_SOCKET_QUEUE_BYTES_MAX) {
      // Dropping single results would leave gaps that the client cannot see: it is told to come back instead.
      this.closeAll()
      this.#socket.close(1013, 'OL_RPC_SLOW_CONSUMER')
      return
    }
    this.#socket.send(text)
  }
}
