import type { ConsensusInput, TimerId } from '@openliquid/consensus'
import { assert, type View } from '@openliquid/primitives'
import { type ScopeEffect, type ScopeNode, timeOf } from './scopeNode.ts'

/** Cores kept alive, to be stepped on instead of made again from their inputs. */
const LIVE_MAX = 4_000
/** Between two steps of a node: what limits news to once a second is then over. */
const STEP_MS = 1_001

/** What a node is told. */
export type ScopeInput =
  | Extract<ConsensusInput, { kind: 'message' | 'payloadBuilt' }>
  | { readonly kind: 'timerFired'; readonly timerId: TimerId }

/** One state of one node. */
export interface LocalState<State> {
  readonly id: number
  readonly state: State
  readonly timers: readonly TimerId[]
  /** How it is reached: from which state, by what, while who led which view. */
  readonly origin:
    | {
        readonly from: number
        readonly input: ScopeInput
        readonly view: View
        readonly leaders: readonly number[]
      }
    | undefined
}

/** Where an input leads. */
export interface LocalStep {
  readonly to: number
  readonly effects: readonly ScopeEffect[]
}

/** What an input is, and what else the step depends on. */
export interface StepInput {
  /** Tells inputs apart. */
  readonly key: string
  readonly input: ScopeInput
  /** The input belongs to. */
  readonly view: View
  /** Who leads view i + 1; as far as the step can depend on it, and not further. */
  readonly leaders: readonly number[]
}

/** A node that goes from state to state. */
export interface Steps<State> {
  at(id: number): { readonly state: State; readonly timers: readonly TimerId[] }
  step(id: number, input: StepInput): LocalStep
}

/**
 * One node as a table: states by number, and which input leads where with which effects. A step is done by a real core
 * once, and looked up ever after: nothing but the state, the input and the leaders decides it.
 */
export class Automaton<State extends { readonly view: View }> implements Steps<State> {
  readonly states: LocalState<State>[] = []
  /** Steps done by a core, those done again to get back to a state left out. */
  coreSteps = 0
  readonly #make: (leaders: { current: readonly number[] }) => ScopeNode
  readonly #onEffects: (effects: readonly ScopeEffect[]) => void
  readonly #stateOf: (node: ScopeNode) => { readonly state: State; readonly text: string }
  readonly #ids = new Map<string, number>()
  readonly #steps = new Map<string, LocalStep>()
  readonly #live = new Map<number, Live>()

  constructor(options: {
    readonly make: (leaders: { current: readonly number[] }) => ScopeNode
    /** Sees what a step did before its state is asked for. */
    readonly onEffects: (effects: readonly ScopeEffect[]) => void
    readonly stateOf: (node: ScopeNode) => { readonly state: State; readonly text: string }
  }) {
    this.#make = options.make
    this.#onEffects = options.onEffects
    this.#stateOf = options.stateOf
    const live = started(this.#make)
    const id = this.#intern(live.node, undefined)
    this.#keep(id, live)
  }

  at(id: number): LocalState<State> {
    const state = this.states[id]
    assert(state !== undefined, 'the state is known')
    return state
  }

  /** Steps on from a state. */
  step(id: number, { key, input, view, leaders }: StepInput): LocalStep {
    const first = Math.max(0, Number(this.at(id).state.view) - 2)
    const full = `${id};${key};${leaders.slice(first).join('')}`
    const known = this.#steps.get(full)
    if (known !== undefined) return known
    const live = this.#live.get(id) ?? this.#again(id)
    this.#live.delete(id)
    this.coreSteps += 1
    const effects = take(live, input, view, leaders)
    this.#onEffects(effects)
    const to = this.#intern(live.node, { from: id, input, view, leaders })
    this.#keep(to, live)
    const step = { to, effects }
    this.#steps.set(full, step)
    return step
  }

  get stepCount(): number {
    return this.#steps.size
  }

  #intern(node: ScopeNode, origin: LocalState<State>['origin']): number {
    const { state, text } = this.#stateOf(node)
    const known = this.#ids.get(text)
    if (known !== undefined) return known
    const id = this.states.length
    this.#ids.set(text, id)
    this.states.push({ id, state, timers: [...node.timers.keys()], origin })
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
    const live = started(this.#make)
    for (const { origin } of path.reverse()) {
      if (origin !== undefined) take(live, origin.input, origin.view, origin.leaders)
    }
    return live
  }
}

interface SingleState {
  readonly view: View
  readonly highQC: { readonly view: View }
}

/** One node that remembers nothing: it is where its last step led, and each step is one of its core. */
export class SingleRun implements Steps<SingleState> {
  readonly #live: Live
  readonly #onEffects: (effects: readonly ScopeEffect[]) => void
  #count = 0

  constructor(
    make: (leaders: { current: readonly number[] }) => ScopeNode,
    onEffects: (effects: readonly ScopeEffect[]) => void,
  ) {
    this.#live = started(make)
    this.#onEffects = onEffects
  }

  at(): { readonly state: SingleState; readonly timers: readonly TimerId[] } {
    const { core, timers, view } = this.#live.node
    return { state: { view, highQC: core.highQC }, timers: [...timers.keys()] }
  }

  step(_: number, { input, view, leaders }: StepInput): LocalStep {
    const effects = take(this.#live, input, view, leaders)
    this.#onEffects(effects)
    this.#count += 1
    return { to: this.#count, effects }
  }
}

function started(make: (leaders: { current: readonly number[] }) => ScopeNode): Live {
  const leaders = { current: [] as readonly number[] }
  const node = make(leaders)
  const nowMs = timeOf(1n)
  node.step({ kind: 'start', nowMs })
  return { node, leaders, nowMs }
}

interface Live {
  readonly node: ScopeNode
  readonly leaders: { current: readonly number[] }
  nowMs: number
}

function take(
  live: Live,
  input: ScopeInput,
  view: View,
  leaders: readonly number[],
): ScopeEffect[] {
  const { node } = live
  live.leaders.current = leaders
  const least = timeOf(view > node.view ? view : node.view)
  live.nowMs = Math.max(live.nowMs + STEP_MS, least)
  if (input.kind !== 'timerFired') return node.step({ ...input, nowMs: live.nowMs })
  live.nowMs = Math.max(live.nowMs, node.timers.get(input.timerId) ?? 0)
  node.timers.delete(input.timerId)
  return node.step({ ...input, nowMs: live.nowMs })
}
