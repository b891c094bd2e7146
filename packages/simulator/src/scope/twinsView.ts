import type { TimerId } from '@openliquid/consensus'
import { assert, type View } from '@openliquid/primitives'
import { PropertyViolation } from '../monitors.ts'
import type { StepInput, Steps } from './automaton.ts'
import { LeaderLine } from './leaderLine.ts'
import { areOnOneBranch, type NamedBlock } from './stateText.ts'
import type { TwinsChoice } from './twinsSymmetry.ts'
import {
  type Certified,
  type KnownMessage,
  NODES,
  type Sent,
  type Speech,
  type TwinsWorld,
} from './twinsWorld.ts'

/** Deliveries in one view: messages of five nodes and their answers are far fewer. */
const DELIVERIES_MAX = 10_000
/** Of those, the newest, in a report that there are too many. */
const DELIVERIES_SHOWN = 12

/** What a view is played by. */
export type TwinsNode = Steps<{ readonly view: View; readonly highQCView: View }, Speech>

/** Something on its way to one node. */
export interface Delivery {
  readonly to: number
  readonly sent: Sent
}

/** What happens in a view. */
interface Play {
  readonly global: Global
  readonly choice: TwinsChoice
  /** The nodes in the order in which they act and hear. */
  readonly order: readonly number[]
}

/** All nodes between two views. */
export interface Global {
  readonly locals: readonly number[]
  /** What belongs to the next view, in order of sending. */
  readonly held: readonly Delivery[]
  readonly leaders: LeaderLine
  /** Highest block that a certificate proves committed. */
  readonly proven: NamedBlock
  /** What is certified, by view. */
  readonly certified: readonly (NamedBlock | undefined)[]
}

/** Everybody is in view 1; whoever leads it asks for a payload when the view is played. */
export function startOf(world: TwinsWorld, firstLeader: number): Global {
  return {
    locals: Array.from({ length: NODES }, () => 0),
    held: [],
    leaders: new LeaderLine([firstLeader]),
    proven: world.genesis,
    certified: [],
  }
}

/**
 * Plays one view, the nodes in the given order. Within it everything is delivered in order of sending; timers fire when no node can go on without,
 * and when that does not help either, the split ends and what was said is said again.
 *
 * @throws {PropertyViolation} a property is broken
 */
export function playView(world: TwinsWorld, nodes: readonly TwinsNode[], play: Play): Global {
  return new TwinsView(world, nodes, play).play()
}

class TwinsView {
  readonly #world: TwinsWorld
  readonly #nodes: readonly TwinsNode[]
  readonly #order: readonly number[]
  readonly #locals: number[]
  readonly #leaders: LeaderLine
  readonly #view: number
  #sides: number
  #newsCrosses = false
  #queue: Delivery[]
  #held: Delivery[] = []
  #proven: NamedBlock
  readonly #certified: (NamedBlock | undefined)[]

  constructor(
    world: TwinsWorld,
    nodes: readonly TwinsNode[],
    { global, choice: { nextLeader, sides }, order }: Play,
  ) {
    this.#world = world
    this.#nodes = nodes
    this.#order = order
    this.#locals = [...global.locals]
    this.#view = global.leaders.list.length
    this.#leaders = new LeaderLine([...global.leaders.list, nextLeader])
    this.#sides = sides
    this.#queue = order.flatMap((node) => global.held.filter(({ to }) => to === node))
    this.#proven = global.proven
    this.#certified = [...global.certified]
  }

  play(): Global {
    if (this.#view === 1) this.#askFirstLeader()
    this.#drain()
    this.#goOn()
    this.#fetchStragglers()
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
    for (const node of this.#order) this.#take(node, this.#world.timer('hold', 1n))
    this.#queue.push(...this.#held)
    this.#held = []
  }

  #at(node: number): ReturnType<TwinsNode['at']> {
    return (this.#nodes[node] as TwinsNode).at(this.#locals[node] as number)
  }

  #viewOf(node: number): number {
    return Number(this.#at(node).state.view)
  }

  #hasMoved(): boolean {
    for (let node = 0; node < NODES; node++) if (this.#viewOf(node) > this.#view) return true
    return false
  }

  #fire(
    timerId: Extract<TimerId, 'backup' | 'view'>,
    isMeant: (node: number) => boolean = () => true,
  ): void {
    for (const node of this.#order) {
      if (!isMeant(node)) continue
      const { state, timers } = this.#at(node)
      if (timers.has(timerId)) this.#take(node, this.#world.timer(timerId, state.view))
    }
    this.#drain()
  }

  #drain(): void {
    const queue = this.#queue
    for (let at = 0; at < queue.length; at++) {
      if (at >= DELIVERIES_MAX) this.#stop()
      const {
        sent: { from, input, known },
        to,
      } = queue[at] as Delivery
      if (from === undefined || known === undefined || this.#reaches(from, to, known)) {
        this.#take(to, input)
      }
    }
    this.#queue = []
  }

  #stop(): never {
    const newest = this.#queue
      .slice(-DELIVERIES_SHOWN)
      .map(({ sent: { from, known }, to }) => `${from}→${to} ${known?.key ?? 'payload'}`)
    throw new PropertyViolation(`L3: a view does not come to an end: ${newest.join(' ')}`)
  }

  #take(node: number, input: StepInput): void {
    const { outcome, to } = (this.#nodes[node] as TwinsNode).step(
      this.#locals[node] as number,
      input,
      this.#leaders,
    )
    this.#locals[node] = to
    for (const one of outcome.certified) this.#certify(one)
    for (const block of outcome.committed) this.#prove(block, `M1: node ${node} commits`)
    for (const sent of outcome.sent) {
      const line = sent.view > this.#view ? this.#held : this.#queue
      for (const to of this.#order) if (sent.to.includes(to)) line.push({ to, sent })
    }
  }

  #certify({ block, proven, view }: Certified): void {
    const known = this.#certified[view]
    if (known === block) return
    if (known !== undefined) {
      throw new PropertyViolation(`M4: two blocks are certified in view ${view}`)
    }
    this.#certified[view] = block
    if (proven !== undefined) this.#prove(proven, `M3: the QC of view ${view} proves`)
  }

  #prove(block: NamedBlock, who: string): void {
    if (block === this.#proven) return
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
    return this.#held.filter(({ sent: { known, view }, to }) => {
      if (known?.message.kind !== 'advanceView') return true
      const { state } = this.#at(to)
      const { highQC } = known.message.advanceView
      if (state.view === BigInt(view) && state.highQCView >= highQC.view) return false
      const key = `${to}${known.key}`
      if (news.has(key)) return false
      news.add(key)
      return true
    })
  }
}
