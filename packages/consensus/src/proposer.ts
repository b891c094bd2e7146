import {
  assert,
  BLOCK_BYTES_MAX,
  type Block,
  type BlockHeader,
  blockCodec,
  blockHash,
  FLAG_EPOCH_CLOSING,
  type NoEndorsementCertificate,
  type Payload,
  payloadRoot,
  type QuorumCertificate,
  type TimeoutCertificate,
  type Verified,
  type View,
} from '@openliquid/primitives'
import {
  checkBlockAlone,
  encodedBytes,
  endsEpoch,
  flagsOf,
  isEmptyPayload,
  mustBeEmpty,
} from './blockRules.ts'
import type { BlockNode } from './blockTree.ts'
import type { CertificateProcessor } from './certificateProcessor.ts'
import { deferredRecord } from './deferredRecord.ts'
import { evidenceFor } from './evidenceKeeper.ts'
import { nextSetHashOf } from './nextSet.ts'
import type { Replica } from './replica.ts'
import type { TipRecovery } from './tipRecovery.ts'
import type { Voter } from './voter.ts'

/** What SSZ adds to each item of a list. */
const OFFSET_BYTES = 4
const NO_EVIDENCE: readonly Uint8Array[] = []

/** A proposal that waits for its payload. */
interface Draft {
  readonly view: View
  readonly parent: BlockNode
  readonly qc: Verified<QuorumCertificate>
  readonly tc: Verified<TimeoutCertificate> | undefined
  readonly nec?: Verified<NoEndorsementCertificate> | undefined
  readonly timestampMs: number
  /** Goes into the block before transactions do. */
  readonly evidence: readonly Uint8Array[]
}

/**
 * The leader's duty: one block per view, as soon as the view is entered, on the highest QC.
 *
 * @see docs/spec/consensus.md §5 optimistic responsiveness
 */
export class Proposer {
  readonly #replica: Replica
  readonly #processor: CertificateProcessor
  readonly #voter: Voter
  readonly #recovery: TipRecovery
  #draft: Draft | undefined

  constructor(options: {
    readonly replica: Replica
    readonly processor: CertificateProcessor
    readonly voter: Voter
    readonly recovery: TipRecovery
  }) {
    this.#replica = options.replica
    this.#processor = options.processor
    this.#voter = options.voter
    this.#recovery = options.recovery
  }

  /** Asks for a payload if we lead the current view and have what a block needs; returns whether it did. */
  requestIfReady(nowMs: number): boolean {
    const { election, epoch, pacemaker, params, safety, selfIndex } = this.#replica
    const { view } = pacemaker
    if (safety === undefined || this.#draft?.view === view || !safety.mayPropose(view)) return false
    if (election.leader(epoch, view) !== selfIndex) return false

    const { highQC, tc } = pacemaker.entry
    if (!params.highTip || tc === undefined) return this.#draftOn({ qc: highQC, tc }, nowMs)
    return this.#followTC(tc, nowMs)
  }

  /** §12: what the TC stands by goes on, whatever else is known. */
  #followTC(tc: Verified<TimeoutCertificate>, nowMs: number): boolean {
    const { tree, verifier } = this.#replica
    const qc = verifier.trustQC(tc.highQC)
    const { highTip } = tc
    if (highTip === undefined) return this.#draftOn({ qc, tc }, nowMs)
    const standing = this.#recovery.standingOf(highTip, nowMs)
    const node = tree.get(blockHash(highTip.header))
    if (standing === 'endorsable' && node !== undefined) return this.#proposeAgain(node, tc)
    if (standing === 'pending') return false
    this.#recovery.request(tc)
    const nec = this.#recovery.nec()
    return nec !== undefined && this.#draftOn({ qc, tc, nec }, nowMs)
  }

  /** §12: the block of the tip, unchanged, in an envelope of this view. */
  #proposeAgain(node: BlockNode, tc: Verified<TimeoutCertificate>): boolean {
    const { outbox, pacemaker, safety, tree } = this.#replica
    const signed = safety?.propose({ currentView: pacemaker.view, block: node.block, tc })
    if (signed === undefined) return false
    const { message: proposal, records } = signed
    const block = deferredRecord('block', blockCodec.encode, node.block)
    outbox.persist(node.isLogged ? records : [block, ...records], { sync: true })
    tree.markLogged(node)
    outbox.broadcast({ kind: 'proposal', proposal })
    this.#voter.onOwnProposal(proposal, node.blockHash)
    return true
  }

  #draftOn(on: Pick<Draft, 'qc' | 'tc' | 'nec'>, nowMs: number): boolean {
    const { pacemaker, stateRoots, tree } = this.#replica
    const { view } = pacemaker
    const parent = tree.get(on.qc.blockHash)
    if (parent === undefined) return false // It is being fetched.
    // B7: a leader that has not executed K(parent) cannot name its root and holds the proposal.
    if (stateRoots.rootAt(parent.committedHeight) === undefined) return false

    const timestampMs = Math.max(parent.header.timestampMs + 1, nowMs) // B5
    const evidence = this.#mustBeEmpty(parent)
      ? NO_EVIDENCE
      : evidenceFor(parent, { timestampMs }, this.#replica)
    const { nec, qc, tc } = on
    this.#draft = { view, parent, qc, tc, nec, timestampMs, evidence }
    this.#request(this.#draft, nowMs)
    return true
  }

  /** The block that waits for its payload. */
  get draft():
    | { readonly view: View; readonly parent: BlockNode; readonly isCutOff: boolean }
    | undefined {
    const draft = this.#draft
    return draft && { view: draft.view, parent: draft.parent, isCutOff: this.#isCutOff(draft) }
  }

  /** Forgets what was of the epoch before. */
  beginEpoch(): void {
    this.#draft = undefined
  }

  onPayloadBuilt({ view, payload, timestampMs }: PayloadAnswer, nowMs: number): void {
    const { outbox, pacemaker, safety, tree } = this.#replica
    const draft = this.#draft
    if (draft === undefined || draft.view !== view || view !== pacemaker.view) return
    this.#draft = undefined
    if (this.#isCutOff(draft)) return

    const block = this.#blockOf(draft, payload, timestampOf(draft, { payload, timestampMs, nowMs }))
    const hash = blockHash(block.header)
    const signed = safety?.propose({
      currentView: view,
      block,
      tc: draft.tc,
      nec: draft.nec,
    })
    if (signed === undefined) return
    const { message: proposal, records } = signed
    outbox.persist([deferredRecord('block', blockCodec.encode, block), ...records], { sync: true })
    outbox.broadcast({ kind: 'proposal', proposal })

    const fault = this.#processor.admit(block, hash, { isCertified: false, nowMs })
    assert(fault === undefined, 'our own block is valid in its branch')
    const node = tree.get(hash)
    assert(node !== undefined, 'our own block is in the tree')
    tree.markLogged(node)
    this.#voter.onOwnProposal(proposal, hash)
  }

  /** A commit may have cut the branch off while the payload was built: the next request is for another parent. */
  #isCutOff({ parent }: Draft): boolean {
    return this.#replica.tree.get(parent.blockHash) !== parent
  }

  #request({ evidence, view, parent, timestampMs }: Draft, nowMs: number): void {
    const { epoch, outbox, params, tree } = this.#replica
    const height = parent.header.height + 1n
    const ancestors = tree.branchAbove(parent, parent.committedHeight)
    // Pace holds back only empty blocks, and none while one could bring an ancestor's payload, or the end of the epoch, to commit.
    const isSuffix = endsEpoch(parent.header, epoch)
    const isAwaited = isSuffix || ancestors.some(({ payload }) => !isEmptyPayload(payload))
    const pacedMs = Math.min(parent.header.timestampMs, nowMs) + params.minBlockIntervalMs
    outbox.push({
      kind: 'buildPayload',
      epoch,
      view,
      height,
      timestampMs,
      parent: { header: parent.header, blockHash: parent.blockHash },
      ancestors,
      mustBeEmpty: this.#mustBeEmpty(parent),
      evidenceBytes: bytesInBlock(evidence),
      emptyAllowedAtMs: isAwaited ? nowMs : Math.max(nowMs, pacedMs),
    })
  }

  #mustBeEmpty({ committedHeight, header }: BlockNode): boolean {
    const height = header.height + 1n
    const isSuffix = endsEpoch(header, this.#replica.epoch)
    return isSuffix || mustBeEmpty({ height, executedHeight: committedHeight })
  }

  #blockOf({ evidence, view, parent, qc }: Draft, built: Payload, timestampMs: number): Block {
    const { committee, epoch, rules, selfIndex, stateRoots } = this.#replica
    const { actions, evm } = built
    const whole: Payload = { actions, evm, evidence }
    // Evidence can wait for a block whose payload has left room for it.
    const isTooLarge = evidence.length > 0 && encodedBytes({ qc }, whole) > BLOCK_BYTES_MAX
    const payload: Payload = isTooLarge ? { actions, evm, evidence: NO_EVIDENCE } : whole
    const executedHeight = parent.committedHeight
    const stateRoot = stateRoots.rootAt(executedHeight)
    assert(stateRoot !== undefined, 'the root was known when the payload was asked for')
    assert(selfIndex !== undefined, 'only a validator proposes')
    const flags = flagsOf({ epoch, timestampMs }, parent.header, rules)
    const header: BlockHeader = {
      version: rules.version,
      chainId: rules.chainId,
      epoch,
      view,
      height: parent.header.height + 1n,
      parentHash: parent.blockHash,
      qc,
      proposer: selfIndex,
      timestampMs,
      payloadRoot: payloadRoot(payload),
      executedHeight,
      stateRoot,
      validatorSetHash: committee.hash,
      nextValidatorSetHash:
        flags === FLAG_EPOCH_CLOSING
          ? nextSetHashOf(this.#replica, executedHeight)
          : committee.hash,
      flags,
    }
    const block = { header, payload }
    assert(checkBlockAlone(block, rules) === undefined, 'the payload keeps the limits of a block')
    return block
  }
}

/** The parts of a `payloadBuilt` input that matter here. */
export interface PayloadAnswer {
  readonly view: View
  readonly payload: Payload
  readonly timestampMs?: number
}

/** The time the payload was built for, between the time it was asked for and now; an empty one fits any time. */
function timestampOf(
  draft: Draft,
  {
    payload,
    timestampMs,
    nowMs,
  }: {
    readonly payload: Payload
    readonly timestampMs: number | undefined
    readonly nowMs: number
  },
): number {
  const builtForMs = timestampMs ?? (isEmptyPayload(payload) ? nowMs : draft.timestampMs)
  assert(Number.isSafeInteger(builtForMs), 'block time is in whole milliseconds')
  return Math.max(draft.timestampMs, Math.min(builtForMs, nowMs))
}

function bytesInBlock(evidence: readonly Uint8Array[]): number {
  let size = 0
  for (const bytes of evidence) size += OFFSET_BYTES + bytes.length
  return size
}
