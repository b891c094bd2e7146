import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** How the proxy carries what it reads. */
export interface Conditions {
  /** One way, of every chunk. */
  readonly delayMs: number
  /** Uniform in 0 to this, on top; the order of a connection is kept, as TCP keeps it. */
  readonly jitterMs: number
  /** Chunks lost, in thousandths: TCP sends them again after `resendMs`, and what is behind them waits. */
  readonly lossPermille: number
  readonly resendMs: number
}

const CLEAR: Conditions = { delayMs: 0, jitterMs: 0, lossPermille: 0, resendMs: 200 }

/** A TCP proxy that delays, loses, and can fall silent in both directions without closing anything. */
export interface Proxy extends AsyncDisposable {
  readonly multiaddr: string
  cut(): void
  /** What the dialling side sends is held back; what it is sent arrives. */
  cutOneWay(): void
  heal(): void
  /** From the next chunk on; what is not named is as on a clear wire. */
  set(conditions: Partial<Conditions>): void
  /** Chunks that were lost, and sent again. */
  readonly lost: number
}

/** @param seed - of the jitter and the losses */
export async function tcpProxy(targetPort: number, seed = 1): Promise<Proxy> {
  const sockets = new Set<Socket>()
  const stops: (() => void)[] = []
  let conditions = CLEAR
  /** Sockets of the dialling sides. */
  const inbounds = new WeakSet<Socket>()
  let isCut = false
  let isMute = false
  let lost = 0
  let state = seed
  const random = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
  const track = (socket: Socket): void => {
    sockets.add(socket)
    socket.setNoDelay(true)
    socket.on('error', () => socket.destroy())
    socket.on('close', () => sockets.delete(socket))
    if (isHeld(socket)) socket.pause()
  }
  const isHeld = (socket: Socket): boolean => isCut || (isMute && inbounds.has(socket))
  const transitMs = (): number => {
    const { delayMs, jitterMs, lossPermille, resendMs } = conditions
    const isLost = lossPermille > 0 && random() * 1_000 < lossPermille
    if (isLost) lost++
    return delayMs + random() * jitterMs + (isLost ? resendMs : 0)
  }
  const server = createServer((inbound) => {
    inbounds.add(inbound)
    const outbound = connect(targetPort, '127.0.0.1')
    for (const [from, to] of [
      [inbound, outbound],
      [outbound, inbound],
    ] as const) {
      track(from)
      // One queue a direction: two timers may fire in another order than they were set.
      const queue: { readonly bytes: Uint8Array; readonly atMs: number }[] = []
      let timer: NodeJS.Timeout | undefined
      const pump = (): void => {
        timer = undefined
        for (let head = queue[0]; head !== undefined; head = queue[0]) {
          const waitMs = head.atMs - performance.now()
          if (waitMs > 0) {
            timer = setTimeout(pump, Math.ceil(waitMs))
            return
          }
          queue.shift()
          if (!to.destroyed && !to.write(head.bytes)) from.pause()
        }
      }
      stops.push(() => clearTimeout(timer))
      from.on('data', (bytes) => {
        queue.push({ bytes, atMs: performance.now() + transitMs() })
        if (timer === undefined) pump()
      })
      to.on('drain', () => {
        if (!isHeld(from)) from.resume()
      })
      from.on('close', () => {
        // A cut network brings no news of an end either.
        if (!isHeld(from)) to.destroy()
      })
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    multiaddr: `/ip4/127.0.0.1/tcp/${port}`,
    get lost() {
      return lost
    },
    cutOneWay() {
      isMute = true
      for (const socket of sockets) if (inbounds.has(socket)) socket.pause()
    },
    cut() {
      isCut = true
      for (const socket of sockets) socket.pause()
    },
    heal() {
      isCut = false
      isMute = false
      for (const socket of sockets) socket.resume()
    },
    set(changes) {
      conditions = { ...CLEAR, ...changes }
    },
    async [Symbol.asyncDispose]() {
      for (const stop of stops) stop()
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** One that nobody listens on; for addresses that must be known before. */
export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

export function portOf(multiaddrs: readonly string[]): number {
  return Number(multiaddrs[0]?.split('/')[4])
}
