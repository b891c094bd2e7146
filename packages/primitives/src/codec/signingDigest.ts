import { assert } from '../types/errors.ts'
import type { Address, Epoch, Hash, View } from '../types/ids.ts'
import { concatBytes, equalBytes, uintToBytes, utf8ToBytes } from './bytes.ts'
import { sha256 } from './hash.ts'

const DOMAIN = utf8ToBytes('OPENLIQUID')
const VERSION = 1
const U64_END = 1n << 64n
const NO_TC = new Uint8Array(32)

/** Which chain a signature is for. */
export interface SigningContext {
  readonly chainId: number
  readonly genesisHash: Hash
}

/** Type byte of each signing domain; docs/spec/consensus.md §2.1. */
export const SIGNING_TYPE = {
  proposal: 1,
  vote: 2,
  timeout: 3,
  noEndorse: 4,
  proofOfPossession: 6,
  peerHello: 7,
  sentry: 8,
  roundRecovery: 9,
} as const

/** Bytes in front of the body: domain, version, type, chainId, genesisHash, epoch. */
const HEAD_BYTES = 60
const CHAIN_ID_AT = 12
const GENESIS_HASH_AT = 20
const EPOCH_AT = 52

/** Body of a peer hello: two peer ids of at most 255 bytes behind their lengths, and two nonces. */
const BODY_BYTES_MAX = 2 * 256 + 2 * 32

/**
 * What is being signed. One for all digests: an array of this size lies outside the heap of the engine, and making a
 * new one costs several times what hashing it does.
 */
const preimage = new Uint8Array(HEAD_BYTES + BODY_BYTES_MAX)
const words = new DataView(preimage.buffer)
/** The first bytes of it, by their number. */
const views: (Uint8Array | undefined)[] = new Array(preimage.length + 1).fill(undefined)

/**
 * Fills in what stands before the body:
 * "OPENLIQUID" ‖ version ‖ type ‖ chainId ‖ genesisHash ‖ epoch, integers big-endian.
 *
 * A signature valid under one (chain, genesis, epoch, type) is invalid under every other.
 */
function writeHead({ chainId, genesisHash }: SigningContext, type: number, epoch: Epoch): void {
  assert(genesisHash.length === 32, 'the genesis hash has 32 bytes')
  assert(epoch >= 0n && epoch < U64_END, 'the epoch fits 8 bytes')
  preimage.set(DOMAIN)
  preimage[DOMAIN.length] = VERSION
  preimage[DOMAIN.length + 1] = type
  words.setBigUint64(CHAIN_ID_AT, BigInt(chainId))
  preimage.set(genesisHash, GENESIS_HASH_AT)
  words.setBigUint64(EPOCH_AT, epoch)
}

function writeView(at: number, view: View): void {
  assert(view >= 0n && view < U64_END, 'a view fits 8 bytes')
  words.setBigUint64(at, view)
}

/** SHA-256 over head and body. */
function digestOf(bodyBytes: number): Hash {
  const size = HEAD_BYTES + bodyBytes
  // Few sizes are in use, and a view of an array costs as much as hashing it does.
  let view = views[size]
  if (view === undefined) {
    view = preimage.subarray(0, size)
    views[size] = view
  }
  return sha256(view)
}

function signingDigest(
  context: SigningContext,
  type: number,
  epoch: Epoch,
  body: Uint8Array,
): Hash {
  assert(body.length <= BODY_BYTES_MAX, 'the body has its room')
  writeHead(context, type, epoch)
  preimage.set(body, HEAD_BYTES)
  return digestOf(body.length)
}

/** A digest over a block, and all that it depends on. */
interface BlockDigest {
  type: number
  context: SigningContext
  epoch: Epoch
  view: View
  /** A copy: the caller's array may be written to later. */
  readonly blockHash: Hash
  /** Nothing, for a vote; else a copy. */
  tcHash: Uint8Array
  digest: Hash
}

/**
 * The digests made last: whoever has voted next verifies the certificate over that vote, and what one replica signs
 * others in the same process verify.
 */
const RECENT_MAX = 4
const NOTHING = new Uint8Array(0)
const NO_DIGEST = new Uint8Array(0)
const recent: readonly BlockDigest[] = Array.from({ length: RECENT_MAX }, () => ({
  type: 0,
  context: { chainId: 0, genesisHash: NO_TC },
  epoch: 0n,
  view: 0n,
  blockHash: new Uint8Array(32),
  tcHash: NOTHING,
  digest: NO_DIGEST,
}))
let oldest = 0

function blockDigest(
  type: number,
  context: SigningContext,
  epoch: Epoch,
  view: View,
  blockHash: Hash,
  tcHash: Uint8Array,
): Hash {
  for (const known of recent) {
    const isSame =
      known.type === type &&
      known.view === view &&
      known.epoch === epoch &&
      equalBytes(known.blockHash, blockHash) &&
      equalBytes(known.tcHash, tcHash) &&
      isSameContext(known.context, context)
    if (isSame) return known.digest
  }
  assert(blockHash.length === 32, 'a hash has 32 bytes')
  writeHead(context, type, epoch)
  writeView(HEAD_BYTES, view)
  preimage.set(blockHash, HEAD_BYTES + 8)
  preimage.set(tcHash, HEAD_BYTES + 40)
  const digest = digestOf(40 + tcHash.length)
  const entry = recent[oldest] as BlockDigest
  entry.type = type
  entry.context = context
  entry.epoch = epoch
  entry.view = view
  entry.blockHash.set(blockHash)
  entry.tcHash = tcHash === NO_TC || tcHash === NOTHING ? tcHash : tcHash.slice()
  entry.digest = digest
  oldest = (oldest + 1) % RECENT_MAX
  return digest
}

function isSameContext(a: SigningContext, b: SigningContext): boolean {
  return a === b || (a.chainId === b.chainId && equalBytes(a.genesisHash, b.genesisHash))
}

/** @param tcHash - SHA-256 of the encoded timeout certificate, if the proposal carries one */
export function proposalDigest(
  context: SigningContext,
  epoch: Epoch,
  view: View,
  blockHash: Hash,
  tcHash: Hash | undefined,
): Hash {
  return blockDigest(SIGNING_TYPE.proposal, context, epoch, view, blockHash, tcHash ?? NO_TC)
}

export function voteDigest(
  context: SigningContext,
  epoch: Epoch,
  view: View,
  blockHash: Hash,
): Hash {
  return blockDigest(SIGNING_TYPE.vote, context, epoch, view, blockHash, NOTHING)
}

/** Of the digest of a timeout made last: what one signs all the others of its group do. */
let lastTimeout:
  | {
      readonly context: SigningContext
      readonly epoch: Epoch
      readonly view: View
      readonly highQCView: View
      readonly highTipView: View | undefined
      readonly digest: Hash
    }
  | undefined

/** @param highTipView - under `highTip` only: view of the tip, 0 for none */
export function timeoutDigest(
  context: SigningContext,
  epoch: Epoch,
  view: View,
  highQCView: View,
  highTipView?: View,
): Hash {
  const isSame =
    lastTimeout?.view === view &&
    lastTimeout.highQCView === highQCView &&
    lastTimeout.highTipView === highTipView &&
    lastTimeout.epoch === epoch &&
    isSameContext(lastTimeout.context, context)
  if (isSame && lastTimeout !== undefined) return lastTimeout.digest
  writeHead(context, SIGNING_TYPE.timeout, epoch)
  writeView(HEAD_BYTES, view)
  writeView(HEAD_BYTES + 8, highQCView)
  if (highTipView !== undefined) writeView(HEAD_BYTES + 16, highTipView)
  const digest = digestOf(highTipView === undefined ? 16 : 24)
  lastTimeout = { context, epoch, view, highQCView, highTipView, digest }
  return digest
}

/** @param tipQCView - view of the QC in the header of the tip that is not endorsed */
export function noEndorseDigest(
  context: SigningContext,
  epoch: Epoch,
  view: View,
  tipQCView: View,
): Hash {
  const body = concatBytes(uintToBytes(view, 8), uintToBytes(tipQCView, 8))
  return signingDigest(context, SIGNING_TYPE.noEndorse, epoch, body)
}

/** @param tcHash - SHA-256 of the encoded timeout certificate that names the tip */
export function roundRecoveryDigest(
  context: SigningContext,
  epoch: Epoch,
  view: View,
  tcHash: Hash,
): Hash {
  const body = concatBytes(uintToBytes(view, 8), tcHash)
  return signingDigest(context, SIGNING_TYPE.roundRecovery, epoch, body)
}

/** Signed by both keys of a validator at registration, so that nobody registers a key derived from another's. */
export function proofOfPossessionDigest(
  chainId: number,
  voteKey: Uint8Array,
  nodeKey: Uint8Array,
  address: Address,
): Hash {
  // The genesis hash covers the proofs themselves, so it cannot be part of what they sign.
  const context = { chainId, genesisHash: NO_TC }
  const body = concatBytes(voteKey, nodeKey, address)
  return signingDigest(context, SIGNING_TYPE.proofOfPossession, 0n, body)
}

/** Peer ids as their text in UTF-8, each behind a length byte; nonces of 32 bytes. */
export function peerHelloDigest(
  context: SigningContext,
  hello: {
    readonly ownPeerId: string
    readonly remotePeerId: string
    readonly ownNonce: Uint8Array
    readonly remoteNonce: Uint8Array
  },
): Hash {
  const own = utf8ToBytes(hello.ownPeerId)
  const remote = utf8ToBytes(hello.remotePeerId)
  const body = concatBytes(
    Uint8Array.of(own.length),
    own,
    Uint8Array.of(remote.length),
    remote,
    hello.ownNonce,
    hello.remoteNonce,
  )
  return signingDigest(context, SIGNING_TYPE.peerHello, 0n, body)
}

/** What a validator signs to let a sentry speak for it until a time: the sentry's peer id as text behind a length byte, u64 ms. */
export function sentryDigest(
  context: SigningContext,
  { sentryPeerId, expiryMs }: { readonly sentryPeerId: string; readonly expiryMs: number },
): Hash {
  const sentry = utf8ToBytes(sentryPeerId)
  assert(sentry.length < 256, 'the length of a peer id fits a byte')
  const body = concatBytes(Uint8Array.of(sentry.length), sentry, uintToBytes(expiryMs, 8))
  return signingDigest(context, SIGNING_TYPE.sentry, 0n, body)
}
