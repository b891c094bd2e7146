import { schemeOf, verifyPossession } from '@openliquid/crypto'
import { type Genesis, hexToBytes } from '@openliquid/primitives'
import { explain, NodeError } from './errors.ts'

/**
 * Every validator of the genesis proves its keys: one without proof could be made from others' keys and forge their
 * certificates.
 *
 * @throws {NodeError} OL_NODE_GENESIS
 */
export function assertKeysProven({ chainId, validators, consensus }: Genesis): void {
  const scheme = schemeOf(consensus.scheme)
  for (const { address, voteKey, nodeKey, proofs } of validators) {
    const isProven = verifyPossession(scheme, {
      chainId,
      address: hexToBytes(address),
      voteKey: hexToBytes(voteKey),
      nodeKey: hexToBytes(nodeKey),
      proofs: { voteKey: hexToBytes(proofs.voteKey), nodeKey: hexToBytes(proofs.nodeKey) },
    })
    if (isProven) continue
    throw new NodeError(
      explain(
        `validator ${address} of the genesis does not prove its keys`,
        'a proof of possession does not verify',
        'use the genesis file of the chain',
      ),
      { code: 'OL_NODE_GENESIS', path: 'genesis.json', reason: 'proof of possession' },
    )
  }
}
