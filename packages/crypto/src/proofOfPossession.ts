import { type Address, proofOfPossessionDigest } from '@openliquid/primitives'
import { ed25519PublicKey, signEd25519, verifyEd25519 } from './ed25519Scheme.ts'
import type { SignatureScheme } from './signatureScheme.ts'

/** Signatures of a validator's two keys over both keys and its address. */
export interface PossessionProofs {
  readonly voteKey: Uint8Array
  readonly nodeKey: Uint8Array
}

/**
 * Proves that one holds both secret keys, which makes aggregation safe against rogue keys.
 *
 * @see docs/spec/consensus.md §2.1 type 6
 */
export function provePossession(
  scheme: SignatureScheme,
  keys: {
    readonly chainId: number
    readonly voteSecret: Uint8Array
    readonly nodeSecret: Uint8Array
    readonly address: Address
  },
): PossessionProofs {
  const digest = proofOfPossessionDigest(
    keys.chainId,
    scheme.publicKeyOf(keys.voteSecret),
    ed25519PublicKey(keys.nodeSecret),
    keys.address,
  )
  return {
    voteKey: scheme.sign(keys.voteSecret, digest),
    nodeKey: signEd25519(keys.nodeSecret, digest),
  }
}

/** Whether both keys are valid and both proofs theirs. */
export function verifyPossession(
  scheme: SignatureScheme,
  claim: {
    readonly chainId: number
    readonly voteKey: Uint8Array
    readonly nodeKey: Uint8Array
    readonly address: Address
    readonly proofs: PossessionProofs
  },
): boolean {
  const { chainId, voteKey, nodeKey, address, proofs } = claim
  const digest = proofOfPossessionDigest(chainId, voteKey, nodeKey, address)
  return (
    scheme.verify(voteKey, digest, proofs.voteKey) && verifyEd25519(nodeKey, digest, proofs.nodeKey)
  )
}
