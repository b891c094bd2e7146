import {
  bytesToHex,
  type Envelope,
  OpenLiquidError,
  type PeerId,
  type RequestOptions,
  type SendResult,
  sha256,
  type Topic,
  type Transport,
  type TransportHandlers,
} from '@openliquid/primitives'
import type { Scheduler } from './scheduler.ts'
import type { VirtualNetwork } from './virtualNetwork.ts'

/** Frames that wait for one peer in one lane until the end of the moment: as many as a real channel takes. */
const LANE_FRAMES_MAX = 8_192

type RequestFailure =
  | 'OL_REQUEST_UNREACHABLE'
  | 'OL_REQUEST_REFUSED'
  | 'OL_REQUEST_TIMEOUT'
  | 'OL_REQUEST_ANSWER'
  | 'OL_REQUEST_DISCONNECTED'

interface Pending {
  readonly to: number
  settle(answer: Uint8Array | RequestFailure): void
}

/**
 * The Transport of each node of a virtual network; what passes the compliance suite here has passed it over TCP.
 *
 * At most once and in order inside a lane, whatever the links do: what comes late or twice is lost.
 */
export function virtualTransports(
  scheduler: Scheduler,
  network: VirtualNetwork,
  count: number,
): readonly Transport[] {
  const nodes: VirtualTransport[] = []
  for (let index = 0; index < count; index++) {
    nodes.push(new VirtualTransport(scheduler, network, { index, nodes }))
  }
  return nodes
}

class VirtualTransport implements Transport {
  readonly self: PeerId
  readonly #scheduler: Scheduler
  readonly #network: VirtualNetwork
  readonly #index: number
  readonly #nodes: readonly VirtualTransport[]
  readonly #connected = new Set<number>()
  /** What leaves at the end of this moment, by peer and lane. */
  readonly #lanes = new Map<string, { readonly to: number; readonly frames: Envelope[] }>()
  readonly #sent = new Map<string, number>()
  readonly #received = new Map<string, number>()
  readonly #gossiped = new Set<string>()
  readonly #pending = new Map<number, Pending>()
  #requests = 0
  #isFlushing = false
  #handlers: TransportHandlers | undefined

  constructor(
    scheduler: Scheduler,
    network: VirtualNetwork,
    { index, nodes }: { readonly index: number; readonly nodes: readonly VirtualTransport[] },
  ) {
    this.#scheduler = scheduler
    this.#network = network
    this.#index = index
    this.#nodes = nodes
    this.self = peerIdOf(index)
  }

  async start(handlers: TransportHandlers): Promise<void> {
    this.#handlers = handlers
    for (const [to, node] of this.#nodes.entries()) {
      if (to === this.#index || node.#handlers === undefined) continue
      this.#network.carry(this.#index, to, () => {
        node.#meet(this.#index)
        this.#network.carry(to, this.#index, () => this.#meet(to))
      })
    }
  }

  async stop(): Promise<void> {
    if (this.#handlers === undefined) return
    this.#handlers = undefined
    for (const to of this.#connected) {
      this.#carry(to, (node) => node.#part(this.#index))
    }
    this.#connected.clear()
    for (const pending of this.#pending.values()) pending.settle('OL_REQUEST_DISCONNECTED')
  }

  peers(): readonly PeerId[] {
    return [...this.#connected].map(peerIdOf).sort()
  }

  publish(topic: Topic, envelope: Envelope): void {
    this.#gossiped.add(gossipIdOf(topic, envelope))
    this.#forward(topic, envelope, this.#index)
  }

  send(peer: PeerId, envelope: Envelope): SendResult {
    const to = this.#nodes.findIndex(({ self }) => self === peer)
    if (!this.#connected.has(to)) return 'unreachable'
    const key = `${to} ${envelope.lane}`
    const queue = this.#lanes.get(key) ?? { to, frames: [] }
    this.#lanes.set(key, queue)
    const { replaceKey } = envelope
    const at =
      replaceKey === undefined
        ? -1
        : queue.frames.findIndex((queued) => queued.replaceKey === replaceKey)
    if (at >= 0) {
      queue.frames[at] = envelope
      return 'replaced'
    }
    if (queue.frames.length >= LANE_FRAMES_MAX) return 'full'
    queue.frames.push(envelope)
    if (!this.#isFlushing) {
      this.#isFlushing = true
      this.#scheduler.after(0, () => this.#flush())
    }
    return 'queued'
  }

  request(
    peer: PeerId,
    kind: number,
    body: Uint8Array,
    { timeoutMs, answerBytesMax }: RequestOptions,
  ): Promise<Uint8Array> {
    const to = this.#nodes.findIndex(({ self }) => self === peer)
    const other = this.#nodes[to]
    if (other === undefined || !this.#connected.has(to)) {
      return Promise.reject(requestError('OL_REQUEST_UNREACHABLE', peer, kind))
    }
    this.#requests++
    const id = this.#requests
    return new Promise((resolve, reject) => {
      const settle: Pending['settle'] = (answer) => {
        if (!this.#pending.delete(id)) return
        if (typeof answer === 'string') reject(requestError(answer, peer, kind))
        else if (answer.length > answerBytesMax) {
          reject(requestError('OL_REQUEST_ANSWER', peer, kind))
        } else resolve(answer)
      }
      this.#pending.set(id, { to, settle })
      this.#scheduler.after(timeoutMs, () => settle('OL_REQUEST_TIMEOUT'))
      this.#network.carry(this.#index, to, () => other.#answer(this.#index, { kind, body }, settle))
    })
  }

  #carry(to: number, deliver: (node: VirtualTransport) => void): void {
    const node = this.#nodes[to]
    if (node !== undefined) this.#network.carry(this.#index, to, () => deliver(node))
  }

  #flush(): void {
    this.#isFlushing = false
    for (const [key, { to, frames }] of this.#lanes) {
      const lane = key.slice(key.indexOf(' ') + 1)
      for (const envelope of frames) {
        const number = (this.#sent.get(key) ?? 0) + 1
        this.#sent.set(key, number)
        this.#carry(to, (node) =>
          node.#receive(this.#index, `${this.#index} ${lane}`, number, envelope),
        )
      }
    }
    this.#lanes.clear()
  }

  #receive(from: number, key: string, number: number, envelope: Envelope): void {
    if (this.#handlers === undefined || number <= (this.#received.get(key) ?? 0)) return
    this.#received.set(key, number)
    this.#meet(from)
    const { kind, lane, body } = envelope
    this.#handlers.onMessage(peerIdOf(from), { kind, lane, body })
  }

  #forward(topic: Topic, envelope: Envelope, except: number): void {
    for (const to of this.#connected) {
      if (to === except) continue
      this.#carry(to, (node) => node.#onGossip(this.#index, topic, envelope))
    }
  }

  #onGossip(from: number, topic: Topic, { kind, lane, body }: Envelope): void {
    const id = gossipIdOf(topic, { kind, lane, body })
    if (this.#handlers === undefined || this.#gossiped.has(id)) return
    this.#gossiped.add(id)
    this.#meet(from)
    const verdict = this.#handlers.onGossip(peerIdOf(from), topic, { kind, lane, body })
    Promise.resolve(verdict).then((told) => {
      if (told === 'accept') this.#forward(topic, { kind, lane, body }, from)
    }, rethrow)
  }

  #answer(
    from: number,
    { kind, body }: { readonly kind: number; readonly body: Uint8Array },
    settle: Pending['settle'],
  ): void {
    if (this.#handlers === undefined) return
    const reply = (answer: Uint8Array | RequestFailure): void =>
      this.#network.carry(this.#index, from, () => settle(answer))
    this.#handlers.onRequest(peerIdOf(from), kind, body).then(
      (answer) => reply(answer ?? 'OL_REQUEST_REFUSED'),
      () => reply('OL_REQUEST_REFUSED'),
    )
  }

  #meet(other: number): void {
    if (this.#handlers === undefined || this.#connected.has(other)) return
    this.#connected.add(other)
    this.#handlers.onPeer(peerIdOf(other), 'connected')
  }

  #part(other: number): void {
    if (!this.#connected.delete(other)) return
    for (const { to, settle } of this.#pending.values()) {
      if (to === other) settle('OL_REQUEST_DISCONNECTED')
    }
    this.#handlers?.onPeer(peerIdOf(other), 'down')
  }
}

function peerIdOf(index: number): PeerId {
  return `node${index}`
}

function gossipIdOf(topic: Topic, { kind, body }: Envelope): string {
  return `${topic} ${kind} ${bytesToHex(sha256(body))}`
}

/** What a handler throws is a bug of its owner. */
function rethrow(cause: unknown): void {
  queueMicrotask(() => {
    throw cause
  })
}

function requestError(
  code: RequestFailure,
  peer: PeerId,
  kind: number,
): OpenLiquidError<{
  readonly code: RequestFailure
  readonly peer: PeerId
  readonly kind: number
}> {
  return new OpenLiquidError(`request of kind ${kind} to ${peer}`, { code, peer, kind })
}
