import { assert } from '../types/errors.ts'
import type { Address, Epoch, Hash, View } from '../types/ids.ts'
import { concatBytes, uintToBytes, utf8ToBytes } from './bytes.ts'
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

/** What is signed, with room for the body. */
interface Preimage {
  readonly bytes: Uint8Array
  readonly view: DataView
}

/**
 * What is signed: SHA-256("OPENLIQUID" ‖ version ‖ type ‖ chainId ‖ genesisHash ‖ epoch ‖ body), integers big-endian.
 *
 * A signature valid under one (chain, genesis, epoch, type) is invalid under every other.
 */
function preimage(
  { chainId, genesisHash }: SigningContext,
  type: number,
  epoch: Epoch,
  bodyBytes: number,
): Preimage {
  assert(genesisHash.length === 32, 'the genesis hash has 32 bytes')
  assert(epoch >= 0n && epoch < U64_END, 'the epoch fits 8 bytes')
  const bytes = new Uint8Array(HEAD_BYTES + bodyBytes)
  const view = new DataView(bytes.buffer)
  bytes.set(DOMAIN)
  bytes[DOMAIN.length] = VERSION
  bytes[DOMAIN.length + 1] = type
  view.setBigUint64(CHAIN_ID_AT, BigInt(chainId))
  bytes.set(genesisHash, GENESIS_HASH_AT)
  view.setBigUint64(EPOCH_AT, epoch)
  return { bytes, view }
}

function signingDigest(
  context: SigningContext,
  type: number,
  epoch: Epoch,
  body: Uint8Array,
): Hash {
  const { bytes } = preimage(context, type, epoch, body.length)
  bytes.set(body, HEAD_BYTES)
  return sha256(bytes)
}

/** @param tcHash - SHA-256 of the encoded timeout certificate, if the proposal carries one */
export function proposalDigest(
  context: SigningContext,
  epoch: Epoch,
  view: View,
  blockHash: Hash,
  tcHash: Hash | undefined,
): Hash {
  assert(view >= 0n && view < U64_END, 'the view fits 8 bytes')
  const { bytes, view: words } = preimage(context, SIGNING_TYPE.proposal, epoch, 72)
  words.setBigUint64(HEAD_BYTES, view)
  bytes.set(blockHash, HEAD_BYTES + 8)
  bytes.set(tcHash ?? NO_TC, HEAD_BYTES + 40)
  return sha256(bytes)
}

export function voteDigest(
  context: SigningContext,
  epoch: Epoch,
  view: View,
  blockHash: Hash,
): Hash {
  assert(view >= 0n && view < U64_END, 'the view fits 8 bytes')
  const { bytes, view: words } = preimage(context, SIGNING_TYPE.vote, epoch, 40)
  words.setBigUint64(HEAD_BYTES, view)
  bytes.set(blockHash, HEAD_BYTES + 8)
  return sha256(bytes)
}

/** @param highTipView - under `highTip` only: view of the tip, 0 for none */
export function timeoutDigest(
  context: SigningContext,
  epoch: Epoch,
  view: View,
  highQCView: View,
  highTipView?: View,
): Hash {
  const views = highTipView === undefined ? [view, highQCView] : [view, highQCView, highTipView]
  const body = concatBytes(...views.map((one) => uintToBytes(one, 8)))
  return signingDigest(context, SIGNING_TYPE.timeout, epoch, body)
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
