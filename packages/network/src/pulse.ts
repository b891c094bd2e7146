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

interface PulsingInner {
  readonly socket?: {
    readonly destroyed: boolean
    readonly writableNeedDrain: boolean
    write(bytes: Uint8Array): boolean
  }
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
      const bytes = new Uint8Array(PULSE_BYTES)
      const view = new DataView(bytes.buffer)
      view.setUint16(0, PULSE_LENGTH)
      view.setUint32(2, token)
      socket.write(bytes)
      return true
    },
    onToken: () => undefined,
  }
  const take = (body: Uint8Array): void => {
    pulse.onToken(new DataView(body.buffer, body.byteOffset).getUint32(0))
  }
  // A pulse comes alone where nothing else is said: it need not climb the layers.
  inner.onData = (data) => {
    const isPulse = data.length === PULSE_BYTES && data[0] === 0 && data[1] === PULSE_LENGTH
    if (isPulse && readBuffer.byteLength === 0 && isBetweenPackets()) take(data.subarray(2))
    else onData.call(connection, data)
  }
  pulses.set(connection, pulse)
  return take
}
