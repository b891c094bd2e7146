import {
  aggregatePublicKeys,
  aggregateSignatures,
  fastAggregateVerify,
  PublicKey,
  SecretKey,
  Signature,
  verify,
  verifyMultipleAggregateSignatures,
} from '@chainsafe/blst'
import { aggregateOptimistically } from './aggregation.ts'
import { badSecretKey } from './errors.ts'
import { KeyCache } from './keyCache.ts'
import type { SignatureScheme } from './signatureScheme.ts'

const PUBLIC_KEY_BYTES = 48
const SIGNATURE_BYTES = 96

const keys = new KeyCache(parseKey)

/**
 * BLS12-381, keys in G1 and signatures in G2, suite BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_, by blst: the default.
 *
 * @see docs/spec/consensus.md §9
 */
export const blsScheme: SignatureScheme = {
  name: 'bls',
  publicKeyBytes: PUBLIC_KEY_BYTES,
  signatureBytes: SIGNATURE_BYTES,

  publicKeyOf: (secretKey) => bytesOf(parseSecret(secretKey).toPublicKey().toBytes()),
  sign: (secretKey, digest) => bytesOf(parseSecret(secretKey).sign(digest).toBytes()),
  isPublicKey: (publicKey) => keys.get(publicKey) !== undefined,

  verify(publicKey, digest, signature) {
    const key = keys.get(publicKey)
    const parsed = parseSignature(signature)
    return key !== undefined && parsed !== undefined && verify(digest, key, parsed)
  },

  aggregate: (votes, digest) =>
    aggregateOptimistically(votes, {
      // Only the sum is verified, so only the sum must be in the group: checking each would double the cost.
      parse({ publicKey, signature }) {
        const key = keys.get(publicKey)
        const parsed = parseSignature(signature, { checkGroup: false })
        return key === undefined || parsed === undefined ? undefined : { key, parsed }
      },
      allGood: (part) =>
        fastAggregateVerify(
          digest,
          part.map(({ key }) => key),
          aggregateSignatures(part.map(({ parsed }) => parsed)),
          true,
        ),
      join: (part) => bytesOf(aggregateSignatures(part.map(({ parsed }) => parsed)).toBytes()),
    }),

  verifyAggregate(publicKeys, digest, signature) {
    const members = parseKeys(publicKeys)
    const parsed = parseSignature(signature)
    return (
      members !== undefined && parsed !== undefined && fastAggregateVerify(digest, members, parsed)
    )
  },

  verifyGroups(groups) {
    const sets: { msg: Uint8Array; pk: PublicKey; sig: Signature }[] = []
    for (const { publicKeys, digest, signature } of groups) {
      const members = parseKeys(publicKeys)
      const sig = parseSignature(signature)
      if (members === undefined || sig === undefined) return false
      sets.push({ msg: digest, pk: aggregatePublicKeys(members), sig })
    }
    return sets.length > 0 && verifyMultipleAggregateSignatures(sets)
  },
}

/** blst answers with Buffers; public types hold plain arrays. */
function bytesOf(buffer: Uint8Array): Uint8Array {
  return new Uint8Array(buffer)
}

function parseSecret(secretKey: Uint8Array): SecretKey {
  try {
    return SecretKey.fromBytes(secretKey)
  } catch {
    throw badSecretKey('bls')
  }
}

function parseKey(bytes: Uint8Array): PublicKey | undefined {
  // blst would take the uncompressed form too; one point has one encoding here.
  if (bytes.length !== PUBLIC_KEY_BYTES) return undefined
  try {
    return PublicKey.fromBytes(bytes, true)
  } catch {
    return undefined
  }
}

function parseKeys(publicKeys: readonly Uint8Array[]): PublicKey[] | undefined {
  if (publicKeys.length === 0) return undefined
  const parsed: PublicKey[] = []
  for (const bytes of publicKeys) {
    const key = keys.get(bytes)
    if (key === undefined) return undefined
    parsed.push(key)
  }
  return parsed
}

function parseSignature(
  bytes: Uint8Array,
  { checkGroup } = { checkGroup: true },
): Signature | undefined {
  if (bytes.length !== SIGNATURE_BYTES) return undefined
  try {
    return Signature.fromBytes(bytes, checkGroup)
  } catch {
    return undefined
  }
}
