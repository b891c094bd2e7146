import { PULSE_LENGTH, pulsing } from './pulse.ts'

/**
 * Savings below us, measured on small messages: fewer window updates, fewer writes to the socket, no exception for each read.
 *
 * All touch what libp2p does not publish, so each does nothing where a field is missing.
 * @see docs/spec/network.md, must-know pitfalls 17, 18 and 22
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
  setTimeout?(ms: 0): unknown
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

/**
 * One write to the socket for all that leaves in a turn; stock, each packet is several.
 *
 * Nor is a timer moved with every read and write: whoever is silent is closed by our heartbeats, long before two minutes.
 */
export function thriftyConnection(connection: object): void {
  const inner = connection as TcpConnectionInner
  const { socket } = inner
  if (socket?.cork === undefined || inner.sendData === undefined) return
  socket.setTimeout?.(0)
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

interface PacketDecoderInner {
  readonly buffer: ByteList & { consume(bytes: number): void }
  decode?: (data: ByteList) => Iterable<Uint8Array | ByteList>
}

interface EncryptedInner {
  readonly decoder?: PacketDecoderInner
}

const PACKET_LENGTH_BYTES = 2

/**
 * Takes Noise packets, and pulses between them, out of what the socket read.
 *
 * Stock, the end of every read is found by an exception with its stack, which costs more than the packet. A packet that comes in
 * pieces is copied once, however many they are.
 */
export function thriftyDecoder(encrypted: object, connection: object): void {
  const { decoder } = encrypted as EncryptedInner
  if (decoder?.decode === undefined || decoder.buffer === undefined) return
  /** First byte of a length of which the second has not come. */
  let high: number | undefined
  /** A packet of which the end has not come, and how much of it has. */
  let packet: Uint8Array | undefined
  let filled = 0
  const isBetweenPackets = (): boolean =>
    packet === undefined && high === undefined && decoder.buffer.byteLength === 0
  const takePulse = pulsing(connection, isBetweenPackets)
  const decodeInto = (packets: Uint8Array[], bytes: Uint8Array): void => {
    const take = (whole: Uint8Array): void => {
      if (whole.length === PULSE_LENGTH && takePulse !== undefined) takePulse(whole)
      else if (whole.length > 0) packets.push(whole)
    }
    let at = 0
    while (at < bytes.length) {
      if (packet === undefined) {
        if (high === undefined && bytes.length - at < PACKET_LENGTH_BYTES) {
          high = bytes[at]
          return
        }
        const length = ((high ?? (bytes[at++] as number)) << 8) | (bytes[at++] as number)
        high = undefined
        const end = at + length
        if (end <= bytes.length) {
          take(bytes.subarray(at, end))
          at = end
          continue
        }
        packet = new Uint8Array(length)
        filled = 0
      }
      const piece = bytes.subarray(at, at + packet.length - filled)
      packet.set(piece, filled)
      filled += piece.length
      at += piece.length
      if (filled < packet.length) return
      take(packet)
      packet = undefined
    }
  }
  decoder.decode = (data) => {
    const packets: Uint8Array[] = []
    if (decoder.buffer.byteLength > 0) {
      const before = decoder.buffer.subarray().slice()
      decoder.buffer.consume(before.length)
      decodeInto(packets, before)
    }
    decodeInto(packets, data.subarray())
    return packets
  }
}
