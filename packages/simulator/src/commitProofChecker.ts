import type { SignatureScheme } from '@openliquid/crypto'
import {
  blockHash,
  type CommitProof,
  equalBytes,
  type Hash,
  type SigningContext,
  type ValidatorSet,
  voteDigest,
} from '@openliquid/primitives'

/**
 * A second opinion on commit proofs, written apart from the core and sharing none of its code: M3.
 *
 * @returns why the proof shows nothing, or undefined
 */
export function refuteCommitProof(
  { path, qc }: CommitProof,
  {
    context,
    scheme,
    set,
  }: {
    readonly context: SigningContext
    readonly scheme: SignatureScheme
    readonly set: ValidatorSet
  },
): string | undefined {
  if (path.length < 2) return 'a path has two headers at least'
  if ((path[0]?.flags ?? 0) >= 2) return 'a suffix block is never committed'
  let parent: Hash | undefined
  for (const header of path) {
    if (header.epoch !== set.epoch || qc.epoch !== set.epoch) return 'another epoch'
    if (parent !== undefined && !equalBytes(header.parentHash, parent)) return 'broken link'
    parent = blockHash(header)
  }
  const top = path[path.length - 1]
  if (top === undefined || parent === undefined) return 'no path'
  if (!equalBytes(qc.blockHash, parent)) return 'the QC is of another block'
  if (top.qc.view < 1n || qc.view - top.qc.view !== 1n) return 'views are not consecutive'
  if (top.view !== qc.view) return 'the QC is of another view'

  let stake = 0n
  const keys: Uint8Array[] = []
  for (const { index, stake: one, voteKey } of set.validators) {
    const byte = qc.signers[Math.floor(index / 8)] ?? 0
    if (Math.floor(byte / 2 ** (index % 8)) % 2 === 0) continue
    stake += one
    keys.push(voteKey)
  }
  if (stake * 3n <= set.totalStake * 2n) return 'no quorum signed'
  const digest = voteDigest(context, qc.epoch, qc.view, qc.blockHash)
  return scheme.verifyAggregate(keys, digest, qc.signature) ? undefined : 'bad signature'
}
