import {
  BLOCK_EVIDENCE_BYTES_MAX,
  BLOCK_EVIDENCE_MAX,
  type Evidence,
  type Fault,
} from '@openliquid/primitives'
import type { BlockNode } from './blockTree.ts'
import { ignore, reject } from './errors.ts'
import { committeeOf, offencesUpTo } from './evidenceRules.ts'
import { verifyEvidence } from './evidenceVerifier.ts'
import type { Replica } from './replica.ts'

/**
 * What a replica does about breaches of the protocol: it tells everyone what it found, keeps what others found, and as
 * a leader puts both into its blocks until they are committed.
 *
 * @see docs/spec/consensus.md §8 evidence
 */
export class EvidenceKeeper {
  readonly #replica: Replica

  constructor(replica: Replica) {
    this.#replica = replica
  }

  /** Evidence that another node has found; returns what is wrong with it. */
  onEvidence(evidence: Evidence): Fault | undefined {
    const { evidencePool, offences } = this.#replica
    const committee = committeeOf(evidence, this.#replica, this.#nextBlock)
    if (committee === undefined) {
      return ignore('OL_CONSENSUS_EPOCH', 'evidence of an epoch that is unknown, or over for good')
    }
    if (!evidencePool.isWanted(evidence, offences)) return undefined
    if (verifyEvidence(evidence, { ...this.#replica, committee }).length === 0) {
      return reject('OL_CONSENSUS_EVIDENCE', 'the evidence convicts nobody')
    }
    evidencePool.add(evidence)
    return undefined
  }

  /** Keeps what the detector has found and tells everyone. */
  publishFound(): void {
    const { detector, evidencePool, offences, outbox } = this.#replica
    if (!detector.hasFound) return
    for (const evidence of detector.take()) {
      if (!evidencePool.isWanted(evidence, offences)) continue
      evidencePool.add(evidence)
      outbox.broadcast({ kind: 'evidence', evidence })
    }
  }

  get #nextBlock(): { readonly epoch: bigint; readonly timestampMs: number } {
    const { epoch, tree } = this.#replica
    return { epoch, timestampMs: tree.root.header.timestampMs }
  }
}

/** What a block on that parent would bring: the oldest evidence that is of use there, within the caps. */
export function evidenceFor(
  parent: BlockNode,
  { timestampMs }: { readonly timestampMs: number },
  replica: Replica,
): readonly Uint8Array[] {
  const { epoch, evidencePool } = replica
  if (evidencePool.size === 0) return []
  const chosen: Uint8Array[] = []
  let bytesLeft = BLOCK_EVIDENCE_BYTES_MAX
  const offences = offencesUpTo(parent, replica)
  for (const { accusations, bytes, evidence } of evidencePool.items()) {
    if (chosen.length === BLOCK_EVIDENCE_MAX) break
    if (bytes.length > bytesLeft) continue
    if (committeeOf(evidence, replica, { epoch, timestampMs }) === undefined) continue
    if (offences.add(accusations).length === 0) continue
    chosen.push(bytes)
    bytesLeft -= bytes.length
  }
  return chosen
}
