import { randomBytes } from 'node:crypto'
import { ed25519PublicKey } from '@openliquid/crypto'
import type { PeerId } from '@openliquid/primitives'
import { CHANNEL_PROTOCOL, type ChannelContext } from '../src/channelPipe.ts'
import { DEFAULT_TIMING } from '../src/defaultTiming.ts'
import { encodeFrame, FRAME_TYPE, type Frame, FrameReader } from '../src/frame.ts'
import {
  decodeHello,
  encodeHello,
  type Hello,
  type HelloIdentity,
  isPeerFault,
  signProof,
} from '../src/hello.ts'
import { InboundChannel } from '../src/inboundChannel.ts'
import { createLibp2pHost, peerIdFromNodeKey } from '../src/libp2pNode.ts'
import type { ByteStream, P2pHost } from '../src/p2pHost.ts'
import { REQUEST_PROTOCOL } from '../src/requestResponse.ts'
import { topicNames } from '../src/topics.ts'
import { CHAIN_ID, GENESIS_HASH, seedOf } from './cluster.ts'

/** A stream with everything that came on it. */
export interface RawStream {
  readonly stream: ByteStream
  readonly frames: Frame[]
  readonly isClosed: boolean
  /** Code of the goodbye, if one came. */
  readonly goodbye: string | undefined
}

/** A peer with a valid libp2p identity that says on our protocols whatever a test wants. */
export interface RawPeer extends AsyncDisposable {
  readonly self: PeerId
  readonly host: P2pHost
  readonly identity: HelloIdentity
  openChannel(peer: PeerId): Promise<RawStream>
  openRequest(peer: PeerId): Promise<RawStream>
  helloWith(changes: Partial<Hello>): Hello
}

export async function rawPeer(index: number): Promise<RawPeer> {
  const secretKey = seedOf(index)
  const nodeKey = ed25519PublicKey(secretKey)
  const self = peerIdFromNodeKey(nodeKey)
  const identity = {
    self,
    chainId: CHAIN_ID,
    genesisHash: GENESIS_HASH,
    secretKey,
    nodeKey,
    peerIdOf: peerIdFromNodeKey,
  }
  const context: ChannelContext = {
    identity,
    timing: DEFAULT_TIMING,
    counters: { framesSent: 0, framesReceived: 0, bytesSent: 0, bytesReceived: 0 },
    head: () => ({ headHeight: 0n, committedHeight: 0n, epoch: 1n }),
    nowMs: () => performance.now(),
    randomBytes: (size) => new Uint8Array(randomBytes(size)),
  }
  const host = await createLibp2pHost({
    nodeKey: secretKey,
    listen: [],
    announce: [],
    topics: topicNames(GENESIS_HASH).names,
    protocols: new Map([
      [CHANNEL_PROTOCOL, 4],
      [REQUEST_PROTOCOL, 32],
    ]),
    sameHost: true,
    mdns: false,
    dialTimeoutMs: 10_000,
    handlers: {
      onConnected: () => undefined,
      onMoved: () => undefined,
      onTwin: () => undefined,
      onDisconnected: () => undefined,
      onFound: () => undefined,
      onPulse: () => undefined,
      // Answers correctly where it is asked, so that the victim's own direction is live too.
      onStream: (_protocol, peer, stream) => {
        new InboundChannel(context, peer, stream, {
          onLive: () => undefined,
          onEnvelope: () => undefined,
          onControl: () => undefined,
          onHeartbeat: () => [],
          onSeen: () => undefined,
          onClosed: () => undefined,
        })
      },
      onGossip: () => undefined,
      allowRpc: () => true,
      mayHandle: () => true,
      onGossipFault: () => undefined,
      scoreOf: () => 0,
      admission: {
        denial: () => undefined,
        onInbound: () => undefined,
        onClosed: () => undefined,
      },
      halfOpenDials: {
        mayDial: () => true,
        onDialled: () => true,
        onDenied: () => undefined,
        onOpened: () => undefined,
        onClosed: () => undefined,
      },
    },
  })
  await host.start()
  return {
    self,
    host,
    identity,
    openChannel: async (peer) => watch(await host.openStream(peer, CHANNEL_PROTOCOL, 2_000)),
    openRequest: async (peer) => watch(await host.openStream(peer, REQUEST_PROTOCOL, 2_000)),
    helloWith: (changes) => ({
      version: 1,
      chainId: CHAIN_ID,
      genesisHash: GENESIS_HASH,
      forkId: new Uint8Array(4),
      head: { headHeight: 0n, committedHeight: 0n, epoch: 1n },
      nonce: new Uint8Array(randomBytes(32)),
      nodeKey,
      ...changes,
    }),
    [Symbol.asyncDispose]: () => host.stop(),
  }
}

function watch(stream: ByteStream): RawStream {
  const reader = new FrameReader(() => 2 ** 20)
  const watched = {
    stream,
    frames: [] as Frame[],
    isClosed: false,
    goodbye: undefined as string | undefined,
  }
  stream.listen({
    onBytes: (bytes) => {
      reader.read(bytes, 0, (frame) => {
        watched.frames.push(frame)
        if (frame.type === FRAME_TYPE.goodbye)
          watched.goodbye = new TextDecoder().decode(frame.body)
      })
    },
    onDrain: () => undefined,
    onClose: () => {
      watched.isClosed = true
    },
  })
  return watched
}

/** The opener's part of a correct handshake; resolves when our proof is sent. */
export async function sayHello(
  raw: RawPeer,
  peer: PeerId,
  { stream, frames }: RawStream,
  until: (condition: () => boolean) => Promise<void>,
): Promise<void> {
  const hello = raw.helloWith({})
  stream.send(encodeFrame(FRAME_TYPE.hello, encodeHello(hello)))
  await until(() => frames.length >= 2)
  const answer = decodeHello(frames[0]!.body)
  if (isPeerFault(answer)) throw new Error(answer.detail)
  const nonces = { own: hello.nonce, remote: answer.nonce }
  stream.send(encodeFrame(FRAME_TYPE.proof, signProof(raw.identity, peer, nonces)))
}
