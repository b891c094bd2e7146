/** Many nodes of one process over TCP and Noise, each connected to some others, as followers of a large network are. */
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { performance } from 'node:perf_hooks'
import { MESSAGE_KIND } from '@openliquid/primitives'
import { createNetworkManager, type NetworkManager } from '../src/index.ts'
import { CHAIN_ID, freshBody, GENESIS_HASH, seedOf } from './benchNode.ts'

/**
 * Each node dials some others of the ring; twice as many connections stand at each in the end: six, as many as gossip's mesh
 * wants, so every connection carries every message.
 */
const DIALS = [1, 7, 19]
/** Nodes that come up together: their handshakes wait for each other no longer than for themselves. */
const BATCH = 5
/** Ends of one connection share a core with all others: a dial that ends for impatience costs the same work again. */
const PATIENCE_MS = 20_000
const DELIVERY_TIMEOUT_MS = 5_000
const START_TIMEOUT_MS = 180_000

export interface ScaleNetwork {
  readonly nodes: readonly NetworkManager[]
  /** One message from the node to all others: milliseconds until each had it; fewer than all when some did not get it. */
  deliver(from: number, size: number): Promise<readonly number[]>
  stop(): Promise<void>
}

export async function scaleNetwork(count: number): Promise<ScaleNetwork> {
  let startedAt = 0
  let delays: number[] = []
  let onAll: (() => void) | undefined
  const nodes = Array.from({ length: count }, (_, i) =>
    createNetworkManager({
      nodeKey: seedOf(i),
      chainId: CHAIN_ID,
      genesisHash: GENESIS_HASH,
      listen: ['/ip4/127.0.0.1/tcp/0'],
      sameHost: true,
      // Everybody's peers are given; looking for more would be part of the figure.
      discovery: false,
      timing: { dialTimeoutMs: PATIENCE_MS, helloTimeoutMs: PATIENCE_MS },
    }),
  )
  const handlers = {
    onGossip: () => {
      delays.push(performance.now() - startedAt)
      if (delays.length === count - 1) onAll?.()
      return 'accept' as const
    },
    onMessage: () => undefined,
    onRequest: async () => undefined,
    onPeer: () => undefined,
  }
  await Promise.all(nodes.map((node) => node.start(handlers)))
  const linked = nodes.map(() => new Set<number>())
  const isMeshed = (): boolean =>
    nodes.every((node, i) => node.subscribers('blocks').length >= (linked[i]?.size ?? 0))
  const start = performance.now()
  for (let first = 0; first < count; first += BATCH) {
    for (let i = first; i < Math.min(count, first + BATCH); i++) {
      for (const step of DIALS) {
        const other = (i + step) % count
        if (other === i || linked[i]?.has(other) === true) continue
        linked[i]?.add(other)
        linked[other]?.add(i)
        nodes[i]?.addPeer(nodes[other]?.multiaddrs()[0] ?? '')
      }
    }
    await until(isMeshed, start + START_TIMEOUT_MS)
    const seconds = Math.round((performance.now() - start) / 1_000)
    process.stdout.write(`${Math.min(count, first + BATCH)} of ${count} linked, ${seconds} s\n`)
  }
  return {
    nodes,
    async deliver(from, size) {
      delays = []
      const all = new Promise<void>((resolve) => {
        onAll = resolve
      })
      const body = freshBody(size)
      startedAt = performance.now()
      nodes[from]?.publish('blocks', { kind: MESSAGE_KIND.proposal, lane: 'blocks', body })
      const timer = setTimeout(() => onAll?.(), DELIVERY_TIMEOUT_MS)
      await all
      clearTimeout(timer)
      onAll = undefined
      return delays
    },
    async stop() {
      await Promise.all(nodes.map((node) => node.stop()))
    },
  }
}

async function until(
  condition: () => boolean,
  deadlineMs = Number.POSITIVE_INFINITY,
): Promise<void> {
  while (!condition()) {
    if (performance.now() > deadlineMs) throw new Error('the network did not come up in time')
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

/** The floor: one bare socket to each of so many receivers in the same process. */
export async function bareDelivery(
  receivers: number,
): Promise<{ deliver(size: number): Promise<readonly number[]>; stop(): void }> {
  let startedAt = 0
  let size = 0
  let delays: number[] = []
  let onAll: (() => void) | undefined
  const accepted: Socket[] = []
  const server = createServer((socket) => {
    accepted.push(socket)
    let bytes = 0
    socket.on('data', (chunk) => {
      bytes += chunk.length
      if (bytes < size) return
      bytes = 0
      delays.push(performance.now() - startedAt)
      if (delays.length === receivers) onAll?.()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const sockets: Socket[] = []
  for (let i = 0; i < receivers; i++) {
    const socket = connect(port, '127.0.0.1')
    socket.setNoDelay(true)
    await new Promise<void>((resolve) => socket.on('connect', resolve))
    sockets.push(socket)
  }
  await until(() => accepted.length === receivers)
  return {
    async deliver(bytes) {
      size = bytes
      delays = []
      const all = new Promise<void>((resolve) => {
        onAll = resolve
      })
      const body = freshBody(bytes)
      startedAt = performance.now()
      for (const socket of sockets) socket.write(body)
      await all
      return delays
    },
    stop() {
      for (const socket of [...sockets, ...accepted]) socket.destroy()
      server.close()
    },
  }
}
