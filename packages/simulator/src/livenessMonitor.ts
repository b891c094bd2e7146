import type { Effect } from '@openliquid/consensus'
import type { ConsensusParams, Epoch, View } from '@openliquid/primitives'
import type { Cluster } from './cluster.ts'
import { PropertyViolation } from './monitors.ts'
import type { SimulatedNode } from './simulatedNode.ts'

/** Where a replica stands, or a block. */
interface Position {
  readonly epoch: Epoch
  readonly view: View
}

/** A replica tells a peer that is behind at most once in so long (§13). */
const NEWS_MS = 1_000
/** Views at the beginning of an epoch in which others may still be in the one before. */
const FIRST_VIEWS = 2n

/**
 * Watches honest nodes from the moment links are good: L1 and L2 of docs/spec/consensus.md §11.1, with the bounds of §5
 * from the back-off that the nodes really have. Clocks must agree and execution be fast, or honest leaders fail.
 */
export class LivenessMonitor {
  readonly #cluster: Cluster
  /** Δ: what a message takes at most. */
  readonly #delayMs: number
  /** Who leads a view as those say who entered it; absent where they differ. */
  readonly #leaders = new Map<string, number | undefined>()
  readonly #committed = new Map<number, Position>()

  constructor(cluster: Cluster, delayMs: number) {
    this.#cluster = cluster
    this.#delayMs = delayMs
  }

  /** Whether all honest nodes are in one epoch and within a view of each other: L2 is about those that are. */
  get isLevel(): boolean {
    const all = this.#honest().map(({ core }) => core.status)
    return all.every(({ epoch, view }) =>
      all.every((other) => epoch === other.epoch && view <= other.view + 1n),
    )
  }

  /** Takes an effect as it is carried out; checks follow when they are due. */
  onEffect(index: number, effect: Effect): void {
    const node = this.#cluster.node(index)
    if (!node.isHonest) return
    if (effect.kind === 'commit') {
      const header = effect.blocks.at(-1)?.block.header
      if (header !== undefined) this.#committed.set(index, header)
    }
    if (effect.kind === 'enterView') this.#onView(node, effect)
  }

  #onView(node: SimulatedNode, { epoch, leader, view }: Position & { leader: number }): void {
    const at = { epoch, view }
    const key = keyOf(at)
    const isFirst = !this.#leaders.has(key)
    const isAgreed = isFirst || this.#leaders.get(key) === leader
    this.#leaders.set(key, isAgreed ? leader : undefined)
    this.#later(2 * this.#delayMs + 1, () => this.#checkTogether(at))
    const longestMs = this.#longestMs() + NEWS_MS + 6 * this.#delayMs
    this.#later(longestMs, () => this.#checkMoved(node, at))
    const before = { epoch, view: view - 1n }
    if (!isFirst || !this.#isWellLed(before)) return
    // A faulty leader of the view after may show its certificate to few: then timeouts bring it to all.
    this.#later(longestMs + this.#cluster.params.backupDelayMs, () => {
      if (this.#isWellLed(at)) this.#checkCommitted(before)
    })
  }

  /** L2: views of honest replicas are within 1 of each other. */
  #checkTogether(at: Position): void {
    for (const node of this.#honest()) {
      const { epoch, view } = node.core.status
      const isNear =
        epoch > at.epoch || (epoch === at.epoch ? view + 1n >= at.view : at.view <= FIRST_VIEWS)
      if (isNear) continue
      throw new PropertyViolation(
        `L2: node ${node.index} is in view ${view} of epoch ${epoch} when others were in ${keyOf(at)}`,
      )
    }
  }

  /** L1: no view lasts longer than the timer of whoever has waited most. */
  #checkMoved(node: SimulatedNode, at: Position): void {
    if (!node.isUp || node.halt !== undefined) return
    const { epoch, view } = node.core.status
    if (epoch !== at.epoch || view > at.view) return
    throw new PropertyViolation(`L1: node ${node.index} stays in view ${keyOf(at)}`)
  }

  /** L1: two honest leaders in a row commit a block. */
  #checkCommitted(at: Position): void {
    for (const node of this.#honest()) {
      const { epoch } = node.core.status
      const committed = this.#committed.get(node.index)
      if (epoch > at.epoch) continue
      if (committed !== undefined && committed.epoch === at.epoch && committed.view >= at.view) {
        continue
      }
      throw new PropertyViolation(
        `L1: node ${node.index} has not committed the block of ${keyOf(at)}, nor has a later one`,
      )
    }
  }

  #isWellLed(at: Position): boolean {
    const leader = this.#leaders.get(keyOf(at))
    if (leader === undefined) return false
    const indexes = this.#cluster.nodesAt(at.epoch, leader)
    const nodes = indexes.map((index) => this.#cluster.node(index))
    return nodes.every(({ isHonest, isUp }) => isHonest && isUp)
  }

  #longestMs(): number {
    let longestMs = 0
    for (const { core } of this.#honest()) {
      const timeoutMs = timeoutMsAfter(core.dump().failures + 1, this.#cluster.params)
      if (timeoutMs > longestMs) longestMs = timeoutMs
    }
    return longestMs
  }

  #honest(): SimulatedNode[] {
    return this.#cluster.nodes.filter(
      ({ halt, isHonest, isUp }) => isHonest && isUp && halt === undefined,
    )
  }

  #later(delayMs: number, check: () => void): void {
    this.#cluster.scheduler.after(delayMs, () => this.#cluster.watch(check))
  }
}

function keyOf({ epoch, view }: Position): string {
  return `${epoch}/${view}`
}

/** τ(k) of §5, by code of its own. */
function timeoutMsAfter(failures: number, params: ConsensusParams): number {
  const { viewTimeoutFreeFailures, viewTimeoutGrowthMilli, viewTimeoutMs, viewTimeoutMsMax } =
    params
  const growths = Math.max(0, failures - viewTimeoutFreeFailures)
  return Math.min(viewTimeoutMsMax, viewTimeoutMs * (viewTimeoutGrowthMilli / 1_000) ** growths)
}
