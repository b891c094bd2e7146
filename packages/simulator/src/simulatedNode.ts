import {
  answerEpochChange,
  answerGetBlocks,
  type ConsensusCore,
  type ConsensusInput,
  type Effect,
  type EpochSource,
  type recoverState,
  StateSync,
  type TimerId,
} from '@openliquid/consensus'
import {
  assert,
  type BlocksAnswer,
  type ConsensusMessage,
  type Epoch,
  type GetBlocks,
  type Hash,
  type Height,
  type Payload,
  uintToBytes,
  unreachable,
  type ValidatorSet,
} from '@openliquid/primitives'
import type { Adversary, AdversaryMaker, World } from './adversaries/adversary.ts'
import type { Behavior } from './behavior.ts'
import { BufferMonitor } from './bufferMonitor.ts'
import type { Cluster } from './cluster.ts'
import { DiskLog } from './durableLog.ts'
import { positionOf, validatorAt } from './membership.ts'
import { PropertyViolation } from './monitors.ts'
import { indexOfPeer, peerIdOf } from './peers.ts'
import type { Prng } from './prng.ts'
import { SignatureOracle } from './signatureOracle.ts'
import { isValidPayload, VirtualApplication } from './virtualApplication.ts'
import { GENESIS_TIME_MS } from './virtualChain.ts'
import { VirtualDisk } from './virtualDisk.ts'
import { VirtualSnapshots } from './virtualSnapshot.ts'
import { type StateAnswer, type StateRequest, VirtualStateSync } from './virtualStateSync.ts'

/** The implementation under simulation: the real one, or one with a planted fault. */
export interface CoreModule {
  readonly ConsensusCore: typeof ConsensusCore
  readonly recoverState: typeof recoverState
  /** The one that ships, if absent. */
  readonly StateSync?: typeof StateSync
}

/** How one node differs from the others. */
export interface NodeOptions {
  readonly behavior?: Behavior
  /** Another salt is another state machine. */
  readonly salt?: number
  readonly clockSkewMs?: number
  readonly executionMs?: number
  /** Not there from the start: it joins after so long. */
  readonly joinsAfterMs?: number
  /** It has no chain when it joins, and fetches a state instead of blocks. */
  readonly fetchesState?: boolean
  /** How much faster its clock runs than the others', in millionths. */
  readonly clockDriftPpm?: number
  /** Its faults, if it is not honest; each sees what the one before lets out. */
  readonly adversaries?: readonly AdversaryMaker[]
}

const FETCH_TIMEOUT_MS = 400

/** One node: the real core, with a virtual disk, clock, application and links around it. */
export class SimulatedNode {
  readonly index: number
  /** Whose keys it has. */
  readonly validator: number
  readonly disk: VirtualDisk = new VirtualDisk()
  readonly #log: DiskLog = new DiskLog(this.disk)
  readonly application: VirtualApplication
  readonly oracle: SignatureOracle
  readonly #buffers: BufferMonitor
  readonly #cluster: Cluster
  readonly #options: NodeOptions
  readonly #prng: Prng
  readonly #isTwin: boolean
  readonly #snapshots: VirtualSnapshots | undefined
  #adversaries: readonly Adversary[] = []
  /** Of the epoch its core is in: positions are in this. */
  #set: ValidatorSet
  /** Where it stands in that set; where it stood last, if it is no member. */
  #position = 0
  #stateSync: VirtualStateSync | undefined
  /** It still has to. */
  #fetchesState: boolean
  readonly #timers = new Map<TimerId, number>()
  #core: ConsensusCore | undefined
  /** Counts lives: what was scheduled in an earlier one is void. */
  #life = 0
  #timerToken = 0
  #isExecuting = false
  #committedHeight: Height = 0n
  #effectsUntilCrash = Number.POSITIVE_INFINITY
  #halt: Extract<Effect, { kind: 'halt' }> | undefined

  constructor(cluster: Cluster, index: number, { options, prng, validator, isTwin }: NodeSetup) {
    this.#cluster = cluster
    this.index = index
    this.#options = options
    this.#fetchesState = options.fetchesState ?? false
    this.#prng = prng
    this.validator = validator
    this.#isTwin = isTwin
    const { chain, membersAt, snapshotInterval } = cluster
    this.#set = chain.set
    this.application = new VirtualApplication(chain.genesis, {
      set: chain.set,
      salt: Uint8Array.of(options.salt ?? 0),
      membersAt,
    })
    this.#snapshots =
      snapshotInterval === undefined
        ? undefined
        : new VirtualSnapshots(snapshotInterval, this.application)
    this.oracle = new SignatureOracle(index, cluster.params)
    this.#buffers = new BufferMonitor(index, chain.candidates.length)
  }

  get core(): ConsensusCore {
    assert(this.#core !== undefined, 'the node is up')
    return this.#core
  }

  get isUp(): boolean {
    return this.#core !== undefined
  }

  /** Whether it fetches a state. */
  get isSyncing(): boolean {
    return this.#stateSync !== undefined
  }

  get joinsAfterMs(): number | undefined {
    return this.#options.joinsAfterMs
  }

  get isHonest(): boolean {
    const { adversaries, behavior, salt } = this.#options
    return !this.#isTwin && adversaries === undefined && behavior === undefined && !salt
  }

  get halt(): Extract<Effect, { kind: 'halt' }> | undefined {
    return this.#halt
  }

  get committedHeight(): Height {
    return this.#committedHeight
  }

  /** Begins a life: recovers from the disk, as after a crash. */
  start(): void {
    assert(this.#core === undefined, 'the node is down')
    if (this.#fetchesState) this.#fetchState()
    else this.#startCore()
  }

  #startCore(): void {
    const { chain, coreModule, params, schemes } = this.#cluster
    const keys = chain.keys[this.validator]
    assert(keys !== undefined, 'the node has keys')
    const validatorSet = this.application.validatorSetOf(this.application.epoch)
    assert(validatorSet !== undefined, 'the set of the next block is known')
    this.#life += 1
    this.#committedHeight = this.application.height
    const position = this.#enter(validatorSet)
    const recovered = coreModule.recoverState({
      genesis: chain.genesis,
      records: this.disk.records,
      executed: this.application,
    })
    this.#core = new coreModule.ConsensusCore({
      context: chain.context,
      genesis: chain.genesis,
      validatorSet,
      params,
      ...schemes,
      self: position === undefined ? keys : { index: position, ...keys },
      // §7: with a log that tells nothing of that it may have signed anything in the epoch that it comes into.
      ...(recovered.safety === undefined
        ? { signsAfterMs: this.#nowMs + params.clockDriftMsMax }
        : {}),
      keepsReputation: (height) => this.#snapshots?.mayBeHeld(height) ?? false,
      recovered,
    })
    const world = this.#world()
    this.#adversaries = (this.#options.adversaries ?? []).map((make) => make(world))
    this.step({ kind: 'start', nowMs: this.#nowMs })
  }

  #enter(set: ValidatorSet): number | undefined {
    this.#set = set
    const candidate = this.#cluster.chain.candidates[this.validator]
    const position = candidate === undefined ? undefined : positionOf(set, candidate)
    if (position !== undefined) this.#position = position
    return position
  }

  #fetchState(): void {
    if (this.#stateSync !== undefined) return
    const { chain, coreModule, schemes } = this.#cluster
    const sync = new (coreModule.StateSync ?? StateSync)({
      context: chain.context,
      scheme: schemes.scheme,
      genesis: chain.genesis,
      validatorSet: chain.set,
      aboveHeight: 0n,
    })
    this.#stateSync = new VirtualStateSync({
      cluster: this.#cluster,
      index: this.index,
      application: this.application,
      sync,
      onDone: () => {
        this.#stateSync = undefined
        this.#fetchesState = false
        this.#cluster.restart(this.index)
      },
    })
    this.#stateSync.start()
  }

  /** Ends a life without warning. */
  crash(): void {
    this.#core = undefined
    this.#timers.clear()
    this.#isExecuting = false
    this.#effectsUntilCrash = Number.POSITIVE_INFINITY
    this.disk.crash(this.#prng)
    this.application.crash()
  }

  /** Arranges a crash in front of one of the next effects. */
  crashAtEffect(count: number): void {
    this.#effectsUntilCrash = count
  }

  step(input: ConsensusInput): void {
    if (this.#core === undefined || this.#halt !== undefined) return
    const effects = this.#core.step(input)
    for (const [i, effect] of effects.entries()) {
      if (this.#effectsUntilCrash === 0) {
        this.#crashAt(effect)
        this.#dieSilent(effects.slice(i))
        return
      }
      this.#effectsUntilCrash -= 1
      const life = this.#life
      let bent = this.#options.behavior?.(effect) ?? [effect]
      for (const { onEffect } of this.#adversaries) {
        if (onEffect !== undefined) bent = bent.flatMap((one) => onEffect(one))
      }
      for (const one of bent) this.#carryOut(one)
      // A sync that fails ends the process in the middle of its effects.
      if (this.#core === undefined || life !== this.#life) {
        this.#dieSilent(effects.slice(i + 1))
        return
      }
    }
    const core = this.#core
    if (this.isHonest) this.#cluster.watch(() => this.#buffers.onStep(core))
  }

  /** A message from another node. */
  receive(from: number, message: ConsensusMessage): void {
    if (this.#core === undefined) return
    for (const { onMessage } of this.#adversaries) onMessage?.(message, from)
    this.step({ kind: 'message', nowMs: this.#nowMs, from: peerIdOf(from), message })
  }

  /** Tells the core that a peer is (again) within reach. */
  meet(peer: number): void {
    this.step({ kind: 'peerConnected', nowMs: this.#nowMs, peer: peerIdOf(peer) })
  }

  /** Undefined is silence. */
  answerState(request: StateRequest): StateAnswer | undefined {
    if (this.#core === undefined) return undefined
    let answer = this.#honestStateAnswer(request)
    for (const { onStateAnswer } of this.#adversaries) {
      if (onStateAnswer !== undefined && answer !== undefined)
        answer = onStateAnswer(request, answer)
    }
    return answer
  }

  #honestStateAnswer(request: StateRequest): StateAnswer | undefined {
    const { kind } = request
    switch (kind) {
      case 'offers':
        return { kind, offers: this.#snapshots?.offers ?? [] }
      case 'epochChange':
        return { kind, ...answerEpochChange(request.fromEpoch, this.#epochSource) }
      case 'blocks':
        return { kind, ...this.#honestAnswer(request.request) }
      case 'chunk': {
        const bytes = this.#snapshots?.chunk(request.height, request.index)
        return bytes === undefined ? undefined : { kind, bytes }
      }
      default:
        return unreachable(kind)
    }
  }

  /** Undefined is silence. */
  answer(request: GetBlocks): BlocksAnswer | undefined {
    let answer: BlocksAnswer | undefined = this.#honestAnswer(request)
    for (const { onAnswer } of this.#adversaries) {
      if (onAnswer !== undefined && answer !== undefined) answer = onAnswer(request, answer)
    }
    return answer
  }

  #honestAnswer(request: GetBlocks): BlocksAnswer {
    const { application, core } = this
    return answerGetBlocks(request, {
      uncommitted: (hash) => core.uncommitted(hash),
      certificateOf: (hash) => core.certificateOf(hash),
      executedHeight: application.height,
      executedAt: (height) => application.blockAt(height),
    })
  }

  get #nowMs(): number {
    const { clockDriftPpm = 0, clockSkewMs = 0 } = this.#options
    const { nowMs } = this.#cluster.scheduler
    if (clockDriftPpm === 0) return nowMs + clockSkewMs
    return nowMs + clockSkewMs + Math.floor(((nowMs - GENESIS_TIME_MS) * clockDriftPpm) / 1_000_000)
  }

  #carryOut(effect: Effect): void {
    this.#cluster.observe(this.index, effect)
    switch (effect.kind) {
      case 'persist':
        if (!this.disk.append(effect.records, { sync: effect.sync }))
          this.#cluster.crash(this.index)
        break
      case 'send': {
        const { to } = effect
        const nodes = 'validator' in to ? this.#nodesOfMember(to.validator) : [indexOfPeer(to.peer)]
        this.#emit(effect.message, nodes)
        break
      }
      case 'broadcast':
        this.#emit(effect.message, this.#hearersOf(effect.message))
        break
      case 'setTimer':
        this.#setTimer(effect.timerId, effect.atMs)
        break
      case 'cancelTimer':
        this.#timers.delete(effect.timerId)
        break
      case 'buildPayload':
        this.#buildPayload(effect)
        break
      case 'checkPayload':
        this.#later(0, (nowMs) => ({
          kind: 'payloadChecked',
          nowMs,
          blockHash: effect.blockHash,
          ok: isValidPayload(effect.block),
        }))
        break
      case 'fetchBlocks':
        this.#fetch(effect)
        break
      case 'commit':
        if (this.isHonest) this.#watchCommit(effect)
        this.#committedHeight += BigInt(effect.blocks.length)
        this.application.enqueue(effect.blocks, effect.proof)
        this.#execute()
        break
      case 'sendEpochChange': {
        const epochChange = answerEpochChange(effect.fromEpoch, this.#epochSource)
        this.#emit({ kind: 'epochChange', epochChange }, [indexOfPeer(effect.peer)])
        break
      }
      case 'enterEpoch': {
        const { selfIndex, validatorSet } = effect
        this.#enter(validatorSet)
        if (!this.isHonest) break
        const { epochs } = this.#cluster
        this.#cluster.watch(() => epochs.onEnter(this.validator, validatorSet, selfIndex))
        break
      }
      case 'enterView':
      case 'report':
        break
      case 'alarm':
        this.#cluster.alarms.push({ node: this.index, alarm: effect })
        break
      case 'halt':
        this.#halt = effect
        if (this.isHonest && !this.#cluster.toleratesHalts) {
          throw new PropertyViolation(`node ${this.index} halts: ${effect.code} ${effect.message}`)
        }
        break
      default:
        unreachable(effect)
    }
  }

  #emit(message: ConsensusMessage, recipients: readonly number[]): void {
    this.#watchMessage(message)
    for (const to of recipients) {
      if (to !== this.index) this.#cluster.deliver(this.index, to, message)
    }
  }

  #watchMessage(message: ConsensusMessage): void {
    const { certificates, epochs, tails } = this.#cluster
    this.#cluster.watch(() => certificates.onMessage(message))
    if (tails !== undefined) this.#cluster.watch(() => tails.onMessage(message))
    if (!this.isHonest) return
    const vote = message.kind === 'timeout' ? message.timeout.vote : undefined
    const signed = signedIn(message)
    this.#cluster.watch(() => {
      if (signed !== undefined) epochs.onSigner(this.validator, signed.epoch, signed.signer)
      if (message.kind === 'vote') tails?.onVote(message.vote)
      if (vote !== undefined) tails?.onVote(vote)
    })
    this.#cluster.watch(() =>
      this.oracle.onLeaving(message, this.#log, (hash) => this.#blockOf(hash)),
    )
  }

  #watchCommit({ blocks, proof }: Extract<Effect, { kind: 'commit' }>): void {
    const { certificates, commits, epochs, evidence } = this.#cluster
    const above = this.#committedHeight
    this.#cluster.watch(() => commits.onCommit(this.index, blocks, { proof, above }))
    for (const { blockHash, context } of blocks) {
      const { height, misbehavior } = context
      this.#cluster.watch(() => certificates.onCommitted(this.index, height, blockHash))
      this.#cluster.watch(() => evidence.onMisbehavior(height, misbehavior))
    }
    this.#cluster.watch(() => epochs.onCommit(blocks))
    this.#cluster.watch(() => certificates.onQC(proof.qc))
  }

  get #epochSource(): EpochSource {
    const { application, core } = this
    return {
      height: application.height,
      ...(application.base === undefined ? {} : { base: application.base }),
      blockAt: (height) => application.blockAt(height),
      commitProofAt: (height) => application.commitProofAt(height),
      validatorSetOf: (epoch) => application.validatorSetOf(epoch),
      epochChange: (epoch) => core.epochChange(epoch),
    }
  }

  #nodesOfMember(position: number): number[] {
    const validator = validatorAt(this.#set, position)
    return validator === undefined ? [] : this.#cluster.nodesOf(validator)
  }

  /** Timeouts go over the channels of validators, all else by gossip. */
  #hearersOf({ kind }: ConsensusMessage): number[] {
    if (kind !== 'timeout') return this.#cluster.indexesBut(this.index)
    return [...this.#set.validators.keys()].flatMap((position) => this.#nodesOfMember(position))
  }

  #blockOf(hash: Hash): ReturnType<ConsensusCore['uncommitted']> {
    return this.#core?.uncommitted(hash)
  }

  #setTimer(timerId: TimerId, atMs: number): void {
    this.#timerToken += 1
    const token = this.#timerToken
    this.#timers.set(timerId, token)
    const life = this.#life
    // A drifting clock reaches the deadline a little early or late; an early one is set again by the core.
    this.#cluster.scheduler.after(atMs - this.#nowMs, () => {
      if (life !== this.#life || this.#timers.get(timerId) !== token) return
      this.#timers.delete(timerId)
      this.step({ kind: 'timerFired', nowMs: this.#nowMs, timerId })
    })
  }

  #buildPayload(effect: Extract<Effect, { kind: 'buildPayload' }>): void {
    const hasWork = !effect.mustBeEmpty && this.#cluster.hasWork(effect.height)
    const payload: Payload = {
      // The view makes blocks of one height different.
      actions: hasWork ? [uintToBytes((effect.height << 24n) | effect.view, 8)] : [],
      evm: [],
      evidence: [],
    }
    const delayMs = hasWork ? 0 : Math.max(0, effect.emptyAllowedAtMs - this.#nowMs)
    this.#later(delayMs, (nowMs) => ({ kind: 'payloadBuilt', nowMs, view: effect.view, payload }))
  }

  #fetch({ request, requestId, validators }: Extract<Effect, { kind: 'fetchBlocks' }>): void {
    const [validator] = validators
    const to = validator === undefined ? undefined : this.#nodesOfMember(validator)[0]
    const life = this.#life
    let isAnswered = false
    this.#cluster.scheduler.after(FETCH_TIMEOUT_MS, () => {
      if (life !== this.#life || isAnswered) return
      isAnswered = true
      this.step({ kind: 'fetchFailed', nowMs: this.#nowMs, requestId })
    })
    if (to === undefined) return
    this.#cluster.request(this.index, to, request, ({ blocks, qc }) => {
      if (life !== this.#life || isAnswered) return
      isAnswered = true
      this.step({
        kind: 'blocksFetched',
        nowMs: this.#nowMs,
        requestId,
        from: peerIdOf(to),
        blocks,
        ...(qc === undefined ? {} : { qc }),
      })
    })
  }

  #execute(): void {
    if (this.#isExecuting || this.application.isIdle) return
    this.#isExecuting = true
    const life = this.#life
    this.#cluster.scheduler.after(this.#options.executionMs ?? this.#cluster.executionMs, () => {
      if (life !== this.#life) return
      this.#isExecuting = false
      const result = this.application.executeNext()
      if (result === undefined) return
      if (this.isHonest) this.#cluster.onExecuted(this.index, result.height, result.stateRoot)
      this.#snapshots?.onExecuted(result.height, () => this.core.reputationAt(result.height))
      this.step({ kind: 'executed', nowMs: this.#nowMs, ...result })
      if (life === this.#life && this.isUp) this.#execute()
    })
  }

  /** Feeds an input back after a while, unless the node dies before. */
  #later(delayMs: number, input: (nowMs: number) => ConsensusInput): void {
    const life = this.#life
    this.#cluster.scheduler.after(delayMs, () => {
      if (life === this.#life) this.step(input(this.#nowMs))
    })
  }

  #world(): World {
    const cluster = this.#cluster
    const { chain, schemes } = cluster
    const set = (): ValidatorSet => this.#set
    const position = (): number => this.#position
    const sendAfter = (delayMs: number, to: number, message: ConsensusMessage): void => {
      cluster.watch(() => {
        cluster.certificates.onMessage(message)
        cluster.tails?.onMessage(message)
      })
      cluster.scheduler.after(delayMs, () => cluster.deliver(this.index, to, message))
    }
    return {
      node: this.index,
      validator: this.validator,
      get set() {
        return set()
      },
      get position() {
        return position()
      },
      nodeCount: cluster.nodes.length,
      chain,
      schemes,
      prng: this.#prng,
      highTip: cluster.params.highTip,
      nowMs: () => this.#nowMs,
      send: (to, message) => sendAfter(0, to, message),
      sendAfter,
      stateRootAt: (height) => this.application.stateRootAt(height),
    }
  }

  /** A write that was under way may have reached the disk in part. */
  #crashAt(effect: Effect): void {
    if (effect.kind === 'persist') this.disk.append(effect.records, { sync: false })
    this.#cluster.crash(this.index)
  }

  /**
   * What was not said any more. A block among it may be on disk, and whoever has a quorum of the stake alone may have
   * certified it in the same step: the others get it without its proposal.
   */
  #dieSilent(effects: readonly Effect[]): void {
    for (const effect of effects) {
      if (effect.kind !== 'broadcast' || effect.message.kind !== 'proposal') continue
      this.#cluster.certificates.onMade(effect.message.proposal.block)
    }
  }
}

interface NodeSetup {
  readonly validator: number
  readonly isTwin: boolean
  readonly options: NodeOptions
  readonly prng: Prng
}

/** Under whose name a message stands; a proposal's leader is in its block. */
function signedIn(
  message: ConsensusMessage,
): { readonly epoch: Epoch; readonly signer: number } | undefined {
  switch (message.kind) {
    case 'vote':
      return message.vote
    case 'timeout':
      return message.timeout
    case 'noEndorse':
      return message.noEndorse
    default:
      return undefined
  }
}
