import type { SignatureScheme } from '@openliquid/crypto'
import {
  assert,
  type Block,
  type BlockHeader,
  blockHash,
  equalBytes,
  type Hash,
  type Payload,
  type Proposal,
  proposalDigest,
  type QuorumCertificate,
  type SigningContext,
  sha256,
  type TimeoutCertificate,
  type TimeoutVote,
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
import type { ViewEntry } from './pacemaker.ts'
import { encodeSafetyData } from './safetyCodec.ts'
import type { EntryCertificate, SafetyData } from './safetyData.ts'

/** What a vote is asked for. */
export interface VoteRequest {
  readonly currentView: View
  readonly header: BlockHeader
  /** The header's QC, verified. */
  readonly qc: Verified<QuorumCertificate>
  readonly tc?: Verified<TimeoutCertificate>
}

/** What a timeout is asked for. */
export interface TimeoutRequest extends ViewEntry {
  readonly currentView: View
}

/** What a proposal is asked for. */
export interface ProposalRequest {
  readonly currentView: View
  readonly block: Block
  readonly tc?: Verified<TimeoutCertificate>
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
  #index: number
  #data: SafetyData

  constructor(options: {
    readonly context: SigningContext
    readonly identity: ValidatorIdentity
    /** Position in the epoch's set. */
    readonly index: number
    readonly scheme: SignatureScheme
    readonly nodeScheme: SignatureScheme
    readonly data: SafetyData
  }) {
    this.#context = options.context
    this.#identity = options.identity
    this.#scheme = options.scheme
    this.#nodeScheme = options.nodeScheme
    this.#index = options.index
    this.#data = options.data
    assert(options.data.lockedQC.view === options.data.lockedView, 'lockedQC is of lockedView')
  }

  get data(): SafetyData {
    return this.#data
  }

  /**
   * Votes for a block that passed §3, at most one block per view.
   *
   * @returns undefined where a rule forbids it
   */
  vote({ currentView, header, qc, tc }: VoteRequest): Signed<Vote> | undefined {
    const { epoch, lastVotedView, lockedView, lastVote } = this.#data
    const { view } = header
    const hash = blockHash(header)
    if (header.epoch !== epoch || qc.epoch !== epoch) return undefined // R7
    if (!equalBytes(qc.blockHash, header.parentHash)) return undefined
    const entry = entryOf(view, qc, tc)
    if (entry === undefined) return undefined // R2
    if (lastVote?.view === view && equalBytes(lastVote.blockHash, hash)) {
      return { message: lastVote, records: [] } // R1: the same question has the same answer.
    }
    if (view !== currentView || view <= lastVotedView) return undefined // R1, R4

    const vote: Vote = {
      epoch,
      view,
      blockHash: hash,
      signer: this.#index,
      signature: this.#scheme.sign(
        this.#identity.voteSecretKey,
        voteDigest(this.#context, epoch, view, hash),
      ),
    }
    const locks = qc.view > lockedView
    return this.#signed(vote, {
      ...this.#data,
      lastVotedView: view,
      lockedView: locks ? qc.view : lockedView,
      lockedQC: locks ? qc : this.#data.lockedQC,
      entry,
      lastVote: vote,
    })
  }

  /**
   * Gives the current view up, once: the second call for a view returns the first timeout, whatever is known by then.
   *
   * @returns undefined where a rule forbids it
   */
  timeout({ currentView, highQC, tc }: TimeoutRequest): Signed<TimeoutVote> | undefined {
    const { epoch, lastVotedView, lockedView, lastTimeout, lastVote } = this.#data
    if (lastTimeout?.view === currentView) return { message: lastTimeout, records: [] }
    if (highQC.epoch !== epoch) return undefined // R7
    if (currentView < lastVotedView) return undefined // R3
    const entry = entryOf(currentView, highQC, tc)
    if (entry === undefined) return undefined // R3
    // The heart of safety: whoever voted for a child of QC(v) never again helps to certify a view without naming QC(v).
    if (highQC.view < lockedView) return undefined // R3

    const timeout: TimeoutVote = {
      epoch,
      view: currentView,
      highQC,
      ...(tc === undefined ? {} : { lastTC: tc }),
      ...(lastVote?.view === currentView ? { vote: lastVote } : {}),
      signer: this.#index,
      signature: this.#scheme.sign(
        this.#identity.voteSecretKey,
        timeoutDigest(this.#context, epoch, currentView, highQC.view),
      ),
    }
    return this.#signed(timeout, {
      ...this.#data,
      lastVotedView: currentView,
      entry,
      lastTimeout: timeout,
    })
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
  propose({ currentView, block, tc }: ProposalRequest): Signed<Proposal> | undefined {
    const { header } = block
    const { epoch } = this.#data
    if (header.epoch !== epoch || header.view !== currentView) return undefined
    if (header.proposer !== this.#index) return undefined
    if (!this.mayPropose(currentView)) return undefined // R5
    if (entryOf(currentView, header.qc, tc) === undefined) return undefined // R2

    const digest = proposalDigest(
      this.#context,
      epoch,
      currentView,
      blockHash(header),
      tcHashOf(tc),
    )
    const proposal: Proposal = {
      epoch,
      view: currentView,
      block,
      ...(tc === undefined ? {} : { tc }),
      signature: this.#nodeScheme.sign(this.#identity.nodeSecretKey, digest),
    }
    return this.#signed(proposal, {
      ...this.#data,
      lastProposed: { ...proposal, block: { header, payload: NO_PAYLOAD } },
    })
  }

  #signed<T>(message: T, data: SafetyData): Signed<T> {
    assert(data.lastVotedView >= this.#data.lastVotedView, 'lastVotedView never falls')
    assert(data.lockedView >= this.#data.lockedView, 'lockedView never falls')
    this.#data = data
    return { message, records: [deferredRecord('safety', encodeSafetyData, data)] }
  }
}

/** What a proposal's signature covers of its TC: SHA-256 of the encoding. */
export function tcHashOf(tc: TimeoutCertificate | undefined): Hash | undefined {
  return tc === undefined ? undefined : sha256(timeoutCertificateCodec.encode(tc))
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
): EntryCertificate | undefined {
  if (tc === undefined) return qc.view + 1n === view ? { kind: 'qc', qc } : undefined
  if (qc.view + 1n >= view || tc.view + 1n !== view) return undefined
  return qc.view >= tc.highQC.view ? { kind: 'tc', tc } : undefined
}
