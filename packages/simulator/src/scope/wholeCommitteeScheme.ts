import type { SignatureScheme } from '@openliquid/crypto'
import { equalBytes } from '@openliquid/primitives'
import { exclusiveOrScheme } from './exclusiveOrScheme.ts'

/**
 * A scheme whose certificates do not tell which quorum made them: once signatures of `quorum` signers are good, the
 * certificate names the whole committee. So what is certified is one value however the votes came together, as an
 * exhaustive search wants it; fewer signers are named as they are.
 */
export function wholeCommitteeScheme(size: number, quorum: number): SignatureScheme {
  const everyone = Array.from({ length: size }, (_, index) => index)
  const verifyAggregate: SignatureScheme['verifyAggregate'] = (publicKeys, digest, signature) =>
    publicKeys.length === size && signature.length === digest.length
      ? equalBytes(digest, signature)
      : exclusiveOrScheme.verifyAggregate(publicKeys, digest, signature)
  return {
    ...exclusiveOrScheme,
    verifyAggregate,
    verifyGroups: (groups) =>
      groups.every(({ publicKeys, digest, signature }) =>
        verifyAggregate(publicKeys, digest, signature),
      ),
    aggregate(votes, digest) {
      const result = exclusiveOrScheme.aggregate(votes, digest)
      if (result.signers.length < quorum) return result
      return { ...result, signature: digest, signers: everyone }
    },
  }
}
