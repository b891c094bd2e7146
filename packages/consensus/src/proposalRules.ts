import type { Fault, Proposal, TimeoutVote, Vote } from '@openliquid/primitives'
import { type BlockRules, checkBlockAlone } from './blockRules.ts'
import type { Committee } from './committee.ts'
import { ignore, reject } from './errors.ts'
import { entryOf, proposalEntryOf } from './safetyRules.ts'

/** Shape of a proposal: everything that needs neither a signature nor another block. */
export function checkProposal(proposal: Proposal, rules: BlockRules): Fault | undefined {
  const { header } = proposal.block
  if (proposal.epoch !== rules.committee.epoch) return otherEpoch()
  if (header.epoch !== proposal.epoch) return malformed('epoch of the block')
  if (proposalEntryOf(proposal, header, rules) === undefined) return malformed('entry proof') // B4
  return checkBlockAlone(proposal.block, rules)
}

/** Shape of a vote. */
export function checkVote(vote: Vote, committee: Committee): Fault | undefined {
  if (vote.epoch !== committee.epoch) return otherEpoch()
  if (vote.view < 1n) return malformed('view of a vote')
  return committee.has(vote.signer) ? undefined : malformed('signer of a vote')
}

/** Shape of a timeout, its entry proof included: nobody can fill our buffers with views that were never entered. */
export function checkTimeout(
  timeout: TimeoutVote,
  { committee, highTip: isHighTip }: Pick<BlockRules, 'committee' | 'highTip'>,
): Fault | undefined {
  const { epoch, view, highQC, highTip, lastTC, vote, signer } = timeout
  if (epoch !== committee.epoch) return otherEpoch()
  if (!committee.has(signer)) return malformed('signer of a timeout')
  if (highQC.epoch !== epoch || highQC.view >= view) return malformed('highQC of a timeout')
  if (entryOf(view, highQC, lastTC) === undefined) return malformed('entry proof of a timeout')
  if (highTip !== undefined) {
    const { header } = highTip
    // §12: a tip is above what its sender knows to be certified, else it is none.
    const isTip = header.epoch === epoch && header.view <= view && header.view > highQC.view
    if (!isHighTip || !isTip) return malformed('tip of a timeout')
  }
  if (vote === undefined) return undefined
  const isOwn = vote.epoch === epoch && vote.view === view && vote.signer === signer
  return isOwn ? undefined : malformed('vote in a timeout')
}

function malformed(what: string): Fault {
  return reject('OL_CONSENSUS_MALFORMED', what)
}

function otherEpoch(): Fault {
  return ignore('OL_CONSENSUS_EPOCH', 'the message is of another epoch')
}
