import { keccak_256 } from '@noble/hashes/sha3.js'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { sample } from '../testing/samples.ts'
import { SeededRandom } from '../testing/seededRandom.ts'
import { blockHeaderCodec } from './blockHeaderCodec.ts'
import { utf8ToBytes } from './bytes.ts'
import { keccak256, sha256 } from './hash.ts'
import { bytesToHex } from './hex.ts'
import { blockHash, merkleRoot, payloadRoot, transactionId, validatorSetHash } from './identity.ts'
import { SHA256_LANE_BLOCKS_MAX, SHA256_LANES, Sha256Lanes } from './sha256Lanes.ts'
import { sha256 as sha256Node } from './sha256Node.ts'
import { sha256 as sha256Portable } from './sha256Portable.ts'
import {
  peerHelloDigest,
  proofOfPossessionDigest,
  proposalDigest,
  sentryDigest,
  timeoutDigest,
  voteDigest,
} from './signingDigest.ts'

describe('hash functions', () => {
  it('give the published values', () => {
    expect(bytesToHex(sha256(utf8ToBytes('abc')))).toBe(
      '0xba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    )
    expect(bytesToHex(keccak256(new Uint8Array(0)))).toBe(
      '0xc5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470',
    )
  })

  it('keccak256 is that of the library, for every length around its blocks and its longest part', () => {
    const random = new SeededRandom(5)
    const long = [8_703, 8_704, 8_705, 8_840, 17_407, 17_408, 17_409, 100_000]
    for (const size of [...Array(420).keys(), ...long]) {
      const message = random.bytes(size)
      expect(keccak256(message)).toEqual(keccak_256(message))
    }
  })

  it('sha256 is the same in four lanes, for every length that fits them', () => {
    const lanes = new Sha256Lanes()
    const random = new SeededRandom(3)
    const longest = 64 * SHA256_LANE_BLOCKS_MAX - 9
    for (let size = 0; size <= longest; size++) {
      const messages = Array.from({ length: SHA256_LANES }, () => random.bytes(size + 3))
      const blocks = messages.map((message, lane) => lanes.setMessage(lane, message, size))
      lanes.hash(blocks[0]!)
      for (const [lane, message] of messages.entries()) {
        const digest = new DataView(new ArrayBuffer(32))
        for (let i = 0; i < 8; i++) digest.setInt32(4 * i, lanes.output[4 * i + lane]!)
        expect(new Uint8Array(digest.buffer)).toEqual(sha256(message.subarray(0, size)))
      }
    }
    expect(() => lanes.setMessage(0, new Uint8Array(longest + 1), longest + 1)).toThrow('too long')
  })

  it('sha256 is the same on Node and elsewhere, in one part or many', () => {
    const parts = fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 4 })
    fc.assert(
      fc.property(parts, (list) => {
        const expected = sha256Node(...list)
        expect(sha256Portable(...list)).toEqual(expected)
        expect(sha256(Uint8Array.from(list.flatMap((part) => [...part])))).toEqual(expected)
      }),
    )
  })

  it('answer plain arrays, never Buffers', () => {
    expect(Object.getPrototypeOf(sha256(new Uint8Array(1)))).toBe(Uint8Array.prototype)
    expect(sha256(new Uint8Array(1)).buffer.byteLength).toBe(32)
  })
})

describe('identities', () => {
  it('tell apart lists that naive Merkle trees confuse', () => {
    const [a, b, c] = [1, 2, 3].map((seed) => new SeededRandom(seed).bytes(32)) as [
      Uint8Array,
      Uint8Array,
      Uint8Array,
    ]
    const lists = [
      [],
      [a],
      [a, a],
      [a, b],
      [b, a],
      [a, b, c],
      [a, b, c, c],
      [merkleRoot([a, b]), c],
    ]
    const roots = lists.map((list) => bytesToHex(merkleRoot(list)))
    expect(new Set(roots).size).toBe(lists.length)
    expect(merkleRoot([])).toEqual(new Uint8Array(32))
  })

  it('take the header as its codec encodes it, with signers and signature of any size', () => {
    const random = new SeededRandom(11)
    for (let i = 0; i < 200; i++) {
      const header = sample.blockHeader(random)
      const hash = sha256(utf8ToBytes('BLK1'), blockHeaderCodec.encode(header))
      expect(bytesToHex(blockHash(header))).toBe(bytesToHex(hash))
    }
  })

  it('are right again for a header whose remembered hash made room for another', () => {
    const random = new SeededRandom(12)
    const { timestampMs, ...rest } = sample.blockHeader(random)
    const headers = [1, 2, 3].map((view) => ({ ...rest, timestampMs, view: BigInt(view) }))
    const hashes = headers.map((header) => bytesToHex(blockHash(header)))
    expect(new Set(hashes).size).toBe(3)
    expect([...headers].reverse().map((header) => bytesToHex(blockHash(header)))).toEqual(
      [...hashes].reverse(),
    )
  })

  it('depend on every field of a header, a set and a payload', () => {
    const random = new SeededRandom(5)
    const header = sample.blockHeader(random)
    const changed = { ...header, qc: { ...header.qc, signature: random.bytes(96) } }
    expect(blockHash(changed)).not.toEqual(blockHash(header))

    const set = sample.validatorSet(random)
    expect(validatorSetHash({ ...set, epoch: set.epoch ^ 1n })).not.toEqual(validatorSetHash(set))

    const bytes = Uint8Array.of(1)
    const roots = [
      payloadRoot({ actions: [bytes], evm: [], evidence: [] }),
      payloadRoot({ actions: [], evm: [bytes], evidence: [] }),
      payloadRoot({ actions: [], evm: [], evidence: [bytes] }),
    ]
    expect(new Set(roots.map(bytesToHex)).size).toBe(3)
    expect(transactionId(0, bytes)).not.toEqual(transactionId(1, bytes))
  })
})

describe('signing digests', () => {
  it('never coincide across chain, genesis, epoch, type or body', () => {
    // docs/spec/consensus.md §2.1: a signature of one kind is valid under no other.
    const hash = new Uint8Array(32).fill(1)
    const other = new Uint8Array(32).fill(2)
    const context = { chainId: 1998, genesisHash: hash }
    const address = new Uint8Array(20)
    const hello = { ownPeerId: 'a', remotePeerId: 'b', ownNonce: hash, remoteNonce: other }
    const digests = [
      voteDigest(context, 1n, 1n, hash),
      voteDigest(context, 1n, 2n, hash),
      voteDigest(context, 1n, 1n, other),
      voteDigest(context, 2n, 1n, hash),
      voteDigest({ ...context, chainId: 1999 }, 1n, 1n, hash),
      voteDigest({ ...context, genesisHash: other }, 1n, 1n, hash),
      proposalDigest(context, 1n, 1n, hash, undefined),
      proposalDigest(context, 1n, 1n, hash, other),
      timeoutDigest(context, 1n, 1n, 0n),
      timeoutDigest(context, 1n, 1n, 1n),
      proofOfPossessionDigest(1998, hash, other, address),
      proofOfPossessionDigest(1999, hash, other, address),
      peerHelloDigest(context, hello),
      peerHelloDigest(context, { ...hello, ownPeerId: 'b', remotePeerId: 'a' }),
      peerHelloDigest(context, { ...hello, ownPeerId: 'ab', remotePeerId: '' }),
      sentryDigest(context, { sentryPeerId: 'a', expiryMs: 1 }),
      sentryDigest(context, { sentryPeerId: 'a', expiryMs: 2 }),
      sentryDigest(context, { sentryPeerId: 'b', expiryMs: 1 }),
    ]
    expect(new Set(digests.map(bytesToHex)).size).toBe(digests.length)
  })

  it('follow a hash whose bytes were changed in place', () => {
    const hash = new Uint8Array(32).fill(1)
    const context = { chainId: 1998, genesisHash: new Uint8Array(32) }
    const before = voteDigest(context, 1n, 1n, hash)
    hash[31] = 2
    expect(voteDigest(context, 1n, 1n, hash)).not.toEqual(before)
  })
})
