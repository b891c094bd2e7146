import { ConsensusCore, recoverState } from '@openliquid/consensus'
import { assert } from '@openliquid/primitives'
import type { CoreModule } from '../src/index.ts'
import { PropertyViolation } from '../src/index.ts'
import { SingleRun, type StepInput } from '../src/scope/automaton.ts'
import { ExplorerWorld, FAULTY_MAKERS, type Proposed } from '../src/scope/explorerWorld.ts'
import { LeaderLine } from '../src/scope/leaderLine.ts'
import type { ScopeEffect, ScopeNode } from '../src/scope/scopeNode.ts'
import type { NamedBlock } from '../src/scope/stateText.ts'
import type { ModelBlock, ModelReplica, ModelState, ModelTrace } from './model.ts'

/**
 * Gives three real cores the inputs that the actions of a run of the model stand for, and compares each with its
 * replica after every step.
 *
 * @throws {PropertyViolation} a core is elsewhere than its replica
 */
export function replayTrace(
  trace: ModelTrace,
  coreModule: CoreModule = { ConsensusCore, recoverState },
): void {
  const [first, ...rest] = trace
  assert(first !== undefined, 'a run has a first state')
  const cores = new Cores(first.leaders, coreModule)
  cores.compare(first)
  let before = first
  for (const state of rest) {
    cores.act(state, before)
    cores.compare(state)
    before = state
  }
}

class Cores {
  readonly #world: ExplorerWorld
  readonly #leaders: LeaderLine
  readonly #cores = new Map<number, { node: ScopeNode; run: SingleRun<readonly ScopeEffect[]> }>()
  readonly #proposals = new Map<string, Proposed>()

  constructor(leaders: readonly number[], coreModule: CoreModule) {
    this.#world = new ExplorerWorld(coreModule)
    this.#leaders = new LeaderLine(leaders)
    for (const validator of [1, 2, 3]) {
      const { make, outcomeOf } = this.#world.makerOf(validator, leaders)
      let made: ScopeNode | undefined
      const run = new SingleRun({ make: (line) => (made = make(line)), outcomeOf })
      assert(made !== undefined, 'a run makes its node')
      this.#cores.set(validator, { node: made, run })
      if (leaders[0] === validator) this.#give(validator, this.#world.payloadFor(1n, validator))
    }
  }

  /** Does what the model did between two states. */
  act({ action, picks }: ModelState, before: ModelState): void {
    const { highQC, maker, me, on, p, qc, tc, view } = picks
    switch (action) {
      case 'showQC':
        this.#give(me, this.#world.showQC(this.#certified(before, qc)))
        break
      case 'showTC':
        this.#give(me, this.#world.showTC(BigInt(view ?? 0), this.#certified(before, highQC)))
        break
      case 'timeOut':
        this.#give(me, this.#world.timerOf(BigInt(before.replicas.get(me ?? 0)?.view ?? 0)))
        break
      case 'receive': {
        const proposal = p && this.#proposals.get(keyOf(p.block, p.tc))
        assert(proposal !== undefined, 'what the model shows was proposed')
        this.#give(me, proposal)
        break
      }
      case 'proposeFaulty': {
        const block = { view: view ?? 0, on: on ?? 0, maker: maker ?? 0 }
        this.#proposeFaulty(block, tc ?? -1, before)
        break
      }
      default:
        throw new PropertyViolation(`the model has an action that is not replayed: ${action}`)
    }
  }

  /** @throws {PropertyViolation} a core differs from its replica */
  compare({ action, picks, replicas }: ModelState): void {
    for (const [validator, { node }] of this.#cores) {
      const real = JSON.stringify(this.#stateOf(node))
      const modelled = JSON.stringify(replicas.get(validator), FIELDS)
      if (real === modelled) continue
      throw new PropertyViolation(
        `after ${action} ${JSON.stringify(picks)}, core ${validator} is ${real}, the model ${modelled}`,
      )
    }
  }

  #stateOf({ core, view }: ScopeNode): ModelReplica {
    const { committed, highQC, safety } = core.dump()
    return {
      view: Number(view),
      lastVoted: Number(safety?.lastVotedView ?? 0),
      locked: Number(safety?.lockedView ?? 0),
      highQC: Number(highQC.view),
      committed: Number(this.#world.named(committed).view),
    }
  }

  /** A node that is asked for a payload in its view has it at once. */
  #give(validator: number | undefined, input: StepInput): void {
    const core = this.#cores.get(validator ?? 0)
    assert(core !== undefined, 'the node is honest')
    const asked: bigint[] = []
    for (const effect of core.run.step(0, input, this.#leaders).outcome) {
      if (effect.kind === 'build') asked.push(effect.view)
      if (effect.kind !== 'broadcast' || effect.message.kind !== 'proposal') continue
      const { proposal } = effect.message
      const proposed = this.#world.showProposal(proposal)
      const entry = proposal.tc === undefined ? -1 : Number(proposal.tc.highQC.view)
      this.#proposals.set(keyOf(modelBlockOf(proposed.block), entry), proposed)
    }
    const view = asked.at(-1)
    if (view !== undefined && view === core.node.view) {
      this.#give(validator, this.#world.payloadFor(view, validator ?? 0))
    }
  }

  #proposeFaulty(block: ModelBlock, entry: number, before: ModelState): void {
    const certified = before.certified
      .filter((one) => one.view > 0)
      .map((one) => this.#certified(before, one.view))
    const tc = entry < 0 ? undefined : this.#certified(before, entry)
    const made = this.#world.faultyProposals({ certified, tc }, BigInt(block.view))
    const madeBy = (maker: number): Proposed | undefined =>
      made.find((one) => isSame(modelBlockOf(one.block), { ...block, maker }))
    // Of what no honest node may vote for the world makes one, the model two.
    const proposed = madeBy(block.maker) ?? madeBy(FAULTY_MAKERS[0])
    assert(proposed !== undefined, 'the faulty validator can make what the model says')
    this.#proposals.set(keyOf(block, entry), proposed)
  }

  #certified({ certified }: ModelState, view: number | undefined): NamedBlock {
    if (view === 0) return this.#world.genesis
    const block = certified.find((one) => one.view === view)
    const known = [...this.#proposals.values()].find(
      (one) => block !== undefined && isSame(modelBlockOf(one.block), block),
    )
    assert(known !== undefined, 'what is certified was proposed')
    return known.block
  }
}

/** In the order of `#stateOf`. */
const FIELDS: (keyof ModelReplica)[] = ['view', 'lastVoted', 'locked', 'highQC', 'committed']

function modelBlockOf({ node, qcView, view }: NamedBlock): ModelBlock {
  return { view: Number(view), on: Number(qcView), maker: node }
}

function isSame(a: ModelBlock, b: ModelBlock): boolean {
  return a.view === b.view && a.on === b.on && a.maker === b.maker
}

function keyOf({ maker, on, view }: ModelBlock, tc: number): string {
  return `${view}.${maker}/${on},${tc}`
}
