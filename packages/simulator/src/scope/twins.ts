import { PropertyViolation } from '../monitors.ts'
import type { CoreModule } from '../simulatedNode.ts'
import { Automaton, SingleRun } from './automaton.ts'
import {
  AS_IS,
  bindingState,
  messageText,
  type NamedBlock,
  type NodeState,
  nameOf,
  stateOf,
  stateText,
} from './stateText.ts'
import {
  choicesUpTo,
  type NumberedRenaming,
  RENAMINGS,
  TWINS_CHOICES,
  type TwinsChoice,
} from './twinsSymmetry.ts'
import { type Global, playView, startOf } from './twinsView.ts'
import {
  type KnownMessage,
  NODES,
  PLAIN_CHAIN,
  REAL_CORE,
  SEARCH_CHAIN,
  type Speech,
  TwinsWorld,
} from './twinsWorld.ts'

/** Local states of the last layer, by node, between two clearings. */
const LAST_STATES_MAX = 50_000

/** A scenario, or the beginning of one. */
export interface TwinsScenario {
  readonly firstLeader: number
  /** On a chain with tail-fork resistance (§12): to be played by itself only, states are not told apart there. */
  readonly highTip?: boolean
  readonly views: readonly TwinsChoice[]
}

/** What one layer of the search came to. */
export interface TwinsLayer {
  readonly view: number
  /** Views that were played: one per state of the layer before and choice that is not symmetric to another. */
  readonly played: number
  /** States that differ, after renaming; nobody asks in the last layer. */
  readonly states: number | undefined
  /** Scenarios of this length that the states stand for: 64 choices in each view, and who leads the first. */
  readonly scenarios: bigint
}

/** Plays one scenario on cores of its own, nothing remembered. @throws {PropertyViolation} a property is broken */
export function playTwins(
  { firstLeader, highTip = false, views }: TwinsScenario,
  coreModule: CoreModule = REAL_CORE,
): void {
  const world = new TwinsWorld(coreModule, { ...PLAIN_CHAIN, highTip })
  const nodes = Array.from({ length: NODES }, (_, index) => new SingleRun(world.makerOf(index)))
  let global = startOf(world, firstLeader)
  for (const choice of views) global = playView(world, nodes, { global, choice })
}

/**
 * Twins: four validators, one of them as two nodes that know nothing of each other, in lockstep. In each view a given
 * validator leads and the nodes are split in two; messages of the view stay on their side. Blocks are fetched across the
 * split.
 *
 * @see docs/spec/consensus.md §11.4
 */
export class Twins {
  readonly #automata: readonly Automaton<NodeState, Speech>[]
  readonly #world: TwinsWorld
  /** Texts of local states and messages as numbers, by renaming. */
  readonly #texts = new Map<string, number>()
  readonly #numbers = new Map<string, number>()
  readonly #bases = new Map<NamedBlock, number>()
  /** Views played. */
  played = 0

  constructor(coreModule: CoreModule = REAL_CORE) {
    const world = new TwinsWorld(coreModule, SEARCH_CHAIN)
    this.#world = world
    this.#automata = Array.from(
      { length: NODES },
      (_, index) =>
        new Automaton<NodeState, Speech>(world.makerOf(index), (node) => {
          const state = stateOf(node, world.names)
          return { state, text: stateText(state, AS_IS, state.view - 1n) }
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
   * @param share - plays one of so many parts of the last layer only, for as many searches beside each other
   * @throws {PropertyViolation} a property is broken; the message ends with the scenario
   */
  exhaust(
    viewCount: number,
    onLayer: (layer: TwinsLayer) => void = () => undefined,
    share: { readonly part: number; readonly parts: number } = { part: 0, parts: 1 },
  ): TwinsLayer[] {
    const { part, parts } = share
    const layers: TwinsLayer[] = []
    // Validator 0 has the twin; the other three are alike at the start.
    let frontier: Branch[] = [0, 1].map((firstLeader) => ({
      global: startOf(this.#world, firstLeader),
      scenario: { firstLeader, views: [] },
      weight: firstLeader === 0 ? 1n : 3n,
      symmetries: RENAMINGS.filter(({ validator }) => validator(firstLeader) === firstLeader),
    }))
    for (let view = 1; view <= viewCount; view++) {
      const before = this.played
      const next = view < viewCount ? new Map<string, Branch>() : undefined
      const marks = this.#automata.map(({ states }) => states.length)
      let scenarios = 0n
      if (next === undefined) frontier = frontier.filter((_, i) => i % parts === part)
      for (const branch of frontier) {
        for (const [choice, count] of choicesUpTo(branch.symmetries)) {
          const { firstLeader, views } = branch.scenario
          const scenario = { firstLeader, views: [...views, choice] }
          const global = this.#playView(branch.global, choice, scenario)
          const weight = branch.weight * BigInt(count)
          scenarios += weight
          if (next !== undefined) this.#merge({ global, scenario, weight }, next)
        }
        if (next === undefined) this.#forgetFrom(marks)
      }
      frontier = [...(next?.values() ?? [])]
      this.#texts.clear()
      this.#numbers.clear()
      const layer = { view, played: this.played - before, states: next?.size, scenarios }
      layers.push(layer)
      onLayer(layer)
    }
    return layers
  }

  #merge(
    { global, scenario, weight }: Omit<Branch, 'symmetries'>,
    known: Map<string, Branch>,
  ): void {
    const naming = this.#namingOf(global)
    const texts = RENAMINGS.map((renaming) => this.#textOf(global, { ...naming, renaming }))
    const key = [...texts].sort()[0] as string
    const same = known.get(key)
    if (same !== undefined) {
      same.weight += weight
      return
    }
    const symmetries = RENAMINGS.filter((_, i) => texts[i] === texts[0])
    known.set(key, { global, scenario, weight, symmetries })
  }

  /** Nothing grows on states of the last layer: they need not be kept. */
  #forgetFrom(marks: readonly number[]): void {
    for (const [node, automaton] of this.#automata.entries()) {
      const mark = marks[node] as number
      if (automaton.states.length > mark + LAST_STATES_MAX) automaton.forget(mark)
    }
  }

  /**
   * Every scenario that begins with this one and has so many views more, depth first and unmerged: each is played by
   * itself but for the views it has in common with the one before.
   *
   * @returns how many
   * @throws {PropertyViolation} a property is broken; the message ends with the scenario
   */
  playAll(scenario: TwinsScenario, viewCount: number): number {
    let global = startOf(this.#world, scenario.firstLeader)
    for (const choice of scenario.views) global = this.#playView(global, choice, scenario)
    return this.#playBeneath(global, scenario, viewCount)
  }

  #playBeneath(global: Global, scenario: TwinsScenario, viewCount: number): number {
    if (viewCount === 0) return 1
    let count = 0
    for (const choice of TWINS_CHOICES) {
      const longer = { ...scenario, views: [...scenario.views, choice] }
      count += this.#playBeneath(this.#playView(global, choice, longer), longer, viewCount - 1)
    }
    return count
  }

  #playView(global: Global, choice: TwinsChoice, scenario: TwinsScenario): Global {
    this.played += 1
    try {
      return playView(this.#world, this.#automata, { global, choice })
    } catch (error) {
      if (!(error instanceof Error)) throw error
      const text = `${error.message}; scenario ${JSON.stringify(scenario)}`
      throw new PropertyViolation(text, { cause: error })
    }
  }

  #textOf(global: Global, { base, lowest, renaming }: Naming): string {
    const nodes: string[] = []
    for (const [node, id] of global.locals.entries()) {
      const waiting: (number | string)[] = []
      for (const { from, known, to } of global.held) {
        if (to !== node) continue
        const sender = from === undefined ? '' : renaming.node(from)
        const text =
          known === undefined ? 'b' : this.#messageText(known, { base, lowest, renaming })
        waiting.push(`${sender}.${text}`)
      }
      const local = this.#localText(node, id, { base, lowest, renaming })
      nodes[renaming.node(node)] = `${local};${waiting.join()}`
    }
    const leaders = global.leaders.list.slice(Number(lowest) - 1).map(renaming.validator)
    return `${leaders.join('')}!${nameOf(global.proven, { ...renaming, base })}!${nodes.join('!')}`
  }

  /** What all texts of a state have in common. */
  #namingOf({ locals }: Global): Omit<Naming, 'renaming'> {
    let lowest: bigint | undefined
    let base: NamedBlock = this.#world.genesis
    let isFirst = true
    for (const [node, id] of locals.entries()) {
      const { committed, view } = this.#stateAt(node, id)
      if (lowest === undefined || view < lowest) lowest = view
      if (committed === undefined) continue
      if (isFirst || committed.view < base.view) base = committed
      isFirst = false
    }
    return { base, lowest: lowest ?? 0n }
  }

  #stateAt(node: number, id: number): NodeState {
    return (this.#automata[node] as Automaton<NodeState, Speech>).at(id).state
  }

  #localText(node: number, id: number, { base, lowest, renaming }: Naming): number {
    const key = `${node},${id},${renaming.id},${lowest},${this.#baseNumber(base)}`
    return this.#numberOf(key, () =>
      stateText(bindingState(this.#stateAt(node, id)), { ...renaming, base }, lowest),
    )
  }

  #messageText({ key, message }: KnownMessage, { base, renaming }: Naming): number {
    return this.#numberOf(`${renaming.id},${this.#baseNumber(base)}${key}`, () =>
      messageText(message, this.#world.names, { ...renaming, base }),
    )
  }

  #baseNumber(base: NamedBlock): number {
    const known = this.#bases.get(base)
    if (known !== undefined) return known
    this.#bases.set(base, this.#bases.size)
    return this.#bases.size - 1
  }

  /** A number for a long text. */
  #numberOf(key: string, make: () => string): number {
    const known = this.#texts.get(key)
    if (known !== undefined) return known
    const text = make()
    const number = this.#numbers.get(text) ?? this.#numbers.size
    this.#numbers.set(text, number)
    this.#texts.set(key, number)
    return number
  }
}

/** How nodes and blocks are called in a text. */
interface Naming {
  readonly renaming: NumberedRenaming
  /** Highest block that all nodes have committed. */
  readonly base: NamedBlock
  /** View that no node is below. */
  readonly lowest: bigint
}

interface Branch {
  readonly global: Global
  /** The first scenario that led here. */
  readonly scenario: TwinsScenario
  /** Scenarios that lead here. */
  weight: bigint
  /** Renamings that change nothing. */
  readonly symmetries: readonly NumberedRenaming[]
}
