import {
  assert,
  type Block,
  blockHash,
  equalBytes,
  type Fault,
  type Hash,
  type NoEndorse,
  type NoEndorsementCertificate,
  type RoundRecovery,
  roundRecoveryDigest,
  type TimeoutCertificate,
  type Tip,
  type Verified,
  type View,
} from '@openliquid/primitives'
import { checkBlockAlone, isEmptyPayload } from './blockRules.ts'
import type { BlockNode } from './blockTree.ts'
import type { CertificateProcessor } from './certificateProcessor.ts'
import type { CoreDump } from './coreDump.ts'
import { ignore, reject } from './errors.ts'
import { checkEvidenceInBranch } from './evidenceRules.ts'
import { checkTipLeader } from './highTip.ts'
import { NoEndorsementCollector } from './noEndorsementCollector.ts'
import type { Replica } from './replica.ts'
import { hashOfTC } from './safetyRules.ts'
import { supportsRoot, type Voter } from './voter.ts'

/** Whether we would vote for a tip's block: at once, not yet, never, or not before we have it. */
export type TipStanding = 'endorsable' | 'pending' | 'refused' | 'missing'

/** What the leader of a view has asked the others for. */
interface OwnRequest {
  readonly view: View
  readonly tip: Hash
  readonly refusals: NoEndorsementCollector
}

/**
 * Brings the block of a TC's tip to the leader who is to propose it again, or the proof that too few have it.
 *
 * @see docs/spec/consensus.md §12
 */
export class TipRecovery {
  readonly #replica: Replica
  readonly #processor: CertificateProcessor
  readonly #voter: Voter
  #own: OwnRequest | undefined
  /** The request of the view's leader that waits for our judgement. */
  #asked: { readonly view: View; readonly tc: Verified<TimeoutCertificate> } | undefined
  /** Of the last tip that had to be judged. */
  #payload: { readonly hash: Hash; state: 'checking' | 'good' | 'bad' } | undefined

  constructor(replica: Replica, processor: CertificateProcessor, voter: Voter) {
    this.#replica = replica
    this.#processor = processor
    this.#voter = voter
  }

  /** What is under way. */
  get dump(): CoreDump['recovery'] {
    const own = this.#own
    return {
      ...(own === undefined
        ? {}
        : { own: { view: own.view, tip: own.tip, refusals: own.refusals.all } }),
      ...(this.#asked === undefined ? {} : { asked: this.#asked }),
      ...(this.#payload === undefined ? {} : { payload: { ...this.#payload } }),
    }
  }

  /** Forgets what was of the epoch before. */
  beginEpoch(): void {
    this.#own = undefined
    this.#asked = undefined
    this.#payload = undefined
  }

  onPayloadChecked(hash: Hash, ok: boolean): void {
    const payload = this.#payload
    if (payload?.state !== 'checking' || !equalBytes(payload.hash, hash)) return
    payload.state = ok ? 'good' : 'bad'
  }

  /** Judges a tip's block as a proposal is judged, without blame for anybody. */
  standingOf(tip: Tip, nowMs: number): TipStanding {
    const { params, stateRoots, timers, tree } = this.#replica
    const node = tree.get(blockHash(tip.header))
    if (node === undefined) return 'missing'
    // Whoever voted for a block stands by it.
    if (node.isVoted) return 'endorsable'
    const { executedHeight, timestampMs } = node.header
    if (timestampMs > nowMs + params.clockDriftMsMax) return 'refused'
    if (executedHeight > stateRoots.executedHeight) return 'pending'
    if (!supportsRoot(this.#replica, node.header)) return 'refused'
    const standing = this.#judgePayload(node)
    if (standing !== 'endorsable' || timestampMs <= nowMs) return standing
    timers.set('hold', timestampMs)
    return 'pending'
  }

  /** As leader of the view that the TC opened: asks everyone for the tip's block, once. */
  request(tc: Verified<TimeoutCertificate>): void {
    const { committee, context, outbox, pacemaker, safety, scheme, verifier } = this.#replica
    const { view } = pacemaker
    if (safety === undefined || this.#own?.view === view) return
    const { highTip } = tc
    assert(highTip !== undefined, 'there is a tip to ask for')
    const tipQCView = highTip.header.qc.view
    const parts = { committee, context, scheme, verifier }
    const refusals = new NoEndorsementCollector({ ...parts, view, tipQCView })
    this.#own = { view, tip: blockHash(highTip.header), refusals }
    const roundRecovery = safety.requestRecovery({ currentView: view, tc })
    outbox.broadcast({ kind: 'roundRecovery', roundRecovery })
    const refusal = this.#refuse(tc)
    if (refusal !== undefined) refusals.add(refusal)
  }

  /** The certificate that lets us build another block in this view than the tip's. */
  nec(): Verified<NoEndorsementCertificate> | undefined {
    const own = this.#own
    return own?.view === this.#replica.pacemaker.view ? own.refusals.certificate() : undefined
  }

  /** Returns what is wrong with the leader's request. */
  onRoundRecovery({ signature, tc }: RoundRecovery, nowMs: number): Fault | undefined {
    const { committee, context, election, epoch, nodeScheme, pacemaker, verifier } = this.#replica
    if (tc.highTip === undefined) return reject('OL_CONSENSUS_MALFORMED', 'a request without a tip')
    const view = tc.view + 1n
    if (view < pacemaker.view) return stale('a request of a view that is over')
    const verifiedTC = verifier.verifyTC(tc)
    if (verifiedTC === undefined) {
      return reject('OL_CONSENSUS_CERTIFICATE', 'the tc of a round recovery is invalid')
    }
    const leaderFault = checkTipLeader(this.#replica, tc.highTip)
    if (leaderFault !== undefined) return leaderFault
    this.#processor.learnTC(verifiedTC, nowMs)
    // Only the leader's word binds us to this tip; who leads may be known better by others.
    const digest = roundRecoveryDigest(context, epoch, view, hashOfTC(tc))
    const leader = election.leader(epoch, view)
    if (!nodeScheme.verify(committee.nodeKeyOf(leader), digest, signature)) {
      return ignore('OL_CONSENSUS_NOT_LEADER', 'a round recovery is not of the leader')
    }
    if (view === pacemaker.view) this.#asked = { view, tc: verifiedTC }
    return undefined
  }

  /** Answers the leader as soon as the tip is judged; returns whether it did. */
  answerIfReady(nowMs: number): boolean {
    const { election, epoch, outbox, pacemaker, tree } = this.#replica
    const asked = this.#asked
    if (asked === undefined) return false
    const { tc, view } = asked
    const tip = tc.highTip
    assert(tip !== undefined, 'the request names a tip')
    const standing = view === pacemaker.view ? this.standingOf(tip, nowMs) : undefined
    if (standing === 'pending') return false
    this.#asked = undefined
    if (standing === undefined) return false
    const leader = election.leader(epoch, view)
    const block = tree.get(blockHash(tip.header))?.block
    if (standing === 'endorsable' && block !== undefined) {
      outbox.sendToValidator(leader, { kind: 'tipBlock', block })
      return true
    }
    const noEndorse = this.#refuse(tc)
    if (noEndorse !== undefined) outbox.sendToValidator(leader, { kind: 'noEndorse', noEndorse })
    return true
  }

  /** Returns what is wrong with the refusal, as far as one can tell unverified. */
  onNoEndorse(noEndorse: NoEndorse): Fault | undefined {
    const { committee } = this.#replica
    if (!committee.has(noEndorse.signer)) {
      return reject('OL_CONSENSUS_MALFORMED', 'signer of a refusal')
    }
    const own = this.#own
    if (own?.view !== noEndorse.view) return stale('a refusal that nobody asked for')
    own.refusals.add(noEndorse)
    return undefined
  }

  /** Takes the block we asked for; returns what is wrong with it. */
  onTipBlock(block: Block, nowMs: number): Fault | undefined {
    const { pacemaker, rules, tree } = this.#replica
    const hash = blockHash(block.header)
    const own = this.#own
    const isWanted = own?.view === pacemaker.view && equalBytes(own.tip, hash)
    if (!isWanted) return stale('a block that nobody asked for')
    if (tree.get(hash) !== undefined) return undefined
    return checkBlockAlone(block, rules) ?? this.#voter.takeBlock(block, hash, nowMs)
  }

  #judgePayload(node: BlockNode): TipStanding {
    if (isEmptyPayload(node.block.payload)) return 'endorsable'
    const known = this.#payload
    if (known !== undefined && equalBytes(known.hash, node.blockHash)) {
      if (known.state === 'checking') return 'pending'
      return known.state === 'good' ? 'endorsable' : 'refused'
    }
    if (checkEvidenceInBranch(node, this.#replica) !== undefined) return 'refused'
    this.#payload = { hash: node.blockHash, state: 'checking' }
    this.#voter.checkPayload(node)
    return 'pending'
  }

  /** Declares, on disk first, that the tip's block cannot be voted for here. */
  #refuse(tc: Verified<TimeoutCertificate>): NoEndorse | undefined {
    const { outbox, pacemaker, safety } = this.#replica
    const signed = safety?.noEndorse({ currentView: pacemaker.view, tc })
    if (signed === undefined) return undefined
    outbox.persist(signed.records, { sync: true }) // R6
    return signed.message
  }
}

function stale(reason: string): Fault {
  return ignore('OL_CONSENSUS_STALE', reason)
}
