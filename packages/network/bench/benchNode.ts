/** One node of a benchmark: a manager and a bare socket server. Lives in this process or, as this file, in a child. */
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { performance } from 'node:perf_hooks'
import { ed25519PublicKey } from '@openliquid/crypto'
import { type Envelope, type Lane, MESSAGE_KIND, type ValidatorSet } from '@openliquid/primitives'
import { createNetworkManager, type NetworkConfig, type NetworkManager } from '../src/index.ts'
import { serve } from './serve.ts'

/** A round trip that takes longer never ends. */
const LOST_MS = 2_000

export const CHAIN_ID = 1998
export const GENESIS_HASH: Uint8Array = new Uint8Array(32).fill(7)

/** Limits of rate out of the way: a figure measures the machinery, not the quota. */
const MANY = { perSecond: 1e7, burst: 1e7 }
const UNLIMITED = {
  consensusMessages: MANY,
  consensusBytes: { perSecond: 1e12, burst: 1e12 },
  blockMessages: MANY,
  blockBytes: { perSecond: 1e12, burst: 1e12 },
  transactionMessages: MANY,
  transactionBytes: { perSecond: 1e12, burst: 1e12 },
  gossipMessages: MANY,
  rpcs: MANY,
  rpcBytes: { perSecond: 1e12, burst: 1e12 },
  gossipBytes: { perSecond: 1e12, burst: 1e12 },
}

export interface BenchConfig {
  readonly index: number
  /** Seeds 0 … validators − 1 are the set. */
  readonly validators: number
  readonly peers?: readonly string[]
  /** The package's own quotas in place of none. */
  readonly withQuotas?: boolean
  readonly config?: Partial<Pick<NetworkConfig, 'timing' | 'listen' | 'sameHost'>>
}

export function seedOf(index: number): Uint8Array {
  const seed = new Uint8Array(32).fill(1)
  new DataView(seed.buffer).setUint32(0, index + 1)
  return seed
}

export function validatorSetOf(count: number): ValidatorSet {
  const validators = Array.from({ length: count }, (_, index) => ({
    index,
    address: new Uint8Array(20).fill(index + 1),
    stake: 100n,
    voteKey: new Uint8Array(32).fill(index + 1),
    nodeKey: ed25519PublicKey(seedOf(index)),
  }))
  return { epoch: 1n, validators, totalStake: 100n * BigInt(count) }
}

/** Nanoseconds of the machine's monotonic clock, the same in all processes. */
export function clockNs(): bigint {
  return process.hrtime.bigint()
}

let serial = 0

/** Bodies of which no two are alike. */
export function freshBody(size: number): Uint8Array {
  const body = new Uint8Array(size)
  const view = new DataView(body.buffer)
  view.setUint32(0, process.pid)
  view.setUint32(4, ++serial)
  return body
}

export class BenchNode {
  #manager: NetworkManager | undefined
  #server: Server | undefined
  readonly #rawSockets = new Map<number, Socket>()
  #gossip = new Countdown()
  #messages = new Countdown()
  #raw = new Countdown()
  #isEcho = false
  readonly #bans: { readonly reason: string; readonly atNs: bigint }[] = []
  #cpu = process.cpuUsage()
  #onMessage: ((envelope: Envelope) => void) | undefined

  get manager(): NetworkManager {
    if (this.#manager === undefined) throw new Error('not started')
    return this.#manager
  }

  async start({ index, validators, peers, withQuotas, config }: BenchConfig): Promise<{
    readonly multiaddrs: readonly string[]
    readonly rawPort: number
  }> {
    const manager = createNetworkManager({
      nodeKey: seedOf(index),
      chainId: CHAIN_ID,
      genesisHash: GENESIS_HASH,
      listen: ['/ip4/127.0.0.1/tcp/0'],
      ...(peers === undefined ? {} : { peers }),
      ...(validators > 0 ? { validatorSet: validatorSetOf(validators) } : {}),
      sameHost: true,
      ...(withQuotas === true ? {} : { quotas: UNLIMITED }),
      ...config,
    })
    this.#manager = manager
    manager.on('peerBanned', ({ reason }) => this.#bans.push({ reason, atNs: clockNs() }))
    await manager.start({
      onGossip: () => {
        this.#gossip.count(1)
        return 'accept'
      },
      onMessage: (from, envelope) => {
        if (this.#isEcho) manager.send(from, envelope)
        this.#onMessage?.(envelope)
        this.#messages.count(1)
      },
      onRequest: async (_from, _kind, body) => body,
      onPeer: () => undefined,
    })
    const server = createServer((socket) => {
      socket.setNoDelay(true)
      socket.on('data', (bytes) => {
        if (this.#isEcho) socket.write(bytes)
        this.#raw.count(bytes.length)
      })
      socket.on('error', () => undefined)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    this.#server = server
    return {
      multiaddrs: manager.multiaddrs(),
      rawPort: (server.address() as AddressInfo).port,
    }
  }

  /** Resolves when so many peers have a channel and get what is published. */
  async ready(peers: number): Promise<void> {
    const { manager } = this
    while (
      manager.peers().length < peers ||
      (['transactions', 'blocks', 'qcs'] as const).some(
        (topic) => manager.subscribers(topic).length < peers,
      )
    ) {
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }

  peers(): readonly string[] {
    return this.manager.peers()
  }

  echo(isOn: boolean): void {
    this.#isEcho = isOn
  }

  /** When the last of so many gossip messages from now on came. */
  gossiped(count: number): Promise<bigint> {
    return this.#gossip.start(count)
  }

  received(count: number): Promise<bigint> {
    return this.#messages.start(count)
  }

  rawReceived(bytes: number): Promise<bigint> {
    return this.#raw.start(bytes)
  }

  publish(count: number, size: number): void {
    for (let i = 0; i < count; i++) {
      const body = freshBody(size)
      this.manager.broadcast({
        topic: 'transactions',
        envelope: { kind: MESSAGE_KIND.transactions, lane: 'transactions', body },
      })
    }
  }

  /** As many as the channel takes; a full lane is waited for. */
  async send(to: string, { count, size, lane }: Sending): Promise<void> {
    const kind = lane === 'blocks' ? MESSAGE_KIND.proposal : MESSAGE_KIND.transactions
    const body = freshBody(size)
    for (let sent = 0; sent < count; ) {
      const result = this.manager.send(to, { kind, lane, body })
      if (result === 'queued') sent++
      else if (result === 'full') await new Promise((resolve) => setImmediate(resolve))
      else throw new Error(`send: ${result}`)
    }
  }

  /** Milliseconds from a message to its echo; the patience where it is lost. */
  async roundTrip(to: string, size: number): Promise<number> {
    const envelope: Envelope = {
      kind: MESSAGE_KIND.vote,
      lane: 'consensus',
      body: freshBody(size),
    }
    const start = performance.now()
    let timer: NodeJS.Timeout | undefined
    await new Promise<void>((resolve) => {
      this.#onMessage = () => resolve()
      timer = setTimeout(resolve, LOST_MS)
      this.manager.send(to, envelope)
    })
    clearTimeout(timer)
    return performance.now() - start
  }

  async rawConnect(port: number): Promise<void> {
    if (this.#rawSockets.has(port)) return
    const socket = connect(port, '127.0.0.1')
    socket.setNoDelay(true)
    await new Promise<void>((resolve) => socket.on('connect', resolve))
    socket.on('data', (bytes) => this.#raw.count(bytes.length))
    this.#rawSockets.set(port, socket)
  }

  /** One write a message. */
  async rawSend(
    port: number,
    { count, size }: { readonly count: number; readonly size: number },
  ): Promise<void> {
    const socket = this.#rawSockets.get(port)
    if (socket === undefined) throw new Error('not connected')
    const body = freshBody(size)
    for (let i = 0; i < count; i++) {
      if (!socket.write(body)) await new Promise<void>((resolve) => socket.once('drain', resolve))
    }
  }

  async rawRoundTrip(port: number, size: number): Promise<number> {
    const start = performance.now()
    const back = this.#raw.start(size)
    await this.rawSend(port, { count: 1, size })
    await back
    return performance.now() - start
  }

  /** Milliseconds of CPU of the process since the last call. */
  cpuMs(): number {
    const { user, system } = process.cpuUsage(this.#cpu)
    this.#cpu = process.cpuUsage()
    return (user + system) / 1_000
  }

  /** Bytes that the process holds after a collection: heap and what hangs on it. */
  heldBytes(): number {
    ;(globalThis as { gc?: () => void }).gc?.()
    const { heapUsed, external } = process.memoryUsage()
    return heapUsed + external
  }

  /** Peers banned since the start: why, and when by `clockNs`. */
  bans(): readonly { readonly reason: string; readonly atNs: bigint }[] {
    return this.#bans
  }

  channelBytesSent(): number {
    return this.manager.stats().channels.bytesSent
  }

  async stop(): Promise<void> {
    for (const socket of this.#rawSockets.values()) socket.destroy()
    this.#server?.close()
    await this.#manager?.stop()
  }
}

export interface Sending {
  readonly count: number
  readonly size: number
  readonly lane: Lane
}

class Countdown {
  #left = 0
  #resolve: ((atNs: bigint) => void) | undefined

  start(count: number): Promise<bigint> {
    this.#left = count
    return new Promise((resolve) => {
      this.#resolve = resolve
    })
  }

  count(units: number): void {
    if (this.#resolve === undefined) return
    this.#left -= units
    if (this.#left > 0) return
    this.#resolve(clockNs())
    this.#resolve = undefined
  }
}

serve('benchNode.ts', new BenchNode())
