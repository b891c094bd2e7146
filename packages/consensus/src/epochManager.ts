import {
  assert,
  bytesToHex,
  type ConsensusMessage,
  type Epoch,
  type EpochChange,
  type EpochChangeProof,
  epochGenesisQC,
  equalBytes,
  type Fault,
  nextSetOf,
  type PeerId,
  validatorSetHash,
} from '@openliquid/primitives'
import type { CertificateProcessor } from './certificateProcessor.ts'
import { ConsensusHalt, ignore, reject } from './errors.ts'
import { committeeOf } from './evidenceRules.ts'
import { verifyEpochChange } from './lightVerifier.ts'
import { EARLY_MESSAGES_MAX, EPOCH_CHANGES_KEPT_MAX } from './limits.ts'
import { beginEpoch, type EpochEnd, type Replica } from './replica.ts'
import type { ViewSynchronizer } from './viewSynchronizer.ts'

/**
 * Ends an epoch when its closing block is committed, and begins the next when our own state has told its members.
 *
 * Whoever is behind is shown the way by a chain of epoch changes, one per epoch, each verified by the set before it.
 * @see docs/spec/consensus.md §8 reconfiguration, §4 R7
 */
export class EpochManager {
  readonly #replica: Replica
  readonly #processor: CertificateProcessor
  readonly #synchronizer: ViewSynchronizer
  /** Proven changes from this epoch on, ascending; the first one's closing block may still be missing here. */
  #foreseen: EpochChange[] = []
  #early: { readonly message: ConsensusMessage; readonly from: PeerId }[] = []
  /** Changes made in this life, newest last: for peers that are a little behind. */
  readonly #made = new Map<Epoch, EpochChange>()

  constructor(replica: Replica, processor: CertificateProcessor, synchronizer: ViewSynchronizer) {
    this.#replica = replica
    this.#processor = processor
    this.#synchronizer = synchronizer
  }

  /** Whether this epoch's closing block is known to be committed: nothing more is signed in it (R7). */
  get isOver(): boolean {
    return this.#replica.epochEnd !== undefined || this.#foreseen.length > 0
  }

  /** A change made in this life. */
  changeOf(epoch: Epoch): EpochChange | undefined {
    return this.#made.get(epoch)
  }

  /** Messages of the next epoch that wait for it. */
  get earlyCount(): number {
    return this.#early.length
  }

  /** Keeps a message of the next epoch, which others may begin a moment before us; the oldest makes room. */
  keepEarly(message: ConsensusMessage, epoch: Epoch, from: PeerId): void {
    if (epoch !== this.#replica.epoch + 1n) return
    this.#early.push({ message, from })
    if (this.#early.length > EARLY_MESSAGES_MAX) this.#early.shift()
  }

  /** Takes out what came early for the epoch that has begun. */
  takeEarly(): readonly { readonly message: ConsensusMessage; readonly from: PeerId }[] {
    const early = this.#early
    this.#early = []
    return early
  }

  /** Judges a message by its epoch: it is for now, or it and its sender are of another time, and one is told so. */
  checkEpoch(epoch: Epoch, from: PeerId, nowMs: number): Fault | undefined {
    const { epoch: current } = this.#replica
    if (epoch === current) {
      return this.isOver ? ignore('OL_CONSENSUS_EPOCH', 'the epoch is over') : undefined
    }
    if (epoch > current) this.#synchronizer.tellPeer(from, nowMs)
    else this.tellPeer(epoch, from, nowMs)
    return ignore('OL_CONSENSUS_EPOCH', 'the message is of another epoch')
  }

  /** Shows a peer the way from its epoch to ours, at most once a second. */
  tellPeer(from: Epoch, peer: PeerId, nowMs: number): void {
    if (!this.#synchronizer.mayTell(peer, nowMs)) return
    const { epoch, outbox } = this.#replica
    const proofs: EpochChange[] = []
    for (let at = from; at < epoch; at += 1n) {
      const change = this.#made.get(at)
      if (change === undefined) {
        // Older ones are in the store, which is not ours to read.
        outbox.push({ kind: 'sendEpochChange', peer, fromEpoch: from })
        return
      }
      proofs.push(change)
    }
    outbox.sendToPeer(peer, { kind: 'epochChange', epochChange: { proofs } })
  }

  /** Returns what is wrong with the proof. */
  onEpochChange({ proofs }: EpochChangeProof, from: PeerId, nowMs: number): Fault | undefined {
    const { epoch, verifier } = this.#replica
    const first = proofs.find(({ commit }) => commit.qc.epoch === epoch)
    if (first === undefined) return this.#onOldChange(proofs, from, nowMs)
    if (this.#foreseen.length > 0) {
      return ignore('OL_CONSENSUS_STALE', 'the end of this epoch is proven already')
    }
    if (!verifyEpochChange(first, verifier)) {
      return reject('OL_CONSENSUS_CERTIFICATE', 'a change of the validator set is not proven')
    }
    // The later ones are verified when their turn comes, with the set that this one proves.
    this.#foreseen = proofs.slice(proofs.indexOf(first))
    return undefined
  }

  /** Goes on towards the epoch that is known to follow; returns whether a new one has begun. */
  advance(nowMs: number): boolean {
    const { stateRoots, tree } = this.#replica
    if (this.#replica.epochEnd === undefined) this.#reachForeseen()
    const end = this.#replica.epochEnd
    if (end === undefined) return false
    this.#stopSigning()
    assert(
      tree.root.header.height === end.header.height,
      'nothing is committed above a closing block',
    )
    // Our own state says who comes next, so a wrong set cannot be talked into us.
    if (stateRoots.executedHeight < end.header.executedHeight) return false
    this.#begin(end, nowMs)
    return true
  }

  #onOldChange(proofs: readonly EpochChange[], from: PeerId, nowMs: number): Fault | undefined {
    const { epoch, pacemaker } = this.#replica
    const last = proofs.at(-1)
    if (last === undefined) return reject('OL_CONSENSUS_MALFORMED', 'an empty epoch change')
    const theirs = last.nextSet.epoch
    if (theirs > epoch) {
      this.#synchronizer.tellPeer(from, nowMs)
      return ignore('OL_CONSENSUS_EPOCH', 'an epoch change that does not begin in our epoch')
    }
    if (theirs < epoch) this.tellPeer(theirs, from, nowMs)
    // Its sender has just arrived where we are already.
    else if (pacemaker.view > 1n) this.#synchronizer.tellPeer(from, nowMs)
    return ignore('OL_CONSENSUS_STALE', 'an epoch change that is done here')
  }

  /** R7: from here on the keys are of no use in this epoch. */
  #stopSigning(): void {
    const { timers } = this.#replica
    this.#replica.safety = undefined
    for (const timer of ['view', 'backup', 'hold'] as const) timers.cancel(timer)
  }

  /** Commits the closing block that a peer has proven, or sets out to get it. */
  #reachForeseen(): void {
    if (this.#foreseen.length === 0) return
    const { epoch, targets, tree, verifier } = this.#replica
    let [next] = this.#foreseen
    while (next !== undefined && next.commit.qc.epoch < epoch) {
      this.#foreseen.shift()
      next = this.#foreseen[0]
    }
    if (next === undefined) return
    if (next.commit.qc.epoch !== epoch || !verifyEpochChange(next, verifier)) {
      this.#foreseen = []
      return
    }
    this.#stopSigning()
    const qc = next.commit.path[1]?.qc
    assert(qc !== undefined, 'a commit proof has two headers at least')
    const closing = tree.get(qc.blockHash)
    // The proof's own certificate reaches this one through the links.
    if (closing === undefined) targets.want(verifier.trustQC(qc))
    else this.#processor.commitByProof(closing, next.commit)
  }

  #begin({ header, blockHash, commit }: EpochEnd, nowMs: number): void {
    const { committee, evidencePool, offences, outbox, pastEpochs, stateRoots, timers } =
      this.#replica
    const nextSet = nextSetOf(committee.set, stateRoots.membersAt(header.executedHeight))
    const nextHash = validatorSetHash(nextSet)
    if (!equalBytes(nextHash, header.nextValidatorSetHash)) {
      throw new ConsensusHalt(
        'OL_CONSENSUS_STATE_ROOT',
        `a quorum certified another next validator set than our state of height ${header.executedHeight} tells`,
        { ours: bytesToHex(nextHash), certified: bytesToHex(header.nextValidatorSetHash) },
      )
    }
    const change: EpochChange = { commit, nextSet }
    this.#made.set(header.epoch, change)
    const [oldest] = this.#made.keys()
    if (this.#made.size > EPOCH_CHANGES_KEPT_MAX && oldest !== undefined) this.#made.delete(oldest)

    const genesisQC = epochGenesisQC(nextSet.epoch, blockHash, nextSet.validators.length)
    timers.cancel('fetch')
    pastEpochs.add(committee, header.timestampMs)
    const { oldest: oldestEpoch } = pastEpochs
    if (oldestEpoch !== undefined) offences.forgetBelow(oldestEpoch)
    evidencePool.retain(
      ({ evidence }) =>
        committeeOf(evidence, this.#replica, { ...header, epoch: nextSet.epoch }) !== undefined,
    )
    beginEpoch(this.#replica, { nextSet, closing: header, genesisQC })
    outbox.push({ kind: 'enterEpoch', validatorSet: nextSet, selfIndex: this.#replica.selfIndex })
    // Once, to the members of both epochs: whoever has missed the commit learns it from this.
    outbox.broadcast({ kind: 'epochChange', epochChange: { proofs: [change] } })
    this.#processor.enterView(nowMs)
  }
}
