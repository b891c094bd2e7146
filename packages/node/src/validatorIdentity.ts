import type { ConsensusOptions } from '@openliquid/consensus'
import { ed25519Scheme, schemeOf } from '@openliquid/crypto'
import { equalBytes, type Genesis, type ValidatorSet } from '@openliquid/primitives'
import { explain, NodeError } from './errors.ts'
import type { NodeSecrets } from './keyFiles.ts'

/** Who signs for this node, and as which member of the set; without an index it is a member of none yet. */
export type ValidatorIdentity = NonNullable<ConsensusOptions['self']>

/**
 * The identity of a node in a validator set; undefined without a vote key.
 *
 * @throws {NodeError} OL_NODE_KEYS: the set has another node key beside this vote key
 */
export function validatorIdentity(
  { nodeSecret, voteSecret }: NodeSecrets,
  { consensus }: Genesis,
  { validators }: ValidatorSet,
  nodeKeyPath: string,
): ValidatorIdentity | undefined {
  if (voteSecret === undefined) return undefined
  const keys = { voteSecretKey: voteSecret, nodeSecretKey: nodeSecret }
  const voteKey = schemeOf(consensus.scheme).publicKeyOf(voteSecret)
  const member = validators.find((validator) => equalBytes(validator.voteKey, voteKey))
  if (member === undefined) return keys
  if (equalBytes(member.nodeKey, ed25519Scheme.publicKeyOf(nodeSecret))) {
    return { index: member.index, ...keys }
  }
  throw new NodeError(
    explain(
      `${nodeKeyPath} does not belong to the vote key beside it`,
      `validator ${member.index} has another node key`,
      'put the node.key of this validator there',
    ),
    { code: 'OL_NODE_KEYS', path: nodeKeyPath, reason: 'another validator' },
  )
}
