import {
  assert,
  type BlockContext,
  type BlockHeader,
  type Hash,
  type Misbehavior,
} from '@openliquid/primitives'
import type { Replica } from './replica.ts'

/**
 * What a committed block tells its execution. All of it comes from certified headers, so all replicas agree on it.
 *
 * @param missedSlots - see `Reputation`
 * @param misbehavior - see `Offences`
 */
export function blockContext(
  { committee }: Pick<Replica, 'committee'>,
  {
    header,
    blockHash,
    parent,
    missedSlots,
    misbehavior,
  }: {
    readonly header: BlockHeader
    readonly blockHash: Hash
    readonly parent: BlockHeader
    readonly missedSlots: readonly number[]
    readonly misbehavior: readonly Misbehavior[]
  },
): BlockContext {
  const parentSigners = committee.signersOf(header.qc.signers)
  assert(parentSigners !== undefined, 'the QC of a committed block is well formed')
  assert(parent.height + 1n === header.height, 'the parent is one below')
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
    misbehavior,
  }
}
