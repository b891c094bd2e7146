import type { WebSocket } from 'ws'
import type { HttpAnswer } from './httpAnswer.ts'
import type { RpcSession } from './jsonRpc.ts'

/** What serves the POST requests of one path. */
export interface HttpDoor {
  /** Closed set, for metrics. */
  readonly name: 'jsonRpc' | 'info' | 'exchange'
  readonly bodyBytesMax: number
  /** Never throws for what the client sent, except a coded error that gets its own HTTP status. */
  answer(bytes: Uint8Array, session: RpcSession): Promise<HttpAnswer>
  /** The body of an error answer in this door's form. */
  errorBody(error: unknown): string
}

/** Who opened a WebSocket. */
export interface SocketClient {
  /** What the limits by client count together; see `clientOf`. */
  readonly id: string
  takeWeight(weight: number): boolean
  chargeWeight(weight: number): void
}

/** What serves the WebSockets of one path. */
export interface SocketDoor {
  readonly messageBytesMax: number
  serve(socket: WebSocket, client: SocketClient): void
}
