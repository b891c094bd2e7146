/** What bytes from outside meet first, each with a property that no input may break. */
import { ed25519PublicKey } from '@openliquid/crypto'
import { concatBytes, equalBytes, MESSAGE_KIND } from '@openliquid/primitives'
import type { SeededRandom } from '@openliquid/primitives/testing'
import { decodeAddresses, encodeAddresses } from '../src/discovery.ts'
import { encodeFrame, FRAME_TYPE, FrameReader, frameBytes } from '../src/frame.ts'
import {
  checkHello,
  decodeHeartbeat,
  decodeHello,
  encodeHeartbeat,
  encodeHello,
  type HelloIdentity,
  isPeerFault,
  verifyProof,
} from '../src/hello.ts'
import { peerIdFromNodeKey } from '../src/libp2pNode.ts'
import { channelBytesMax } from '../src/limits.ts'

const SECRET = new Uint8Array(32).fill(1)
const NODE_KEY = ed25519PublicKey(SECRET)
const PEER = peerIdFromNodeKey(NODE_KEY)
const IDENTITY: HelloIdentity = {
  self: PEER,
  chainId: 1998,
  genesisHash: new Uint8Array(32).fill(7),
  secretKey: SECRET,
  nodeKey: NODE_KEY,
  peerIdOf: (key) => {
    try {
      return peerIdFromNodeKey(key)
    } catch {
      return undefined
    }
  },
}
const HELLO = encodeHello({
  version: 1,
  chainId: 1998,
  genesisHash: IDENTITY.genesisHash,
  forkId: new Uint8Array(4),
  head: { headHeight: 9n, committedHeight: 7n, epoch: 1n },
  nonce: new Uint8Array(32).fill(3),
  nodeKey: NODE_KEY,
})
const HEARTBEAT = encodeHeartbeat({
  sequence: 5n,
  head: { headHeight: 9n, committedHeight: 7n, epoch: 1n },
  tokens: [1, 2 ** 32 - 1],
})
const ADDRESSES = encodeAddresses([`/ip4/10.0.0.1/tcp/9600/p2p/${PEER}`, '/dns4/a.example/tcp/1'])
const STREAM = concatBytes(
  encodeFrame(FRAME_TYPE.hello, HELLO),
  encodeFrame(MESSAGE_KIND.vote, new Uint8Array(100).fill(4)),
  encodeFrame(FRAME_TYPE.ping, HEARTBEAT),
  encodeFrame(FRAME_TYPE.part, encodeFrame(MESSAGE_KIND.proposal, new Uint8Array(300).fill(5))),
)
const SAMPLES = [STREAM, HELLO, HEARTBEAT, ADDRESSES]

/** One mutant of one sample through all decoders. @throws when a property breaks */
export function fuzzOnce(random: SeededRandom): void {
  const bytes = mutant(random.pick(SAMPLES), random)
  fuzzFrames(bytes, random)
  const hello = decodeHello(bytes)
  if (!isPeerFault(hello)) {
    expectThat(equalBytes(encodeHello(hello), bytes), 'a hello has one encoding')
    checkHello(IDENTITY, PEER, hello)
    // One in some hundred, because a verification takes longer than everything else together.
    if (random.integer(0, 255) === 0) {
      const nonces = { own: hello.nonce, remote: hello.nonce }
      const proof = bytes.subarray(0, 64)
      expectThat(!verifyProof(IDENTITY, hello, { peer: PEER, nonces, proof }), 'no proof by chance')
    }
  }
  const heartbeat = decodeHeartbeat(bytes)
  if (heartbeat !== undefined) {
    expectThat(equalBytes(encodeHeartbeat(heartbeat), bytes), 'a heartbeat has one encoding')
  }
  const addresses = decodeAddresses(bytes)
  if (addresses !== undefined) {
    expectThat(equalBytes(encodeAddresses(addresses), bytes), 'a list has one encoding')
  }
}

/** However a stream is split, the frames are the same, none is above its cap, and nothing comes after a fault. */
function fuzzFrames(bytes: Uint8Array, random: SeededRandom): void {
  const whole = read([bytes])
  const cut = random.integer(0, bytes.length)
  const split = read([bytes.subarray(0, cut), bytes.subarray(cut)])
  expectThat(whole.frames === split.frames, `split at ${cut} changes the frames`)
  expectThat(whole.fault === split.fault, `split at ${cut} changes the fault`)
  expectThat(whole.bytes <= bytes.length, 'frames hold no more than came')
}

function read(chunks: readonly Uint8Array[]): {
  readonly frames: string
  readonly bytes: number
  readonly fault: string | undefined
} {
  const reader = new FrameReader((type) => (type < 0xf0 ? channelBytesMax(type) : 4_096))
  const frames: string[] = []
  let bytes = 0
  let fault: string | undefined
  for (const chunk of chunks) {
    const found = reader.read(chunk, 0, ({ type, flags, body }) => {
      expectThat(fault === undefined, 'no frame after a fault')
      frames.push(`${type} ${flags} ${body.length} ${body[0] ?? ''}`)
      bytes += frameBytes(body.length)
    })
    fault ??= found?.code
  }
  return { frames: frames.join(), bytes, fault }
}

function mutant(sample: Uint8Array, random: SeededRandom): Uint8Array {
  let bytes: Uint8Array = sample.slice()
  for (let i = random.integer(0, 3); i >= 0; i--) {
    const at = random.integer(0, Math.max(0, bytes.length - 1))
    switch (random.integer(0, 6)) {
      case 0:
        bytes[at] = random.integer(0, 255)
        break
      case 1:
        bytes[at] = (bytes[at] ?? 0) ^ (1 << random.integer(0, 7))
        break
      case 2:
        bytes = bytes.slice(0, at)
        break
      case 3:
        bytes = concatBytes(bytes, random.bytes(random.integer(1, 9)))
        break
      case 4:
        bytes = concatBytes(bytes.subarray(0, at), bytes.subarray(Math.min(bytes.length, at + 4)))
        break
      case 5:
        bytes = concatBytes(bytes.subarray(0, at), bytes)
        break
      default:
        // Lengths live in the first bytes.
        bytes[random.integer(0, 5)] = random.pick([0, 1, 2, 127, 128, 255])
    }
  }
  return bytes
}

function expectThat(condition: boolean, what: string): void {
  if (!condition) throw new Error(what)
}
