import type { SafetyData } from '@openliquid/consensus'
import {
  type Block,
  type Codec,
  type ConsensusMessage,
  type Epoch,
  equalBytes,
  type Hash,
  type NoEndorse,
  noEndorseCodec,
  type Proposal,
  proposalCodec,
  type TimeoutVote,
  timeoutVoteCodec,
  type View,
  type Vote,
  voteCodec,
} from '@openliquid/primitives'
import type { DurableLog, SafetyMarks } from './durableLog.ts'
import { PropertyViolation } from './monitors.ts'

/**
 * Looks at every signature that leaves one honest node, over all its restarts; docs/spec/consensus.md §11.1, O1–O6, and of
 * §12 O7: after a refusal to endorse a tip, votes in that view are for the tip or for what is proposed instead; O8: no
 * timeout stands by less than the block last voted for.
 */
export class SignatureOracle {
  readonly #node: number
  readonly #isHighTip: boolean
  /** First of each kind and view: whatever comes later must be the same bytes (O1, O4, O6). */
  readonly #votes = new Map<View, Vote>()
  readonly #timeouts = new Map<View, TimeoutVote>()
  readonly #proposals = new Map<View, Proposal>()
  readonly #refusals = new Map<View, NoEndorse>()
  #epoch = 0n
  #lastVoteView = 0n
  #lastTimeoutView = 0n
  /** Greatest qc.view of a block voted for. */
  #lockedView = 0n
  /** Of the block last voted for. */
  #tipView = 0n

  constructor(node: number, { highTip = false }: { readonly highTip?: boolean } = {}) {
    this.#node = node
    this.#isHighTip = highTip
  }

  /**
   * Takes a message as it leaves.
   *
   * @param blockOf - finds a block the node voted for
   */
  onLeaving(
    message: ConsensusMessage,
    log: DurableLog,
    blockOf: (hash: Hash) => Block | undefined,
  ): void {
    if (message.kind === 'vote') this.#enterEpoch(message.vote.epoch)
    if (message.kind === 'timeout') this.#enterEpoch(message.timeout.epoch)
    if (message.kind === 'proposal') this.#enterEpoch(message.proposal.epoch)
    if (message.kind === 'noEndorse') this.#enterEpoch(message.noEndorse.epoch)
    if (message.kind === 'vote') this.#onVote(message.vote, log, blockOf)
    if (message.kind === 'timeout') {
      const { vote } = message.timeout
      // §12: a view may be given up with a vote for the tip.
      if (vote !== undefined) this.#onVote(vote, log, blockOf)
      this.#onTimeout(message.timeout, log)
    }
    if (message.kind === 'noEndorse') this.#onNoEndorse(message.noEndorse, log)
    if (message.kind === 'proposal') this.#onProposal(message.proposal, log)
  }

  /** R7: views start again in each epoch, and nothing is signed in one that was left. */
  #enterEpoch(epoch: Epoch): void {
    this.#demand(epoch >= this.#epoch, `R7: signs in epoch ${epoch} after ${this.#epoch}`)
    if (epoch === this.#epoch) return
    this.#epoch = epoch
    for (const seen of [this.#votes, this.#timeouts, this.#proposals, this.#refusals]) seen.clear()
    this.#lastVoteView = 0n
    this.#lastTimeoutView = 0n
    this.#lockedView = 0n
    this.#tipView = 0n
  }

  #onVote(vote: Vote, log: DurableLog, blockOf: (hash: Hash) => Block | undefined): void {
    const { view } = vote
    const isNew = this.#record(this.#votes, vote, { codec: voteCodec, property: 'O1' })
    this.#demand(
      this.#isMarked(log, ({ lastVotedView }) => lastVotedView >= view),
      `O5: the vote of view ${view} leaves first`,
    )
    if (!isNew) return
    this.#demand(view > this.#lastVoteView, `O1: votes in view ${view} after ${this.#lastVoteView}`)
    this.#demand(view > this.#lastTimeoutView, `O2: votes in view ${view} after giving it up`)
    this.#lastVoteView = view
    this.#checkAfterRefusal(vote, log, blockOf)
    this.#demand(
      log.hasBlock(vote.blockHash),
      `O5: the block voted for in view ${view} is not on disk`,
    )
    const block = blockOf(vote.blockHash)
    if (block !== undefined) this.#tipView = block.header.view
    if (block !== undefined && block.header.qc.view > this.#lockedView) {
      this.#lockedView = block.header.qc.view
    }
    this.#demand(
      this.#isMarked(log, ({ lockedView }) => lockedView >= this.#lockedView),
      `O5: the lock on view ${this.#lockedView} is not on disk`,
    )
  }

  #onTimeout(timeout: TimeoutVote, log: DurableLog): void {
    const { highQC, view } = timeout
    const isNew = this.#record(this.#timeouts, timeout, { codec: timeoutVoteCodec, property: 'O6' })
    this.#demand(
      this.#isKept(log, ({ lastTimeout }) => (lastTimeout?.view ?? 0n) >= view),
      `O5: the timeout of view ${view} leaves before it is on disk`,
    )
    if (!isNew) return
    const highest = timeout.highTip?.header.view ?? highQC.view
    this.#demand(
      highest >= this.#lockedView,
      `O3: the timeout of view ${view} names ${highest} below the lock ${this.#lockedView}`,
    )
    this.#demand(
      !this.#isHighTip || highest >= this.#tipView,
      `O8: the timeout of view ${view} names ${highest} below the block of view ${this.#tipView}`,
    )
    this.#demand(view > this.#lastTimeoutView, `O2: gives view ${view} up late`)
    this.#lastTimeoutView = view
  }

  #onNoEndorse(noEndorse: NoEndorse, log: DurableLog): void {
    const { view } = noEndorse
    const isNew = this.#record(this.#refusals, noEndorse, {
      codec: noEndorseCodec,
      property: 'O7',
    })
    this.#demand(
      this.#isKept(log, ({ lastNoEndorse }) => (lastNoEndorse?.noEndorse.view ?? 0n) >= view),
      `O5: the refusal of view ${view} leaves before it is on disk`,
    )
    if (!isNew) return
    this.#demand(view > this.#lastVoteView, `O7: refuses in view ${view} after voting in it`)
    this.#demand(view > this.#lastTimeoutView, `O7: refuses in view ${view} after giving it up`)
  }

  /** O7. What is proposed instead of a tip is new in that view, and stands on the tip's QC. */
  #checkAfterRefusal(
    { blockHash: hash, view }: Vote,
    log: DurableLog,
    blockOf: (hash: Hash) => Block | undefined,
  ): void {
    const refusal = this.#refusals.get(view)
    const header = refusal === undefined ? undefined : blockOf(hash)?.header
    if (refusal === undefined || header === undefined) return
    const { epoch, lastNoEndorse } = this.#safetyOf(log)
    if (epoch > this.#epoch) return
    const isTip = lastNoEndorse !== undefined && equalBytes(lastNoEndorse.tip, hash)
    const isInstead = header.view === view && header.qc.view === refusal.tipQCView
    this.#demand(isTip || isInstead, `O7: votes in view ${view} beside the tip it refused`)
  }

  #onProposal(proposal: Proposal, log: DurableLog): void {
    const { view } = proposal
    this.#record(this.#proposals, proposal, { codec: proposalCodec, property: 'O4' })
    this.#demand(
      this.#isKept(log, ({ lastProposed }) => (lastProposed?.view ?? 0n) >= view),
      `O5: the proposal of view ${view} leaves before it is on disk`,
    )
  }

  /** Returns whether the view is new; whatever repeats must repeat byte for byte. */
  #record<T extends { readonly view: View }>(
    seen: Map<View, T>,
    message: T,
    { codec, property }: { readonly codec: Codec<T>; readonly property: string },
  ): boolean {
    const { view } = message
    const known = seen.get(view)
    if (known === undefined) seen.set(view, message)
    else if (known !== message) {
      const isSame = equalBytes(codec.encode(known), codec.encode(message))
      this.#demand(isSame, `${property}: signs twice in view ${view}`)
    }
    return known === undefined
  }

  /** One step may sign and then leave the epoch: the safety data of a later one keeps the promise too. */
  #isKept(log: DurableLog, holds: (data: SafetyData) => boolean): boolean {
    const data = this.#safetyOf(log)
    return data.epoch > this.#epoch || holds(data)
  }

  /** The same, of what binds every vote. */
  #isMarked({ marks }: DurableLog, holds: (marks: SafetyMarks) => boolean): boolean {
    if (marks === undefined) throw this.#hasNone()
    return marks.epoch > this.#epoch || holds(marks)
  }

  #safetyOf({ safety }: DurableLog): SafetyData {
    if (safety === undefined) throw this.#hasNone()
    return safety
  }

  #hasNone(): PropertyViolation {
    return new PropertyViolation(`O5: node ${this.#node} has no safety data`)
  }

  #demand(condition: boolean, text: string): void {
    if (!condition) throw new PropertyViolation(`${text} (node ${this.#node})`)
  }
}
