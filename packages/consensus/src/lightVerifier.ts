import {
  blockHash,
  type CommitProof,
  type EpochChange,
  equalBytes,
  FLAG_EPOCH_CLOSING,
  FLAG_EPOCH_SUFFIX,
  isUsableSet,
  type ValidatorSet,
  validatorSetHash,
} from '@openliquid/primitives'
import type { CertificateVerifier } from './certificateVerifier.ts'

/**
 * Whether a proof shows that `path[0]` is committed: a path of headers linked by their hashes, all of one epoch, whose
 * last one is certified in the view right after the one that certifies its parent.
 *
 * A suffix block is never committed, though proofs of this shape may exist for it.
 * @see docs/spec/consensus.md §4 CommitProof
 */
export function verifyCommitProof(proof: CommitProof, verifier: CertificateVerifier): boolean {
  return isCommitPath(proof) && verifier.verifyQC(proof.qc) !== undefined
}

/** All of a commit proof but the signatures of its QC. */
export function isCommitPath({ path, qc }: CommitProof): boolean {
  const [first] = path
  const last = path.at(-1)
  if (path.length < 2 || first === undefined || last === undefined) return false
  if ((first.flags & FLAG_EPOCH_SUFFIX) !== 0) return false
  for (const [i, header] of path.entries()) {
    const child = path[i + 1]
    if (header.epoch !== qc.epoch) return false
    if (child !== undefined && !equalBytes(child.parentHash, blockHash(header))) return false
  }
  if (!equalBytes(qc.blockHash, blockHash(last))) return false
  // The epoch-genesis QC is no vote of anyone: it cannot be the lower half of a pair.
  return last.qc.view !== 0n && last.qc.view + 1n === qc.view
}

/**
 * Whether a change shows that the verifier's epoch is over and that `nextSet` follows: its closing block is committed
 * and names the set.
 *
 * @see docs/spec/consensus.md §8 light client
 */
export function verifyEpochChange(
  { commit, nextSet }: EpochChange,
  verifier: CertificateVerifier,
): boolean {
  const closing = commit.path[0]
  if (closing === undefined || closing.flags !== FLAG_EPOCH_CLOSING) return false
  if (nextSet.epoch !== closing.epoch + 1n || !isWellFormed(nextSet)) return false
  if (!equalBytes(closing.nextValidatorSetHash, validatorSetHash(nextSet))) return false
  return verifyCommitProof(commit, verifier)
}

function isWellFormed({ validators }: ValidatorSet): boolean {
  return validators.every(({ index }, i) => index === i) && isUsableSet(validators)
}
