/** Hostile peers for the flood figure, in a process of their own, each at an address of its own. */
import net from 'node:net'
import { concatBytes, MESSAGE_KIND, utf8ToBytes } from '@openliquid/primitives'
import { type RawPeer, rawPeer, sayHello } from '../integration/rawPeer.ts'
import { encodeFrame } from '../src/frame.ts'
import { topicNames } from '../src/topics.ts'
import { clockNs, freshBody, GENESIS_HASH } from './benchNode.ts'
import { serve } from './serve.ts'

const TICK_MS = 10
/** A fifth above the 20 of the figure: what the machine was too slow for is not made up for. */
const TIMES_QUOTA = 24
const VOTES_PER_SECOND = 200
const GOSSIP_PER_SECOND = 1_000
/** What a node on a public address looks at from one host. */
const DIALS_PER_SECOND = 5
const REDIAL_MS = 1_000 / (TIMES_QUOTA * DIALS_PER_SECOND)
/** Seed of the first hostile peer; each has its own, so that the ban of one is not the other's. */
const HOSTILE = 201
const TOPICS = 1_000_000
const TOPICS_PER_RPC = 60
/** Two seconds of messages of which no two are alike. */
const PREPARED_TICKS = 200

/** Everything this process dials from now on comes from an address that no other has; libp2p has no setting for it. */
function dialFrom(localAddress: string): void {
  const { connect } = net
  net.connect = ((options: net.TcpNetConnectOpts) =>
    connect({ ...options, localAddress })) as typeof connect
}

const TOPIC = utf8ToBytes(topicNames(GENESIS_HASH).nameOf('blocks'))

const until = async (condition: () => boolean): Promise<void> => {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5))
}

export class FloodNode {
  #isOver = false
  #raw: RawPeer | undefined
  #victim: string | undefined
  #firstNs: bigint | undefined
  #cutNs: bigint | undefined
  #ticks = 0
  /** Made before: the flood must not be slower than its sender can count. */
  readonly #rpcs = Array.from({ length: PREPARED_TICKS }, () =>
    messages((GOSSIP_PER_SECOND * TIMES_QUOTA * TICK_MS) / 1_000),
  )
  readonly #votes = concatBytes(
    ...Array.from({ length: (VOTES_PER_SECOND * TIMES_QUOTA * TICK_MS) / 1_000 }, () =>
      encodeFrame(MESSAGE_KIND.vote, freshBody(200)),
    ),
  )

  /** Dials after the first, until now. */
  #redials = 0

  /** Ends the attacks. */
  end(): void {
    this.#isOver = true
  }

  /** When the first hostile byte was sent, by `clockNs`: dial and hello are those of any peer. */
  firstByteNs(): bigint | undefined {
    return this.#firstNs
  }

  /** Times the quotas at which the flood really came, until now or its first cut. */
  timesQuota(): number {
    return (this.#ticks / Math.max(1, this.#wantedTicks())) * TIMES_QUOTA
  }

  redials(): number {
    return this.#redials
  }

  #wantedTicks(): number {
    const endNs = this.#cutNs ?? clockNs()
    return Number(endNs - (this.#firstNs ?? endNs)) / 1e6 / TICK_MS
  }

  /** Connects as a peer like any other, before it turns hostile: what follows is counted from the first hostile byte. */
  async prepare(address: string, index: number): Promise<void> {
    dialFrom(`127.0.${index + 1}.1`)
    this.#raw = await rawPeer(HOSTILE + index)
    this.#victim = await this.#raw.host.dial(address, 5_000)
  }

  /** Messages and gossip at `TIMES_QUOTA` times the quotas; comes back whenever the victim hangs up, until `end`. */
  async flood(address: string): Promise<void> {
    await this.#attack(address, (raw, victim) => this.#floodOnce(raw, victim))
  }

  /** Subscribes to a million topics, from the first again whenever the victim hangs up, until `end`. */
  async subscribe(address: string): Promise<void> {
    await this.#attack(address, (raw, victim) => this.#subscribeOnce(raw, victim))
  }

  async #attack(
    address: string,
    once: (raw: RawPeer, victim: string) => Promise<void>,
  ): Promise<void> {
    const raw = this.#raw
    let victim = this.#victim
    if (raw === undefined) throw new Error('not prepared')
    while (!this.#isOver) {
      const startMs = performance.now()
      try {
        if (victim === undefined) this.#redials++
        victim ??= await raw.host.dial(address, 5_000)
        await once(raw, victim)
      } catch {
        // Refused or cut: the next attempt.
      }
      victim = undefined
      // At so many times the quota like all it does; as fast as it can it would only burn a processor that the honest need.
      const restMs = startMs + REDIAL_MS - performance.now()
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, restMs)))
    }
    await raw.host.stop()
  }

  async #floodOnce(raw: RawPeer, victim: string): Promise<void> {
    const isCut = (): boolean => this.#isOver || !raw.host.isConnected(victim)
    const channel = await raw.openChannel(victim)
    await sayHello(raw, victim, channel, until)
    const gossip = await raw.host.openStream(victim, '/meshsub/1.2.0', 5_000)
    this.#firstNs ??= clockNs()
    for (let sentMs = performance.now(); !isCut(); sentMs += TICK_MS) {
      channel.stream.send(this.#votes)
      gossip.send(this.#rpcs[this.#ticks % PREPARED_TICKS] ?? this.#votes)
      if (this.#cutNs === undefined) this.#ticks++
      // Never faster than planned; when the machine is slower, what was missed is not made up for.
      sentMs = Math.max(sentMs, performance.now() - 5 * TICK_MS)
      await new Promise((resolve) =>
        setTimeout(resolve, Math.max(0, sentMs + TICK_MS - performance.now())),
      )
    }
    this.#cutNs ??= clockNs()
  }

  async #subscribeOnce(raw: RawPeer, victim: string): Promise<void> {
    const isCut = (): boolean => this.#isOver || !raw.host.isConnected(victim)
    const stream = await raw.host.openStream(victim, '/meshsub/1.2.0', 5_000)
    this.#firstNs ??= clockNs()
    for (let topic = 0; topic < TOPICS && !isCut(); topic += TOPICS_PER_RPC) {
      const isFull = !stream.send(subscriptions(topic))
      if (isFull) await new Promise((resolve) => setTimeout(resolve, 1))
    }
    await until(isCut)
  }
}

/** One RPC of gossipsub with so many messages: publish = 2 { data = 2, topic = 4 }. */
function messages(count: number): Uint8Array {
  const parts: Uint8Array[] = []
  for (let i = 0; i < count; i++) {
    const data = field(0x12, encodeFrame(MESSAGE_KIND.proposal, freshBody(200)))
    parts.push(field(0x12, concatBytes(data, field(0x22, TOPIC))))
  }
  const rpc = concatBytes(...parts)
  return concatBytes(varint(rpc.length), rpc)
}

/** One RPC of gossipsub with so many topics: subscriptions = 1 { subscribe = 1, topic = 2 }. */
function subscriptions(first: number): Uint8Array {
  const parts: Uint8Array[] = []
  for (let i = first; i < first + TOPICS_PER_RPC; i++) {
    const topic = field(0x12, utf8ToBytes(`t${i}`))
    parts.push(field(0x0a, concatBytes(Uint8Array.of(0x08, 1), topic)))
  }
  const rpc = concatBytes(...parts)
  return concatBytes(varint(rpc.length), rpc)
}

function field(tag: number, bytes: Uint8Array): Uint8Array {
  return concatBytes(Uint8Array.of(tag), varint(bytes.length), bytes)
}

function varint(value: number): Uint8Array {
  const bytes: number[] = []
  for (let rest = value; ; rest >>= 7) {
    if (rest < 0x80) return Uint8Array.of(...bytes, rest)
    bytes.push((rest & 0x7f) | 0x80)
  }
}

serve('floodNode.ts', new FloodNode())
