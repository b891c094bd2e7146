import { concatBytes } from '@openliquid/primitives'
import { aggregateOptimistically } from './aggregation.ts'
import type { SignatureScheme } from './signatureScheme.ts'

/** What a multi-signature scheme needs of its curve. */
interface SingleSigner
  extends Pick<
    SignatureScheme,
    'name' | 'publicKeyBytes' | 'signatureBytes' | 'publicKeyOf' | 'sign' | 'isPublicKey' | 'verify'
  > {}

/** A scheme whose certificate is the signatures one after the other, in order of validator index. */
export function multiSignatureScheme(single: SingleSigner): SignatureScheme {
  const { verify, signatureBytes } = single
  const verifyAggregate: SignatureScheme['verifyAggregate'] = (publicKeys, digest, signature) =>
    publicKeys.length > 0 &&
    signature.length === publicKeys.length * signatureBytes &&
    publicKeys.every((key, i) =>
      verify(key, digest, signature.subarray(i * signatureBytes, (i + 1) * signatureBytes)),
    )
  return {
    ...single,
    verifyAggregate,
    aggregate: (votes, digest) =>
      aggregateOptimistically(votes, {
        parse: (vote) => (verify(vote.publicKey, digest, vote.signature) ? vote : undefined),
        // Every signature was verified alone: together they cost the same.
        allGood: () => true,
        join: (part) => concatBytes(...part.map(({ signature }) => signature)),
      }),
    verifyGroups: (groups) =>
      groups.length > 0 &&
      groups.every(({ publicKeys, digest, signature }) =>
        verifyAggregate(publicKeys, digest, signature),
      ),
  }
}
