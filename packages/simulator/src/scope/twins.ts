import { ConsensusCore, recoverState, type TimerId } from '@openliquid/consensus'
import {
  assert,
  type Block,
  blockHash,
  bytesToHex,
  type ConsensusMessage,
  type Hash,
  type Hex,
  type QuorumCertificate,
  unreachable,
  type View,
} from '@openliquid/primitives'
import { padTo64 } from '../cluster.ts'
import { refuteCommitProof } from '../commitProofChecker.ts'
import { PropertyViolation } from '../monitors.ts'
import type { CoreModule } from '../simulatedNode.ts'
import { createChain, type VirtualChain } from '../virtualChain.ts'
import { Automaton, type ScopeInput, SingleRun, type Steps } from './automaton.ts'
import { exclusiveOrScheme } from './exclusiveOrScheme.ts'
import { type ScopeEffect, ScopeNode, timeOf } from './scopeNode.ts'
import {
  AS_IS,
  areOnOneBranch,
  BlockNames,
  messageText,
  type NamedBlock,
  type NodeState,
  nameOf,
  type Renaming,
  stateOf,
  stateText,
} from './stateText.ts'
import { wholeCommitteeScheme } from './wholeCommitteeScheme.ts'

/** Validators, and nodes: the last node has the keys of validator 0 as well. */
const VALIDATORS = 4
const NODES = 5
/** Splits of the nodes into at most two sides. */
const SPLITS = 16
/** Leads views that are not to be played yet. */
const NOBODY = -1
/** Deliveries in one view: messages of five nodes and their answers are far fewer. */
const DELIVERIES_MAX = 10_000

type ClusterSchemes = Parameters<typeof createChain>[1]

const REAL_CORE: CoreModule = { ConsensusCore, recoverState }
const STAKES = [1n, 1n, 1n, 1n]
const nodeScheme = padTo64(exclusiveOrScheme)
const PLAIN_SCHEMES: ClusterSchemes = { scheme: exclusiveOrScheme, nodeScheme }
const PLAIN_CHAIN = createChain(STAKES, PLAIN_SCHEMES)
/** In a search, what is certified is the same however the votes came together. */
const SEARCH_SCHEMES: ClusterSchemes = { scheme: wholeCommitteeScheme(VALIDATORS, 3), nodeScheme }
const SEARCH_CHAIN = createChain(STAKES, SEARCH_SCHEMES)

/** One view of a scenario. */
export interface TwinsChoice {
  /** Bit i: node i is on the second side while this view is played. */
  readonly sides: number
  /** Who leads the view after it. */
  readonly nextLeader: number
}

/** A scenario, or the beginning of one. */
export interface TwinsScenario {
  readonly firstLeader: number
  readonly views: readonly TwinsChoice[]
}

/** What one layer of the search came to. */
export interface TwinsLayer {
  readonly view: number
  /** Views that were played: one per state of the layer before and choice that is not symmetric to another. */
  readonly played: number
  /** States that differ, after renaming. */
  readonly states: number
  /** Scenarios of this length that the states stand for: 64 choices in each view, and who leads the first. */
  readonly scenarios: bigint
}

/** A message, once for all the paths it occurs on. */
interface KnownMessage {
  readonly key: string
  readonly message: ConsensusMessage
  readonly view: View
  /** What certificates inside say: a block certified in a view, and the block whose commit that proves. */
  readonly certified: readonly {
    readonly view: View
    readonly block: NamedBlock
    readonly proven: NamedBlock | undefined
  }[]
}

interface Delivery {
  readonly to: number
  readonly view: View
  /** Sender; absent for a node's own payload. */
  readonly from: number | undefined
  readonly known: KnownMessage | undefined
}

/** All nodes between two views. */
interface Global {
  readonly locals: readonly number[]
  /** What belongs to the next view, in order of sending. */
  readonly held: readonly Delivery[]
  /** Who leads view i + 1. */
  readonly leaders: readonly number[]
  /** Highest block that a certificate proves committed. */
  readonly proven: NamedBlock
  /** What is certified, by view. */
  readonly certified: ReadonlyMap<View, NamedBlock>
}

/** What all nodes of a run share: the chain, and every block and message that was ever sent. */
class TwinsWorld {
  readonly names: BlockNames
  readonly genesis: NamedBlock
  readonly #chain: VirtualChain
  readonly #coreModule: CoreModule
  readonly #schemes: ClusterSchemes
  readonly #blocks = new Map<Hex, Block>()
  readonly #messages = new Map<string, KnownMessage>()
  readonly #seen = new WeakMap<ConsensusMessage, KnownMessage>()

  constructor(coreModule: CoreModule, schemes: ClusterSchemes, chain: VirtualChain) {
    this.#coreModule = coreModule
    this.#schemes = schemes
    this.#chain = chain
    this.names = new BlockNames(chain.genesis.header)
    this.genesis = this.blockNamed(blockHash(chain.genesis.header))
  }

  makeNode(index: number, leaders: { readonly current: readonly number[] }): ScopeNode {
    const validator = index % VALIDATORS
    return new ScopeNode({
      chain: this.#chain,
      schemes: this.#schemes,
      coreModule: this.#coreModule,
      index,
      validator,
      isHonest: validator !== 0,
      election: { leader: (_epoch, view) => leaders.current[Number(view) - 1] ?? NOBODY },
      blockOf: (hash) => this.#blocks.get(bytesToHex(hash)),
    })
  }

  /** Learns of proposals before anybody is asked for a state that holds them. */
  see(effects: readonly ScopeEffect[], sender: number): void {
    for (const effect of effects) {
      if (effect.kind !== 'broadcast' || effect.message.kind !== 'proposal') continue
      const { block } = effect.message.proposal
      this.#blocks.set(bytesToHex(blockHash(block.header)), block)
      this.names.add(block.header, sender)
    }
  }

  /** One object for all messages that say the same. */
  register(message: ConsensusMessage): KnownMessage {
    const seen = this.#seen.get(message)
    if (seen !== undefined) return seen
    const key = messageText(message, this.names, AS_IS)
    const known = this.#messages.get(key) ?? {
      key,
      message,
      view: viewOf(message),
      certified: qcsIn(message).flatMap((qc) => this.#certifiedBy(qc)),
    }
    this.#messages.set(key, known)
    this.#seen.set(message, known)
    return known
  }

  blockNamed(hash: Hash): NamedBlock {
    const block = this.names.of(hash)
    if (block === undefined) {
      throw new PropertyViolation('M5: a block is committed that nobody proposed')
    }
    return block
  }

  /** M3 for a commit that a node made. */
  checkProof({ proof }: Extract<ScopeEffect, { kind: 'commit' }>, node: number): void {
    const { context, set } = this.#chain
    const refusal = refuteCommitProof(proof, { context, set, scheme: this.#schemes.scheme })
    if (refusal !== undefined) throw new PropertyViolation(`M3: node ${node}: ${refusal}`)
  }

  /** Everybody is in view 1; whoever leads it asks for a payload when the view is played. */
  start(firstLeader: number): Global {
    const locals = Array.from({ length: NODES }, () => 0)
    return { locals, held: [], leaders: [firstLeader], proven: this.genesis, certified: new Map() }
  }

  #certifiedBy(qc: QuorumCertificate): KnownMessage['certified'] {
    const block = this.names.of(qc.blockHash)
    if (qc.view === 0n || block === undefined) return []
    const { parent } = block
    const isPair = parent !== undefined && parent.view > 0n && parent.view + 1n === qc.view
    return [{ view: qc.view, block, proven: isPair ? parent : undefined }]
  }
}

/** Plays one scenario on cores of its own, nothing remembered. @throws {PropertyViolation} a property is broken */
export function playTwins(
  { firstLeader, views }: TwinsScenario,
  coreModule: CoreModule = REAL_CORE,
): void {
  const world = new TwinsWorld(coreModule, PLAIN_SCHEMES, PLAIN_CHAIN)
  const nodes = Array.from(
    { length: NODES },
    (_, index) =>
      new SingleRun(
        (leaders) => world.makeNode(index, leaders),
        (effects) => world.see(effects, index),
      ),
  )
  let global = world.start(firstLeader)
  for (const choice of views) global = new PlayedView(world, nodes, global, choice).play()
}

/**
 * Twins: four validators, one of them as two nodes that know nothing of each other, in lockstep. In each view a given
 * validator leads and the nodes are split in two; messages of the view stay on their side. Within a view everything is
 * delivered in order of sending; timers fire when no node can go on without, and when that does not help either, the
 * split ends and what was said is said again. Blocks are fetched across the split.
 *
 * @see docs/spec/consensus.md §11.4
 */
export class Twins {
  readonly #automata: readonly Automaton<NodeState>[]
  readonly #world: TwinsWorld
  /** Texts of local states by renaming and lowest view. */
  readonly #texts = new Map<string, string>()
  /** Views played. */
  played = 0

  constructor(coreModule: CoreModule = REAL_CORE) {
    const world = new TwinsWorld(coreModule, SEARCH_SCHEMES, SEARCH_CHAIN)
    this.#world = world
    this.#automata = Array.from(
      { length: NODES },
      (_, index) =>
        new Automaton<NodeState>({
          make: (leaders) => world.makeNode(index, leaders),
          onEffects: (effects) => world.see(effects, index),
          stateOf: (node) => {
            const state = stateOf(node, world.names)
            return { state, text: stateText(state, AS_IS, state.view - 1n) }
          },
        }),
    )
  }

  /** Local states met, and steps of real cores they took. */
  get counts(): { readonly localStates: number; readonly coreSteps: number } {
    return {
      localStates: this.#automata.reduce((sum, { states }) => sum + states.length, 0),
      coreSteps: this.#automata.reduce((sum, { coreSteps }) => sum + coreSteps, 0),
    }
  }

  /**
   * Every scenario of so many views: all leaders and all splits in each. States that are the same, up to the names of
   * the nodes, are played on once; of choices that a symmetry of the state exchanges, one is played.
   *
   * @throws {PropertyViolation} a property is broken; the message ends with the scenario
   */
  exhaust(viewCount: number, onLayer: (layer: TwinsLayer) => void = () => undefined): TwinsLayer[] {
    const layers: TwinsLayer[] = []
    // Validator 0 has the twin; the other three are alike at the start.
    let frontier: Branch[] = [0, 1].map((firstLeader) => ({
      global: this.#world.start(firstLeader),
      scenario: { firstLeader, views: [] },
      weight: firstLeader === 0 ? 1n : 3n,
      symmetries: RENAMINGS.filter(({ validator }) => validator(firstLeader) === firstLeader),
    }))
    for (let view = 1; view <= viewCount; view++) {
      const next = new Map<string, Branch>()
      const before = this.played
      for (const branch of frontier) {
        for (const [choice, count] of choicesUpTo(branch.symmetries)) {
          this.#extend(branch, { choice, count, next })
        }
      }
      frontier = [...next.values()]
      let scenarios = 0n
      for (const { weight } of frontier) scenarios += weight
      const layer = { view, played: this.played - before, states: next.size, scenarios }
      layers.push(layer)
      onLayer(layer)
    }
    return layers
  }

  #extend(
    branch: Branch,
    {
      choice,
      count,
      next,
    }: { readonly choice: TwinsChoice; readonly count: number; readonly next: Map<string, Branch> },
  ): void {
    const { firstLeader, views } = branch.scenario
    const scenario = { firstLeader, views: [...views, choice] }
    let global: Global
    try {
      global = this.#playView(branch.global, choice)
    } catch (error) {
      if (!(error instanceof Error)) throw error
      const text = `${error.message}; scenario ${JSON.stringify(scenario)}`
      throw new PropertyViolation(text, { cause: error })
    }
    const weight = branch.weight * BigInt(count)
    const texts = RENAMINGS.map((renaming) => this.#textOf(global, renaming))
    const key = texts.reduce((least, one) => (one < least ? one : least))
    const known = next.get(key)
    if (known === undefined) {
      const symmetries = RENAMINGS.filter((_, i) => texts[i] === texts[0])
      next.set(key, { global, scenario, weight, symmetries })
    } else known.weight += weight
  }

  #playView(global: Global, choice: TwinsChoice): Global {
    this.played += 1
    return new PlayedView(this.#world, this.#automata, global, choice).play()
  }

  #textOf(global: Global, renaming: Renaming & { readonly id: number }): string {
    const states = global.locals.map(
      (id, node) => (this.#automata[node] as Automaton<NodeState>).at(id).state,
    )
    const lowest = states.reduce((least, { view }) => (view < least ? view : least), 999n)
    const nodes: string[] = []
    for (const [node, id] of global.locals.entries()) {
      const waiting: string[] = []
      for (const { from, known, to } of global.held) {
        if (to !== node) continue
        const sender = from === undefined ? '' : renaming.node(from)
        waiting.push(known === undefined ? 'b' : `${sender}${this.#messageText(known, renaming)}`)
      }
      nodes[renaming.node(node)] =
        `${this.#localText(node, id, renaming, lowest)};${waiting.join()}`
    }
    const leaders = global.leaders.slice(Number(lowest) - 1).map(renaming.validator)
    return `${leaders.join('')}!${nameOf(global.proven, renaming)}!${nodes.join('!')}`
  }

  #localText(
    node: number,
    id: number,
    renaming: Renaming & { readonly id: number },
    lowest: View,
  ): string {
    const key = `${node},${id},${renaming.id},${lowest}`
    const known = this.#texts.get(key)
    if (known !== undefined) return known
    const { state } = (this.#automata[node] as Automaton<NodeState>).at(id)
    const text = shortOf(stateText(state, renaming, lowest))
    this.#texts.set(key, text)
    return text
  }

  #messageText(
    { key, message }: KnownMessage,
    renaming: Renaming & { readonly id: number },
  ): string {
    const full = `${renaming.id}${key}`
    const known = this.#texts.get(full)
    if (known !== undefined) return known
    const text = shortOf(messageText(message, this.#world.names, renaming))
    this.#texts.set(full, text)
    return text
  }
}

/** What a view is played by. */
interface Known {
  readonly view: View
  readonly highQC: { readonly view: View } | undefined
}

/** One view being played. */
class PlayedView {
  readonly #world: TwinsWorld
  readonly #nodes: readonly Steps<Known>[]
  readonly #locals: number[]
  readonly #leaders: readonly number[]
  readonly #view: View
  #sides: number
  #newsCrosses = false
  #queue: Delivery[]
  #held: Delivery[] = []
  #proven: NamedBlock
  readonly #certified: Map<View, NamedBlock>

  constructor(
    world: TwinsWorld,
    nodes: readonly Steps<Known>[],
    global: Global,
    { sides, nextLeader }: TwinsChoice,
  ) {
    this.#world = world
    this.#nodes = nodes
    this.#locals = [...global.locals]
    this.#view = BigInt(global.leaders.length)
    this.#leaders = [...global.leaders, nextLeader]
    this.#sides = sides
    this.#queue = [...global.held]
    this.#proven = global.proven
    this.#certified = new Map(global.certified)
  }

  play(): Global {
    if (this.#view === 1n) this.#askFirstLeader()
    this.#drain()
    this.#goOn()
    this.#fetchStragglers()
    const lowest = this.#locals.reduce(
      (least, _, node) => (this.#viewOf(node) < least ? this.#viewOf(node) : least),
      999n,
    )
    for (const view of this.#certified.keys()) if (view + 1n < lowest) this.#certified.delete(view)
    return {
      locals: this.#locals,
      held: this.#withoutMoot(),
      leaders: this.#leaders,
      proven: this.#proven,
      certified: this.#certified,
    }
  }

  /** Whoever was left behind gives up the view it is in; others tell it where they are, in the end across the split. */
  #fetchStragglers(): void {
    const isBehind = (node: number): boolean => this.#viewOf(node) < this.#view
    this.#fire('view', isBehind)
    this.#newsCrosses = true
    this.#fire('view', isBehind)
    this.#newsCrosses = false
  }

  #goOn(): void {
    if (this.#hasMoved()) return
    this.#fire('backup')
    if (this.#hasMoved()) return
    this.#fire('view')
    if (this.#hasMoved()) return
    // No side has a quorum: the split ends, and what was said is said again.
    this.#sides = 0
    this.#fire('view')
    assert(this.#hasMoved(), 'a view without a split comes to an end')
  }

  #askFirstLeader(): void {
    for (let node = 0; node < NODES; node++)
      this.#take(node, 'wake', { kind: 'timerFired', timerId: 'hold' }, 1n)
    this.#queue.push(...this.#held)
    this.#held = []
  }

  #at(node: number): ReturnType<Steps<Known>['at']> {
    return (this.#nodes[node] as Steps<Known>).at(this.#locals[node] as number)
  }

  #viewOf(node: number): View {
    return this.#at(node).state.view
  }

  #hasMoved(): boolean {
    for (let node = 0; node < NODES; node++) if (this.#viewOf(node) > this.#view) return true
    return false
  }

  #fire(timerId: TimerId, isMeant: (node: number) => boolean = () => true): void {
    for (let node = 0; node < NODES; node++) {
      if (!isMeant(node)) continue
      const { timers } = this.#at(node)
      if (timers.includes(timerId))
        this.#take(node, timerId, { kind: 'timerFired', timerId }, this.#viewOf(node))
    }
    this.#drain()
  }

  #drain(): void {
    for (let at = 0; at < this.#queue.length; at++) {
      assert(at < DELIVERIES_MAX, 'a view comes to an end')
      const { from, known, to, view } = this.#queue[at] as Delivery
      if (known === undefined) this.#build(to, view)
      else if (from !== undefined && this.#reaches(from, to, known)) {
        const input = {
          kind: 'message' as const,
          nowMs: 0,
          from: `${from}`,
          message: known.message,
        }
        this.#take(to, `${from}${known.key}`, input, view)
      }
    }
    this.#queue = []
  }

  #build(node: number, view: View): void {
    const payload = { actions: [Uint8Array.of(Number(view), node)], evm: [], evidence: [] }
    // The block of a view is the same whenever its leader comes to make it.
    const input = {
      kind: 'payloadBuilt' as const,
      nowMs: 0,
      view,
      payload,
      timestampMs: timeOf(view),
    }
    this.#take(node, `b${view}`, input, view)
  }

  #take(node: number, key: string, input: ScopeInput, view: View): void {
    const steps = this.#nodes[node] as Steps<Known>
    const { effects, to } = steps.step(this.#locals[node] as number, {
      key,
      input,
      view,
      leaders: this.#leaders,
    })
    this.#locals[node] = to
    for (const effect of effects) {
      switch (effect.kind) {
        case 'build':
          this.#route({ to: node, from: undefined, view: this.#viewOf(node), known: undefined })
          break
        case 'broadcast':
          this.#send(node, effect.message, [0, 1, 2, 3, 4])
          break
        case 'send': {
          const { to: recipient } = effect
          if ('peer' in recipient) this.#send(node, effect.message, [Number(recipient.peer)])
          else
            this.#send(
              node,
              effect.message,
              recipient.validator === 0 ? [0, 4] : [recipient.validator],
            )
          break
        }
        case 'commit':
          this.#commit(node, effect)
          break
        default:
          unreachable(effect)
      }
    }
  }

  #send(from: number, message: ConsensusMessage, recipients: readonly number[]): void {
    const known = this.#world.register(message)
    for (const one of known.certified) this.#certify(one)
    for (const to of recipients) if (to !== from) this.#route({ to, from, view: known.view, known })
  }

  #route(delivery: Delivery): void {
    if (delivery.view > this.#view) this.#held.push(delivery)
    else this.#queue.push(delivery)
  }

  #commit(node: number, effect: Extract<ScopeEffect, { kind: 'commit' }>): void {
    if (node % VALIDATORS === 0) return
    this.#world.checkProof(effect, node)
    const last = effect.blocks.at(-1)
    assert(last !== undefined, 'a commit has blocks')
    this.#prove(this.#world.blockNamed(last.blockHash), `M1: node ${node} commits`)
  }

  #certify({ block, proven, view }: KnownMessage['certified'][number]): void {
    const known = this.#certified.get(view)
    if (known !== undefined && known !== block)
      throw new PropertyViolation(`M4: two blocks are certified in view ${view}`)
    this.#certified.set(view, block)
    if (proven !== undefined) this.#prove(proven, `M3: the QC of view ${view} proves`)
  }

  #prove(block: NamedBlock, who: string): void {
    if (!areOnOneBranch(block, this.#proven)) {
      throw new PropertyViolation(`${who} another branch than was proven`)
    }
    if (block.view > this.#proven.view) this.#proven = block
  }

  #reaches(from: number, to: number, { message, view }: KnownMessage): boolean {
    // The splits of earlier views are over.
    if (view < this.#view || (this.#newsCrosses && message.kind === 'advanceView')) return true
    return ((this.#sides >> from) & 1) === ((this.#sides >> to) & 1)
  }

  /** Without news that tells its recipient nothing, or is there twice. */
  #withoutMoot(): Delivery[] {
    const news = new Set<string>()
    return this.#held.filter(({ known, to, view }) => {
      if (known?.message.kind !== 'advanceView') return true
      const { state } = this.#at(to)
      const { highQC } = known.message.advanceView
      if (state.view === view && (state.highQC?.view ?? 0n) >= highQC.view) return false
      const key = `${to}${known.key}`
      if (news.has(key)) return false
      news.add(key)
      return true
    })
  }
}

interface Branch {
  readonly global: Global
  /** The first scenario that led here. */
  readonly scenario: TwinsScenario
  /** Scenarios that lead here. */
  weight: bigint
  /** Renamings that change nothing. */
  readonly symmetries: readonly Renaming[]
}

/** Every renaming of the honest nodes, with the twins as they are or exchanged. */
const RENAMINGS: readonly (Renaming & { readonly id: number })[] = [false, true].flatMap(
  (isSwapped, i) =>
    [
      [1, 2, 3],
      [1, 3, 2],
      [2, 1, 3],
      [2, 3, 1],
      [3, 1, 2],
      [3, 2, 1],
    ].map((order, j) => {
      const map = [isSwapped ? 4 : 0, ...order, isSwapped ? 0 : 4]
      return {
        id: 6 * i + j,
        node: (index: number) => map[index] as number,
        validator: (index: number) => (index === 0 ? 0 : (map[index] as number)),
      }
    }),
)

/** Numbers for long texts. */
const shortTexts = new Map<string, string>()

function shortOf(text: string): string {
  const known = shortTexts.get(text)
  if (known !== undefined) return known
  const short = shortTexts.size.toString(36)
  shortTexts.set(text, short)
  return short
}

/** One of each class of choices that the symmetries exchange, with the size of the class. */
function choicesUpTo(symmetries: readonly Renaming[]): (readonly [TwinsChoice, number])[] {
  const counts = new Map<number, number>()
  for (let leader = 0; leader < VALIDATORS; leader++) {
    for (let split = 0; split < SPLITS; split++) {
      const images = symmetries.map(
        (renaming) =>
          renaming.validator(leader) * SPLITS + (renamedSides(split << 1, renaming) >> 1),
      )
      const least = Math.min(...images)
      counts.set(least, (counts.get(least) ?? 0) + 1)
    }
  }
  return [...counts].map(([choice, count]) => [
    { sides: (choice % SPLITS) << 1, nextLeader: Math.floor(choice / SPLITS) },
    count,
  ])
}

/** The same split with the nodes renamed; the side of node 0 is always the first. */
function renamedSides(sides: number, renaming: Renaming): number {
  let renamed = 0
  for (let node = 0; node < NODES; node++) {
    if (((sides >> node) & 1) === 1) renamed |= 1 << renaming.node(node)
  }
  return (renamed & 1) === 1 ? ~renamed & (2 ** NODES - 1) : renamed
}

function qcsIn(message: ConsensusMessage): QuorumCertificate[] {
  switch (message.kind) {
    case 'proposal': {
      const { block, tc } = message.proposal
      return [block.header.qc, ...(tc === undefined ? [] : [tc.highQC])]
    }
    case 'timeout':
      return [message.timeout.highQC]
    case 'advanceView': {
      const { highQC, tc } = message.advanceView
      return [highQC, ...(tc === undefined ? [] : [tc.highQC])]
    }
    default:
      return []
  }
}

/** The view a message belongs to: that of its sender. */
function viewOf(message: ConsensusMessage): View {
  switch (message.kind) {
    case 'proposal':
      return message.proposal.view
    case 'vote':
      return message.vote.view
    case 'timeout':
      return message.timeout.view
    case 'advanceView': {
      const { highQC, tc } = message.advanceView
      return (tc !== undefined && tc.view > highQC.view ? tc.view : highQC.view) + 1n
    }
    default:
      return 0n
  }
}
