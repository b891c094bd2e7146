import type { SignatureScheme } from '@openliquid/crypto'
import {
  assert,
  type Block,
  type BlockHeader,
  blockHash,
  equalBytes,
  type Hash,
  type NoEndorse,
  type NoEndorsementCertificate,
  noEndorseDigest,
  type Payload,
  type Proposal,
  proposalDigest,
  type QuorumCertificate,
  type RoundRecovery,
  roundRecoveryDigest,
  type SigningContext,
  sha256,
  type TimeoutCertificate,
  type TimeoutVote,
  type Tip,
  timeoutCertificateCodec,
  timeoutDigest,
  type Verified,
  type View,
  type Vote,
  voteDigest,
} from '@openliquid/primitives'
import type { ValidatorIdentity } from './consensusOptions.ts'
import { deferredRecord } from './deferredRecord.ts'
import type { LogRecord } from './effect.ts'
import { highViewsOf, namesTip, tipOf } from './highTip.ts'
import type { ViewEntry } from './pacemaker.ts'
import { encodeSafetyData } from './safetyCodec.ts'
import type { EntryCertificate, SafetyData } from './safetyData.ts'

/** What a vote is asked for. */
export interface VoteRequest {
  readonly currentView: View
  /** Of the proposal: above the header's where the block is proposed again (§12). */
  readonly view: View
  readonly header: BlockHeader
  /** The header's QC, verified. */
  readonly qc: Verified<QuorumCertificate>
  readonly tc?: Verified<TimeoutCertificate> | undefined
  readonly nec?: Verified<NoEndorsementCertificate> | undefined
  /** Of the proposal: what makes its block a tip. */
  readonly signature: Uint8Array
}

/** What a timeout is asked for. */
export interface TimeoutRequest extends ViewEntry {
  readonly currentView: View
}

/** What a proposal is asked for. */
export interface ProposalRequest {
  readonly currentView: View
  readonly block: Block
  readonly tc?: Verified<TimeoutCertificate> | undefined
  readonly nec?: Verified<NoEndorsementCertificate> | undefined
}

/** What the refusal to endorse a TC's tip, or the request for its block, is asked for. */
export interface TipRequest {
  readonly currentView: View
  readonly tc: Verified<TimeoutCertificate>
}

/** What a proposal says beside its block. */
interface ProposalEnvelope {
  readonly view: View
  readonly tc?: TimeoutCertificate | undefined
  readonly nec?: NoEndorsementCertificate | undefined
}

/** A signed message and the record that must be on disk before it leaves (R6). No record: it is on disk already. */
export interface Signed<T> {
  readonly message: T
  readonly records: readonly LogRecord[]
}

const NO_PAYLOAD: Payload = { actions: [], evm: [], evidence: [] }

/**
 * The only module that holds keys and signs. It trusts its caller with nothing but that `Verified` certificates are:
 * two honest quorums can certify two blocks of one height only if some honest replica breaks a rule in here.
 *
 * @see docs/spec/consensus.md §4
 */
export class SafetyRules {
  readonly #context: SigningContext
  readonly #identity: ValidatorIdentity
  readonly #scheme: SignatureScheme
  readonly #nodeScheme: SignatureScheme
  readonly #isHighTip: boolean
  #index: number
  #data: SafetyData

  constructor(options: {
    readonly context: SigningContext
    readonly identity: ValidatorIdentity
    /** Position in the epoch's set. */
    readonly index: number
    readonly scheme: SignatureScheme
    readonly nodeScheme: SignatureScheme
    readonly highTip: boolean
    readonly data: SafetyData
  }) {
    this.#context = options.context
    this.#identity = options.identity
    this.#scheme = options.scheme
    this.#nodeScheme = options.nodeScheme
    this.#isHighTip = options.highTip
    this.#index = options.index
    this.#data = options.data
    const { lockedQC, lockedView } = options.data
    assert(lockedQC === undefined || lockedQC.view === lockedView, 'lockedQC is of lockedView')
  }

  get data(): SafetyData {
    return this.#data
  }

  /**
   * Votes for a block that passed §3, at most one block per view.
   *
   * @returns undefined where a rule forbids it
   */
  vote(request: VoteRequest): Signed<Vote> | undefined {
    const { currentView, header, qc, tc, view } = request
    const { epoch, lastNoEndorse, lastVotedView, lockedView, lastVote } = this.#data
    const { highTip, lastProposed, lastTimeout, lockedQC } = this.#data
    const hash = blockHash(header)
    if (header.epoch !== epoch || qc.epoch !== epoch) return undefined // R7
    if (!equalBytes(qc.blockHash, header.parentHash)) return undefined
    const entry = proposalEntryOf(request, header, { highTip: this.#isHighTip })
    if (entry === undefined) return undefined // R2
    if (lastVote?.view === view && equalBytes(lastVote.blockHash, hash)) {
      return { message: lastVote, records: [] } // R1: the same question has the same answer.
    }
    if (view !== currentView || view <= lastVotedView) return undefined // R1, R4

    // §12: after a refusal to endorse a tip, only for what is proposed instead of it, or for the tip itself.
    if (lastNoEndorse?.noEndorse.view === view && !namesTip(tc, lastNoEndorse.tip)) return undefined

    const vote = this.#sign(view, hash)
    const locks = qc.view > lockedView
    // Written out, not spread: this is made once per view, and a spread costs as much as all the rest here.
    return this.#signed(vote, {
      epoch,
      lastVotedView: view,
      lockedView: locks ? qc.view : lockedView,
      lockedQC: locks ? qc : lockedQC,
      entry,
      lastVote: vote,
      lastTimeout,
      lastProposed,
      highTip: this.#isHighTip ? tipVotedFor(request) : highTip,
      lastNoEndorse,
    })
  }

  /**
   * Gives the current view up, once: the second call for a view returns the first timeout, whatever is known by then.
   *
   * @returns undefined where a rule forbids it
   */
  timeout({ currentView, highQC, tc }: TimeoutRequest): Signed<TimeoutVote> | undefined {
    const { epoch, lastVotedView, lockedQC, lockedView } = this.#data
    const { lastNoEndorse, lastProposed, lastTimeout, lastVote } = this.#data
    if (lastTimeout?.view === currentView) return { message: lastTimeout, records: [] }
    if (highQC.epoch !== epoch) return undefined // R7
    if (currentView < lastVotedView) return undefined // R3
    const entry = entryOf(currentView, highQC, tc)
    if (entry === undefined) return undefined // R3
    // The heart of safety: whoever voted for a child of QC(v) never again helps to certify a view without naming QC(v).
    if (highQC.view < lockedView) return undefined // R3

    const highTip = this.#tipAbove(highQC)
    const vote = lastVote?.view === currentView ? lastVote : this.#voteForTip(highTip, currentView)
    const extend = highTip === undefined ? { highQC } : { highQC, highTip }
    const { highQCView, highTipView } = highViewsOf(extend, this.#isHighTip)
    const timeout: TimeoutVote = {
      epoch,
      view: currentView,
      ...extend,
      ...(tc === undefined ? {} : { lastTC: tc }),
      ...(vote === undefined ? {} : { vote }),
      signer: this.#index,
      signature: this.#scheme.sign(
        this.#identity.voteSecretKey,
        timeoutDigest(this.#context, epoch, currentView, highQCView, highTipView),
      ),
    }
    return this.#signed(timeout, {
      epoch,
      lastVotedView: currentView,
      lockedView,
      lockedQC,
      entry,
      lastVote: vote ?? lastVote,
      lastTimeout: timeout,
      lastProposed,
      highTip: this.#data.highTip,
      lastNoEndorse,
    })
  }

  /**
   * Declares that the block of a TC's tip cannot be voted for here, once per view: enough of these let the leader build
   * another. Nothing else is signed in the view before, and afterwards only what the same tip leads to.
   *
   * @returns undefined where a rule of §12 forbids it
   */
  noEndorse({ currentView, tc }: TipRequest): Signed<NoEndorse> | undefined {
    const { epoch, highTip, lastNoEndorse, lastVotedView } = this.#data
    const tip = tc.highTip
    if (!this.#isHighTip || tip === undefined || tc.epoch !== epoch) return undefined
    if (tc.view + 1n !== currentView) return undefined
    if (lastNoEndorse?.noEndorse.view === currentView) {
      const { noEndorse } = lastNoEndorse
      return namesTip(tc, lastNoEndorse.tip) ? { message: noEndorse, records: [] } : undefined
    }
    if (currentView < (lastNoEndorse?.noEndorse.view ?? 0n)) return undefined
    if (currentView <= lastVotedView) return undefined
    // Who voted for a block has it.
    if (highTip !== undefined && namesTip(tc, blockHash(highTip.header))) return undefined

    const tipQCView = tip.header.qc.view
    const digest = noEndorseDigest(this.#context, epoch, currentView, tipQCView)
    const noEndorse: NoEndorse = {
      epoch,
      view: currentView,
      tipQCView,
      signer: this.#index,
      signature: this.#scheme.sign(this.#identity.voteSecretKey, digest),
    }
    const refusal = { noEndorse, tip: blockHash(tip.header) }
    return this.#signed(noEndorse, { ...this.#data, lastNoEndorse: refusal })
  }

  /** Asks for the block of a TC's tip. Nothing is promised by it, so nothing need be kept. */
  requestRecovery({ currentView, tc }: TipRequest): RoundRecovery {
    const { epoch } = this.#data
    assert(tc.epoch === epoch && tc.view + 1n === currentView, 'the TC led into the view')
    const digest = roundRecoveryDigest(this.#context, epoch, currentView, hashOfTC(tc))
    return { tc, signature: this.#nodeScheme.sign(this.#identity.nodeSecretKey, digest) }
  }

  /**
   * Leaves the epoch for good (R7). The closing block beneath the new one is committed, and `epochGenesisQC` names it.
   *
   * @returns undefined if the safety data is of that epoch, or a later one, already
   */
  moveTo(epochGenesisQC: QuorumCertificate): LogRecord | undefined {
    const { epoch } = epochGenesisQC
    if (epoch <= this.#data.epoch) return undefined
    assert(epochGenesisQC.view === 0n, 'an epoch begins with the QC of view 0')
    this.#data = { epoch, lastVotedView: 0n, lockedView: 0n, lockedQC: epochGenesisQC }
    return deferredRecord('safety', encodeSafetyData, this.#data)
  }

  /** Signs from now on as the member at this position of the epoch's set. */
  actAs(index: number): void {
    this.#index = index
  }

  /** Whether `propose` could sign in this view. */
  mayPropose(view: View): boolean {
    const { lastProposed, lastVotedView } = this.#data
    return view > (lastProposed?.view ?? 0n) && view > lastVotedView
  }

  /**
   * Signs the one proposal of a view (R5).
   *
   * @returns undefined where a rule forbids it
   */
  propose({ currentView, block, tc, nec }: ProposalRequest): Signed<Proposal> | undefined {
    const { header } = block
    const { epoch } = this.#data
    if (header.epoch !== epoch) return undefined
    // The block of a tip stays its author's.
    if (header.view === currentView && header.proposer !== this.#index) return undefined
    if (!this.mayPropose(currentView)) return undefined // R5
    const entry = proposalEntryOf({ view: currentView, tc, nec }, header, {
      highTip: this.#isHighTip,
    })
    if (entry === undefined) return undefined // R2: as others will judge it

    const digest = proposalDigest(
      this.#context,
      epoch,
      currentView,
      blockHash(header),
      tcHashOf(tc),
    )
    const signature = this.#nodeScheme.sign(this.#identity.nodeSecretKey, digest)
    const envelope = { epoch, view: currentView, tc, nec, signature }
    const proposal = proposalOf(block, envelope)
    const data = this.#data
    return this.#signed(proposal, {
      epoch,
      lastVotedView: data.lastVotedView,
      lockedView: data.lockedView,
      lockedQC: data.lockedQC,
      entry: data.entry,
      lastVote: data.lastVote,
      lastTimeout: data.lastTimeout,
      lastProposed: proposalOf({ header, payload: NO_PAYLOAD }, envelope),
      highTip: data.highTip,
      lastNoEndorse: data.lastNoEndorse,
    })
  }

  #sign(view: View, hash: Hash): Vote {
    const { epoch } = this.#data
    const digest = voteDigest(this.#context, epoch, view, hash)
    const signature = this.#scheme.sign(this.#identity.voteSecretKey, digest)
    return { epoch, view, blockHash: hash, signer: this.#index, signature }
  }

  /** §12: the block last voted for, unless something at least as high is known to be certified. */
  #tipAbove(highQC: QuorumCertificate): Tip | undefined {
    const { highTip } = this.#data
    return highTip !== undefined && highTip.header.view > highQC.view ? highTip : undefined
  }

  /** §12: a view that is given up without a vote may still certify the tip that its voters agree on. */
  #voteForTip(tip: Tip | undefined, view: View): Vote | undefined {
    if (tip === undefined || this.#data.lastNoEndorse?.noEndorse.view === view) return undefined
    return this.#sign(view, blockHash(tip.header))
  }

  #signed<T>(message: T, data: SafetyData): Signed<T> {
    assert(data.lastVotedView >= this.#data.lastVotedView, 'lastVotedView never falls')
    assert(data.lockedView >= this.#data.lockedView, 'lockedView never falls')
    this.#data = data
    return { message, records: [deferredRecord('safety', encodeSafetyData, data)] }
  }
}

function proposalOf(
  block: Block,
  { epoch, view, tc, nec, signature }: ProposalEnvelope & Pick<Proposal, 'epoch' | 'signature'>,
): Proposal {
  if (tc === undefined) return { epoch, view, block, signature }
  return { epoch, view, block, tc, ...(nec === undefined ? {} : { nec }), signature }
}

/** What a proposal's signature covers of its TC: SHA-256 of the encoding. */
export function tcHashOf(tc: TimeoutCertificate | undefined): Hash | undefined {
  return tc === undefined ? undefined : hashOfTC(tc)
}

/** The TC hashed last: a leader's is hashed for its signature, and again by everyone who judges it. */
let hashedTC: { readonly tc: TimeoutCertificate; readonly hash: Hash } | undefined

/** SHA-256 of the encoding. */
export function hashOfTC(tc: TimeoutCertificate): Hash {
  if (hashedTC?.tc === tc) return hashedTC.hash
  const hash = sha256(timeoutCertificateCodec.encode(tc))
  hashedTC = { tc, hash }
  return hash
}

/**
 * B4: the entry proof of a view. A QC of the view before, and no TC; or a TC of the view before, and a QC at least as
 * high as every honest signer of the TC knew.
 *
 * @returns undefined if the pair proves nothing
 */
export function entryOf(
  view: View,
  qc: QuorumCertificate,
  tc: TimeoutCertificate | undefined,
  { exact = false }: { readonly exact?: boolean } = {},
): EntryCertificate | undefined {
  if (tc === undefined) return qc.view + 1n === view ? { kind: 'qc', qc } : undefined
  if (qc.view + 1n >= view || tc.view + 1n !== view) return undefined
  const isHigh = exact ? qc.view === tc.highQC.view : qc.view >= tc.highQC.view
  return isHigh ? { kind: 'tc', tc } : undefined
}

/**
 * B4 of a proposal. Under `highTip` (§12) a TC that names a tip wants that very block again, or a certificate that it
 * is not endorsed; and whatever is new after a TC stands on exactly the QC that the TC names.
 *
 * @returns undefined if the envelope proves nothing
 */
export function proposalEntryOf(
  { nec, tc, view }: ProposalEnvelope,
  header: BlockHeader,
  { highTip: isHighTip }: { readonly highTip: boolean },
): EntryCertificate | undefined {
  const tip = isHighTip ? tc?.highTip : undefined
  if (header.view !== view) {
    const isAgain = tip !== undefined && nec === undefined && namesTip(tc, blockHash(header))
    return isAgain && tc !== undefined && tc.view + 1n === view ? { kind: 'tc', tc } : undefined
  }
  if ((nec === undefined) !== (tip === undefined)) return undefined
  if (nec !== undefined && (nec.view !== view || nec.tipQCView !== header.qc.view)) return undefined
  return entryOf(view, header.qc, tc, { exact: isHighTip })
}

/** The tip that a vote makes its own: as the TC names it, or as this proposal makes it. */
function tipVotedFor({ header, nec, signature, tc, view }: VoteRequest): Tip {
  const named = tc?.highTip
  if (header.view !== view && named !== undefined) return named
  return tipOf(header, { tc, tcHash: tcHashOf(tc), nec, signature })
}
