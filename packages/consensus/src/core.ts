import {
  assert,
  type Block,
  type ConsensusMessage,
  type Epoch,
  type EpochChange,
  equalBytes,
  type Fault,
  type Hash,
  type Height,
  type PeerId,
  type QuorumCertificate,
  unreachable,
  type View,
} from '@openliquid/primitives'
import { BlockSync } from './blockSync.ts'
import type { BlockNode } from './blockTree.ts'
import { CertificateProcessor, rootHalt } from './certificateProcessor.ts'
import type { ConsensusOptions, RecoveredState } from './consensusOptions.ts'
import type { CoreDump } from './coreDump.ts'
import { deferredRecord } from './deferredRecord.ts'
import type { Effect } from './effect.ts'
import { EpochManager } from './epochManager.ts'
import { ConsensusHalt, reject } from './errors.ts'
import { EvidenceKeeper } from './evidenceKeeper.ts'
import type { ConsensusInput, TimerId } from './input.ts'
import { ACTS_PER_STEP_MAX } from './limits.ts'
import { Proposer } from './proposer.ts'
import { createReplica, endQuarantine, freshState, type Replica } from './replica.ts'
import { encodeReputation } from './reputationCodec.ts'
import { repeatLastMessages, restoreEpoch, resume } from './resumption.ts'
import type { SafetyData } from './safetyData.ts'
import type { ExecutedState } from './stateRoots.ts'
import { TimeoutAggregator } from './timeoutAggregator.ts'
import { TipRecovery } from './tipRecovery.ts'
import { ViewSynchronizer } from './viewSynchronizer.ts'
import { VoteAggregator } from './voteAggregator.ts'
import { Voter } from './voter.ts'

/** Where a replica stands, for people and metrics. */
export interface ConsensusStatus {
  readonly epoch: Epoch
  readonly view: View
  readonly leader: number
  readonly highQCView: View
  readonly committedHeight: Height
  readonly executedHeight: Height
  /** Blocks above the last committed one, forks included. */
  readonly uncommittedBlocks: number
  readonly isHalted: boolean
}

/** How much a replica holds of what peers sent it: each is bounded, whatever they send. */
export interface ConsensusBuffers {
  /** Votes that wait for their quorum. */
  readonly votes: number
  readonly timeouts: number
  /** Proposed blocks that wait for an ancestor. */
  readonly orphans: number
  readonly orphanBytes: number
  /** Certified blocks that are being fetched. */
  readonly fetchTargets: number
  /** Messages of the next epoch. */
  readonly earlyMessages: number
  /** Blocks above the last committed one. */
  readonly uncommittedBlocks: number
}

/**
 * One replica of the protocol: pipelined 2-chain HotStuff with timeout certificates.
 *
 * `step` is synchronous, total and deterministic: no clock, no I/O, and replaying the inputs replays the effects. The
 * order of the effects is a contract, see `Effect`. A replica that finds its own or a quorum's state broken answers one
 * `halt` effect and nothing after it.
 * @see docs/spec/consensus.md
 */
export class ConsensusCore {
  readonly #replica: Replica
  readonly #recovered: RecoveredState
  readonly #isWaiting: boolean
  readonly #processor: CertificateProcessor
  readonly #synchronizer: ViewSynchronizer
  readonly #votes: VoteAggregator
  readonly #timeouts: TimeoutAggregator
  readonly #voter: Voter
  readonly #recovery: TipRecovery
  readonly #proposer: Proposer
  readonly #sync: BlockSync
  readonly #epochs: EpochManager
  readonly #evidence: EvidenceKeeper
  #isHalted = false

  /** @throws {ConsensusError} the options or what was recovered cannot be worked with */
  constructor(options: ConsensusOptions) {
    const replica = createReplica(options)
    const processor = new CertificateProcessor(replica)
    const synchronizer = new ViewSynchronizer(replica, processor)
    const aggregator = new VoteAggregator(replica, processor, synchronizer)
    this.#recovered = options.recovered ?? freshState(options.genesis)
    this.#isWaiting = options.doppelgangerWait ?? false
    this.#replica = replica
    this.#processor = processor
    this.#synchronizer = synchronizer
    this.#votes = aggregator
    this.#timeouts = new TimeoutAggregator(replica, processor, synchronizer)
    this.#voter = new Voter({ replica, processor, synchronizer, aggregator })
    this.#recovery = new TipRecovery(replica, processor, this.#voter)
    this.#proposer = new Proposer({
      replica,
      processor,
      voter: this.#voter,
      recovery: this.#recovery,
    })
    this.#sync = new BlockSync(replica, processor)
    this.#epochs = new EpochManager(replica, processor, synchronizer)
    this.#evidence = new EvidenceKeeper(replica)
  }

  /** Takes one input and returns what is to be done, in order. */
  step(input: ConsensusInput): Effect[] {
    if (this.#isHalted) return []
    try {
      this.#dispatch(input)
      this.#settle(input.nowMs)
      return this.#replica.outbox.drain()
    } catch (error) {
      if (!(error instanceof ConsensusHalt)) throw error
      return this.#halt(error)
    }
  }

  get status(): ConsensusStatus {
    const { election, epoch, pacemaker, stateRoots, tree } = this.#replica
    return {
      epoch,
      view: pacemaker.view,
      leader: election.leader(epoch, pacemaker.view),
      highQCView: pacemaker.highQC.view,
      committedHeight: tree.root.header.height,
      executedHeight: stateRoots.executedHeight,
      uncommittedBlocks: tree.size - 1,
      isHalted: this.#isHalted,
    }
  }

  get buffers(): ConsensusBuffers {
    const { orphans, targets, timeouts, tree, votes } = this.#replica
    return {
      votes: votes.size,
      timeouts: timeouts.size,
      orphans: orphans.size,
      orphanBytes: orphans.bytes,
      fetchTargets: targets.size,
      earlyMessages: this.#epochs.earlyCount,
      uncommittedBlocks: tree.size - 1,
    }
  }

  /** A block that may not be in the store yet: above the last committed one, or itself. */
  uncommitted(blockHash: Hash): Block | undefined {
    return this.#replica.tree.get(blockHash)?.block
  }

  /** The QC of such a block, where one is known. */
  certificateOf(blockHash: Hash): QuorumCertificate | undefined {
    const { pacemaker, tree } = this.#replica
    const node = tree.get(blockHash)
    if (node?.qc !== undefined || node === undefined) return node?.qc
    return equalBytes(pacemaker.highQC.blockHash, blockHash) ? pacemaker.highQC : undefined
  }

  /** The change out of an epoch, if it was made in this life: its closing block may not be in the store yet. */
  epochChange(epoch: Epoch): EpochChange | undefined {
    return this.#epochs.changeOf(epoch)
  }

  /** Leader schedule as of a committed height, as a snapshot of the state holds it; undefined where it is not kept. */
  reputationAt(height: Height): Uint8Array | undefined {
    const state = this.#replica.keptReputations.get(height)
    return state === undefined ? undefined : encodeReputation(state)
  }

  /** Whether the keys are there but sign nothing yet: what they signed before is not known. */
  get isDormant(): boolean {
    return this.#replica.dormant !== undefined
  }

  /** The highest QC known: what a peer that catches up should aim for. */
  get highQC(): QuorumCertificate {
    return this.#replica.pacemaker.highQC
  }

  /** What the signer is bound by; absent while the replica may not sign. */
  get safety(): SafetyData | undefined {
    return this.#replica.safety?.data
  }

  /** At and above the last committed block, a parent before its children. */
  get blocks(): Iterable<BlockNode> {
    return this.#replica.tree.nodes
  }

  /** Everything that this replica decides by. */
  dump(): CoreDump {
    const { pacemaker, safety, tree } = this.#replica
    const { lastTC } = pacemaker
    const { candidate } = this.#voter
    const { draft } = this.#proposer
    return {
      status: this.status,
      highQC: pacemaker.highQC,
      ...(lastTC === undefined ? {} : { lastTC }),
      failures: pacemaker.failures,
      ...(safety === undefined ? {} : { safety: safety.data }),
      committed: tree.root.blockHash,
      blocks: [...tree.nodes],
      votes: this.#replica.votes.all,
      timeouts: this.#replica.timeouts.all,
      ...(candidate === undefined ? {} : { candidate }),
      ...(draft === undefined
        ? {}
        : {
            draft: { view: draft.view, parent: draft.parent.blockHash, isCutOff: draft.isCutOff },
          }),
      recovery: this.#recovery.dump,
      wanted: [...this.#replica.targets.all()].map(({ qc }) => qc),
      orphans: [...this.#replica.orphans.all],
      timers: this.#replica.timers.deadlines,
      earlyMessages: this.#epochs.earlyCount,
    }
  }

  #dispatch(input: ConsensusInput): void {
    const { nowMs } = input
    switch (input.kind) {
      case 'start':
        resume(this.#replica, this.#recovered, {
          processor: this.#processor,
          synchronizer: this.#synchronizer,
          nowMs,
          isWaiting: this.#isWaiting,
        })
        break
      case 'message':
        this.#onMessage(input.message, input.from, nowMs)
        break
      case 'timerFired':
        this.#onTimer(input.timerId, nowMs)
        break
      case 'payloadBuilt':
        this.#proposer.onPayloadBuilt(input, nowMs)
        break
      case 'payloadChecked':
        this.#voter.onPayloadChecked(input.blockHash, input.ok)
        this.#recovery.onPayloadChecked(input.blockHash, input.ok)
        break
      case 'executed':
        this.#onExecuted(input)
        break
      case 'blocksFetched':
        this.#sync.onFetched(input, nowMs)
        break
      case 'fetchFailed':
        this.#sync.onFailed(input.requestId, nowMs)
        break
      case 'peerConnected':
        this.#synchronizer.tellPeer(input.peer, nowMs)
        break
      default:
        unreachable(input)
    }
  }

  #onMessage(message: ConsensusMessage, from: PeerId, nowMs: number): void {
    const fault = this.#judge(message, from, nowMs)
    if (fault !== undefined) this.#replica.outbox.report(from, fault)
  }

  #judge(message: ConsensusMessage, from: PeerId, nowMs: number): Fault | undefined {
    if (message.kind === 'epochChange') {
      return this.#epochs.onEpochChange(message.epochChange, from, nowMs)
    }
    if (message.kind === 'evidence') return this.#evidence.onEvidence(message.evidence)
    const isRecovery = isRecoveryMessage(message)
    if (isRecovery && !this.#replica.params.highTip) {
      return reject('OL_CONSENSUS_MALFORMED', 'this chain does not know round recovery')
    }
    const epoch = epochOf(message)
    const fault = this.#epochs.checkEpoch(epoch, from, nowMs)
    if (fault !== undefined) {
      // No epoch begins with a view that was given up.
      if (!isRecovery) this.#epochs.keepEarly(message, epoch, from)
      return fault
    }
    switch (message.kind) {
      case 'proposal':
        return this.#voter.onProposal(message.proposal, from, nowMs)
      case 'vote':
        return this.#votes.onVote(message.vote, from, nowMs)
      case 'timeout':
        return this.#timeouts.onTimeout(message.timeout, from, nowMs)
      case 'advanceView':
        return this.#synchronizer.onAdvanceView(message.advanceView, from, nowMs)
      default:
        return this.#judgeRecovery(message, nowMs)
    }
  }

  /** Messages that are known under `highTip` only. */
  #judgeRecovery(message: RecoveryMessage, nowMs: number): Fault | undefined {
    switch (message.kind) {
      case 'noEndorse':
        return this.#recovery.onNoEndorse(message.noEndorse)
      case 'roundRecovery':
        return this.#recovery.onRoundRecovery(message.roundRecovery, nowMs)
      case 'tipBlock':
        return this.#recovery.onTipBlock(message.block, nowMs)
      default:
        return unreachable(message)
    }
  }

  #onTimer(timerId: TimerId, nowMs: number): void {
    if (!this.#replica.timers.fired(timerId, nowMs)) return
    if (timerId === 'quarantine') this.#endQuarantine(nowMs)
    // The timers `hold` and `fetch` are for what settling does anyway.
    if (this.#epochs.isOver) return
    if (timerId === 'view') this.#timeouts.onViewTimer(nowMs)
    if (timerId === 'backup') this.#votes.onBackupTimer(nowMs)
  }

  /** Nothing was heard of another node with our keys: from here on this view may time out. */
  #endQuarantine(nowMs: number): void {
    if (this.#replica.quarantine === undefined) return
    endQuarantine(this.#replica)
    this.#processor.enterView(nowMs)
  }

  #onExecuted({ height, stateRoot, validators }: ExecutedState): void {
    const state =
      validators === undefined ? { height, stateRoot } : { height, stateRoot, validators }
    const mismatch = this.#replica.stateRoots.executed(state)
    if (mismatch !== undefined) throw rootHalt(mismatch)
    this.#logReputation(height)
  }

  /** Only what is executed: a restart goes on from the newest executed block. */
  #logReputation(executedHeight: Height): void {
    const { outbox, reputationStates } = this.#replica
    if (reputationStates.length === 0) return
    const state = reputationStates.findLast(({ height }) => height <= executedHeight)
    if (state === undefined) return
    this.#replica.reputationStates = reputationStates.filter(
      ({ height }) => height > executedHeight,
    )
    outbox.persist([deferredRecord('reputation', encodeReputation, state)], { sync: false })
  }

  /** Does every duty that is due, until none is. Each act moves a view or answers for one, so this ends. */
  #settle(nowMs: number): void {
    let acts = 0
    while (this.#advanceEpoch(nowMs) || (!this.#epochs.isOver && this.#actInView(nowMs))) {
      acts += 1
      assert(acts <= ACTS_PER_STEP_MAX, 'a step comes to an end')
    }
    this.#sync.requestMissing(nowMs)
    this.#evidence.publishFound()
  }

  #actInView(nowMs: number): boolean {
    return (
      this.#votes.formQC(nowMs) ||
      this.#timeouts.settle(nowMs) ||
      this.#recovery.answerIfReady(nowMs) ||
      this.#voter.voteIfReady(nowMs) ||
      this.#proposer.requestIfReady(nowMs)
    )
  }

  #advanceEpoch(nowMs: number): boolean {
    if (!this.#epochs.advance(nowMs)) return false
    this.#voter.beginEpoch()
    this.#recovery.beginEpoch()
    this.#proposer.beginEpoch()
    // The log of an earlier life may know more of this epoch.
    restoreEpoch(this.#replica, this.#recovered, { processor: this.#processor, nowMs })
    repeatLastMessages(this.#replica)
    for (const { message, from } of this.#epochs.takeEarly()) this.#onMessage(message, from, nowMs)
    return true
  }

  #halt({ code, data, what }: ConsensusHalt): Effect[] {
    this.#isHalted = true
    this.#evidence.publishFound()
    const effects = this.#replica.outbox.drain()
    effects.push({ kind: 'halt', code, message: what, details: data.details })
    return effects
  }
}

type RecoveryMessage = Extract<
  ConsensusMessage,
  { readonly kind: 'noEndorse' | 'roundRecovery' | 'tipBlock' }
>

function isRecoveryMessage(message: ConsensusMessage): message is RecoveryMessage {
  const { kind } = message
  return kind === 'noEndorse' || kind === 'roundRecovery' || kind === 'tipBlock'
}

function epochOf(message: Exclude<ConsensusMessage, { kind: 'epochChange' | 'evidence' }>): Epoch {
  switch (message.kind) {
    case 'proposal':
      return message.proposal.epoch
    case 'vote':
      return message.vote.epoch
    case 'timeout':
      return message.timeout.epoch
    case 'advanceView':
      return message.advanceView.highQC.epoch
    case 'noEndorse':
      return message.noEndorse.epoch
    case 'roundRecovery':
      return message.roundRecovery.tc.epoch
    case 'tipBlock':
      return message.block.header.epoch
    default:
      return unreachable(message)
  }
}
