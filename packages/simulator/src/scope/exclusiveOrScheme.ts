import type { SignatureScheme } from '@openliquid/crypto'
import { nullScheme } from '@openliquid/crypto/testing'
import { concatBytes, equalBytes } from '@openliquid/primitives'

const BYTES = 32

function combine(key: Uint8Array, digest: Uint8Array): Uint8Array {
  const signature = new Uint8Array(BYTES)
  for (let i = 0; i < BYTES; i++) signature[i] = (key[i] as number) ^ (digest[i] as number)
  return signature
}

const verify: SignatureScheme['verify'] = (publicKey, digest, signature) =>
  equalBytes(combine(publicKey, digest), signature)

/**
 * The cheapest scheme that still ties a signature to a key and a digest: their exclusive or. Secret and public key are
 * the same bytes. For exhaustive runs, where hashing for signatures would be most of the work.
 */
export const exclusiveOrScheme: SignatureScheme = {
  ...nullScheme,
  publicKeyOf: (secretKey) => secretKey,
  sign: combine,
  verify,
  verifyAggregate: (publicKeys, digest, signature) =>
    publicKeys.length > 0 &&
    signature.length === publicKeys.length * BYTES &&
    publicKeys.every((key, i) =>
      verify(key, digest, signature.subarray(i * BYTES, (i + 1) * BYTES)),
    ),
  verifyGroups: (groups) =>
    groups.length > 0 &&
    groups.every(({ publicKeys, digest, signature }) =>
      exclusiveOrScheme.verifyAggregate(publicKeys, digest, signature),
    ),
  aggregate(votes, digest) {
    const sorted = [...votes].sort((a, b) => a.signer - b.signer)
    const good = sorted.filter((vote) => verify(vote.publicKey, digest, vote.signature))
    return {
      signature: concatBytes(...good.map(({ signature }) => signature)),
      signers: good.map(({ signer }) => signer),
      badSigners: sorted.filter((vote) => !good.includes(vote)).map(({ signer }) => signer),
    }
  },
}
