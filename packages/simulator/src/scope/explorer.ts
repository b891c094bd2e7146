import { ConsensusCore, recoverState } from '@openliquid/consensus'
import type { Proposal, View } from '@openliquid/primitives'
import { PropertyViolation } from '../monitors.ts'
import type { CoreModule } from '../simulatedNode.ts'
import { Automaton } from './automaton.ts'
import { ExplorerWorld, FAULTY_MAKERS, type Item, type Proposed } from './explorerWorld.ts'
import { LeaderLine } from './leaderLine.ts'
import type { ScopeEffect, ScopeNode } from './scopeNode.ts'
import {
  AS_IS,
  areOnOneBranch,
  type NamedBlock,
  type NodeState,
  nameOf,
  stateOf,
  stateText,
} from './stateText.ts'

/** The validators that are not faulty. */
const HONEST = [1, 2, 3]

export interface ExplorerOptions {
  /** Who leads view i + 1; as many as views are explored. Validator 0 is the faulty one. */
  readonly leaders: readonly number[]
  readonly coreModule?: CoreModule
}

/** What led to a finding, as data: who leads, and what each honest node did, view by view. */
export interface ExplorerPath {
  readonly leaders: readonly number[]
  /** Labels of the acts of validators 1, 2 and 3; an empty one is to do nothing. */
  readonly acts: readonly (readonly string[])[]
}

/** What a search came to. */
export interface Exploration {
  /** States after each view, up to the names of honest nodes that lead no view. */
  readonly states: number
  /** Ways in which three honest nodes can act in one view, over all states. */
  readonly transitions: number
  /** States of single nodes, and steps of real cores they took. */
  readonly localStates: number
  readonly coreSteps: number
}

/** A node, and the newest of what it signed. */
interface SpeakingState {
  readonly view: View
  readonly node: NodeState
  readonly vote: NamedBlock | undefined
  readonly timeout: { readonly view: View; readonly highQC: NamedBlock } | undefined
  readonly proposal: Proposal | undefined
}

/** Everything between two views: what honest nodes know, and what the faulty one can show to whom it likes. */
interface Global {
  readonly locals: readonly number[]
  /** Blocks of which a QC can be made, and that a proposal may still grow on. */
  readonly certified: readonly NamedBlock[]
  /** Highest block that a QC proves committed. */
  readonly proven: NamedBlock
  /** highQC of the lowest TC that can be made of the view before; with a higher one, less is allowed. */
  readonly tc: NamedBlock | undefined
}

/** What one node does in one view. */
interface Deed {
  readonly to: number
  readonly vote: NamedBlock | undefined
  readonly highQC: NamedBlock | undefined
  readonly label: string
}

/** The same, and what is left of it after the view. */
interface Act extends Deed {
  readonly lockedView: View
  readonly committed: NamedBlock | undefined
  /** For highQC, lock and commit: what was signed in views that are over binds by the first two alone. */
  readonly number: number
}

/** What three acts come to. */
interface Result {
  /** The block that is certified. */
  readonly fresh: NamedBlock | undefined
  readonly proven: NamedBlock
  readonly tc: NamedBlock | undefined
  /** Two honest nodes are in every timeout certificate, and name their locks at least: below, nothing grows again. */
  readonly lock: View
}

/**
 * All that can happen to three honest validators and a faulty one within a few views: every order and loss of
 * proposals, certificates and timers.
 *
 * A certificate exists as soon as two honest ones and the faulty one can make it, and is shown to any of them at any
 * time, or never. What an honest node signs in a view depends on certificates of earlier views alone, and a
 * certificate shown to it matters only when it signs next: so views are gone through in order, and in each every honest
 * node signs nothing, a vote, a timeout, or both, after having been shown whatever leads there.
 * @see docs/spec/consensus.md §11.4
 */
export class Explorer {
  readonly #leaders: LeaderLine
  readonly #automata: readonly Automaton<SpeakingState, readonly ScopeEffect[]>[]
  readonly #world: ExplorerWorld
  readonly #numbers = new Map<string, number>()
  /** Positions of honest nodes that never lead: they may be renamed. */
  readonly #alike: readonly number[]

  constructor({ leaders, coreModule = { ConsensusCore, recoverState } }: ExplorerOptions) {
    this.#leaders = new LeaderLine(leaders)
    this.#alike = [0, 1, 2].filter((node) => !leaders.includes(HONEST[node] as number))
    this.#world = new ExplorerWorld(coreModule)
    const shared = this.#alike.map((node) => HONEST[node] as number)[0]
    const common = shared === undefined ? undefined : this.#automatonOf(shared)
    this.#automata = HONEST.map((validator, node) =>
      common !== undefined && this.#alike.includes(node) ? common : this.#automatonOf(validator),
    )
  }

  /** Runs to the end. @throws {PropertyViolation} a property is broken; the message ends with what led there */
  explore(): Exploration {
    let frontier: Visit[] = [
      {
        global: this.#start(),
        acts: [],
        before: undefined,
      },
    ]
    let states = 1
    let transitions = 0
    for (let view = 1n; view <= BigInt(this.#leaders.list.length); view += 1n) {
      const next = new Map<string, Visit>()
      for (const visit of frontier) {
        const { global } = visit
        for (const options of this.#explain(visit, () => this.#optionsOf(global, view))) {
          forEachCombination(options, (acts) => {
            transitions += 1
            const result = this.#explain({ global, acts, before: visit }, () =>
              this.#resultOf(global, acts),
            )
            const key = this.#keyOf(global, acts, result)
            if (next.has(key)) return
            next.set(key, { global: globalAfter(global, acts, result), acts, before: visit })
          })
        }
      }
      frontier = [...next.values()]
      states += frontier.length
    }
    const automata = [...new Set(this.#automata)]
    return {
      states,
      transitions,
      localStates: automata.reduce((sum, one) => sum + one.states.length, 0),
      coreSteps: automata.reduce((sum, { coreSteps }) => sum + coreSteps, 0),
    }
  }

  /**
   * Goes one way again, and no other.
   *
   * @returns whether the path could be gone to its end
   * @throws {PropertyViolation} a property is broken on it, or by what a node can do after it
   */
  replay(path: readonly (readonly string[])[]): boolean {
    let global: Global = this.#start()
    for (const [i, labels] of path.entries()) {
      const found = this.#find(this.#optionsOf(global, BigInt(i + 1)), labels)
      if (found === undefined) return false
      global = globalAfter(global, found, this.#resultOf(global, found))
    }
    const view = BigInt(path.length + 1)
    if (path.length < this.#leaders.list.length) this.#optionsOf(global, view)
    return true
  }

  #find(
    ways: readonly (readonly (readonly Act[])[])[],
    labels: readonly string[],
  ): readonly Act[] | undefined {
    for (const options of ways) {
      const acts = options.flatMap(
        (choices, node) => choices.find(({ label }) => label === labels[node]) ?? [],
      )
      if (acts.length === HONEST.length) return acts
    }
    return undefined
  }

  #start(): Global {
    return { locals: [0, 0, 0], certified: [], proven: this.#world.genesis, tc: undefined }
  }

  #explain<T>(visit: Visit, work: () => T): T {
    try {
      return work()
    } catch (error) {
      if (!(error instanceof Error) || error.message.includes('; after ')) throw error
      const path: ExplorerPath = { leaders: this.#leaders.list, acts: pathOf(visit) }
      const text = `${error.message}; after ${JSON.stringify(path)}`
      throw new PropertyViolation(text, { cause: error })
    }
  }

  #keyOf({ certified }: Global, acts: readonly Act[], { fresh, lock, proven, tc }: Result): string {
    const alike: number[] = []
    let others = ''
    for (const [node, { number }] of acts.entries()) {
      if (this.#alike.includes(node)) alike.push(number)
      else others += `;${number}`
    }
    // In order of their views, of which each has one.
    let names = ''
    for (const { text, view } of certified) if (view >= lock) names += `${text};`
    if (fresh !== undefined && fresh.view >= lock) names += fresh.text
    const certifiedNumber = this.#numberOf(names)
    return `${alike.sort().join()}${others},${certifiedNumber},${proven.text},${tc?.text ?? ''}`
  }

  /** Short for a text. */
  #numberOf(text: string): number {
    const known = this.#numbers.get(text)
    if (known !== undefined) return known
    this.#numbers.set(text, this.#numbers.size)
    return this.#numbers.size - 1
  }

  /** What each of the three can do in a view, for each thing that its leader can do. */
  #optionsOf(global: Global, view: View): (readonly (readonly Act[])[])[] {
    const leader = this.#leaders.list[Number(view) - 1] as number
    const leading = HONEST.indexOf(leader)
    if (leading < 0) {
      const proposals = this.#world.faultyProposals(global, view)
      return [[0, 1, 2].map((node) => this.#actsOf(node, global, { view, proposals }))]
    }
    return this.#leads(leading, global, view).map(({ act, proposal }) => {
      const proposals = proposal === undefined ? [] : [this.#world.showProposal(proposal)]
      return [0, 1, 2].map((node) =>
        node === leading ? [act] : this.#actsOf(node, global, { view, proposals }),
      )
    })
  }

  #actOf(node: number, deed: Deed): Act {
    const { committed, highQC, lockedView } = this.#stateAt(node, deed.to).node
    const text = `${nameOf(highQC, AS_IS)},${lockedView},${nameOf(committed, AS_IS)}`
    return { ...deed, committed, lockedView, number: this.#numberOf(text) }
  }

  /** Nothing, a vote, a timeout, or both; and what must never be: a second vote, or one after the timeout. */
  #actsOf(
    node: number,
    global: Global,
    { view, proposals }: { readonly view: View; readonly proposals: readonly Proposed[] },
  ): readonly Act[] {
    const id = global.locals[node] as number
    const acts = new Map<string, Act>()
    const add = (deed: Deed): void => {
      const key = `${deed.to},${deed.vote?.text ?? ''},${deed.highQC?.text ?? ''}`
      if (!acts.has(key)) acts.set(key, this.#actOf(node, deed))
    }
    add({ to: id, vote: undefined, highQC: undefined, label: '' })
    const timeOut = (from: number, vote: NamedBlock | undefined, label: string): void => {
      for (const { to, highQC, how } of this.#timeouts(node, from, global, view)) {
        add({ to, vote, highQC, label: `${label} ${how}` })
        for (const proposed of proposals) this.#step(node, to, proposed)
      }
    }
    timeOut(id, undefined, `${HONEST[node]}:`)
    for (const proposed of proposals) {
      const to = this.#step(node, id, proposed)
      const { vote } = this.#stateAt(node, to)
      if (vote !== proposed.block || vote === this.#stateAt(node, id).vote) continue
      const label = `${HONEST[node]}: ${proposed.key}`
      add({ to, vote, highQC: undefined, label })
      for (const other of proposals) if (other !== proposed) this.#step(node, to, other)
      timeOut(to, vote, label)
    }
    return distinct([...acts.values()])
  }

  /** The view given up with each QC that the node can have been shown by then. */
  #timeouts(
    node: number,
    from: number,
    { certified, tc }: Global,
    view: View,
  ): { readonly to: number; readonly highQC: NamedBlock; readonly how: string }[] {
    const results: { to: number; highQC: NamedBlock; how: string }[] = []
    const usable = certified.filter((block) => block.view < view)
    for (const shown of [undefined, ...usable]) {
      let at = shown === undefined ? from : this.#step(node, from, this.#world.showQC(shown))
      if (this.#stateAt(node, at).view < view && tc !== undefined) {
        at = this.#step(node, at, this.#world.showTC(view - 1n, tc))
      }
      if (this.#stateAt(node, at).view !== view) continue
      const to = this.#step(node, at, this.#world.timerOf(view))
      const { timeout } = this.#stateAt(node, to)
      if (timeout?.view !== view) continue
      results.push({
        to,
        highQC: timeout.highQC,
        how: `timeout naming ${nameOf(timeout.highQC, AS_IS)}`,
      })
    }
    return results
  }

  /** What an honest leader can do: never get there, or propose on any QC it can have been shown, and then time out. */
  #leads(
    node: number,
    global: Global,
    view: View,
  ): { readonly act: Act; readonly proposal: Proposal | undefined }[] {
    const id = global.locals[node] as number
    const ways: { act: Act; proposal: Proposal | undefined }[] = []
    ways.push({
      act: this.#actOf(node, { to: id, vote: undefined, highQC: undefined, label: '' }),
      proposal: undefined,
    })
    for (const shown of [undefined, ...global.certified.filter((block) => block.view < view)]) {
      let at = shown === undefined ? id : this.#step(node, id, this.#world.showQC(shown))
      // View 1 was entered, and its payload asked for, at the start.
      if (view === 1n) at = this.#step(node, at, this.#world.payloadFor(1n, HONEST[node] as number))
      if (this.#stateAt(node, at).view < view && global.tc !== undefined) {
        at = this.#step(node, at, this.#world.showTC(view - 1n, global.tc))
      }
      const { proposal, vote } = this.#stateAt(node, at)
      if (this.#stateAt(node, at).view !== view || proposal?.view !== view) continue
      const label = `${HONEST[node]} leads on ${proposal.block.header.qc.view}`
      ways.push({ act: this.#actOf(node, { to: at, vote, highQC: undefined, label }), proposal })
      for (const { to, highQC, how } of this.#timeouts(node, at, global, view)) {
        ways.push({
          act: this.#actOf(node, { to, vote, highQC, label: `${label} ${how}` }),
          proposal,
        })
      }
    }
    const acts = distinct(ways.map(({ act }) => act))
    return ways.map((way, i) => ({ ...way, act: acts[i] ?? way.act }))
  }

  /** What is certified after a view, checked: M4, and agreement of all that certificates could prove committed. */
  #resultOf(global: Global, acts: readonly Act[]): Result {
    const [first, second, third] = acts as readonly [Act, Act, Act]
    // Two honest votes and the faulty one are a quorum, and of three votes no two blocks have two.
    const isFirst = first.vote === second.vote || first.vote === third.vote
    const fresh = isFirst ? first.vote : second.vote === third.vote ? second.vote : undefined
    let { proven } = global
    if (fresh !== undefined) {
      // Why the protocol is safe, §4: whatever is certified later extends what was proven committed.
      if (!areOnOneBranch(fresh, proven)) {
        throw new PropertyViolation('M3: a certificate leaves the branch that was proven committed')
      }
      const { parent, view } = fresh
      const isPair = parent !== undefined && parent.view > 0n && parent.view + 1n === view
      if (isPair && parent.view > proven.view) proven = parent
    }
    for (const [node, { committed }] of acts.entries()) {
      if (committed !== undefined && !areOnOneBranch(committed, proven)) {
        throw new PropertyViolation(`M1: node ${HONEST[node]} commits another branch`)
      }
    }
    const lock = middleOf(first.lockedView, second.lockedView, third.lockedView)
    return { fresh, proven, tc: secondLowest(acts), lock }
  }

  #stateAt(node: number, id: number): SpeakingState {
    return (this.#automata[node] as Automaton<SpeakingState, readonly ScopeEffect[]>).at(id).state
  }

  #automatonOf(validator: number): Automaton<SpeakingState, readonly ScopeEffect[]> {
    const maker = this.#world.makerOf(validator, this.#leaders.list)
    return new Automaton<SpeakingState, readonly ScopeEffect[]>(maker, (node) =>
      this.#stateOf(node),
    )
  }

  #stateOf(node: ScopeNode): { state: SpeakingState; text: string } {
    const state = stateOf(node, this.#world.names)
    const { proposals, timeouts, votes } = node.said
    const vote = votes.at(-1)
    const timeout = timeouts.at(-1)
    const speaking = {
      view: state.view,
      node: state,
      vote: vote === undefined ? undefined : this.#world.named(vote.blockHash),
      timeout:
        timeout === undefined
          ? undefined
          : { view: timeout.view, highQC: this.#world.named(timeout.highQC.blockHash) },
      proposal: proposals.at(-1),
    }
    return { state: speaking, text: stateText(state, AS_IS, state.view) }
  }

  #step(node: number, id: number, item: Item): number {
    const automaton = this.#automata[node] as Automaton<SpeakingState, readonly ScopeEffect[]>
    const { outcome, to } = automaton.step(id, item, this.#leaders)
    const asks = outcome.find((effect) => effect.kind === 'build')
    if (asks === undefined || asks.view > BigInt(this.#leaders.list.length)) return to
    // An honest leader is not slow: that its proposal comes late or never is the network's doing.
    return this.#step(node, to, this.#world.payloadFor(asks.view, HONEST[node] as number))
  }
}

interface Visit {
  readonly global: Global
  /** By what it was come to. */
  readonly acts: readonly Act[]
  readonly before: Visit | undefined
}

function forEachCombination(
  options: readonly (readonly Act[])[],
  visit: (acts: readonly Act[]) => void,
): void {
  const [first = [], second = [], third = []] = options
  for (const a of first) {
    for (const b of second) {
      for (const c of third) {
        const acts = [a, b, c]
        if (isFirstOfItsKind(acts)) visit(acts)
      }
    }
  }
}

function globalAfter(global: Global, acts: readonly Act[], result: Result): Global {
  const { fresh, lock, proven, tc } = result
  const certified = global.certified.filter(({ view }) => view >= lock)
  if (fresh !== undefined && fresh.view >= lock) certified.push(fresh)
  return { locals: acts.map(({ to }) => to), certified, proven, tc }
}

function middleOf(a: View, b: View, c: View): View {
  if (a < b) return b < c ? b : a < c ? c : a
  return a < c ? a : b < c ? c : b
}

/** A quorum has two honest timeouts, and the faulty one need not raise what they name. */
function secondLowest(acts: readonly Act[]): NamedBlock | undefined {
  let lowest: NamedBlock | undefined
  let second: NamedBlock | undefined
  for (const { highQC } of acts) {
    if (highQC === undefined) continue
    if (lowest === undefined || highQC.view < lowest.view) {
      second = lowest
      lowest = highQC
    } else if (second === undefined || highQC.view < second.view) second = highQC
  }
  return second
}

/** Of two blocks that the faulty validator makes on one parent, the first is voted for first: they are alike. */
function isFirstOfItsKind(acts: readonly Act[]): boolean {
  for (const { vote } of acts) {
    if (vote === undefined || vote.node !== FAULTY_MAKERS[1]) continue
    const hasTwin = acts.some(
      ({ vote: other }) =>
        other !== undefined &&
        other.node === FAULTY_MAKERS[0] &&
        other.parent === vote.parent &&
        other.view === vote.view,
    )
    if (!hasTwin) return false
  }
  return true
}

function pathOf(visit: Visit): string[][] {
  const steps: string[][] = []
  for (let at: Visit | undefined = visit; at !== undefined; at = at.before) {
    if (at.acts.length > 0) steps.push(at.acts.map(({ label }) => label))
  }
  return steps.reverse()
}

/** Labels that tell acts of one node apart: a way that looks like an earlier one is numbered. */
function distinct(acts: readonly Act[]): readonly Act[] {
  const counts = new Map<string, number>()
  return acts.map((act) => {
    const count = counts.get(act.label) ?? 0
    counts.set(act.label, count + 1)
    return count === 0 ? act : { ...act, label: `${act.label} #${count + 1}` }
  })
}
