import {
  BLOCK_EVIDENCE_BYTES_MAX,
  BLOCK_EVIDENCE_MAX,
  type Block,
  type BlockHeader,
  type Evidence,
  evidenceCodec,
  type Fault,
  type Misbehavior,
} from '@openliquid/primitives'
import type { BlockNode } from './blockTree.ts'
import type { Committee } from './committee.ts'
import { reject } from './errors.ts'
import { verifyEvidence } from './evidenceVerifier.ts'
import { accusationsOf, Offences } from './offences.ts'
import type { Replica } from './replica.ts'

/** Evidence as it stands in blocks in use: decoded once, `undefined` where the bytes are none. */
const decoded = new WeakMap<Uint8Array, Evidence | 'malformed'>()

/** B6 as far as the block alone can tell: so much, so large, and each piece the encoding of one. */
export function checkEvidenceAlone(section: readonly Uint8Array[]): Fault | undefined {
  let size = 0
  for (const bytes of section) size += bytes.length
  if (section.length > BLOCK_EVIDENCE_MAX) return malformed('evidence count')
  if (size > BLOCK_EVIDENCE_BYTES_MAX) return malformed('evidence size')
  if (section.some((bytes) => evidenceOf(bytes) === undefined)) return malformed('evidence')
  return undefined
}

/**
 * B6 in the branch: each piece is of an epoch whose members can still be punished, convicts somebody of what neither
 * its branch nor the block before it did, and is signed by whom it names.
 *
 * A function of the branch alone: what the branch holds is the same for all, whatever they have executed.
 */
export function checkEvidenceInBranch(
  { block, parent }: BlockNode,
  replica: Replica,
): Fault | undefined {
  const { evidence: section } = block.payload
  if (section.length === 0 || parent === undefined) return undefined
  const offences = offencesUpTo(parent, replica)
  for (const bytes of section) {
    const evidence = evidenceOf(bytes)
    if (evidence === undefined) return malformed('evidence')
    const committee = committeeOf(evidence, replica, block.header)
    if (committee === undefined) return invalid('evidence of an epoch that is over for good')
    if (offences.add(accusationsOf(evidence)).length === 0) {
      return invalid('evidence of what is punished already')
    }
    if (replica.evidencePool.has(bytes)) continue
    if (verifyEvidence(evidence, { ...replica, committee }).length === 0) {
      return invalid('evidence that convicts nobody')
    }
  }
  return undefined
}

/** What the branch up to this block, itself included, convicts of beyond the committed blocks. */
export function offencesUpTo(node: BlockNode, { offences, tree }: Replica): Offences {
  const above = new Offences(offences)
  for (const { block } of tree.pathFromRoot(node)) addMisbehaviors(block, above)
  return above
}

/** Takes a block's evidence into the record; returns what is new: what the application is told. */
export function addMisbehaviors({ payload }: Block, offences: Offences): readonly Misbehavior[] {
  if (payload.evidence.length === 0) return NOTHING
  return payload.evidence.flatMap((bytes) => {
    const evidence = evidenceOf(bytes)
    return evidence === undefined ? [] : offences.add(accusationsOf(evidence))
  })
}

const NOTHING: readonly Misbehavior[] = []

/** The members of the evidence's epoch, unless it has expired for a block of that epoch and time. */
export function committeeOf(
  evidence: Evidence,
  { committee, pastEpochs }: Pick<Replica, 'committee' | 'pastEpochs'>,
  block: Pick<BlockHeader, 'epoch' | 'timestampMs'>,
): Committee | undefined {
  const { epoch } = evidence.kind === 'lockRegression' ? evidence.vote : evidence.first
  return epoch === committee.epoch ? committee : pastEpochs.committeeOf(epoch, block)
}

function evidenceOf(bytes: Uint8Array): Evidence | undefined {
  let known = decoded.get(bytes)
  if (known === undefined) {
    try {
      known = evidenceCodec.decode(bytes)
    } catch {
      known = 'malformed'
    }
    decoded.set(bytes, known)
  }
  return known === 'malformed' ? undefined : known
}

function malformed(what: string): Fault {
  return reject('OL_CONSENSUS_MALFORMED', what)
}

function invalid(what: string): Fault {
  return reject('OL_CONSENSUS_EVIDENCE', what)
}
