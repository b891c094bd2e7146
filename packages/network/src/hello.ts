import { signEd25519, verifyEd25519 } from '@openliquid/crypto'
import {
  bytesToUint,
  concatBytes,
  equalBytes,
  type Hash,
  type PeerId,
  peerHelloDigest,
  uintToBytes,
} from '@openliquid/primitives'
import { type PeerFault, peerFault } from './errors.ts'
import { PULSE_TOKENS_MAX } from './limits.ts'
import type { ChainHead } from './networkConfig.ts'

/** Version of the channel protocol; peers of another are refused. */
export const PROTOCOL_VERSION = 1
export const NONCE_BYTES = 32
export const PROOF_BYTES = 64

/** First frame of both sides of a channel; docs/wire.md, hello. */
export interface Hello {
  readonly version: number
  readonly chainId: number
  readonly genesisHash: Hash
  /** Four bytes; zero until the first fork. */
  readonly forkId: Uint8Array
  readonly head: ChainHead
  /** Fresh 32 random bytes. */
  readonly nonce: Uint8Array
  /** 32 bytes ed25519: the key that the peer id is derived from and that signs the proof. */
  readonly nodeKey: Uint8Array
}

const FORK_ID_BYTES = 4
const HASH_BYTES = 32
const HELLO_BYTES: number = 2 + 8 + HASH_BYTES + FORK_ID_BYTES + 3 * 8 + NONCE_BYTES + 1 + 32

/** Fixed SSZ container: fields in order, integers little-endian. */
export function encodeHello(hello: Hello): Uint8Array {
  return concatBytes(
    littleEndian(BigInt(hello.version), 2),
    littleEndian(BigInt(hello.chainId), 8),
    hello.genesisHash,
    hello.forkId,
    littleEndian(hello.head.headHeight, 8),
    littleEndian(hello.head.committedHeight, 8),
    littleEndian(hello.head.epoch, 8),
    hello.nonce,
    // Flags: none is defined yet.
    Uint8Array.of(0),
    hello.nodeKey,
  )
}

/** A hello, or why it is none. Every well-formed hello has exactly one encoding. */
export function decodeHello(bytes: Uint8Array): Hello | PeerFault {
  if (bytes.length < 2) return peerFault('OL_HELLO_MALFORMED', 'shorter than its version')
  const version = Number(fromLittleEndian(bytes.subarray(0, 2)))
  // The version first: another one may well have another size.
  if (version !== PROTOCOL_VERSION) return peerFault('OL_HELLO_VERSION', `version ${version}`)
  if (bytes.length !== HELLO_BYTES) {
    return peerFault('OL_HELLO_MALFORMED', `${bytes.length} bytes, ${HELLO_BYTES} expected`)
  }
  let at = 2
  const take = (size: number): Uint8Array => {
    at += size
    return bytes.slice(at - size, at)
  }
  const chainId = fromLittleEndian(take(8))
  if (chainId > BigInt(Number.MAX_SAFE_INTEGER)) {
    return peerFault('OL_HELLO_MALFORMED', 'chain id above 2^53 - 1')
  }
  const genesisHash = take(HASH_BYTES)
  const forkId = take(FORK_ID_BYTES)
  const headHeight = fromLittleEndian(take(8))
  const committedHeight = fromLittleEndian(take(8))
  const epoch = fromLittleEndian(take(8))
  const nonce = take(NONCE_BYTES)
  const [flags] = take(1)
  if (flags !== 0) return peerFault('OL_HELLO_MALFORMED', `unknown flags ${flags}`)
  return {
    version,
    chainId: Number(chainId),
    genesisHash,
    forkId,
    head: { headHeight, committedHeight, epoch },
    nonce,
    nodeKey: take(32),
  }
}

export function isPeerFault(value: object): value is PeerFault {
  return 'code' in value && 'detail' in value
}

/** Everything of one node that its hellos say and sign. */
export interface HelloIdentity {
  readonly self: PeerId
  readonly chainId: number
  readonly genesisHash: Hash
  /** 32-byte seed. */
  readonly secretKey: Uint8Array
  readonly nodeKey: Uint8Array
  peerIdOf(nodeKey: Uint8Array): PeerId | undefined
}

/** What the hello says, before any signature: of the same chain, and by the key of this connection's peer id. */
export function checkHello(own: HelloIdentity, peer: PeerId, hello: Hello): PeerFault | undefined {
  if (hello.chainId !== own.chainId) {
    return peerFault('OL_HELLO_CHAIN', `chain ${hello.chainId}, ours is ${own.chainId}`)
  }
  if (!equalBytes(hello.genesisHash, own.genesisHash)) {
    return peerFault('OL_HELLO_GENESIS', 'another genesis hash')
  }
  if (own.peerIdOf(hello.nodeKey) !== peer) {
    return peerFault('OL_HELLO_KEY', 'the node key belongs to another peer id')
  }
  return undefined
}

/** Both nonces of one handshake, as the signer sees them. */
export interface Nonces {
  readonly own: Uint8Array
  readonly remote: Uint8Array
}

export function signProof(own: HelloIdentity, peer: PeerId, nonces: Nonces): Uint8Array {
  const digest = peerHelloDigest(own, {
    ownPeerId: own.self,
    remotePeerId: peer,
    ownNonce: nonces.own,
    remoteNonce: nonces.remote,
  })
  return signEd25519(own.secretKey, digest)
}

/** @param nonces - as we see them; the signer saw them the other way round */
export function verifyProof(
  own: HelloIdentity,
  hello: Hello,
  {
    peer,
    nonces,
    proof,
  }: { readonly peer: PeerId; readonly nonces: Nonces; readonly proof: Uint8Array },
): boolean {
  if (proof.length !== PROOF_BYTES) return false
  const digest = peerHelloDigest(own, {
    ownPeerId: peer,
    remotePeerId: own.self,
    ownNonce: nonces.remote,
    remoteNonce: nonces.own,
  })
  return verifyEd25519(hello.nodeKey, digest, proof)
}

const HEARTBEAT_BYTES = 32
const TOKEN_BYTES = 4

/** Number of the beat and the sender's head; in an answer also what the asker may show in its next pulses. */
export interface Heartbeat {
  readonly sequence: bigint
  readonly head: ChainHead
  /** At most `PULSE_TOKENS_MAX`. */
  readonly tokens: readonly number[]
}

export function encodeHeartbeat({ sequence, head, tokens }: Heartbeat): Uint8Array {
  const bytes = new Uint8Array(HEARTBEAT_BYTES + TOKEN_BYTES * tokens.length)
  const view = new DataView(bytes.buffer)
  view.setBigUint64(0, sequence, true)
  view.setBigUint64(8, head.headHeight, true)
  view.setBigUint64(16, head.committedHeight, true)
  view.setBigUint64(24, head.epoch, true)
  for (const [i, token] of tokens.entries()) {
    view.setUint32(HEARTBEAT_BYTES + TOKEN_BYTES * i, token, true)
  }
  return bytes
}

export function decodeHeartbeat(bytes: Uint8Array): Heartbeat | undefined {
  const count = (bytes.length - HEARTBEAT_BYTES) / TOKEN_BYTES
  if (count < 0 || count > PULSE_TOKENS_MAX || !Number.isInteger(count)) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  return {
    sequence: view.getBigUint64(0, true),
    head: {
      headHeight: view.getBigUint64(8, true),
      committedHeight: view.getBigUint64(16, true),
      epoch: view.getBigUint64(24, true),
    },
    tokens: Array.from({ length: count }, (_, i) =>
      view.getUint32(HEARTBEAT_BYTES + TOKEN_BYTES * i, true),
    ),
  }
}

function littleEndian(value: bigint, size: number): Uint8Array {
  return uintToBytes(value, size).reverse()
}

function fromLittleEndian(bytes: Uint8Array): bigint {
  return bytesToUint(bytes.slice().reverse())
}
