import { createServer } from 'node:net'

/** Below the range that systems take outgoing ports from. */
const LOWEST = 12_000
const HIGHEST = 30_000
const P2P_TO_RPC = 9_600 - 8_545

/** A `--base-port` whose p2p, metrics and RPC ports are free for that many validators. */
export async function freeBasePort(validators: number): Promise<number> {
  for (;;) {
    const base = LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST))
    const ports = Array.from({ length: validators }, (_, i) => [
      base + 10 * i,
      base + 1 + 10 * i,
      base - P2P_TO_RPC + i,
    ]).flat()
    const free = await Promise.all(ports.map(isFree))
    if (free.every(Boolean)) return base
  }
}

/** One port that nobody listens on. */
export async function freePort(): Promise<number> {
  return freeBasePort(1)
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}
