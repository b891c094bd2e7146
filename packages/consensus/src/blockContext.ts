import { assert, type BlockContext, type BlockHeader, type Hash } from '@openliquid/primitives'
import { MISSED_SLOTS_MAX } from './limits.ts'
import type { Replica } from './replica.ts'

/**
 * What a committed block tells its execution. All of it comes from certified headers, so all replicas agree on it.
 *
 * @see docs/spec/consensus.md §6 for the missed slots
 */
export function blockContext(
  { committee, election }: Pick<Replica, 'committee' | 'election'>,
  {
    header,
    blockHash,
    parent,
  }: { readonly header: BlockHeader; readonly blockHash: Hash; readonly parent: BlockHeader },
): BlockContext {
  const parentSigners = committee.signersOf(header.qc.signers)
  assert(parentSigners !== undefined, 'the QC of a committed block is well formed')
  assert(parent.height + 1n === header.height, 'the parent is one below')

  const missedSlots: number[] = []
  for (let view = parent.view + 1n; view < header.view; view += 1n) {
    if (missedSlots.length === MISSED_SLOTS_MAX) break
    missedSlots.push(election.leader(header.epoch, view))
  }
  return {
    height: header.height,
    epoch: header.epoch,
    view: header.view,
    timestampMs: header.timestampMs,
    proposer: header.proposer,
    blockHash,
    parentHash: header.parentHash,
    parentTimestampMs: parent.timestampMs,
    parentSigners,
    missedSlots,
    misbehavior: [],
  }
}
