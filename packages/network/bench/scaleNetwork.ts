/** Many nodes of one process over TCP and Noise, each connected to some others, as followers of a large network are. */
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { performance } from 'node:perf_hooks'
import { MESSAGE_KIND } from '@openliquid/primitives'
import { createNetworkManager, type NetworkManager } from '../src/index.ts'
import { CHAIN_ID, freshBody, GENESIS_HASH, seedOf } from './benchNode.ts'

/** Each node dials the next and some further on; twice as many connections stand at each in the end. */
const DIALS = [1, 2, 7, 19]
const DELIVERY_TIMEOUT_MS = 10_000

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
  const nodes: NetworkManager[] = []
  const addresses: string[] = []
  for (let i = 0; i < count; i++) {
    const peers = DIALS.filter((step) => step <= i).map((step) => addresses[i - step] ?? '')
    const node = createNetworkManager({
      nodeKey: seedOf(i),
      chainId: CHAIN_ID,
      genesisHash: GENESIS_HASH,
      listen: ['/ip4/127.0.0.1/tcp/0'],
      peers,
      sameHost: true,
    })
    await node.start({
      onGossip: () => {
        delays.push(performance.now() - startedAt)
        if (delays.length === count - 1) onAll?.()
        return 'accept'
      },
      onMessage: () => undefined,
      onRequest: async () => undefined,
      onPeer: () => undefined,
    })
    addresses.push(node.multiaddrs()[0] ?? '')
    nodes.push(node)
    await until(() => node.subscribers('blocks').length >= peers.length)
  }
  // The ring closes: the first nodes get as many peers as the others.
  for (const [i, node] of nodes.entries()) {
    for (const step of DIALS.filter((step) => step > i)) {
      const peer = (((i - step) % count) + count) % count
      const address = addresses[peer]
      if (address !== undefined && peer !== i) node.addPeer(address)
    }
  }
  const linked = Math.min(DIALS.length, count - 1)
  await until(() => nodes.every((node) => node.subscribers('blocks').length >= linked))
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

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 10))
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
