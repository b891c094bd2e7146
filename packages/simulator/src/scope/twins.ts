import { PropertyViolation } from '../monitors.ts'
import type { CoreModule } from '../simulatedNode.ts'
import { Automaton, SingleRun } from './automaton.ts'
import { AS_IS, type NodeState, stateOf, stateText } from './stateText.ts'
import { type TwinsForm, TwinsForms } from './twinsForm.ts'
import { TWINS_ROOTS, TwinsLayer, type TwinsScenario, type TwinsStep } from './twinsLayer.ts'
import { BY_NUMBER, choicesUpTo, orderOf, type TwinsChoice } from './twinsSymmetry.ts'
import { type Global, playView, startOf } from './twinsView.ts'
import {
  NODES,
  PLAIN_CHAIN,
  REAL_CORE,
  SEARCH_CHAIN,
  type Speech,
  TwinsWorld,
} from './twinsWorld.ts'

/** Local states of all nodes that are kept, for some 500 MB; beyond that all is forgotten, and come to again where needed. */
const LOCAL_STATES_MAX = 40_000

/**
 * Plays one scenario on cores of its own, nothing remembered, the nodes in order of their numbers.
 *
 * @throws {PropertyViolation} a property is broken
 */
export function playTwins(
  { firstLeader, highTip = false, views }: TwinsScenario,
  coreModule: CoreModule = REAL_CORE,
): void {
  const world = new TwinsWorld(coreModule, { ...PLAIN_CHAIN, highTip })
  const nodes = Array.from({ length: NODES }, (_, index) => new SingleRun(world.makerOf(index)))
  let global = startOf(world, firstLeader)
  for (const choice of views) {
    global = playView(world, nodes, { global, choice, order: BY_NUMBER })
  }
}

/**
 * Plays one scenario on cores of its own, nothing remembered, in the order in which the search plays it.
 *
 * @returns the form of the state at the start and after each view
 * @throws {PropertyViolation} a property is broken
 */
export function formsOfTwins(
  { firstLeader, highTip = false, views }: TwinsScenario,
  coreModule: CoreModule = REAL_CORE,
): TwinsForm[] {
  const world = new TwinsWorld(coreModule, { ...PLAIN_CHAIN, highTip })
  const nodes = Array.from({ length: NODES }, (_, index) => new SingleRun(world.makerOf(index)))
  const forms = new TwinsForms(world, (node) =>
    stateOf((nodes[node] as SingleRun<Speech>).node, world.names),
  )
  let global = startOf(world, firstLeader)
  const passed = [forms.formOf(global)]
  for (const [i, choice] of views.entries()) {
    const order = orderOf(choice, (passed[i] as TwinsForm).renamings)
    global = playView(world, nodes, { global, choice, order })
    passed.push(forms.formOf(global))
  }
  return passed
}

/**
 * Twins: four validators, one of them as two nodes that know nothing of each other, in lockstep. In each view a given
 * validator leads and the nodes are split in two; messages of the view stay on their side. Blocks are fetched across the
 * split.
 *
 * @see docs/spec/consensus.md §11.4
 */
export class Twins {
  readonly #coreModule: CoreModule
  readonly #highTip: boolean
  #memory: Memory
  /** Steps of real cores, of what is forgotten. */
  #stepsBefore = 0

  /** @param options - with `highTip` the chain has tail-fork resistance, §12 */
  constructor(
    coreModule: CoreModule = REAL_CORE,
    { highTip = false }: { readonly highTip?: boolean } = {},
  ) {
    this.#coreModule = coreModule
    this.#highTip = highTip
    this.#memory = emptyMemory(coreModule, highTip)
  }

  /** Local states kept at present, and steps of real cores so far. */
  get counts(): { readonly localStates: number; readonly coreSteps: number } {
    const { automata } = this.#memory
    return {
      localStates: automata.reduce((sum, { states }) => sum + states.length, 0),
      coreSteps: automata.reduce((sum, { coreSteps }) => sum + coreSteps, this.#stepsBefore),
    }
  }

  /**
   * Every scenario of so many views: all leaders and all splits in each. States that are the same, up to the names of
   * the nodes, are played on once; of choices that a symmetry of the state exchanges, one is played.
   *
   * @throws {PropertyViolation} a property is broken; the message ends with the scenario
   */
  exhaust(
    viewCount: number,
    onLayer: (layer: TwinsLayer, view: number) => void = () => undefined,
  ): TwinsLayer[] {
    const layers: TwinsLayer[] = []
    let frontier = TWINS_ROOTS
    for (let view = 1; view <= viewCount; view++) {
      const layer = new TwinsLayer()
      for (const branch of frontier) {
        layer.add(branch, this.expand(branch.scenario, { isLast: view === viewCount }))
      }
      layers.push(layer)
      onLayer(layer, view)
      frontier = layer.branches
    }
    return layers
  }

  /**
   * Plays one more view: every choice, but of those that a symmetry exchanges one.
   *
   * @param isLast - nobody plays on: states need no key
   * @throws {PropertyViolation} a property is broken; the message ends with the scenario
   */
  expand(
    scenario: TwinsScenario,
    { isLast = false }: { readonly isLast?: boolean } = {},
  ): TwinsStep[] {
    const { coreSteps, localStates } = this.counts
    if (localStates > LOCAL_STATES_MAX) {
      this.#stepsBefore = coreSteps
      this.#memory = emptyMemory(this.#coreModule, this.#highTip)
    }
    const { form, global } = this.#arrive(scenario)
    return choicesUpTo(form.renamings).map(({ choice, order, size }) => {
      const next = this.#playView({ global, choice, order }, scenario)
      return { choice, size, key: isLast ? undefined : this.#memory.forms.formOf(next).key }
    })
  }

  /** The form of the state that a scenario leads to. @throws {PropertyViolation} a property is broken */
  formOf(scenario: TwinsScenario): TwinsForm {
    return this.#arrive(scenario).form
  }

  /** Plays what the scenario does not have in common with the one before. */
  #arrive(scenario: TwinsScenario): Arrived {
    const { firstLeader, views } = scenario
    const { path, world } = this.#memory
    let common = 0
    if (path[0]?.global.leaders.list[0] === firstLeader) {
      while (common < views.length && isSameChoice(views[common], path[common + 1]?.by)) common += 1
      path.length = common + 1
    } else {
      path.length = 0
      path.push(this.#arrivedAt(startOf(world, firstLeader), undefined))
    }
    for (const [i, choice] of views.slice(common).entries()) {
      const { form, global } = path.at(-1) as Arrived
      const order = orderOf(choice, form.renamings)
      const beginning = { firstLeader, views: views.slice(0, common + i) }
      path.push(this.#arrivedAt(this.#playView({ global, choice, order }, beginning), choice))
    }
    return path.at(-1) as Arrived
  }

  #arrivedAt(global: Global, by: TwinsChoice | undefined): Arrived {
    return { global, form: this.#memory.forms.formOf(global), by }
  }

  #playView(play: Parameters<typeof playView>[2], { firstLeader, views }: TwinsScenario): Global {
    const { automata, world } = this.#memory
    try {
      return playView(world, automata, play)
    } catch (error) {
      if (!(error instanceof Error)) throw error
      const scenario = {
        firstLeader,
        ...(this.#highTip ? { highTip: true } : {}),
        views: [...views, play.choice],
      }
      const text = `${error.message}; scenario ${JSON.stringify(scenario)}`
      throw new PropertyViolation(text, { cause: error })
    }
  }
}

/** All that a search remembers beside its frontier: it saves work and decides nothing. */
interface Memory {
  readonly world: TwinsWorld
  readonly automata: readonly Automaton<NodeState, Speech>[]
  readonly forms: TwinsForms
  /** States on the way to the scenario played last, from its start. */
  readonly path: Arrived[]
}

function emptyMemory(coreModule: CoreModule, highTip: boolean): Memory {
  const world = new TwinsWorld(coreModule, { ...SEARCH_CHAIN, highTip })
  const automata = Array.from(
    { length: NODES },
    (_, index) =>
      new Automaton<NodeState, Speech>(world.makerOf(index), (node) => {
        const state = stateOf(node, world.names)
        return { state, text: stateText(state, AS_IS, state.view - 1n) }
      }),
  )
  const forms = new TwinsForms(
    world,
    (node, id) => (automata[node] as Automaton<NodeState, Speech>).at(id).state,
  )
  return { world, automata, forms, path: [] }
}

interface Arrived {
  readonly global: Global
  readonly form: TwinsForm
  readonly by: TwinsChoice | undefined
}

function isSameChoice(a: TwinsChoice | undefined, b: TwinsChoice | undefined): boolean {
  return a !== undefined && a.sides === b?.sides && a.nextLeader === b.nextLeader
}
