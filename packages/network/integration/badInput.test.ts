/** Every kind of bad input: dropped with a code, scored, in bounded memory, and the honest connection unharmed. */
import { connect, type Socket } from 'node:net'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { concatBytes, MESSAGE_KIND, uintToBytes } from '@openliquid/primitives'
import { expect, test } from 'vitest'
import { encodeFrame, FRAME_TYPE } from '../src/frame.ts'
import { encodeHello } from '../src/hello.ts'
import type { ByteStream } from '../src/p2pHost.ts'
import { topicNames } from '../src/topics.ts'
import { body, GENESIS_HASH, type TestNode, testNode, validatorSetOf } from './cluster.ts'
import { HOSTILE, type HostilePair, hostilePair } from './hostilePair.ts'
import { portOf } from './proxy.ts'
import { type RawStream, rawPeer, sayHello } from './rawPeer.ts'
import { until } from './until.ts'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

/** What the attacks send where they are let, and what both sides together may hold of it. */
const SENT_BYTES = 32 * 2 ** 20
const HELD_BYTES_MAX = 12 * 2 ** 20
const CHUNK_BYTES = 2 ** 16

/** Bytes that the process holds, the hostile peer's own included. */
function heldBytes(): number {
  collect()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

class Memory {
  readonly #before = heldBytes()
  #most = 0

  look(): void {
    this.#most = Math.max(this.#most, heldBytes() - this.#before)
  }

  get grownBytes(): number {
    this.look()
    return this.#most
  }
}

/** The bytes over and over, as fast as the victim takes them, until it hangs up or had them all. */
async function pump(stream: ByteStream, bytes: Uint8Array, memory: Memory): Promise<void> {
  const count = Math.ceil(SENT_BYTES / bytes.length)
  const lookEvery = Math.ceil(count / 16)
  for (let i = 0; i < count && stream.isOpen; i++) {
    stream.send(bytes.slice())
    if (i % lookEvery === 0) memory.look()
    await until(() => !stream.isOpen || !stream.isBlocked)
  }
}

const repeated = (bytes: Uint8Array): Uint8Array =>
  concatBytes(...Array.from({ length: Math.ceil(CHUNK_BYTES / bytes.length) }, () => bytes))

async function gossipStream({ raw, victim }: HostilePair): Promise<ByteStream> {
  await until(() => raw.host.subscribers(TOPIC).length > 0)
  const stream = await raw.host.openStream(victim.manager.self, '/meshsub/1.2.0', 2_000)
  stream.listen({ onBytes: () => undefined, onDrain: () => undefined, onClose: () => undefined })
  return stream
}
const TOPIC = topicNames(GENESIS_HASH).nameOf('blocks')

/** One RPC of gossipsub, behind its length, with one message: publish = 2 { data = 2, topic = 4 }. */
function rpcOf(data: Uint8Array): Uint8Array {
  const field = (tag: number, bytes: Uint8Array): Uint8Array =>
    concatBytes(Uint8Array.of(tag, bytes.length), bytes)
  const topic = new TextEncoder().encode(TOPIC)
  const rpc = field(0x12, concatBytes(field(0x12, data), field(0x22, topic)))
  return concatBytes(Uint8Array.of(rpc.length), rpc)
}

const channel = ({ raw, victim }: HostilePair): Promise<RawStream> =>
  raw.openChannel(victim.manager.self)
const hello = ({ raw }: HostilePair, changes = {}): Uint8Array =>
  encodeFrame(FRAME_TYPE.hello, encodeHello(raw.helloWith(changes)))
const vote = encodeFrame(MESSAGE_KIND.vote, body(200, 9))

interface Row {
  /** What the victim tells. */
  readonly code: string
  readonly sentence: 'ban' | 'disconnect' | 'points' | 'none'
  /** Of its messages, as many at most reach the handler in so many seconds. */
  handledMax?(seconds: number): number
  attack(pair: HostilePair, memory: Memory): Promise<void>
}

const ROWS: Readonly<Record<string, Row>> = {
  'undecodable bytes on a channel': {
    code: 'OL_FRAME_SIZE',
    sentence: 'ban',
    attack: async (pair, memory) =>
      pump((await pair.liveChannel()).stream, new Uint8Array(CHUNK_BYTES).fill(0xee), memory),
  },
  'undecodable RPCs of gossip': {
    code: 'OL_GOSSIP_MALFORMED',
    sentence: 'ban',
    attack: async (pair, memory) => {
      const rpc = concatBytes(Uint8Array.of(0x80, 0x80, 4), new Uint8Array(2 ** 16).fill(0xff))
      await pump(await gossipStream(pair), rpc, memory)
    },
  },
  'a length of 4 GiB with what it tells behind it': {
    code: 'OL_FRAME_SIZE',
    sentence: 'ban',
    attack: async (pair, memory) => {
      const { stream } = await pair.liveChannel()
      stream.send(Uint8Array.of(255, 255, 255, 255, MESSAGE_KIND.proposal, 0))
      await pump(stream, new Uint8Array(CHUNK_BYTES), memory)
    },
  },
  'a gossip RPC of 4 GiB': {
    code: 'OL_GOSSIP_MALFORMED',
    sentence: 'points',
    attack: async (pair, memory) => {
      const stream = await gossipStream(pair)
      stream.send(Uint8Array.of(255, 255, 255, 255, 15))
      await pump(stream, new Uint8Array(CHUNK_BYTES), memory)
    },
  },
  'a large frame that drips': {
    code: 'OL_FRAME_TIMEOUT',
    sentence: 'disconnect',
    attack: async (pair, memory) => {
      const { stream } = await pair.liveChannel()
      stream.send(concatBytes(uintToBytes(4_000_000, 4), Uint8Array.of(MESSAGE_KIND.proposal, 0)))
      await until(() => {
        stream.send(new Uint8Array(1))
        return !stream.isOpen
      })
      memory.look()
    },
  },
  'a gossip RPC that drips': {
    code: 'OL_FRAME_TIMEOUT',
    sentence: 'disconnect',
    attack: async (pair, memory) => {
      const stream = await gossipStream(pair)
      stream.send(Uint8Array.of(0x80, 0x80, 0x80, 1))
      await until(() => {
        stream.send(new Uint8Array(1))
        return !stream.isOpen
      })
      memory.look()
    },
  },
  'a hello that is cut short': {
    code: 'OL_FRAME_TIMEOUT',
    sentence: 'disconnect',
    attack: async (pair) => {
      const { stream } = await channel(pair)
      stream.send(hello(pair).subarray(0, 50))
    },
  },
  'a garbage hello': {
    code: 'OL_HELLO_VERSION',
    sentence: 'disconnect',
    attack: async (pair) => {
      const { stream } = await channel(pair)
      stream.send(encodeFrame(FRAME_TYPE.hello, new Uint8Array(146).fill(9)))
    },
  },
  'one message over and over': {
    code: 'OL_RATE_LIMIT',
    sentence: 'ban',
    handledMax: () => 1,
    attack: async (pair, memory) => {
      const rpc = rpcOf(encodeFrame(MESSAGE_KIND.proposal, body(20, 9)))
      await pump(await gossipStream(pair), repeated(rpc), memory)
    },
  },
  'a hello of another chain': {
    code: 'OL_HELLO_CHAIN',
    sentence: 'ban',
    attack: async (pair) => {
      const { stream } = await channel(pair)
      stream.send(hello(pair, { chainId: 999 }))
    },
  },
  'a wrong signature': {
    code: 'OL_HELLO_SIGNATURE',
    sentence: 'ban',
    attack: async (pair) => {
      const { stream, frames } = await channel(pair)
      stream.send(hello(pair))
      await until(() => frames.length >= 2)
      stream.send(encodeFrame(FRAME_TYPE.proof, new Uint8Array(64).fill(1)))
    },
  },
  'a handshake that is played again': {
    code: 'OL_HELLO_SIGNATURE',
    sentence: 'ban',
    attack: async (pair) => {
      const sent: Uint8Array[] = []
      const first = await channel(pair)
      const { stream } = first
      const recorder = {
        ...stream,
        send: (bytes: Uint8Array) => sent.push(bytes) > 0 && stream.send(bytes),
      }
      const recorded = { frames: first.frames, stream: recorder } as unknown as RawStream
      await sayHello(pair.raw, pair.victim.manager.self, recorded, until)
      const second = await channel(pair)
      second.stream.send(sent[0]!)
      await until(() => second.frames.length >= 2)
      second.stream.send(sent[1]!)
    },
  },
  'votes of a peer outside of the set': {
    code: 'OL_RATE_LIMIT',
    sentence: 'ban',
    // Its burst and quota; who sent them is told, and that it is no validator.
    handledMax: (seconds) => 400 + 200 * seconds,
    attack: async (pair, memory) => {
      const { stream } = await pair.liveChannel()
      await pump(stream, repeated(vote), memory)
      const { manager, messages } = pair.victim
      expect(messages.length).toBeGreaterThan(0)
      for (const { from } of messages) expect(manager.validatorOf(from)).toBeUndefined()
    },
  },
  'two processes with one key': {
    code: 'OL_CHANNEL_TWIN',
    sentence: 'points',
    attack: async (pair) => {
      await pair.liveChannel()
      await using twin = await rawPeer(HOSTILE)
      await twin.host.dial(pair.victim.manager.multiaddrs()[0]!, 2_000)
      await until(() => pair.victim.faults.length > 0)
    },
  },
  'two hundred dials that stay half open': {
    code: 'OL_CONNECTION_HALF_OPEN',
    sentence: 'none',
    attack: async ({ victim }, memory) => {
      const sockets = halfOpenDials(victim, 200)
      const late = testNode(7, { peers: victim.manager.multiaddrs() })
      await late.start()
      await until(() => victim.manager.peers().includes(late.manager.self))
      memory.look()
      await late.manager.stop()
      for (const socket of sockets) socket.destroy()
      await until(() => victim.manager.stats().halfOpenDials === 200)
    },
  },
}

const closed = (socket: Socket): Promise<unknown> =>
  new Promise((resolve) => socket.once('close', resolve))

function halfOpenDials({ manager }: TestNode, count: number, localAddress?: string): Socket[] {
  const port = portOf(manager.multiaddrs())
  const options = { host: '127.0.0.1', port, ...(localAddress && { localAddress }) }
  return Array.from({ length: count }, () => connect(options).on('error', () => undefined))
}

test.each(Object.entries(ROWS))(
  '%s: coded, scored, bounded, and nobody else notices',
  async (_, row) => {
    const { code, sentence, handledMax = () => 0, attack } = row
    const pair = await hostilePair()
    const { victim, friend, raw } = pair
    try {
      const memory = new Memory()
      const startMs = performance.now()
      await attack(pair, memory)
      await until(() => victim.faults.includes(code))
      expect(new Set(victim.faults)).toEqual(new Set([code]))
      if (sentence === 'ban') await until(() => pair.isBanned())
      else expect(pair.isBanned()).toBe(false)
      if (sentence === 'ban' || sentence === 'disconnect') {
        await until(() => !raw.host.isConnected(victim.manager.self))
      }
      expect(memory.grownBytes).toBeLessThan(HELD_BYTES_MAX)
      const seconds = Math.ceil((performance.now() - startMs) / 1_000)
      const handled = victim.messages.length + victim.gossip.length
      expect(handled).toBeLessThanOrEqual(handledMax(seconds))
      // The honest pair was connected all the time; a collection of garbage may make one look late.
      for (const [node, other] of [
        [victim, friend],
        [friend, victim],
      ] as const) {
        const states = node.states.filter(({ peer }) => peer === other.manager.self)
        expect(states.map(({ state }) => state)).not.toContain('down')
      }
    } finally {
      await pair.end()
    }
  },
)

test('an address whose dials stay half open is refused, and the validators of others are not', async () => {
  const validatorSet = validatorSetOf(2)
  await using victim = testNode(0, { validatorSet, sameHost: false })
  await victim.start()
  const friend = testNode(1, { validatorSet, peers: victim.manager.multiaddrs() })
  await friend.start()
  await until(() => victim.manager.peers().includes(friend.manager.self))
  // Four at a time are waited for, each until it is cut off.
  for (const round of [1, 2]) {
    const sockets = halfOpenDials(victim, 4, '127.0.0.2')
    await Promise.all(sockets.map(closed))
    expect(victim.manager.stats().halfOpenDials).toBe(4 * round)
  }
  const [refused] = halfOpenDials(victim, 1, '127.0.0.2')
  await closed(refused!)
  expect(victim.manager.stats().halfOpenDials).toBe(8)
  expect(new Set(victim.faults)).toEqual(new Set(['OL_CONNECTION_HALF_OPEN']))
  // The friend comes back, from an address that has a good name.
  await friend.manager.stop()
  await using again = testNode(1, { validatorSet, peers: victim.manager.multiaddrs() })
  await again.start()
  await until(() => again.manager.peers().includes(victim.manager.self))
})
