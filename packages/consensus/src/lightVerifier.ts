import { blockHash, type CommitProof, equalBytes } from '@openliquid/primitives'
import type { CertificateVerifier } from './certificateVerifier.ts'

/**
 * Whether a proof shows that `path[0]` is committed: a path of headers linked by their hashes, all of one epoch, whose
 * last one is certified in the view right after the one that certifies its parent.
 *
 * @see docs/spec/consensus.md §4 CommitProof
 */
export function verifyCommitProof(proof: CommitProof, verifier: CertificateVerifier): boolean {
  const { path, qc } = proof
  const last = path.at(-1)
  if (path.length < 2 || last === undefined) return false
  for (const [i, header] of path.entries()) {
    const child = path[i + 1]
    if (header.epoch !== qc.epoch || header.flags !== 0) return false
    if (child !== undefined && !equalBytes(child.parentHash, blockHash(header))) return false
  }
  if (!equalBytes(qc.blockHash, blockHash(last))) return false
  // The epoch-genesis QC is no vote of anyone: it cannot be the lower half of a pair.
  if (last.qc.view === 0n || last.qc.view + 1n !== qc.view) return false
  return verifier.verifyQC(qc) !== undefined
}
