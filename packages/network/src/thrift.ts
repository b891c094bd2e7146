/**
 * Two savings below us, measured on small messages: fewer window updates, fewer writes to the socket.
 *
 * Both touch what libp2p does not publish, so both do nothing where a field is missing.
 * @see docs/spec/network.md, must-know pitfalls 17 and 18
 */

/** States of a Yamux stream in which an update carries a flag or must not be sent. */
const YAMUX_ESTABLISHED = 3
const YAMUX_SYN_SENT = 1

interface YamuxStreamInner {
  readonly state: number
  readonly recvWindow: number
  readonly recvWindowCapacity: number
  sendWindowUpdate(): void
}

interface YamuxMuxerInner {
  _newStream?: (...args: unknown[]) => YamuxStreamInner
}

/**
 * Tells the sender of new room when half of the window is used, as other Yamux implementations do, not for every frame.
 *
 * Stock, each received frame costs a packet back.
 */
export function thriftyMuxer<M extends object>(muxer: M): M {
  const inner = muxer as YamuxMuxerInner
  const newStream = inner._newStream
  if (newStream === undefined) return muxer
  inner._newStream = (...args) => {
    const stream = newStream.apply(muxer, args)
    const sendWindowUpdate = stream.sendWindowUpdate
    stream.sendWindowUpdate = () => {
      const isSteady = stream.state === YAMUX_ESTABLISHED || stream.state === YAMUX_SYN_SENT
      if (isSteady && stream.recvWindowCapacity >= stream.recvWindow / 2) return
      sendWindowUpdate.call(stream)
    }
    return stream
  }
  return muxer
}

interface ByteList extends Iterable<Uint8Array> {
  readonly byteLength: number
  subarray(): Uint8Array
}

interface SocketInner {
  readonly writableCorked: number
  readonly destroyed: boolean
  cork(): void
  uncork(): void
  write(bytes: Uint8Array): boolean
}

interface TcpConnectionInner {
  readonly socket?: SocketInner
  sendData?: (data: ByteList) => { readonly sentBytes: number; readonly canSendMore: boolean }
}

/** Above it a copy costs more than a second buffer in the same write. */
const JOIN_BYTES_MAX = 16_384

/** One write to the socket for all that leaves in a turn; stock, each packet is several. */
export function thriftyConnection(connection: object): void {
  const inner = connection as TcpConnectionInner
  const { socket } = inner
  if (socket?.cork === undefined || inner.sendData === undefined) return
  let isCorked = false
  const uncork = (): void => {
    isCorked = false
    if (!socket.destroyed) socket.uncork()
  }
  inner.sendData = (data) => {
    if (!isCorked) {
      isCorked = true
      socket.cork()
      process.nextTick(uncork)
    }
    const sentBytes = data.byteLength
    let canSendMore = true
    if (sentBytes <= JOIN_BYTES_MAX) canSendMore = socket.write(data.subarray())
    else for (const bytes of data) canSendMore = socket.write(bytes)
    return { sentBytes, canSendMore }
  }
}
