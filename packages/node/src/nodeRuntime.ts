import {
  answerEpochChange,
  ConsensusCore,
  type ConsensusOptions,
  type Effect,
} from '@openliquid/consensus'
import type { Application, BlockResult, StateSyncBase } from '@openliquid/execution'
import type { NetworkManager } from '@openliquid/network'
import {
  ANNOUNCEMENT_BYTES_MAX,
  bytesToHex,
  DecodeError,
  type Envelope,
  type EpochChangeProof,
  type GossipVerdict,
  type Hash,
  type Height,
  MESSAGE_KIND,
  OpenLiquidError,
  type PeerId,
  type Proposal,
  proposalDigest,
  sha256,
  type Topic,
  type Transaction,
  type TransportHandlers,
  timeoutCertificateCodec,
  unreachable,
  type ValidatorSet,
} from '@openliquid/primitives'
import { BlockFetcher } from './blockFetcher.ts'
import { BlockServer } from './blockServer.ts'
import type { BlocksFirst } from './blocksFirst.ts'
import { ByteQuota } from './byteQuota.ts'
import type { Clock } from './clock.ts'
import { type EffectHandlers, runEffects } from './effectRunner.ts'
import { EventLoop } from './eventLoop.ts'
import { ExecutionQueue } from './executionQueue.ts'
import { announce, LargeProposals } from './largeProposals.ts'
import {
  GOSSIP_PROPOSAL_BYTES_MAX,
  QUORUM_WAIT_MS,
  RECENT_BLOCKS_MAX,
  SERVED_BYTES_PER_SECOND_MAX,
  STRANGER_BAN_MS,
} from './limits.ts'
import type { Logger } from './logger.ts'
import { envelopeToMessage, messageToEnvelope } from './messageCodec.ts'
import type { NodeMeters } from './nodeMetrics.ts'
import { PayloadSource } from './payloadSource.ts'
import type { PrunedLog } from './prunedLog.ts'
import { mayBeHeld, SnapshotKeeper, type SnapshotKeeperOptions } from './snapshotKeeper.ts'
import { SnapshotServer } from './snapshotServer.ts'
import { Timers } from './timers.ts'
import { decodeTransactions, TransactionGossip } from './transactionGossip.ts'
import type { TransactionJournal } from './transactionJournal.ts'
import { assertOnChain, type TrustedCheckpoint } from './trustedCheckpoint.ts'

type EffectOf<Kind extends Effect['kind']> = Extract<Effect, { readonly kind: Kind }>

/** The parts that one node is put together from, all open. */
export interface RuntimeOptions {
  readonly clock: Clock
  readonly logger: Logger
  readonly meters: NodeMeters
  readonly log: PrunedLog
  readonly application: Application
  readonly network: NetworkManager
  /** Keeps what came in through this node's own doors. */
  readonly journal: Pick<TransactionJournal, 'add'>
  readonly consensus: ConsensusOptions
  /** For nodes that join. */
  readonly snapshots: Pick<SnapshotKeeperOptions, 'path' | 'interval' | 'kept' | 'store'>
  /** What calls of clients give way to. */
  readonly blocksFirst: BlocksFirst
  /** What a restored state has instead of older blocks. */
  readonly base: StateSyncBase | undefined
  readonly checkpoint: TrustedCheckpoint | undefined
  /** The node can never sign again: an invariant, a halt of the core, or the disk. */
  onFatal(error: unknown, details: Readonly<Record<string, unknown>>): void
}

/** A block as operators compare it between nodes. */
export interface BlockSummary {
  readonly height: string
  readonly blockHash: string
  readonly stateRoot: string
}

/** Where consensus stands. */
export interface RuntimeStatus {
  readonly epoch: string
  readonly view: string
  /** Validator index. */
  readonly leader: number
  /** View of the newest QC known. */
  readonly highQCView: string
  /** View of the newest vote sent to others since the start; 0 before the first. */
  readonly sentVoteView: string
  /** Timeouts sent to others since the start, repeated ones included. */
  readonly sentTimeouts: number
  readonly isValidator: boolean
  readonly validatorIndex: number | undefined
  readonly committedHeight: string
  readonly executedHeight: string
  /** What the newest committed header says of an older block's state. */
  readonly certified: { readonly executedHeight: string; readonly stateRoot: string } | undefined
  /** Newest executed blocks, ascending. */
  readonly recentBlocks: readonly BlockSummary[]
  readonly peers: readonly PeerId[]
  readonly quorumReachable: boolean
  readonly executionQueue: number
}

/** Turns effects of the consensus core into I/O and I/O into its inputs. Decides nothing of the protocol. */
export class NodeRuntime {
  readonly #options: RuntimeOptions
  readonly #core: ConsensusCore
  readonly #loop: EventLoop
  readonly #timers: Timers<EffectOf<'setTimer'>['timerId']>
  readonly #payloads: PayloadSource
  readonly #execution: ExecutionQueue
  readonly #fetcher: BlockFetcher
  readonly #server: BlockServer
  readonly #gossip: TransactionGossip
  readonly #large: LargeProposals
  readonly #snapshots: SnapshotKeeper
  readonly #snapshotServer: SnapshotServer
  readonly #quota: ByteQuota
  readonly #quorumTimers: Timers<'poll'>
  readonly #recentBlocks: BlockSummary[] = []
  #isAdmittingGossip = false
  #sentVoteView = 0n
  #sentTimeouts = 0
  #committed: { readonly height: Height; readonly certified: RuntimeStatus['certified'] }
  #quorumWaitEndMs = 0
  #validatorSet: ValidatorSet
  #selfIndex: number | undefined

  constructor(options: RuntimeOptions) {
    const { clock, application, network, consensus } = options
    this.#options = options
    this.#core = new ConsensusCore({
      ...consensus,
      keepsReputation: (height) => mayBeHeld(height, options.snapshots.interval),
    })
    this.#snapshots = new SnapshotKeeper({
      ...options.snapshots,
      logger: options.logger,
      headerAt: (height) => application.blocks.headerAt(height),
      commitProofAt: (height) => application.blocks.commitProofAt(height),
      reputationAt: (height) => this.#core.reputationAt(height),
    })
    this.#snapshotServer = new SnapshotServer({
      offers: () => this.#snapshots.offers,
      chunk: (height, index) => this.#snapshots.chunk(height, index),
      epochChanges: (fromEpoch) => this.#epochChanges(fromEpoch),
    })
    this.#validatorSet = consensus.validatorSet
    this.#selfIndex = consensus.self?.index
    this.#committed = { height: application.executedHeight, certified: undefined }
    this.#loop = new EventLoop({
      core: this.#core,
      clock,
      run: (effects) => runEffects(effects, this.#handlers),
      onInput: () => options.blocksFirst.step(),
      onFailure: (error) => this.#fail(error, {}),
    })
    const push: EventLoop['push'] = (input) => this.#loop.push(input)
    this.#timers = new Timers(clock, (timerId) => push({ kind: 'timerFired', timerId }))
    this.#quorumTimers = new Timers(clock, () => this.#startWithQuorum())
    this.#payloads = new PayloadSource({
      clock,
      build: (request, timestampMs) => application.buildPayload({ ...request, timestampMs }),
      push,
    })
    this.#execution = new ExecutionQueue({
      execute: ({ block, context, proof }) =>
        application.applyBlock(context, block.payload, {
          header: block.header,
          ...(proof === undefined ? {} : { proof }),
        }),
      onExecuted: (result) => this.#onExecuted(result),
      onFailure: (error) => this.#fail(error, {}),
    })
    this.#quota = new ByteQuota(clock, SERVED_BYTES_PER_SECOND_MAX)
    this.#fetcher = new BlockFetcher(network, { clock, push })
    this.#large = new LargeProposals({
      network,
      byIdPrefix: (prefixes) => application.mempool.byIdPrefix(prefixes),
      isKnown: (hash) =>
        (this.#core.uncommitted(hash) ?? this.#execution.block(hash)) !== undefined ||
        application.blocks.heightOf(hash) !== undefined,
      isSigned: (proposal, hash) => this.#isSigned(proposal, hash),
      deliver: (from, proposal) =>
        push({ kind: 'message', from, message: { kind: 'proposal', proposal } }),
      onFailure: (error) => this.#fail(error, {}),
    })
    this.#server = new BlockServer({
      awaited: (hash) => this.#large.awaited(hash),
      store: application.blocks,
      uncommitted: (hash) => this.#core.uncommitted(hash) ?? this.#execution.block(hash),
      certificateOf: (hash) => this.#core.certificateOf(hash),
    })
    this.#gossip = new TransactionGossip(
      (envelope) => network.publish('transactions', envelope),
      clock,
    )
    application.mempool.onAdmit((transaction) => {
      if (!this.#isAdmittingGossip) {
        this.#keep(transaction)
        this.#gossip.add(transaction)
      }
      this.#payloads.wake()
    })
    application.onBlock((result) => {
      this.#snapshots.onExecuted(result.height)
      this.#remember(result)
    })
  }

  /** What the network calls; give it to `network.start`. */
  get transportHandlers(): TransportHandlers {
    return {
      onGossip: (from, topic, envelope) =>
        this.#guard(() => this.#onGossip(from, topic, envelope)) ?? 'ignore',
      onMessage: (from, envelope) => this.#guard(() => this.#onMessage(from, envelope)),
      onRequest: (from, kind, body) => this.#answer(from, kind, body),
      onPeer: (peer, state) => {
        if (state === 'connected') this.#loop.push({ kind: 'peerConnected', peer })
      },
    }
  }

  /** Blocks and states for others, at a rate that leaves the node to its votes. */
  async #answer(from: PeerId, kind: number, body: Uint8Array): Promise<Uint8Array | undefined> {
    const isState = SnapshotServer.answers(kind)
    // A block by its hash is asked for in the view that it is proposed in.
    if (kind !== MESSAGE_KIND.getBlocks && !isState) return this.#server.answer(kind, body)
    if (!this.#quota.allows(from)) return undefined
    const answer = isState
      ? await this.#snapshotServer.answer(kind, body)
      : await this.#server.answer(kind, body)
    if (answer !== undefined) this.#quota.charge(from, answer.length)
    return answer
  }

  /** Enters the first view when a quorum can hear it, or after a while anyway. */
  start(): void {
    this.#quorumWaitEndMs = this.#options.clock() + QUORUM_WAIT_MS
    this.#startWithQuorum()
  }

  /** Signs nothing more, finishes the block in execution. */
  async stop(): Promise<void> {
    this.#silence()
    await this.#execution.stop()
    await this.#snapshots.stop()
  }

  get status(): RuntimeStatus {
    const { application, network } = this.#options
    const { epoch, view, leader, highQCView } = this.#core.status
    return {
      epoch: String(epoch),
      view: String(view),
      leader,
      highQCView: String(highQCView),
      sentVoteView: String(this.#sentVoteView),
      sentTimeouts: this.#sentTimeouts,
      isValidator: this.#selfIndex !== undefined && !this.#core.isDormant,
      validatorIndex: this.#core.isDormant ? undefined : this.#selfIndex,
      committedHeight: String(this.#committed.height),
      executedHeight: String(application.executedHeight),
      certified: this.#committed.certified,
      recentBlocks: this.#recentBlocks,
      peers: network.peers(),
      quorumReachable: network.quorumReachable(),
      executionQueue: this.#execution.length,
    }
  }

  readonly #handlers: EffectHandlers = {
    persist: ({ records, sync }) => this.#options.log.append(records, { sync }),
    send: ({ to, message }) => {
      const { network } = this.#options
      const envelope = messageToEnvelope(message)
      this.#offer(message.kind, () => {
        if ('validator' in to) network.sendToValidator(to.validator, envelope)
        else network.sendToPeer(to.peer, envelope)
      })
      if (message.kind === 'vote') this.#sentVoteView = message.vote.view
    },
    broadcast: ({ message }) => this.#broadcast(message),
    setTimer: ({ timerId, atMs }) => this.#timers.set(timerId, atMs),
    cancelTimer: ({ timerId }) => this.#timers.cancel(timerId),
    buildPayload: (request) => this.#payloads.request(request),
    checkPayload: ({ block, blockHash: hash, ancestors }) => this.#check(block, hash, ancestors),
    fetchBlocks: (request) => {
      this.#fetcher.fetch(request).catch((error: unknown) => this.#fail(error, {}))
    },
    commit: ({ blocks, proof }) => this.#commit(blocks, proof),
    enterEpoch: ({ validatorSet, selfIndex }) => this.#enterEpoch(validatorSet, selfIndex),
    sendEpochChange: ({ peer, fromEpoch }) => this.#sendEpochChange(peer, fromEpoch),
    enterView: (entered) => this.#enterView(entered),
    report: ({ peer, fault }) => this.#report(peer, fault),
    alarm: ({ code, message, details }) => {
      this.#options.meters.alarms.inc()
      this.#options.logger.error({ code, ...details }, message)
    },
    halt: ({ code, message, details }) => {
      this.#fail(new OpenLiquidError(message, { code }), details)
    },
  }

  #startWithQuorum(): void {
    const { network, clock, consensus } = this.#options
    const isAlone = consensus.validatorSet.validators.length === 1
    // A proposal that nobody is subscribed to yet would cost the first view.
    const isHeard = isAlone || network.subscribers('blocks').length >= network.peers().length
    const isReady = network.quorumReachable() && isHeard
    if (isReady || clock() >= this.#quorumWaitEndMs) {
      this.#loop.push({ kind: 'start' })
      return
    }
    this.#quorumTimers.set('poll', clock() + QUORUM_POLL_MS)
  }

  #broadcast(message: EffectOf<'broadcast'>['message']): void {
    const { network, meters } = this.#options
    const envelope = messageToEnvelope(message)
    switch (message.kind) {
      case 'proposal':
        if (envelope.body.length <= GOSSIP_PROPOSAL_BYTES_MAX) {
          this.#offer(message.kind, () => network.publish('blocks', envelope))
          break
        }
        // Too large to be passed on by everybody: all hear of it, validators get it straight, others ask for it.
        this.#announce(message.proposal)
        this.#sendToValidators(message.kind, envelope)
        break
      case 'advanceView':
      case 'epochChange':
      case 'evidence':
        this.#offer(message.kind, () => network.publish('qcs', envelope))
        break
      case 'timeout':
        this.#sentTimeouts += 1
        meters.timeoutsSent.inc()
        this.#sendToValidators(message.kind, envelope)
        break
      case 'vote':
      case 'noEndorse':
      case 'roundRecovery':
      case 'tipBlock':
        this.#sendToValidators(message.kind, envelope)
        break
      default:
        unreachable(message)
    }
  }

  /** One too large even for that is heard of by its parent, and fetched when it has a certificate. */
  #announce(proposal: Proposal): void {
    const envelope = announce(proposal)
    if (envelope.body.length <= ANNOUNCEMENT_BYTES_MAX) {
      this.#offer('announcement', () => this.#options.network.publish('blocks', envelope))
      return
    }
    const { qc } = proposal.block.header
    this.#broadcast({ kind: 'advanceView', advanceView: { highQC: qc } })
  }

  /** By the author of the block, or by the leader of our view who proposes it again. */
  #isSigned({ epoch, view, block, tc, signature }: Proposal, hash: Hash): boolean {
    const { context, nodeScheme } = this.#options.consensus
    if (epoch !== this.#validatorSet.epoch) return false
    const tcHash = tc === undefined ? undefined : sha256(timeoutCertificateCodec.encode(tc))
    const digest = proposalDigest(context, epoch, view, hash, tcHash)
    return [block.header.proposer, this.#core.status.leader].some((index) => {
      const signer = this.#validatorSet.validators[index]
      return signer !== undefined && nodeScheme.verify(signer.nodeKey, digest, signature)
    })
  }

  #sendToValidators(kind: string, envelope: Envelope): void {
    const { network } = this.#options
    for (const { index } of this.#validatorSet.validators) {
      if (index === this.#selfIndex) continue
      this.#offer(kind, () => network.sendToValidator(index, envelope))
    }
  }

  /** A message that the network does not take is a lost message, which the protocol is made for. */
  #offer(kind: string, send: () => void): void {
    try {
      send()
    } catch (error) {
      if (!(error instanceof OpenLiquidError)) throw error
      this.#options.logger.warn({ kind, code: error.code }, 'a message was not sent')
    }
  }

  #check(
    block: EffectOf<'checkPayload'>['block'],
    hash: Hash,
    ancestors: EffectOf<'checkPayload'>['ancestors'],
  ): void {
    const verdict = this.#options.application.checkPayload({ block, ancestors })
    if (!verdict.ok) {
      const fields = { height: String(block.header.height), ...verdict.fault }
      this.#options.logger.warn(fields, 'a proposed block is invalid')
    }
    this.#loop.push({ kind: 'payloadChecked', blockHash: hash, ok: verdict.ok })
  }

  #commit(blocks: EffectOf<'commit'>['blocks'], proof: EffectOf<'commit'>['proof']): void {
    const { network, meters, logger } = this.#options
    const last = blocks.at(-1)
    if (last === undefined) return
    const { height, epoch, executedHeight, stateRoot } = last.block.header
    this.#committed = {
      height,
      certified: { executedHeight: String(executedHeight), stateRoot: bytesToHex(stateRoot) },
    }
    meters.height.set(Number(height))
    meters.committedBlocks.inc(undefined, blocks.length)
    for (const { block, blockHash: hash } of blocks) {
      const { checkpoint } = this.#options
      if (checkpoint?.height === block.header.height) assertOnChain(checkpoint, hash)
      const { actions, evm } = block.payload
      const level = actions.length + evm.length > 0 ? 'info' : 'debug'
      if (!logger.isLevelEnabled(level)) continue
      const fields = {
        height: String(block.header.height),
        view: String(block.header.view),
        block: bytesToHex(hash).slice(0, 18),
        actions: actions.length,
        evm: evm.length,
      }
      logger[level](fields, 'committed')
    }
    network.setHead({ headHeight: height, committedHeight: height, epoch })
    this.#options.blocksFirst.step()
    this.#execution.add(blocks, proof)
    meters.executionQueue.set(this.#execution.length)
  }

  #onExecuted({ height, stateRoot }: { readonly height: Height; readonly stateRoot: Hash }): void {
    const { application, log, meters } = this.#options
    meters.executionQueue.set(this.#execution.length)
    meters.droppedInputs.set(this.#loop.dropped)
    log.onExecuted(height)
    const validators = application.validatorsAt(height)
    this.#loop.push({
      kind: 'executed',
      height,
      stateRoot,
      ...(validators === undefined ? {} : { validators }),
    })
  }

  #enterEpoch(validatorSet: ValidatorSet, selfIndex: number | undefined): void {
    const { network, logger } = this.#options
    this.#validatorSet = validatorSet
    this.#selfIndex = selfIndex
    network.setValidatorSet(validatorSet.epoch, validatorSet)
    const fields = { epoch: String(validatorSet.epoch), validator: selfIndex ?? 'follower' }
    logger.info(fields, 'epoch')
  }

  /** Old changes are read from the executed chain: a peer is some epochs behind. */
  #sendEpochChange(peer: PeerId, fromEpoch: bigint): void {
    const { network } = this.#options
    const epochChange = this.#epochChanges(fromEpoch)
    if (epochChange.proofs.length === 0) return
    const message = { kind: 'epochChange', epochChange } as const
    this.#offer(message.kind, () => network.sendToPeer(peer, messageToEnvelope(message)))
  }

  #epochChanges(fromEpoch: bigint): EpochChangeProof {
    const { application, base } = this.#options
    return answerEpochChange(fromEpoch, {
      height: application.executedHeight,
      ...(base === undefined ? {} : { base }),
      blockAt: (height) => application.blocks.blockAt(height),
      commitProofAt: (height) => application.blocks.commitProofAt(height),
      validatorSetOf: (epoch) => application.validatorSetOf(epoch),
      epochChange: (epoch) => this.#core.epochChange(epoch) ?? base?.changeOf(epoch),
    })
  }

  #enterView({ view, leader }: { readonly view: bigint; readonly leader: number }): void {
    const { meters, logger } = this.#options
    this.#payloads.cancel()
    meters.view.set(Number(view))
    meters.isLeader.set(leader === this.#selfIndex ? 1 : 0)
    if (logger.isLevelEnabled('debug')) logger.debug({ view: String(view), leader }, 'view')
  }

  /** A validator's faults are counted; a stranger that breaks the protocol is sent away for a while. */
  #report(peer: PeerId, { verdict, code, data }: EffectOf<'report'>['fault']): void {
    const { network, meters, logger } = this.#options
    meters.faults.inc({ verdict })
    if (verdict === 'ignore') return
    if (code === 'OL_CONSENSUS_SYNC') this.#fetcher.demote(peer)
    logger.warn({ peer, code, ...data }, 'a peer broke the protocol')
    if (network.validatorOf(peer) === undefined) {
      network.ban(peer, { durationMs: STRANGER_BAN_MS, reason: code })
    }
  }

  #onGossip(from: PeerId, topic: Topic, envelope: Envelope): GossipVerdict {
    if (topic === 'transactions') return this.#onTransactions(envelope)
    if (envelope.kind === MESSAGE_KIND.announcement) {
      return topic === 'blocks' ? this.#large.onAnnouncement(from, envelope.body) : 'reject'
    }
    try {
      const message = envelopeToMessage(envelope)
      const isProposal = message.kind === 'proposal'
      if (isProposal !== (topic === 'blocks')) return 'reject'
      if (isProposal) this.#large.onBlock(message.proposal.block)
      this.#loop.push({ kind: 'message', from, message })
      return 'accept'
    } catch (error) {
      if (error instanceof DecodeError) return 'reject'
      throw error
    }
  }

  #onMessage(from: PeerId, envelope: Envelope): void {
    try {
      const message = envelopeToMessage(envelope)
      if (message.kind === 'proposal') this.#large.onBlock(message.proposal.block)
      this.#loop.push({ kind: 'message', from, message })
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error
      this.#report(from, { verdict: 'reject', code: error.code, data: error.data })
    }
  }

  /** Forwarded when this node would take at least one of them, or has it. */
  #onTransactions(envelope: Envelope): GossipVerdict {
    const transactions = decodeTransactions(envelope)
    if (transactions === 'reject') return 'reject'
    const { mempool } = this.#options.application
    let verdict: GossipVerdict = 'ignore'
    this.#isAdmittingGossip = true
    try {
      for (const transaction of transactions) {
        try {
          mempool.admit(transaction)
          verdict = 'accept'
        } catch (error) {
          if (!(error instanceof OpenLiquidError)) throw error
          // Bytes that no honest node forwards; what depends on state may be valid elsewhere.
          if (INVALID_EVERYWHERE.has(error.code)) return 'reject'
        }
      }
    } finally {
      this.#isAdmittingGossip = false
    }
    return verdict
  }

  #remember({ height, blockHash: hash, stateRoot }: BlockResult): void {
    this.#recentBlocks.push({
      height: String(height),
      blockHash: bytesToHex(hash),
      stateRoot: bytesToHex(stateRoot),
    })
    if (this.#recentBlocks.length > RECENT_BLOCKS_MAX) this.#recentBlocks.shift()
  }

  /** What is thrown here is our own error: the network must not be the one that gets it. */
  #guard<T>(call: () => T): T | undefined {
    try {
      return call()
    } catch (error) {
      this.#fail(error, {})
      return undefined
    }
  }

  /** A disk that does not take what was accepted ends the node before anybody is told that it was. */
  #keep(transaction: Transaction): void {
    try {
      this.#options.journal.add(transaction)
    } catch (error) {
      this.#fail(error, {})
      throw error
    }
  }

  #silence(): void {
    this.#loop.stop()
    this.#timers.cancelAll()
    this.#quorumTimers.cancelAll()
    this.#payloads.cancel()
    this.#fetcher.stop()
    this.#large.stop()
  }

  #fail(error: unknown, details: Readonly<Record<string, unknown>>): void {
    this.#silence()
    this.#options.onFatal(error, { ...details, status: this.status })
  }
}

const QUORUM_POLL_MS = 25
const INVALID_EVERYWHERE: ReadonlySet<string> = new Set([
  'OL_MEMPOOL_MALFORMED',
  'OL_MEMPOOL_SIGNATURE',
])
