/** Two nodes' channels over fakes, in virtual time: what keeps a peer connected, and when it is suspect and down. */
import { ed25519PublicKey } from '@openliquid/crypto'
import type { PeerId } from '@openliquid/primitives'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { HeartbeatClock } from './heartbeatClock.ts'
import { peerIdFromNodeKey } from './libp2pNode.ts'
import type { ByteStream, ByteStreamListener, P2pHost } from './p2pHost.ts'
import { PeerLinks } from './peerLinks.ts'

const BEAT_MS = 800

class FakeStream implements ByteStream {
  isOpen = true
  isBlocked = false
  other: FakeStream | undefined
  listener: ByteStreamListener | undefined
  sent = 0
  readonly #wire: Wire

  constructor(wire: Wire) {
    this.#wire = wire
  }

  listen(listener: ByteStreamListener): void {
    this.listener = listener
  }

  send(bytes: Uint8Array): boolean {
    this.sent++
    if (this.#wire.isCut || this.isBlocked) return false
    queueMicrotask(() => this.other?.listener?.onBytes(bytes))
    return true
  }

  close(): void {
    this.abort()
  }

  abort(): void {
    if (!this.isOpen) return
    this.isOpen = false
    if (!this.#wire.isCut) queueMicrotask(() => this.other?.listener?.onClose())
  }
}

interface Wire {
  isCut: boolean
  hasPulses: boolean
  /** Of pulses. */
  delayMs: number
}

class Side {
  readonly states: { readonly state: string; readonly atMs: number }[] = []
  readonly faults: string[] = []
  readonly streams: FakeStream[] = []
  readonly links: PeerLinks
  readonly self: PeerId
  readonly clock: HeartbeatClock
  peer: Side | undefined
  pulses = 0
  random = 0

  constructor(seed: number, wire: Wire) {
    const secretKey = new Uint8Array(32).fill(seed)
    const nodeKey = ed25519PublicKey(secretKey)
    this.self = peerIdFromNodeKey(nodeKey)
    const pulse = {
      send: (token: number): boolean => {
        this.pulses++
        const arrive = (): void => this.peer?.links.onPulse(this.self, token)
        if (wire.isCut) return true
        if (wire.delayMs > 0) setTimeout(arrive, wire.delayMs)
        else queueMicrotask(arrive)
        return true
      },
    }
    const host = {
      isConnected: () => true,
      repairGossip: () => true,
      pulseOf: () => (wire.hasPulses ? pulse : undefined),
      openStream: async () => {
        const [mine, theirs] = [new FakeStream(wire), new FakeStream(wire)]
        mine.other = theirs
        theirs.other = mine
        this.streams.push(mine)
        this.peer?.links.accept(this.self, theirs)
        return mine
      },
    } as unknown as P2pHost
    this.links = new PeerLinks({
      context: {
        identity: {
          self: this.self,
          chainId: 1,
          genesisHash: new Uint8Array(32),
          secretKey,
          nodeKey,
          peerIdOf: peerIdFromNodeKey,
        },
        timing: {
          heartbeatMs: BEAT_MS,
          helloTimeoutMs: 3_000,
          dialTimeoutMs: 2_000,
          redialDelayMsMin: 250,
          redialDelayMsMax: 5_000,
          frameTimeoutMs: 5_000,
          batchDelayMs: 2,
          discoveryMs: 10_000,
          answerTimeoutMs: 10_000,
        },
        counters: { framesSent: 0, framesReceived: 0, bytesSent: 0, bytesReceived: 0 },
        head: () => this.head,
        nowMs: Date.now,
        randomBytes: (size) => {
          const bytes = new Uint8Array(size)
          for (let i = 0; i < size; i += 4) new DataView(bytes.buffer).setUint32(i, ++this.random)
          return bytes
        },
      },
      host: () => host,
      random: () => 0.5,
      isRemembered: () => true,
      allow: () => true,
      onState: (_link, state) => this.states.push({ state, atMs: Date.now() }),
      onEnvelope: () => undefined,
      onControl: () => undefined,
      onFault: (_peer, { code }) => this.faults.push(code),
    })
    this.clock = new HeartbeatClock(BEAT_MS, () => this.links.beat())
  }

  head = { headHeight: 0n, committedHeight: 0n, epoch: 1n }

  get state(): string | undefined {
    return this.states.at(-1)?.state
  }

  /** Frames on the stream that this side opened. */
  get sent(): number {
    return this.streams.at(-1)?.sent ?? 0
  }
}

let wire: Wire
let one: Side
let two: Side

async function connect(): Promise<void> {
  one.peer = two
  two.peer = one
  for (const side of [one, two]) side.clock.start()
  one.links.onConnected(two.self)
  two.links.onConnected(one.self)
  await vi.advanceTimersByTimeAsync(1)
  expect([one.state, two.state]).toEqual(['connected', 'connected'])
}

const beats = (count: number): Promise<unknown> =>
  vi.advanceTimersByTimeAsync(Math.round(count * BEAT_MS))

beforeEach(() => {
  vi.useFakeTimers({ now: 800_000_100 })
  wire = { isCut: false, hasPulses: true, delayMs: 0 }
  one = new Side(1, wire)
  two = new Side(2, wire)
})

afterEach(() => {
  for (const side of [one, two]) {
    side.clock.stop()
    side.links.stop()
  }
  expect(vi.getTimerCount()).toBe(0)
  vi.useRealTimers()
})

test('an idle pair is kept by pulses; one beat in 65 is a heartbeat that asks for more', async () => {
  await connect()
  // Each side begins with a heartbeat, because it has no token yet.
  await beats(1)
  const before = [one.sent, two.sent, one.pulses, two.pulses]
  await beats(130)
  const grown = [one.sent, two.sent, one.pulses, two.pulses].map((now, i) => now - before[i]!)
  expect(grown).toEqual([2, 2, 128, 128])
  expect([...one.states, ...two.states].map(({ state }) => state)).toEqual([
    'connected',
    'connected',
  ])
  expect([...one.faults, ...two.faults]).toEqual([])
})

test('where no pulse can pass, every beat is a heartbeat', async () => {
  wire.hasPulses = false
  await connect()
  const before = one.sent
  await beats(20)
  expect(one.sent - before).toBe(20)
  expect(one.state).toBe('connected')
})

test('a new head is told with the next beat', async () => {
  await connect()
  await beats(3)
  const before = one.sent
  one.head = { headHeight: 5n, committedHeight: 4n, epoch: 1n }
  await beats(1)
  expect(one.sent - before).toBe(1)
  expect(two.links.get(one.self)?.head).toEqual(one.head)
  await beats(3)
  expect(one.sent - before).toBe(1)
})

test('a cut is suspected 950 ms after the last sign of life, and down 950 ms later', async () => {
  await connect()
  await beats(3.2)
  const lastMs = Math.floor(Date.now() / BEAT_MS) * BEAT_MS
  wire.isCut = true
  await beats(4)
  for (const side of [one, two]) {
    const times = side.states.slice(1, 3).map(({ state, atMs }) => [state, atMs - lastMs])
    expect(times).toEqual([
      ['suspect', expect.closeTo(950, -1)],
      ['down', expect.closeTo(1_900, -1)],
    ])
    expect(side.faults).toContain('OL_CHANNEL_SILENT')
  }
})

test('a peer whose beat stays away is asked before it is suspect, and is none when it answers', async () => {
  await connect()
  await beats(3)
  two.clock.stop()
  const before = one.sent
  await beats(4)
  // One question a silence; each answer is a sign of life.
  expect(one.sent - before).toBeLessThanOrEqual(4)
  expect([one.state, two.state]).toEqual(['connected', 'connected'])
  expect(one.states.map(({ state }) => state)).toEqual(['connected'])
  two.clock.start()
})

test('pulses that nobody gave, or that were heard before, keep nobody alive', async () => {
  await connect()
  await beats(3)
  wire.isCut = true
  const forge = setInterval(() => {
    one.links.onPulse(two.self, 999_999)
    // Its first token was shown two beats ago.
    one.links.onPulse(two.self, 1)
  }, 100)
  await beats(2)
  expect(one.state).toBe('suspect')
  clearInterval(forge)
})

test('a peer whose direction to us is full of something large still hears our beats, and we its answers', async () => {
  wire.hasPulses = false
  await connect()
  await beats(2)
  // Nothing that one sends on its own stream leaves; what it writes on the other's still does.
  one.streams.at(-1)!.isBlocked = true
  const before = two.sent
  await beats(6)
  expect(two.sent - before).toBe(6)
  expect([one.state, two.state]).toEqual(['connected', 'connected'])
  expect(one.faults).toEqual([])
})

test('one that takes nothing of what we send for eight beats is cut off, although we hear it', async () => {
  wire.hasPulses = false
  await connect()
  await beats(2)
  one.streams.at(-1)!.isBlocked = true
  await beats(9)
  expect(one.faults).toEqual(['OL_CHANNEL_SILENT'])
})

test('nothing wakes an idle pair between two beats, also when pulses come after the beat', async () => {
  await connect()
  wire.delayMs = 20
  await beats(20.5)
  // One timer of each clock; a cleared one would wake the process as well.
  expect(vi.getTimerCount()).toBe(2)
})

test('a frame whose rest waits to be read, because we slept, is not late', async () => {
  await connect()
  await beats(2)
  // The peer began a frame just before we slept for longer than a frame may take.
  const stream = one.streams.at(-1)!.other!
  stream.listener!.onBytes(Uint8Array.of(0, 0))
  two.clock.stop()
  vi.setSystemTime(Date.now() + 6_000)
  two.links.beat()
  await vi.advanceTimersByTimeAsync(1)
  expect(two.faults).toEqual([])
  vi.setSystemTime(Date.now() + BEAT_MS)
  two.links.beat()
  expect(two.faults).toEqual(['OL_FRAME_TIMEOUT'])
})
