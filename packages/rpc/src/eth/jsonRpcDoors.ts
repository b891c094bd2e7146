import type { WebSocket } from 'ws'
import type { RpcLimits } from '../limits.ts'
import type { HttpDoor, SocketClient, SocketDoor } from '../transport/doors.ts'
import type { HttpAnswer } from '../transport/httpAnswer.ts'
import { type JsonRpcDispatcher, jsonRpcErrorText, type RpcSession } from '../transport/jsonRpc.ts'
import { serveJsonRpcSocket } from '../transport/jsonRpcSocket.ts'

/** `POST /` and `POST /evm`. Errors of calls come with status 200, as every Ethereum node answers them. */
export class JsonRpcHttpDoor implements HttpDoor {
  readonly name = 'jsonRpc'
  readonly bodyBytesMax: number
  readonly #dispatcher: JsonRpcDispatcher

  constructor(dispatcher: JsonRpcDispatcher, limits: RpcLimits) {
    this.#dispatcher = dispatcher
    this.bodyBytesMax = limits.jsonRpcBodyBytesMax
  }

  async answer(bytes: Uint8Array, session: RpcSession): Promise<HttpAnswer> {
    const body = await this.#dispatcher.answer(bytes, session)
    return { status: body === undefined ? 204 : 200, body }
  }

  errorBody(error: unknown): string {
    return jsonRpcErrorText(null, error)
  }
}

/** WebSocket on `/` and `/evm`: the same methods, and subscriptions. */
export class JsonRpcSocketDoor implements SocketDoor {
  readonly messageBytesMax: number
  readonly #dispatcher: JsonRpcDispatcher
  readonly #limits: RpcLimits

  constructor(dispatcher: JsonRpcDispatcher, limits: RpcLimits) {
    this.#dispatcher = dispatcher
    this.#limits = limits
    this.messageBytesMax = limits.jsonRpcBodyBytesMax
  }

  serve(socket: WebSocket, client: SocketClient): void {
    const { subscriptionsMax } = this.#limits
    serveJsonRpcSocket({ socket, dispatcher: this.#dispatcher, client, subscriptionsMax })
  }
}
