/** Peers with a valid identity that break the protocol: cut off with a code, and honest peers never notice. */
import { connect } from 'node:net'
import { ed25519PublicKey } from '@openliquid/crypto'
import { concatBytes, MESSAGE_KIND, uintToBytes } from '@openliquid/primitives'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { encodeFrame, FRAME_TYPE } from '../src/frame.ts'
import { encodeHello } from '../src/hello.ts'
import { topicNames } from '../src/topics.ts'
import { body, GENESIS_HASH, seedOf, type TestNode, testNode } from './cluster.ts'
import { HOSTILE, type HostilePair, hostilePair } from './hostilePair.ts'
import { portOf } from './proxy.ts'
import { type RawPeer, type RawStream, rawPeer, sayHello } from './rawPeer.ts'
import { until } from './until.ts'

let pair: HostilePair
let victim: TestNode
let friend: TestNode
let raw: RawPeer

beforeEach(async () => {
  pair = await hostilePair()
  ;({ victim, friend, raw } = pair)
})
afterEach(() => pair.end())

const liveChannel = (): Promise<RawStream> => pair.liveChannel()
const isBanned = (): boolean => pair.isBanned()

describe('hello', () => {
  test('garbage in place of a hello is cut off', async () => {
    const channel = await raw.openChannel(victim.manager.self)
    channel.stream.send(encodeFrame(FRAME_TYPE.hello, new Uint8Array(146).fill(9)))
    await until(() => victim.faults.includes('OL_HELLO_VERSION') && channel.isClosed)
    expect(channel.goodbye).toBe('OL_HELLO_VERSION')
  })

  test('bytes that are no frame are cut off', async () => {
    const channel = await raw.openChannel(victim.manager.self)
    channel.stream.send(new TextEncoder().encode('GET / HTTP/1.1\r\n\r\n'))
    await until(() => victim.faults.includes('OL_FRAME_SIZE') && channel.isClosed)
  })

  test('a truncated hello is cut off when its frame takes too long', async () => {
    const channel = await raw.openChannel(victim.manager.self)
    const hello = encodeFrame(FRAME_TYPE.hello, encodeHello(raw.helloWith({})))
    channel.stream.send(hello.subarray(0, 50))
    await until(() => victim.faults.includes('OL_FRAME_TIMEOUT') && channel.isClosed)
  })

  test('a silent stream is cut off after the time-out', async () => {
    const channel = await raw.openChannel(victim.manager.self)
    await until(() => victim.faults.includes('OL_HELLO_TIMEOUT') && channel.isClosed)
  })

  test('another genesis is banned', async () => {
    const channel = await raw.openChannel(victim.manager.self)
    const hello = raw.helloWith({ genesisHash: new Uint8Array(32).fill(8) })
    channel.stream.send(encodeFrame(FRAME_TYPE.hello, encodeHello(hello)))
    await until(() => channel.isClosed && isBanned())
    expect(channel.goodbye).toBe('OL_HELLO_GENESIS')
    await until(() => !raw.host.isConnected(victim.manager.self))
    // The ban holds: the connection is refused or closed again at once.
    await raw.host.dial(victim.manager.multiaddrs()[0]!, 2_000).catch(() => undefined)
    await until(() => !raw.host.isConnected(victim.manager.self))
    expect(victim.manager.peers()).toEqual([friend.manager.self])
  })

  test('another chain id is banned', async () => {
    const channel = await raw.openChannel(victim.manager.self)
    const hello = raw.helloWith({ chainId: 999 })
    channel.stream.send(encodeFrame(FRAME_TYPE.hello, encodeHello(hello)))
    await until(() => channel.isClosed && isBanned())
    expect(channel.goodbye).toBe('OL_HELLO_CHAIN')
  })

  test('the key of another validator is refused', async () => {
    const channel = await raw.openChannel(victim.manager.self)
    const hello = raw.helloWith({ nodeKey: ed25519PublicKey(seedOf(1)) })
    channel.stream.send(encodeFrame(FRAME_TYPE.hello, encodeHello(hello)))
    await until(() => victim.faults.includes('OL_HELLO_KEY') && channel.isClosed)
    expect(victim.manager.peers()).toEqual([friend.manager.self])
  })

  test('a key that is no curve point is refused', async () => {
    const channel = await raw.openChannel(victim.manager.self)
    const hello = raw.helloWith({ nodeKey: new Uint8Array(32).fill(255) })
    channel.stream.send(encodeFrame(FRAME_TYPE.hello, encodeHello(hello)))
    await until(() => victim.faults.includes('OL_HELLO_KEY') && channel.isClosed)
  })

  test('a wrong signature is refused', async () => {
    const channel = await raw.openChannel(victim.manager.self)
    channel.stream.send(encodeFrame(FRAME_TYPE.hello, encodeHello(raw.helloWith({}))))
    await until(() => channel.frames.length >= 2)
    channel.stream.send(encodeFrame(FRAME_TYPE.proof, new Uint8Array(64).fill(1)))
    await until(() => victim.faults.includes('OL_HELLO_SIGNATURE') && channel.isClosed)
    expect(victim.manager.peers()).toEqual([friend.manager.self])
  })

  test("our own proof sent back is refused: a signature names its signer's side", async () => {
    const channel = await raw.openChannel(victim.manager.self)
    channel.stream.send(encodeFrame(FRAME_TYPE.hello, encodeHello(raw.helloWith({}))))
    await until(() => channel.frames.length >= 2)
    channel.stream.send(encodeFrame(FRAME_TYPE.proof, channel.frames[1]!.body))
    await until(() => victim.faults.includes('OL_HELLO_SIGNATURE') && channel.isClosed)
  })

  test('a message before the hello is refused', async () => {
    const channel = await raw.openChannel(victim.manager.self)
    channel.stream.send(encodeFrame(MESSAGE_KIND.vote, body(100, 1)))
    await until(() => victim.faults.includes('OL_FRAME_TYPE') && channel.isClosed)
    expect(victim.messages).toEqual([])
  })
})

describe('frames', () => {
  test('a length of 4 GiB closes the channel before anything is allocated', async () => {
    const channel = await liveChannel()
    const before = process.memoryUsage().arrayBuffers
    channel.stream.send(Uint8Array.of(255, 255, 255, 255))
    await until(() => victim.faults.includes('OL_FRAME_SIZE') && channel.isClosed)
    expect(channel.goodbye).toBe('OL_FRAME_SIZE')
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 22)
  })

  test('a vote above its cap closes the channel', async () => {
    const channel = await liveChannel()
    channel.stream.send(concatBytes(uintToBytes(1_024 + 3, 4), Uint8Array.of(MESSAGE_KIND.vote, 0)))
    await until(() => victim.faults.includes('OL_FRAME_SIZE') && channel.isClosed)
  })

  test('a frame that drips is cut off', async () => {
    const channel = await liveChannel()
    channel.stream.send(encodeFrame(MESSAGE_KIND.vote, body(100, 1)).subarray(0, 20))
    await until(() => victim.faults.includes('OL_FRAME_TIMEOUT') && channel.isClosed)
  })

  test('a hello in the middle is refused', async () => {
    const channel = await liveChannel()
    channel.stream.send(encodeFrame(FRAME_TYPE.hello, encodeHello(raw.helloWith({}))))
    await until(() => victim.faults.includes('OL_FRAME_TYPE') && channel.isClosed)
  })

  test('votes above the quota are dropped and counted', async () => {
    const channel = await liveChannel()
    const vote = encodeFrame(MESSAGE_KIND.vote, body(100, 1))
    const received = victim.messages.length
    channel.stream.send(concatBytes(...Array.from({ length: 1_000 }, () => vote)))
    await until(() => victim.manager.stats().channels.framesReceived >= 1_000)
    expect(victim.messages.length - received).toBeGreaterThanOrEqual(400)
    expect(victim.messages.length - received).toBeLessThan(600)
    expect(victim.manager.stats().rateLimited).toBeGreaterThan(400)
  })

  test('who floods on above the quota is banned', async () => {
    const channel = await liveChannel()
    const vote = encodeFrame(MESSAGE_KIND.vote, body(100, 1))
    channel.stream.send(concatBytes(...Array.from({ length: 12_000 }, () => vote)))
    await until(() => victim.faults.includes('OL_RATE_LIMIT') && isBanned())
    await until(() => !raw.host.isConnected(victim.manager.self))
  })
})

describe('parts of large frames', () => {
  const part = (bytes: Uint8Array, lane = 0b010): Uint8Array => {
    const frame = encodeFrame(FRAME_TYPE.part, bytes)
    frame[5] = lane
    return frame
  }

  test('a message comes together from its parts', async () => {
    const channel = await liveChannel()
    const frame = encodeFrame(MESSAGE_KIND.proposal, body(1_000, 5))
    const before = victim.messages.length
    channel.stream.send(concatBytes(part(frame.subarray(0, 3)), part(frame.subarray(3, 900))))
    // Another lane comes between.
    channel.stream.send(encodeFrame(MESSAGE_KIND.vote, body(100, 1)))
    channel.stream.send(part(frame.subarray(900)))
    await until(() => victim.messages.length === before + 2)
    const kinds = victim.messages.slice(before).map(({ envelope }) => envelope.kind)
    expect(kinds).toEqual([MESSAGE_KIND.vote, MESSAGE_KIND.proposal])
  })

  test('a part of no lane, above its size or that hides a control frame is refused', async () => {
    for (const [bytes, code] of [
      [part(new Uint8Array(9), 0b110), 'OL_FRAME_FLAGS'],
      [part(new Uint8Array(32 * 1_024 + 1)), 'OL_FRAME_SIZE'],
      [part(encodeFrame(FRAME_TYPE.hello, encodeHello(raw.helloWith({})))), 'OL_FRAME_TYPE'],
      [part(part(new Uint8Array(9))), 'OL_FRAME_TYPE'],
      [part(Uint8Array.of(255, 255, 255, 255)), 'OL_FRAME_SIZE'],
    ] as const) {
      await using other = await rawPeer(HOSTILE + 1 + victim.faults.length)
      await other.host.dial(victim.manager.multiaddrs()[0]!, 2_000)
      const channel = await other.openChannel(victim.manager.self)
      await sayHello(other, victim.manager.self, channel, until)
      const faults = victim.faults.length
      channel.stream.send(bytes)
      await until(() => victim.faults.length > faults && channel.isClosed)
      expect(channel.goodbye).toBe(code)
    }
  })

  test('parts that never end are cut off', async () => {
    const channel = await liveChannel()
    const frame = encodeFrame(MESSAGE_KIND.proposal, body(1_000, 5))
    channel.stream.send(part(frame.subarray(0, 500)))
    await until(() => victim.faults.includes('OL_FRAME_TIMEOUT') && channel.isClosed)
  })
})

describe('identity', () => {
  test('a handshake that was overheard cannot be played again', async () => {
    const first = await raw.openChannel(victim.manager.self)
    const hello = encodeFrame(FRAME_TYPE.hello, encodeHello(raw.helloWith({})))
    const sent: Uint8Array[] = []
    const { stream } = first
    const recording = {
      ...first,
      frames: first.frames,
      stream: {
        ...stream,
        send: (bytes: Uint8Array): boolean => {
          sent.push(bytes)
          return stream.send(bytes)
        },
      },
    } as unknown as RawStream
    await sayHello(raw, victim.manager.self, recording, until)
    expect(sent).toHaveLength(2)
    const second = await raw.openChannel(victim.manager.self)
    second.stream.send(sent[0]!)
    await until(() => second.frames.length >= 2)
    second.stream.send(sent[1]!)
    await until(() => victim.faults.includes('OL_HELLO_SIGNATURE') && second.isClosed)
    expect(hello.length).toBe(sent[0]!.length)
  })

  test('a second process with the key of a validator does not silence the first for good', async () => {
    await using twin = await rawPeer(1)
    await twin.host.dial(victim.manager.multiaddrs()[0]!, 2_000)
    await until(() => victim.manager.stats().connections >= 2)
    await twin[Symbol.asyncDispose]()
    await until(() => victim.manager.peers().includes(friend.manager.self))
    await until(() => friend.manager.peers().includes(victim.manager.self))
  })

  test('a message of a peer outside of the set says so', async () => {
    const channel = await liveChannel()
    const before = victim.messages.length
    channel.stream.send(encodeFrame(MESSAGE_KIND.vote, body(100, 1)))
    await until(() => victim.messages.length === before + 1)
    const { from } = victim.messages[before]!
    expect(from).toBe(raw.self)
    expect(victim.manager.validatorOf(from)).toBeUndefined()
  })
})

describe('requests', () => {
  async function ask(bytes: Uint8Array): Promise<RawStream> {
    await liveChannel()
    await until(() => victim.manager.peers().includes(raw.self))
    const stream = await raw.openRequest(victim.manager.self)
    stream.stream.send(bytes)
    return stream
  }

  test('a length of 4 GiB is refused, and its sender banned', async () => {
    const asked = await ask(Uint8Array.of(255, 255, 255, 255))
    await until(() => victim.faults.includes('OL_FRAME_SIZE') && asked.isClosed)
    expect(isBanned()).toBe(true)
  })

  test('what is no request is refused, and its sender banned', async () => {
    const asked = await ask(encodeFrame(FRAME_TYPE.hello, new Uint8Array(9)))
    await until(() => victim.faults.includes('OL_FRAME_TYPE') && asked.isClosed)
    expect(isBanned()).toBe(true)
  })

  test('a request that drips is cut off', async () => {
    const asked = await ask(encodeFrame(MESSAGE_KIND.getBlocks, body(100, 1)).subarray(0, 20))
    await until(() => victim.faults.includes('OL_FRAME_TIMEOUT') && asked.isClosed)
  })

  test('a second request on the same stream is not heard', async () => {
    const kinds: number[] = []
    victim.answer = async (kind) => {
      kinds.push(kind)
      return body(10, 1)
    }
    const request = encodeFrame(MESSAGE_KIND.getBlocks, body(100, 1))
    const asked = await ask(concatBytes(request, request))
    await until(() => asked.frames.length === 1)
    expect(asked.frames[0]!.type).toBe(FRAME_TYPE.answer)
    expect(kinds).toEqual([MESSAGE_KIND.getBlocks])
  })
})

describe('gossip', () => {
  const topic = topicNames(GENESIS_HASH).nameOf('blocks')
  const publish = (data: Uint8Array): void => raw.host.publish(topic, data)

  beforeEach(async () => {
    await until(() => raw.host.subscribers(topic).length > 0)
  })

  test('what is no frame is rejected and not forwarded', async () => {
    publish(new Uint8Array(100).fill(3))
    publish(encodeFrame(MESSAGE_KIND.proposal, body(100, 1)).subarray(0, 50))
    publish(concatBytes(encodeFrame(MESSAGE_KIND.proposal, body(10, 1)), Uint8Array.of(0)))
    publish(encodeFrame(FRAME_TYPE.ping, new Uint8Array(32)))
    await until(() => victim.faults.filter((code) => code === 'OL_GOSSIP_MALFORMED').length === 4)
    expect(victim.gossip).toEqual([])
    expect(friend.gossip).toEqual([])
  })

  test('what comes twice is handed out once, in whatever batch', async () => {
    const [one, two] = [1, 2].map((i) => encodeFrame(MESSAGE_KIND.proposal, body(100, i))) as [
      Uint8Array,
      Uint8Array,
    ]
    publish(one)
    await until(() => victim.gossip.length === 1)
    publish(concatBytes(one, two))
    await until(() => victim.gossip.length === 2)
    expect(victim.manager.stats().gossip.blocks.duplicates).toBe(1)
  })

  test('a burst within the quota is handled whole, though not at once', async () => {
    const burst = 900
    for (let i = 0; i < burst; i++) publish(encodeFrame(MESSAGE_KIND.proposal, body(100, i)))
    await until(() => victim.gossip.length > 0)
    expect(victim.gossip.length).toBeLessThan(burst)
    await until(() => victim.gossip.length === burst)
    expect(victim.faults).toEqual([])
    expect(victim.manager.stats().rateLimited).toBe(0)
  })

  test('a flood of topics and RPCs that are none are a ban, and gossip keeps none of them', async () => {
    const stream = await raw.host.openStream(victim.manager.self, '/meshsub/1.2.0', 2_000)
    stream.listen({ onBytes: () => undefined, onDrain: () => undefined, onClose: () => undefined })
    // subscriptions = 1 { subscribe = 1, topic = 2 }, behind its length; and bytes that are no protobuf.
    const topics = Uint8Array.of(8, 0x0a, 6, 0x08, 1, 0x12, 2, 0x74, 0x78)
    for (let i = 0; i < 12; i++)
      stream.send(concatBytes(topics.with(8, 65 + i), Uint8Array.of(2, 0xff, 0xff)))
    await until(() => isBanned())
    // Twenty at once; points halve meanwhile, so it may take one more.
    expect(victim.faults.length).toBeGreaterThanOrEqual(20)
    expect(victim.faults.length).toBeLessThan(24)
  })

  test('what the handler rejects is not forwarded, and its sender is banned when it goes on', async () => {
    victim.verdict = () => 'reject'
    for (let i = 0; i < 30; i++) publish(encodeFrame(MESSAGE_KIND.proposal, body(100, i)))
    await until(() => isBanned())
    expect(friend.gossip).toEqual([])
  })
})

test('connections that never say a word are cut off', async () => {
  const port = portOf(victim.manager.multiaddrs())
  const socket = connect(port, '127.0.0.1')
  let isClosed = false
  socket.on('close', () => {
    isClosed = true
  })
  socket.on('error', () => undefined)
  socket.write(new Uint8Array(1_000).fill(1))
  await until(() => isClosed)
})

test('a hundred half-open dials leave room for an honest one', async () => {
  const port = portOf(victim.manager.multiaddrs())
  const sockets = Array.from({ length: 100 }, () => connect(port, '127.0.0.1'))
  for (const socket of sockets) socket.on('error', () => undefined)
  await Promise.all(
    sockets.map((socket) => new Promise<void>((resolve) => socket.once('connect', resolve))),
  )
  const late = testNode(7, { peers: victim.manager.multiaddrs() })
  await late.start()
  await until(() => victim.manager.peers().includes(late.manager.self))
  for (const socket of sockets) socket.destroy()
  await late.manager.stop()
})
