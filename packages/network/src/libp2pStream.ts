import type { Stream } from '@libp2p/interface'
import type { ByteStream, ByteStreamListener } from './p2pHost.ts'

/** Time for what was sent to leave. */
const CLOSE_TIMEOUT_MS = 500

/** A stream of libp2p 3, which are event targets, as ours. */
export class Libp2pStream implements ByteStream {
  readonly #stream: Stream

  constructor(stream: Stream) {
    this.#stream = stream
  }

  get isOpen(): boolean {
    return this.#stream.status === 'open' && this.#stream.writeStatus === 'writable'
  }

  get isBlocked(): boolean {
    return this.#stream.writableNeedsDrain
  }

  listen({ onBytes, onDrain, onClose }: ByteStreamListener): void {
    const stream = this.#stream
    let closed = false
    const closeOnce = (): void => {
      if (closed) return
      closed = true
      onClose()
    }
    stream.addEventListener('message', ({ data }) => onBytes(data.subarray()))
    stream.addEventListener('drain', onDrain)
    stream.addEventListener('remoteCloseWrite', closeOnce)
    stream.addEventListener('close', closeOnce)
    if (stream.status !== 'open') queueMicrotask(closeOnce)
  }

  send(bytes: Uint8Array): boolean {
    try {
      return this.#stream.send(bytes)
    } catch {
      // The close event tells.
      return false
    }
  }

  close(lingerMs: number = CLOSE_TIMEOUT_MS): void {
    this.#stream.close({ signal: AbortSignal.timeout(lingerMs) }).catch((cause) => {
      this.#stream.abort(cause instanceof Error ? cause : new Error('close timed out'))
    })
  }

  abort(reason: string): void {
    this.#stream.abort(new Error(reason))
  }
}
