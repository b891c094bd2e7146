import type { ConsensusInput, TimerId } from '@openliquid/consensus'
import { assert, type View } from '@openliquid/primitives'
import type { LeaderLine } from './leaderLine.ts'
import { type ScopeEffect, type ScopeNode, timeOf } from './scopeNode.ts'

/** Cores kept alive, to be stepped on instead of made again from their inputs. */
const LIVE_MAX = 4_000
/** Between two steps of a node: what limits news to once a second is then over. */
const STEP_MS = 1_001
/** Above any number that a line of leaders has. */
const LINES = 2 ** 26

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

/** One state of one node. */
export interface LocalState<State> {
  readonly id: number
  readonly state: State
  readonly timers: readonly TimerId[]
  /** First view whose leader a step from here can depend on, from 0. */
  readonly firstLeader: number
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
  at(id: number): { readonly state: State; readonly timers: readonly TimerId[] }
  step(id: number, input: StepInput, leaders: LeaderLine): LocalStep<Outcome>
}

/** How a node is made, and what is kept of what it does. */
export interface NodeMaker<Outcome> {
  readonly make: (leaders: CurrentLeaders) => ScopeNode
  /** Sees what a step did before its state is asked for. */
  readonly outcomeOf: (effects: readonly ScopeEffect[]) => Outcome
}

interface CurrentLeaders {
  current: readonly number[]
}

/**
 * One node as a table: states by number, and which input leads where with which outcome. A step is done by a real core
 * once, and looked up ever after: nothing but the state, the input and the leaders decides it.
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
  /** By state. */
  readonly #steps: Map<number, LocalStep<Outcome>>[] = []
  readonly #live = new Map<number, Live>()

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
    const key = input.id * LINES + leaders.numberFrom(this.at(id).firstLeader)
    const steps = this.#steps[id]
    assert(steps !== undefined, 'the state is known')
    const known = steps.get(key)
    if (known !== undefined) return known
    const live = this.#live.get(id) ?? this.#again(id)
    this.#live.delete(id)
    this.coreSteps += 1
    const outcome = this.#maker.outcomeOf(take(live, input, leaders))
    const to = this.#intern(live.node, { from: id, input, leaders })
    this.#keep(to, live)
    const step = { to, outcome }
    steps.set(key, step)
    return step
  }

  /** Forgets all states from this number on, and where any state leads. */
  forget(from: number): void {
    for (const [text, id] of this.#ids) if (id >= from) this.#ids.delete(text)
    this.states.length = from
    this.#steps.length = 0
    for (let id = 0; id < from; id++) this.#steps.push(new Map())
    for (const id of [...this.#live.keys()]) if (id >= from) this.#live.delete(id)
  }

  #intern(node: ScopeNode, origin: LocalState<State>['origin']): number {
    const { state, text } = this.#stateOf(node)
    const known = this.#ids.get(text)
    if (known !== undefined) return known
    const id = this.states.length
    this.#ids.set(text, id)
    const firstLeader = Math.max(0, Number(state.view) - 2)
    this.states.push({ id, state, timers: [...node.timers.keys()], firstLeader, origin })
    this.#steps.push(new Map())
    return id
  }

  #keep(id: number, live: Live): void {
    this.#live.set(id, live)
    if (this.#live.size <= LIVE_MAX) return
    const [oldest] = this.#live.keys()
    if (oldest !== undefined) this.#live.delete(oldest)
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
  readonly highQC: { readonly view: View }
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

  at(): { readonly state: SingleState; readonly timers: readonly TimerId[] } {
    const { core, timers, view } = this.#live.node
    return { state: { view, highQC: core.highQC }, timers: [...timers.keys()] }
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
  const leaders = { current: [] as readonly number[] }
  const node = make(leaders)
  const nowMs = timeOf(1n)
  node.step({ kind: 'start', nowMs })
  return { node, leaders, nowMs }
}

function take(live: Live, { input, view }: StepInput, leaders: LeaderLine): ScopeEffect[] {
  const { node } = live
  live.leaders.current = leaders.list
  const least = timeOf(view > node.view ? view : node.view)
  live.nowMs = Math.max(live.nowMs + STEP_MS, least)
  if (input.kind !== 'timerFired') return node.step({ ...input, nowMs: live.nowMs })
  live.nowMs = Math.max(live.nowMs, node.timers.get(input.timerId) ?? 0)
  node.timers.delete(input.timerId)
  return node.step({ ...input, nowMs: live.nowMs })
}
