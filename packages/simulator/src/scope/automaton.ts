import type { ConsensusInput, TimerId } from '@openliquid/consensus'
import { assert, type View } from '@openliquid/primitives'
import { LeaderLine } from './leaderLine.ts'
import { type ScopeEffect, type ScopeNode, timeOf } from './scopeNode.ts'

/** Cores kept alive, to be stepped on instead of made again from their inputs; ten times as many save hardly a step. */
const LIVE_MAX = 300
/** Between two steps of a node: what limits news to once a second is then over. */
const STEP_MS = 1_001

/** What a node is told. */
export type ScopeInput =
  | Extract<ConsensusInput, { kind: 'message' | 'payloadBuilt' }>
  | { readonly kind: 'timerFired'; readonly timerId: TimerId }

/** An input of a search. */
export interface StepInput {
  /** Tells inputs apart. */
  readonly id: number
  readonly input: ScopeInput
  /** The input belongs to. */
  readonly view: View
}

/** Which timers of a node run. */
export type RunningTimers = Pick<ReadonlySet<TimerId>, 'has'>

/** One state of one node. */
export interface LocalState<State> {
  readonly id: number
  readonly state: State
  readonly timers: RunningTimers
  /** How it is reached: from which state, by what, while who led which view. */
  readonly origin:
    | { readonly from: number; readonly input: StepInput; readonly leaders: LeaderLine }
    | undefined
}

/** Where an input leads, and what the node said and did on the way. */
export interface LocalStep<Outcome> {
  readonly to: number
  readonly outcome: Outcome
}

/** A node that goes from state to state. */
export interface Steps<State, Outcome> {
  at(id: number): { readonly state: State; readonly timers: RunningTimers }
  step(id: number, input: StepInput, leaders: LeaderLine): LocalStep<Outcome>
}

/** How a node is made, and what is kept of what it does. */
export interface NodeMaker<Outcome> {
  readonly make: (leaders: CurrentLeaders) => ScopeNode
  /** Sees what a step did before its state is asked for. */
  readonly outcomeOf: (effects: readonly ScopeEffect[]) => Outcome
}

/** Who leads, as a core asks for it. */
export class CurrentLeaders {
  line: LeaderLine = new LeaderLine([])
  /** Views that were asked for since, as bits. */
  asked = 0

  of(view: View): number {
    this.asked |= 1 << Number(view)
    return this.line.of(Number(view))
  }
}

/** A step, and of whom it depended that they lead: answers by view. */
interface KnownStep<Outcome> extends LocalStep<Outcome> {
  readonly leaders: readonly (readonly [number, number])[]
}

/**
 * One node as a table: states by number, and which input leads where with which outcome. A step is done by a real core
 * once, and looked up ever after: nothing but the state, the input and the leaders that it asked for decides it.
 */
export class Automaton<State extends { readonly view: View }, Outcome>
  implements Steps<State, Outcome>
{
  readonly states: LocalState<State>[] = []
  /** Steps done by a core, those done again to get back to a state left out. */
  coreSteps = 0
  readonly #maker: NodeMaker<Outcome>
  readonly #stateOf: (node: ScopeNode) => { readonly state: State; readonly text: string }
  readonly #ids = new Map<string, number>()
  /** By state and input. */
  readonly #steps: Map<number, KnownStep<Outcome>[]>[] = []
  /** Cores by the state they are in: as many steps lead to a state as lead on, so one is mostly there. */
  readonly #live = new Map<number, Live[]>()
  #liveCount = 0

  constructor(
    maker: NodeMaker<Outcome>,
    stateOf: (node: ScopeNode) => { readonly state: State; readonly text: string },
  ) {
    this.#maker = maker
    this.#stateOf = stateOf
    const live = started(maker.make)
    this.#keep(this.#intern(live.node, undefined), live)
  }

  at(id: number): LocalState<State> {
    const state = this.states[id]
    assert(state !== undefined, 'the state is known')
    return state
  }

  /** Steps on from a state. */
  step(id: number, input: StepInput, leaders: LeaderLine): LocalStep<Outcome> {
    const steps = this.#steps[id]
    assert(steps !== undefined, 'the state is known')
    const known = steps.get(input.id)
    for (const step of known ?? []) {
      if (step.leaders.every(([view, leader]) => leaders.of(view) === leader)) return step
    }
    const live = this.#take(id) ?? this.#again(id)
    this.coreSteps += 1
    const outcome = this.#maker.outcomeOf(take(live, input, leaders))
    const answers = answersOf(live.leaders.asked, leaders)
    const to = this.#intern(live.node, { from: id, input, leaders })
    this.#keep(to, live)
    const step = { to, outcome, leaders: answers }
    if (known === undefined) steps.set(input.id, [step])
    else known.push(step)
    return step
  }

  #intern(node: ScopeNode, origin: LocalState<State>['origin']): number {
    const { state, text } = this.#stateOf(node)
    const known = this.#ids.get(text)
    if (known !== undefined) return known
    const id = this.states.length
    this.#ids.set(text, id)
    this.states.push({ id, state, timers: new Set(node.timers.keys()), origin })
    this.#steps.push(new Map())
    return id
  }

  #keep(id: number, live: Live): void {
    const others = this.#live.get(id)
    if (others === undefined) this.#live.set(id, [live])
    else others.push(live)
    this.#liveCount += 1
    if (this.#liveCount <= LIVE_MAX) return
    const [oldest] = this.#live.keys()
    if (oldest !== undefined) this.#take(oldest)
  }

  #take(id: number): Live | undefined {
    const cores = this.#live.get(id)
    const live = cores?.pop()
    if (live === undefined) return undefined
    this.#liveCount -= 1
    if (cores?.length === 0) this.#live.delete(id)
    return live
  }

  #again(id: number): Live {
    const path: LocalState<State>[] = []
    for (let at = this.at(id); at.origin !== undefined; at = this.at(at.origin.from)) path.push(at)
    const live = started(this.#maker.make)
    for (const { origin } of path.reverse()) {
      if (origin !== undefined) take(live, origin.input, origin.leaders)
    }
    return live
  }
}

interface SingleState {
  readonly view: View
  readonly highQCView: View
}

/** One node that remembers nothing: it is where its last step led, and each step is one of its core. */
export class SingleRun<Outcome> implements Steps<SingleState, Outcome> {
  readonly #live: Live
  readonly #outcomeOf: NodeMaker<Outcome>['outcomeOf']
  #count = 0

  constructor({ make, outcomeOf }: NodeMaker<Outcome>) {
    this.#live = started(make)
    this.#outcomeOf = outcomeOf
  }

  /** The node as it is now. */
  get node(): ScopeNode {
    return this.#live.node
  }

  at(): { readonly state: SingleState; readonly timers: RunningTimers } {
    const { node } = this.#live
    return { state: node, timers: node.timers }
  }

  step(_: number, input: StepInput, leaders: LeaderLine): LocalStep<Outcome> {
    const outcome = this.#outcomeOf(take(this.#live, input, leaders))
    this.#count += 1
    return { to: this.#count, outcome }
  }
}

interface Live {
  readonly node: ScopeNode
  readonly leaders: CurrentLeaders
  nowMs: number
}

function started(make: (leaders: CurrentLeaders) => ScopeNode): Live {
  const leaders = new CurrentLeaders()
  const node = make(leaders)
  const nowMs = timeOf(1n)
  node.step({ kind: 'start', nowMs })
  return { node, leaders, nowMs }
}

function answersOf(asked: number, leaders: LeaderLine): KnownStep<unknown>['leaders'] {
  const answers: [number, number][] = []
  for (let view = 0; asked >> view !== 0; view++) {
    if (((asked >> view) & 1) === 1) answers.push([view, leaders.of(view)])
  }
  return answers
}

function take(live: Live, { input, view }: StepInput, leaders: LeaderLine): ScopeEffect[] {
  const { node } = live
  live.leaders.line = leaders
  live.leaders.asked = 0
  const least = timeOf(view > node.view ? view : node.view)
  live.nowMs = Math.max(live.nowMs + STEP_MS, least)
  if (input.kind !== 'timerFired') return node.step({ ...input, nowMs: live.nowMs })
  live.nowMs = Math.max(live.nowMs, node.timers.get(input.timerId) ?? 0)
  node.timers.delete(input.timerId)
  return node.step({ ...input, nowMs: live.nowMs })
}
