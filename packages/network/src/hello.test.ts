import { ed25519PublicKey, signEd25519 } from '@openliquid/crypto'
import { peerHelloDigest } from '@openliquid/primitives'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  checkHello,
  decodeHeartbeat,
  decodeHello,
  encodeHeartbeat,
  encodeHello,
  type Hello,
  type HelloIdentity,
  isPeerFault,
  PROTOCOL_VERSION,
  signProof,
  verifyProof,
} from './hello.ts'
import { peerIdFromNodeKey } from './libp2pNode.ts'

const GENESIS_HASH = new Uint8Array(32).fill(7)

function identityOf(fill: number, changes: Partial<HelloIdentity> = {}): HelloIdentity {
  const secretKey = new Uint8Array(32).fill(fill)
  const nodeKey = ed25519PublicKey(secretKey)
  return {
    self: peerIdFromNodeKey(nodeKey),
    chainId: 1998,
    genesisHash: GENESIS_HASH,
    secretKey,
    nodeKey,
    peerIdOf: peerIdFromNodeKey,
    ...changes,
  }
}

function helloOf(identity: HelloIdentity): Hello {
  return {
    version: PROTOCOL_VERSION,
    chainId: identity.chainId,
    genesisHash: identity.genesisHash,
    forkId: new Uint8Array(4),
    head: { headHeight: 3n, committedHeight: 2n, epoch: 1n },
    nonce: new Uint8Array(32).fill(9),
    nodeKey: identity.nodeKey,
  }
}

const alice = identityOf(1)
const bob = identityOf(2)

test('decodes what it encodes, to the byte', () => {
  const hello = helloOf(alice)
  const bytes = encodeHello(hello)
  expect(decodeHello(bytes)).toEqual(hello)
  expect(bytes.length).toBe(135)
})

test('every truncation and a trailing byte are malformed', () => {
  const bytes = encodeHello(helloOf(alice))
  for (let size = 0; size < bytes.length; size++) {
    expect(decodeHello(bytes.subarray(0, size))).toMatchObject({ code: 'OL_HELLO_MALFORMED' })
  }
  const longer = new Uint8Array([...bytes, 0])
  expect(decodeHello(longer)).toMatchObject({ code: 'OL_HELLO_MALFORMED' })
})

test('any bytes are a hello that encodes to them, or a fault', () => {
  const valid = encodeHello(helloOf(alice))
  const mutated = fc
    .tuple(fc.nat({ max: valid.length - 1 }), fc.integer({ min: 0, max: 255 }))
    .map(([at, byte]) => {
      const bytes = valid.slice()
      bytes[at] = byte
      return bytes
    })
  fc.assert(
    fc.property(fc.oneof(mutated, fc.uint8Array({ maxLength: 200 })), (bytes) => {
      const hello = decodeHello(bytes)
      if (!isPeerFault(hello)) expect(encodeHello(hello)).toEqual(bytes)
    }),
    { numRuns: 2_000 },
  )
})

test('another version is told apart from garbage', () => {
  const bytes = encodeHello({ ...helloOf(alice), version: 2 })
  expect(decodeHello(bytes.subarray(0, 20))).toMatchObject({ code: 'OL_HELLO_VERSION' })
})

test('flags that are not defined are refused', () => {
  const bytes = encodeHello(helloOf(alice))
  bytes[bytes.length - 33] = 1
  expect(decodeHello(bytes)).toMatchObject({ code: 'OL_HELLO_MALFORMED' })
})

describe('checks', () => {
  test('accepts the same chain by the key of the connection', () => {
    expect(checkHello(alice, bob.self, helloOf(bob))).toBeUndefined()
  })

  test.each([
    ['OL_HELLO_CHAIN', { chainId: 999 }],
    ['OL_HELLO_GENESIS', { genesisHash: new Uint8Array(32) }],
    ['OL_HELLO_KEY', { nodeKey: alice.nodeKey }],
  ] as const)('%s', (code, changes) => {
    expect(checkHello(alice, bob.self, { ...helloOf(bob), ...changes })).toMatchObject({ code })
  })
})

describe('proof', () => {
  const own = new Uint8Array(32).fill(5)
  const remote = new Uint8Array(32).fill(6)
  const proof = signProof(bob, alice.self, { own: remote, remote: own })
  const verify = (
    verifier: HelloIdentity,
    changes: { peer?: string; own?: Uint8Array; remote?: Uint8Array; proof?: Uint8Array } = {},
  ): boolean =>
    verifyProof(verifier, helloOf(bob), {
      peer: changes.peer ?? bob.self,
      nonces: { own: changes.own ?? own, remote: changes.remote ?? remote },
      proof: changes.proof ?? proof,
    })

  test('verifies at the peer it was made for', () => {
    expect(verify(alice)).toBe(true)
  })

  test('is bound to both peers, both nonces, chain and genesis', () => {
    const carol = identityOf(3)
    expect(verify(carol)).toBe(false)
    expect(verify(alice, { peer: carol.self })).toBe(false)
    expect(verify(alice, { own: remote })).toBe(false)
    expect(verify(alice, { remote: own })).toBe(false)
    expect(verify(identityOf(1, { chainId: 1 }))).toBe(false)
    expect(verify(identityOf(1, { genesisHash: new Uint8Array(32) }))).toBe(false)
  })

  test('of another key, of another size or reflected is refused', () => {
    const digest = peerHelloDigest(alice, {
      ownPeerId: bob.self,
      remotePeerId: alice.self,
      ownNonce: remote,
      remoteNonce: own,
    })
    expect(verify(alice, { proof: signEd25519(bob.secretKey, digest) })).toBe(true)
    expect(verify(alice, { proof: signEd25519(alice.secretKey, digest) })).toBe(false)
    expect(verify(alice, { proof: new Uint8Array(0) })).toBe(false)
    expect(verify(alice, { proof: proof.subarray(1) })).toBe(false)
    expect(verify(alice, { proof: signProof(alice, bob.self, { own, remote }) })).toBe(false)
  })
})

test('a heartbeat survives, another size does not', () => {
  const heartbeat = {
    sequence: 77n,
    head: { headHeight: 2n ** 63n, committedHeight: 1n, epoch: 4n },
    tokens: [0, 7, 2 ** 32 - 1],
  }
  const bytes = encodeHeartbeat(heartbeat)
  expect(decodeHeartbeat(bytes)).toEqual(heartbeat)
  expect(decodeHeartbeat(bytes.subarray(1))).toBeUndefined()
})
