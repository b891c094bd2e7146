import type {
  ConsensusCore,
  ConsensusInput,
  Effect,
  Election,
  SafetyData,
  TimerId,
} from '@openliquid/consensus'
import type { SignatureScheme } from '@openliquid/crypto'
import {
  assert,
  type Block,
  type ConsensusMessage,
  equalBytes,
  type Hash,
  type Misbehavior,
  type Proposal,
  type TimeoutVote,
  unreachable,
  type Vote,
} from '@openliquid/primitives'
import type { DurableLog } from '../durableLog.ts'
import { PropertyViolation } from '../monitors.ts'
import { SignatureOracle } from '../signatureOracle.ts'
import type { CoreModule } from '../simulatedNode.ts'
import { isValidPayload, VirtualApplication } from '../virtualApplication.ts'
import { DEFAULT_PARAMS, GENESIS_TIME_MS, type VirtualChain } from '../virtualChain.ts'

interface ScopeNodeOptions {
  readonly chain: VirtualChain
  readonly schemes: { readonly scheme: SignatureScheme; readonly nodeScheme: SignatureScheme }
  readonly coreModule: CoreModule
  /** Position among the nodes; twins have one validator and two positions. */
  readonly index: number
  readonly validator: number
  readonly election: Election
  readonly isHonest: boolean
  /** Tail-fork resistance, §12. */
  readonly highTip?: boolean
  /** Of all that is remembered: no block brings evidence. See `ALL_CONVICTED`. */
  readonly convicted: readonly Misbehavior[]
  /** Finds any block that was ever proposed: whether one must be fetched decides nothing. */
  readonly blockOf: (hash: Hash) => Block | undefined
}

/** What a step wants from the outside; everything else is done inside, at once. */
export type ScopeEffect =
  | Extract<Effect, { kind: 'send' | 'broadcast' | 'commit' }>
  /** A payload is asked for. */
  | { readonly kind: 'build'; readonly view: bigint }

/**
 * One node of an exhaustive run: the real core without disk and clock. Execution takes no time, payloads differ by
 * view and node, timers fire when they are told to.
 */
export class ScopeNode {
  readonly index: number
  readonly validator: number
  readonly core: ConsensusCore
  /** All that was signed, in order. */
  readonly said: {
    readonly votes: Vote[]
    readonly timeouts: TimeoutVote[]
    readonly proposals: Proposal[]
  } = {
    votes: [],
    timeouts: [],
    proposals: [],
  }
  readonly timers: Map<TimerId, number> = new Map()
  readonly #application: VirtualApplication
  readonly isHonest: boolean
  /** On a chain with tail-fork resistance, §12. */
  readonly hasTips: boolean
  /** Of the newest input. */
  nowMs = 0
  /** Timeouts that have arrived here. */
  readonly heard: WeakSet<object> = new WeakSet()
  readonly #blockOf: ScopeNodeOptions['blockOf']
  readonly #oracle: SignatureOracle
  readonly #log = new SyncedLog()
  #view = 0n

  constructor({
    chain,
    schemes,
    coreModule,
    index,
    validator,
    election,
    blockOf,
    isHonest,
    convicted,
    highTip = false,
  }: ScopeNodeOptions) {
    this.index = index
    this.validator = validator
    this.isHonest = isHonest
    this.hasTips = highTip
    this.#blockOf = blockOf
    this.#oracle = new SignatureOracle(index, { highTip })
    this.#application = new VirtualApplication(chain.genesis, { set: chain.set })
    const keys = chain.keys[validator]
    assert(keys !== undefined, 'the node has keys')
    const { genesis } = chain
    this.core = new coreModule.ConsensusCore({
      context: chain.context,
      genesis,
      validatorSet: chain.set,
      params: { ...DEFAULT_PARAMS, highTip },
      ...schemes,
      self: { index: validator, ...keys },
      election,
      recovered: {
        recent: [genesis],
        blocksAbove: [],
        certificates: [],
        stateRoots: [{ height: 0n, stateRoot: genesis.header.stateRoot }],
        misbehaviors: convicted,
      },
    })
  }

  /** Asked for at every step: as it told us. */
  get view(): bigint {
    return this.#view
  }

  get highQCView(): bigint {
    return this.core.highQC.view
  }

  get committedHeight(): bigint {
    return this.core.status.committedHeight
  }

  /** Takes an input; execution and its consequences follow at once. */
  step(input: ConsensusInput): ScopeEffect[] {
    this.nowMs = input.nowMs
    const outside: ScopeEffect[] = []
    const inputs = [input]
    for (let next = inputs.shift(); next !== undefined; next = inputs.shift()) {
      for (const effect of this.core.step(next))
        this.#carryOut(effect, { inputs, outside, nowMs: next.nowMs })
    }
    return outside
  }

  #carryOut(
    effect: Effect,
    {
      inputs,
      outside,
      nowMs,
    }: {
      readonly inputs: ConsensusInput[]
      readonly outside: ScopeEffect[]
      readonly nowMs: number
    },
  ): void {
    switch (effect.kind) {
      case 'persist':
        this.#log.append(effect, this.core)
        if (effect.sync) this.#remember()
        break
      case 'send':
      case 'broadcast':
        this.#watch(effect.message)
        outside.push(effect)
        break
      case 'fetchBlocks':
        inputs.push(this.#fetched(effect, nowMs))
        break
      case 'setTimer':
        this.timers.set(effect.timerId, effect.atMs)
        break
      case 'cancelTimer':
        this.timers.delete(effect.timerId)
        break
      case 'buildPayload':
        outside.push({ kind: 'build', view: effect.view })
        break
      case 'checkPayload': {
        const { block, blockHash } = effect
        inputs.push({ kind: 'payloadChecked', nowMs, blockHash, ok: isValidPayload(block) })
        break
      }
      case 'commit':
        outside.push(effect)
        this.#execute(effect, inputs, nowMs)
        break
      case 'halt':
        if (this.isHonest) {
          throw new PropertyViolation(`node ${this.index} halts: ${effect.code} ${effect.message}`)
        }
        break
      case 'enterView':
        this.#view = effect.view
        break
      case 'alarm':
      case 'enterEpoch':
      case 'report':
      case 'sendEpochChange':
        break
      default:
        unreachable(effect)
    }
  }

  /** A leader's vote for itself is in no message. */
  #remember(): void {
    const { lastTimeout, lastVote } = this.core.safety ?? {}
    const { timeouts, votes } = this.said
    if (lastVote !== undefined && votes.at(-1) !== lastVote) votes.push(lastVote)
    if (lastTimeout !== undefined && timeouts.at(-1) !== lastTimeout) timeouts.push(lastTimeout)
  }

  #watch(message: ConsensusMessage): void {
    if (message.kind === 'proposal') this.said.proposals.push(message.proposal)

    if (!this.isHonest) return
    this.#oracle.onLeaving(message, this.#log, (hash) => this.core.uncommitted(hash))
  }

  #fetched(
    { request, requestId }: Extract<Effect, { kind: 'fetchBlocks' }>,
    nowMs: number,
  ): ConsensusInput {
    const blocks: Block[] = []
    let at = request.toHash === undefined ? undefined : this.#blockOf(request.toHash)
    while (at !== undefined && at.header.height >= request.fromHeight) {
      blocks.unshift(at)
      at = this.#blockOf(at.header.parentHash)
    }
    if (blocks.length === 0) return { kind: 'fetchFailed', nowMs, requestId }
    return { kind: 'blocksFetched', nowMs, requestId, from: 'anyone', blocks }
  }

  #execute(
    { blocks, proof }: Extract<Effect, { kind: 'commit' }>,
    inputs: ConsensusInput[],
    nowMs: number,
  ): void {
    this.#application.enqueue(blocks, proof)
    for (;;) {
      const result = this.#application.executeNext()
      if (result === undefined) return
      inputs.push({ kind: 'executed', nowMs, ...result })
    }
  }
}

/**
 * What a node has synced, as its core says and not as the records do, which are not even encoded: their contents are
 * for runs with a disk to judge.
 */
class SyncedLog implements DurableLog {
  #safety: SafetyData | undefined
  readonly #blocks = new Set<Hash>()

  append({ records, sync }: Extract<Effect, { kind: 'persist' }>, core: ConsensusCore): void {
    if (!sync) return
    if (records.some(({ kind }) => kind === 'safety')) this.#safety = core.safety
    if (!records.some(({ kind }) => kind === 'block')) return
    for (const { blockHash, isLogged } of core.blocks) if (isLogged) this.#blocks.add(blockHash)
  }

  get marks(): SafetyData | undefined {
    return this.#safety
  }

  get safety(): SafetyData | undefined {
    return this.#safety
  }

  hasBlock(hash: Hash): boolean {
    if (this.#blocks.has(hash)) return true
    for (const block of this.#blocks) if (equalBytes(block, hash)) return true
    return false
  }
}

/** Convicted of all that a chain remembers: blocks would else differ by what their makers happen to have seen. */
function convictionsOf(validator: number): Misbehavior[] {
  return (['duplicateVote', 'lockRegression', 'conflictingTimeouts'] as const).flatMap((kind) =>
    [1n, 2n, 3n, 4n, 5n, 6n, 7n, 8n].map((view) => ({
      kind,
      validator,
      epoch: 1n,
      view: 1_000_000n + view,
    })),
  )
}

/** Enough where nobody else breaks a rule. */
export const FAULTY_CONVICTED: readonly Misbehavior[] = convictionsOf(0)
/** Where states are merged a replica may remember another past than its peers have, in which they voted otherwise. */
export const ALL_CONVICTED: readonly Misbehavior[] = [0, 1, 2, 3].flatMap(convictionsOf)

/** Virtual time between views: more than all that happens in one takes. */
const VIEW_MS = 1_000_001

/** Time at which a view begins: the block of a view is the same whenever its leader comes to make it. */
export function timeOf(view: bigint): number {
  return GENESIS_TIME_MS + VIEW_MS * Number(view)
}
