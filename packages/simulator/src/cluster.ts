import { ConsensusCore, type Effect, recoverState } from '@openliquid/consensus'
import type { SignatureScheme } from '@openliquid/crypto'
import { nullScheme } from '@openliquid/crypto/testing'
import {
  assert,
  type BlocksAnswer,
  type ConsensusMessage,
  type ConsensusParams,
  type Epoch,
  type Fault,
  type GetBlocks,
  type Hash,
  type Height,
  type ValidatorInfo,
  type ValidatorSet,
} from '@openliquid/primitives'
import { CertificateMonitor } from './certificateMonitor.ts'
import { EpochMonitor } from './epochMonitor.ts'
import { EvidenceMonitor } from './evidenceMonitor.ts'
import { type Membership, membersOf, stakesAt, validatorAt } from './membership.ts'
import { CommitMonitor, PropertyViolation } from './monitors.ts'
import { Prng } from './prng.ts'
import { Scheduler } from './scheduler.ts'
import { type CoreModule, type NodeOptions, SimulatedNode } from './simulatedNode.ts'
import { TailForkMonitor } from './tailForkMonitor.ts'
import { isValidPayload } from './virtualApplication.ts'
import { createChain, DEFAULT_PARAMS, GENESIS_TIME_MS, type VirtualChain } from './virtualChain.ts'
import { type LinkConditions, VirtualNetwork } from './virtualNetwork.ts'
import type { StateAnswer, StateRequest } from './virtualStateSync.ts'

/** What a simulated cluster is made from. */
export interface ClusterOptions {
  readonly seed: number
  /** One node each; a validator of the first epoch, if more than 0. */
  readonly stakes: readonly bigint[]
  readonly links: LinkConditions
  readonly params?: Partial<ConsensusParams>
  /** Milliseconds to execute a block. */
  readonly executionMs?: number
  /** By index of the node. */
  readonly nodes?: ReadonlyMap<number, NodeOptions>
  /** Validators of which a second node with the same keys runs; those stand behind all others, in this order. */
  readonly twins?: readonly number[]
  /** Whether there is a transaction for a block of this height; always, if absent. */
  readonly hasWork?: (height: Height) => boolean
  /** Who validates next, by height; without it always the same. */
  readonly membership?: Membership
  /** Blocks between snapshots of the state; none are made, if absent. */
  readonly snapshotInterval?: number
  /** Without cryptography, if absent. */
  readonly schemes?: { readonly scheme: SignatureScheme; readonly nodeScheme: SignatureScheme }
  readonly coreModule?: CoreModule
  /** Sees every effect as it is carried out. */
  readonly observe?: (node: number, effect: Effect, nowMs: number) => void
  /** Honest nodes may halt: only where the test is about that. */
  readonly toleratesHalts?: boolean
  /** Takes what the monitors see, and the run goes on; thrown, if absent. Only where the test is about that. */
  readonly onViolation?: (violation: PropertyViolation) => void
}

/** A whole network of validators on one thread, in virtual time. The same options give the same run. */
export class Cluster {
  readonly scheduler: Scheduler = new Scheduler(GENESIS_TIME_MS)
  readonly network: VirtualNetwork
  readonly prng: Prng
  readonly chain: VirtualChain
  readonly params: ConsensusParams
  readonly schemes: { readonly scheme: SignatureScheme; readonly nodeScheme: SignatureScheme }
  readonly coreModule: CoreModule
  readonly executionMs: number
  readonly toleratesHalts: boolean
  readonly commits: CommitMonitor
  readonly certificates: CertificateMonitor
  readonly evidence: EvidenceMonitor
  readonly epochs: EpochMonitor
  readonly membersAt: ((height: Height) => readonly ValidatorInfo[]) | undefined
  readonly snapshotInterval: number | undefined
  /** Only where the chain promises it. */
  readonly tails: TailForkMonitor | undefined
  readonly alarms: {
    readonly node: number
    readonly alarm: Extract<Effect, { kind: 'alarm' }>
  }[] = []
  readonly nodes: readonly SimulatedNode[]
  readonly #hasWork: (height: Height) => boolean
  readonly #observe: NonNullable<ClusterOptions['observe']>
  readonly #onViolation: ClusterOptions['onViolation']
  /** Restart of a crashed node, in milliseconds from its crash. */
  #restartMs: number | undefined

  constructor(options: ClusterOptions) {
    this.prng = new Prng(options.seed)
    this.network = new VirtualNetwork(this.scheduler, this.prng, options.links)
    this.schemes = options.schemes ?? { scheme: nullScheme, nodeScheme: padTo64(nullScheme) }
    this.chain = createChain(options.stakes, this.schemes)
    this.params = { ...DEFAULT_PARAMS, ...options.params }
    this.coreModule = options.coreModule ?? { ConsensusCore, recoverState }
    this.executionMs = options.executionMs ?? 0
    this.toleratesHalts = options.toleratesHalts ?? false
    this.#hasWork = options.hasWork ?? (() => true)
    this.#observe = options.observe ?? (() => undefined)
    this.#onViolation = options.onViolation
    const { candidates, context } = this.chain
    const { membership } = options
    this.membersAt =
      membership === undefined
        ? undefined
        : (height) => membersOf(candidates, stakesAt(membership, height))
    this.snapshotInterval = options.snapshotInterval
    this.epochs = new EpochMonitor(this.chain, membership)
    const setOf = (epoch: Epoch): ValidatorSet | undefined => this.epochs.setOf(epoch)
    this.commits = new CommitMonitor({ context, setOf, scheme: this.schemes.scheme })
    this.tails = this.params.highTip ? new TailForkMonitor(setOf) : undefined
    this.certificates = new CertificateMonitor({
      context,
      setOf,
      genesis: this.chain.genesis,
      scheme: this.schemes.scheme,
      isValidPayload,
    })
    this.evidence = new EvidenceMonitor((position, epoch) => this.#isHonestMember(position, epoch))
    const twins = options.twins ?? []
    const validators = [...options.stakes.keys(), ...twins]
    this.nodes = validators.map(
      (validator, index) =>
        new SimulatedNode(this, index, {
          options: options.nodes?.get(index) ?? {},
          prng: this.prng,
          validator,
          isTwin: twins.includes(validator),
        }),
    )
  }

  start(): void {
    for (const node of this.nodes) {
      const { index, joinsAfterMs } = node
      if (joinsAfterMs === undefined) node.start()
      else this.scheduler.after(joinsAfterMs, () => this.restart(index))
    }
  }

  node(index: number): SimulatedNode {
    const node = this.nodes[index]
    assert(node !== undefined, 'the node exists')
    return node
  }

  /** Lets virtual time pass. */
  runFor(durationMs: number): void {
    const untilMs = this.scheduler.nowMs + durationMs
    while (this.scheduler.runNext(untilMs)) {}
    this.scheduler.advanceTo(untilMs)
  }

  /** Runs until something holds; false if it does not within the time. */
  runUntil(holds: () => boolean, withinMs: number): boolean {
    const untilMs = this.scheduler.nowMs + withinMs
    while (!holds()) if (!this.scheduler.runNext(untilMs)) return holds()
    return true
  }

  /** Least height that all running honest nodes have executed. */
  get executedByAll(): Height {
    let least: Height | undefined
    for (const { application, isHonest, isSyncing, isUp } of this.nodes) {
      if (!isHonest || !(isUp || isSyncing)) continue
      if (least === undefined || application.height < least) least = application.height
    }
    return least ?? 0n
  }

  /** Kills a node; it comes back if restarts are on. */
  crash(index: number): void {
    const node = this.node(index)
    if (!node.isUp) return
    node.crash()
    if (this.#restartMs === undefined) return
    this.scheduler.after(this.#restartMs, () => {
      if (!node.isUp) this.restart(index)
    })
  }

  restart(index: number): void {
    this.node(index).start()
    for (const peer of this.nodes) {
      if (peer.index === index || !peer.isUp) continue
      this.network.carry(index, peer.index, () => peer.meet(index))
    }
  }

  /** From now on crashed nodes restart by themselves. */
  restartCrashedAfter(restartMs: number): void {
    this.#restartMs = restartMs
  }

  heal(): void {
    this.network.heal()
    for (const node of this.nodes) {
      for (const peer of this.nodes) if (peer !== node) node.meet(peer.index)
    }
  }

  deliver(from: number, to: number, message: ConsensusMessage): void {
    this.network.carry(from, to, () => this.node(to).receive(from, message), message)
  }

  request(
    from: number,
    to: number,
    request: GetBlocks,
    onAnswer: (answer: BlocksAnswer) => void,
  ): void {
    this.network.carry(from, to, () => {
      const node = this.node(to)
      if (!node.isUp) return
      const answer = node.answer(request)
      if (answer !== undefined) this.network.carry(to, from, () => onAnswer(answer))
    })
  }

  /** Asks a node for a part of its state, or for what proves it. */
  requestState(
    from: number,
    to: number,
    request: StateRequest,
    onAnswer: (answer: StateAnswer) => void,
  ): void {
    this.network.carry(from, to, () => {
      const answer = this.node(to).answerState(request)
      if (answer !== undefined) this.network.carry(to, from, () => onAnswer(answer))
    })
  }

  /** A node that fetches a state says that another one serves a wrong one. @throws {PropertyViolation} A8 */
  onStateReport(by: number, of: number, { code }: Fault): void {
    this.watch(() => {
      if (!this.node(of).isHonest) return
      throw new PropertyViolation(`A8: node ${by} reports the honest node ${of}: ${code}`)
    })
  }

  /** Nodes with the keys of a member of an epoch. */
  nodesAt(epoch: Epoch, position: number): number[] {
    const set = this.epochs.setOf(epoch)
    const validator = set === undefined ? undefined : validatorAt(set, position)
    return validator === undefined ? [] : this.nodesOf(validator)
  }

  /** Nodes that have a validator's keys. */
  nodesOf(validator: number): number[] {
    return this.nodes.filter((node) => node.validator === validator).map(({ index }) => index)
  }

  /** Whether every node with the validator's keys keeps to the protocol. */
  isHonest(validator: number): boolean {
    return this.nodesOf(validator).every((index) => this.node(index).isHonest)
  }

  #isHonestMember(position: number, epoch: Epoch): boolean {
    return this.nodesAt(epoch, position).every((index) => this.node(index).isHonest)
  }

  indexesBut(index: number): number[] {
    return this.nodes.map((node) => node.index).filter((other) => other !== index)
  }

  observe(node: number, effect: Effect): void {
    this.#observe(node, effect, this.scheduler.nowMs)
  }

  hasWork(height: Height): boolean {
    return this.#hasWork(height)
  }

  onExecuted(node: number, height: Height, stateRoot: Hash): void {
    this.watch(() => this.commits.onExecuted(node, height, stateRoot))
  }

  /** Lets a monitor look at something. */
  watch(look: () => void): void {
    try {
      look()
    } catch (error) {
      if (this.#onViolation === undefined || !(error instanceof PropertyViolation)) throw error
      this.#onViolation(error)
    }
  }
}

/** Proposals carry signatures of exactly 64 bytes: pads those of a scheme with 32. */
export function padTo64(scheme: SignatureScheme): SignatureScheme {
  const pad = (signature: Uint8Array): Uint8Array => {
    const padded = new Uint8Array(64)
    padded.set(signature)
    return padded
  }
  return {
    ...scheme,
    signatureBytes: 64,
    sign: (secretKey, digest) => pad(scheme.sign(secretKey, digest)),
    verify: (publicKey, digest, signature) =>
      signature.length === 64 && scheme.verify(publicKey, digest, signature.slice(0, 32)),
  }
}
