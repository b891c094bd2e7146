import type { Address, Epoch, Hash, View } from '../types/ids.ts'
import { concatBytes, uintToBytes, utf8ToBytes } from './bytes.ts'
import { sha256 } from './hash.ts'

const DOMAIN = utf8ToBytes('OPENLIQUID')
const VERSION = Uint8Array.of(1)
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
} as const

/**
 * What is signed: SHA-256("OPENLIQUID" ‖ version ‖ type ‖ chainId ‖ genesisHash ‖ epoch ‖ body), integers big-endian.
 *
 * A signature valid under one (chain, genesis, epoch, type) is invalid under every other.
 */
function signingDigest(
  { chainId, genesisHash }: SigningContext,
  type: number,
  epoch: Epoch,
  body: Uint8Array,
): Hash {
  return sha256(
    DOMAIN,
    VERSION,
    Uint8Array.of(type),
    uintToBytes(chainId, 8),
    genesisHash,
    uintToBytes(epoch, 8),
    body,
  )
}

/** @param tcHash - SHA-256 of the encoded timeout certificate, if the proposal carries one */
export function proposalDigest(
  context: SigningContext,
  epoch: Epoch,
  view: View,
  blockHash: Hash,
  tcHash: Hash | undefined,
): Hash {
  const body = concatBytes(uintToBytes(view, 8), blockHash, tcHash ?? NO_TC)
  return signingDigest(context, SIGNING_TYPE.proposal, epoch, body)
}

export function voteDigest(
  context: SigningContext,
  epoch: Epoch,
  view: View,
  blockHash: Hash,
): Hash {
  const body = concatBytes(uintToBytes(view, 8), blockHash)
  return signingDigest(context, SIGNING_TYPE.vote, epoch, body)
}

export function timeoutDigest(
  context: SigningContext,
  epoch: Epoch,
  view: View,
  highQCView: View,
): Hash {
  const body = concatBytes(uintToBytes(view, 8), uintToBytes(highQCView, 8))
  return signingDigest(context, SIGNING_TYPE.timeout, epoch, body)
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
