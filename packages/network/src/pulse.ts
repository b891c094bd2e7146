import { readUint32 } from './frame.ts'

/**
 * The sign of life of an idle connection: six bytes between two Noise packets, with no layer above the socket at work.
 *
 * `u16 4 ‖ u32 token`. No Noise packet is so short: its tag alone has 16 bytes. The token was given by the one who reads it, in
 * an encrypted heartbeat, and serves once, so nobody else can make the sign.
 * @see docs/spec/network.md, health and partition; docs/wire.md, pulse
 */

/** Length that stands for a pulse where a Noise packet would tell its own. */
export const PULSE_LENGTH = 4
const PULSE_BYTES = 6

/** Pulses of one connection to a peer. */
export interface Pulse {
  /** False: the socket is gone or full. */
  send(token: number): boolean
  /** Replaced by who listens. */
  onToken: (token: number) => void
}

interface SocketInner {
  readonly destroyed: boolean
  readonly writableNeedDrain: boolean
  readonly readableLength?: number
  /** What Node calls with all that it read at once. */
  readonly _handle?: { onread?: (bytes: ArrayBuffer | undefined) => unknown }
  write(bytes: Uint8Array): boolean
}

interface PulsingInner {
  readonly socket?: SocketInner
  readonly readBuffer?: { readonly byteLength: number }
  onData?: (data: Uint8Array) => void
}

/** By the connection below Noise. */
const pulses = new WeakMap<object, Pulse>()

/** @param connection - what Noise runs on; `undefined` where no pulse can pass, as over memory */
export function pulseOf(connection: object): Pulse | undefined {
  return pulses.get(connection)
}

/**
 * Makes a socket whose packets are written whole (`thriftyConnection`) carry pulses.
 *
 * @param isBetweenPackets - nothing read so far waits for its rest
 * @returns takes a pulse that came behind or before other packets of one read
 */
export function pulsing(
  connection: object,
  isBetweenPackets: () => boolean,
): ((body: Uint8Array) => void) | undefined {
  const inner = connection as PulsingInner
  const { socket, readBuffer, onData } = inner
  if (socket === undefined || readBuffer === undefined || onData === undefined) return undefined
  const pulse: Pulse = {
    send: (token) => {
      if (socket.destroyed || socket.writableNeedDrain) return false
      // A Buffer, because a socket makes one of anything else.
      const bytes = Buffer.allocUnsafe(PULSE_BYTES)
      bytes.writeUInt16BE(PULSE_LENGTH, 0)
      bytes.writeUInt32BE(token, 2)
      socket.write(bytes)
      return true
    },
    onToken: () => undefined,
  }
  const take = (body: Uint8Array): void => pulse.onToken(readUint32(body, 0))
  /** A pulse comes alone where nothing else is said: it need not climb the layers. */
  const takeAlone = (data: Uint8Array): boolean => {
    const isPulse = data.length === PULSE_BYTES && data[0] === 0 && data[1] === PULSE_LENGTH
    if (!isPulse || readBuffer.byteLength > 0 || !isBetweenPackets()) return false
    pulse.onToken(readUint32(data, 2))
    return true
  }
  inner.onData = (data) => {
    if (!takeAlone(data)) onData.call(connection, data)
  }
  takeBelowStream(socket, takeAlone)
  pulses.set(connection, pulse)
  return take
}

/**
 * Takes a pulse before the socket makes it an event of a stream, which is most of what reading it costs.
 *
 * Node does not publish the handle; without it pulses are found above. See docs/spec/network.md, must-know pitfall 26.
 */
function takeBelowStream(socket: SocketInner, takeAlone: (data: Uint8Array) => boolean): void {
  const { _handle: handle } = socket
  const onread = handle?.onread
  if (handle === undefined || typeof onread !== 'function') return
  handle.onread = function (this: unknown, bytes) {
    // What the stream holds came before.
    const isNext = bytes?.byteLength === PULSE_BYTES && socket.readableLength === 0
    if (isNext && takeAlone(new Uint8Array(bytes))) return undefined
    return onread.call(this as object, bytes)
  }
}
