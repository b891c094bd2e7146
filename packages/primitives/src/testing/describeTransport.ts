import { uintToBytes } from '../codec/bytes.ts'
import { MESSAGE_KIND } from '../codec/messageKind.ts'
import type { PeerId } from '../types/ids.ts'
import type {
  Envelope,
  GossipVerdict,
  Topic,
  Transport,
  TransportHandlers,
} from '../types/transport.ts'

/** A small network of the transport under test. Quotas are high enough for 10,000 messages at once. */
export interface TransportFixture {
  /** Not yet started, and each knows how to reach all others. */
  readonly transports: readonly Transport[]
  /** Starts one with its handlers; the connections to those started before may come later. */
  start(index: number, handlers: TransportHandlers): Promise<void>
  /** True when a message that one of them publishes now reaches all others. */
  isGossipReady(): boolean
  /** Lets time pass until the condition holds; rejects when it does not in good time. */
  until(condition: () => boolean): Promise<void>
  /** Stops all. */
  close(): Promise<void>
}

export interface TransportFixtureOptions {
  readonly nodes: number
}

/** The two functions of a test runner that the suite needs. */
export interface TestRunner {
  describe(name: string, body: () => void): void
  it(name: string, body: () => Promise<void>): void
}

/**
 * What every Transport must do: libp2p over TCP, libp2p over memory, the simulator's virtual network.
 *
 * Waits only by `until`, so a virtual clock can drive it.
 */
export function describeTransport(
  name: string,
  create: (options: TransportFixtureOptions) => Promise<TransportFixture>,
  { describe, it }: TestRunner,
): void {
  describe(`${name} as a Transport`, () => {
    for (const [title, nodes, run] of CASES) {
      it(title, async () => {
        const fixture = await create({ nodes })
        try {
          await run(new Net(fixture))
        } finally {
          await fixture.close()
        }
      })
    }
  })
}

type Case = readonly [title: string, nodes: number, run: (net: Net) => Promise<void>]

const MESSAGES = 1_000
const PATIENT = { timeoutMs: 5_000, answerBytesMax: 1_000 }

const CASES: readonly Case[] = [
  [
    'tells that peers are connected before their first message, and lists them sorted',
    3,
    async (net) => {
      await net.connect()
      const [first, ...others] = net.nodes
      deepEqual(first?.transport.peers(), others.map(({ id }) => id).sort())
      for (const { log } of net.nodes) equal(log[0]?.split(' ')[0], 'connected')
    },
  ],
  [
    'keeps kind, lane and body of a message',
    2,
    async (net) => {
      const [sender, receiver] = await net.pair()
      const body = Uint8Array.of(1, 2, 3)
      const envelope = { kind: MESSAGE_KIND.timeout, lane: 'blocks', body } as const
      equal(sender.transport.send(receiver.id, envelope), 'queued')
      await net.until(() => receiver.messages.length === 1)
      deepEqual(receiver.messages, [{ from: sender.id, envelope }])
    },
  ],
  [
    'delivers an empty body',
    2,
    async (net) => {
      const [sender, receiver] = await net.pair()
      sender.transport.send(receiver.id, message(0, { body: new Uint8Array(0) }))
      await net.until(() => receiver.messages.length === 1)
      equal(receiver.messages[0]?.envelope.body.length, 0)
    },
  ],
  [
    'keeps the order inside a lane',
    2,
    async (net) => {
      const [sender, receiver] = await net.pair()
      for (let i = 0; i < MESSAGES; i++) sender.transport.send(receiver.id, message(i))
      await net.until(() => receiver.messages.length === MESSAGES)
      deepEqual(
        receiver.numbers,
        Array.from({ length: MESSAGES }, (_, i) => i),
      )
    },
  ],
  [
    'replaces a queued message with the same key',
    2,
    async (net) => {
      const [sender, receiver] = await net.pair()
      const send = (value: number, replaceKey?: string): string =>
        sender.transport.send(
          receiver.id,
          message(value, replaceKey === undefined ? {} : { replaceKey }),
        )
      equal(send(1, 'vote'), 'queued')
      equal(send(2, 'other'), 'queued')
      equal(send(3, 'vote'), 'replaced')
      equal(send(4), 'queued')
      await net.until(() => receiver.messages.length === 3)
      deepEqual(receiver.numbers, [3, 2, 4])
    },
  ],
  [
    'says full instead of queueing without limit, and delivers what it queued',
    2,
    async (net) => {
      const [sender, receiver] = await net.pair()
      const results = Array.from({ length: 40_000 }, (_, i) =>
        sender.transport.send(receiver.id, message(i, { lane: 'transactions' })),
      )
      const queued = results.indexOf('full')
      ok(queued > 0, 'some are queued, some are not')
      await net.until(() => receiver.messages.length >= queued)
      deepEqual(
        receiver.numbers.slice(0, queued),
        Array.from({ length: queued }, (_, i) => i),
      )
    },
  ],
  [
    'answers unreachable for a peer without a channel',
    2,
    async (net) => {
      const [first, second] = net.nodes as [Node, Node]
      await first.start()
      equal(first.transport.send(second.id, message(0)), 'unreachable')
      const asked = first.transport.request(second.id, KIND, new Uint8Array(1), PATIENT)
      await rejects(asked, { code: 'OL_REQUEST_UNREACHABLE' })
    },
  ],
  [
    'brings a published message to all others once, and not back',
    4,
    async (net) => {
      await net.connect()
      const [publisher, ...others] = net.nodes as [Node, ...Node[]]
      publisher.transport.publish('blocks', message(7, { kind: MESSAGE_KIND.proposal }))
      publisher.transport.publish('qcs', message(8, { kind: MESSAGE_KIND.advanceView }))
      await net.until(() => others.every(({ gossip }) => gossip.length >= 2))
      // The second message is a fence: whatever was to come of the first has had its time.
      publisher.transport.publish('blocks', message(9, { kind: MESSAGE_KIND.proposal }))
      await net.until(() => others.every(({ gossip }) => gossip.some(({ value }) => value === 9)))
      for (const { gossip } of others) {
        deepEqual(gossip.map(({ topic, value }) => `${topic} ${value}`).sort(), [
          'blocks 7',
          'blocks 9',
          'qcs 8',
        ])
      }
      deepEqual(publisher.gossip, [])
    },
  ],
  [
    'hands out once what two nodes publish',
    3,
    async (net) => {
      await net.connect()
      const [first, second, third] = net.nodes as [Node, Node, Node]
      const same = message(1, { kind: MESSAGE_KIND.transactions, lane: 'transactions' })
      first.transport.publish('transactions', same)
      second.transport.publish('transactions', same)
      const fence = message(2, { kind: MESSAGE_KIND.transactions, lane: 'transactions' })
      await net.until(() => third.gossip.length >= 1)
      first.transport.publish('transactions', fence)
      await net.until(() => third.gossip.some(({ value }) => value === 2))
      deepEqual(
        third.gossip.map(({ value }) => value),
        [1, 2],
      )
    },
  ],
  [
    'delivers a burst of small published messages one by one',
    2,
    async (net) => {
      const [publisher, receiver] = await net.pair()
      for (let i = 0; i < MESSAGES; i++) {
        publisher.transport.publish(
          'transactions',
          message(i, { kind: MESSAGE_KIND.transactions, lane: 'transactions' }),
        )
      }
      await net.until(() => receiver.gossip.length === MESSAGES)
      deepEqual(
        receiver.gossip.map(({ value }) => value).sort((a, b) => a - b),
        Array.from({ length: MESSAGES }, (_, i) => i),
      )
    },
  ],
  [
    'answers a request',
    2,
    async (net) => {
      const [asker, answerer] = await net.pair()
      answerer.answer = async (kind, body) => Uint8Array.of(kind, ...body)
      const answer = await net.settled(
        asker.transport.request(answerer.id, KIND, Uint8Array.of(5), PATIENT),
      )
      deepEqual(answer, Uint8Array.of(KIND, 5))
    },
  ],
  [
    'rejects a refused request, an answer above the size and a late one with codes',
    2,
    async (net) => {
      const [asker, answerer] = await net.pair()
      const ask = (options: { timeoutMs: number; answerBytesMax: number }): Promise<Uint8Array> =>
        net.settled(asker.transport.request(answerer.id, KIND, new Uint8Array(1), options))
      answerer.answer = async () => undefined
      await rejects(ask(PATIENT), { code: 'OL_REQUEST_REFUSED' })
      answerer.answer = async () => new Uint8Array(PATIENT.answerBytesMax + 1)
      await rejects(ask(PATIENT), { code: 'OL_REQUEST_ANSWER' })
      answerer.answer = () => new Promise(() => undefined)
      await rejects(ask({ ...PATIENT, timeoutMs: 50 }), { code: 'OL_REQUEST_TIMEOUT' })
    },
  ],
  [
    'tells that a stopped peer is down, and ends what waits for it',
    2,
    async (net) => {
      const [stayer, leaver] = await net.pair()
      leaver.answer = () => new Promise(() => undefined)
      const waiting = net.settled(
        stayer.transport.request(leaver.id, KIND, new Uint8Array(1), PATIENT),
      )
      const outcome = rejects(waiting, { code: 'OL_REQUEST_DISCONNECTED' })
      await leaver.transport.stop()
      await leaver.transport.stop()
      await net.until(() => stayer.log.includes(`down ${leaver.id}`))
      await outcome
      equal(stayer.transport.send(leaver.id, message(0)), 'unreachable')
      deepEqual(stayer.transport.peers(), [])
    },
  ],
]

const KIND: number = MESSAGE_KIND.getBlocks

function message(value: number, changes: Partial<Envelope> = {}): Envelope {
  return { kind: MESSAGE_KIND.vote, lane: 'consensus', body: uintToBytes(value, 4), ...changes }
}

function numberIn({ body }: Envelope): number {
  return body.reduce((value, byte) => value * 256 + byte, 0)
}

class Net {
  readonly nodes: readonly Node[]
  readonly #fixture: TransportFixture

  constructor(fixture: TransportFixture) {
    this.#fixture = fixture
    this.nodes = fixture.transports.map((_, index) => new Node(fixture, index))
  }

  until(condition: () => boolean): Promise<void> {
    return this.#fixture.until(condition)
  }

  /** Lets time pass until the promise is settled, for clocks that do not run by themselves. */
  async settled<T>(promise: Promise<T>): Promise<T> {
    let isSettled = false
    const settle = (): void => {
      isSettled = true
    }
    promise.then(settle, settle)
    await this.until(() => isSettled)
    return promise
  }

  async connect(): Promise<void> {
    for (const node of this.nodes) await node.start()
    const isComplete = ({ transport }: Node): boolean =>
      transport.peers().length === this.nodes.length - 1
    await this.until(() => this.nodes.every(isComplete) && this.#fixture.isGossipReady())
  }

  async pair(): Promise<[Node, Node]> {
    await this.connect()
    return [this.nodes[0] as Node, this.nodes[1] as Node]
  }
}

class Node implements TransportHandlers {
  readonly transport: Transport
  readonly messages: { readonly from: PeerId; readonly envelope: Envelope }[] = []
  readonly gossip: { readonly topic: Topic; readonly value: number }[] = []
  readonly log: string[] = []
  answer: (kind: number, body: Uint8Array) => Promise<Uint8Array | undefined> = async () =>
    undefined
  readonly #fixture: TransportFixture
  readonly #index: number

  constructor(fixture: TransportFixture, index: number) {
    this.transport = fixture.transports[index] as Transport
    this.#fixture = fixture
    this.#index = index
  }

  get id(): PeerId {
    return this.transport.self
  }

  get numbers(): number[] {
    return this.messages.map(({ envelope }) => numberIn(envelope))
  }

  start(): Promise<void> {
    return this.#fixture.start(this.#index, this)
  }

  onGossip(_from: PeerId, topic: Topic, envelope: Envelope): GossipVerdict {
    this.gossip.push({ topic, value: numberIn(envelope) })
    return 'accept'
  }

  onMessage(from: PeerId, envelope: Envelope): void {
    this.log.push(`message ${from}`)
    this.messages.push({ from, envelope })
  }

  onRequest(_from: PeerId, kind: number, body: Uint8Array): Promise<Uint8Array | undefined> {
    return this.answer(kind, body)
  }

  onPeer(peer: PeerId, state: 'connected' | 'suspect' | 'down'): void {
    this.log.push(`${state} ${peer}`)
  }
}

function ok(condition: boolean, expected: string): void {
  if (!condition) throw new Error(`expected: ${expected}`)
}

function equal(actual: unknown, expected: unknown): void {
  ok(actual === expected, `${textOf(expected)}, got ${textOf(actual)}`)
}

function deepEqual(actual: unknown, expected: unknown): void {
  equal(textOf(actual), textOf(expected))
}

/** Values of the suite as text: the same text is the same value. */
function textOf(value: unknown): string {
  const text = JSON.stringify(value, (_, part: unknown) =>
    part instanceof Uint8Array ? `bytes ${part.join(' ')}` : part,
  )
  return text ?? String(value)
}

async function rejects(
  promise: Promise<unknown>,
  { code }: { readonly code: string },
): Promise<void> {
  const outcome = await promise.then(
    () => 'an answer',
    (error: { readonly code?: unknown }) => error.code,
  )
  equal(outcome, code)
}
