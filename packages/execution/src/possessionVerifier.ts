import { schemeOf, verifyPossession } from '@openliquid/crypto'
import type { ExchangeOptions } from '@openliquid/exchange'
import type { Genesis } from '@openliquid/primitives'

/** How the exchange has the keys of a new validator checked: the chain's scheme, its id, both proofs. */
export function possessionVerifierOf({
  chainId,
  consensus,
}: Genesis): NonNullable<ExchangeOptions['verifyPossession']> {
  const scheme = schemeOf(consensus.scheme)
  return ({ address, voteKey, nodeKey, voteProof, nodeProof }) =>
    voteKey.length === scheme.publicKeyBytes &&
    verifyPossession(scheme, {
      chainId,
      voteKey,
      nodeKey,
      address,
      proofs: { voteKey: voteProof, nodeKey: nodeProof },
    })
}
