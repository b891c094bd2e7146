import type { Epoch, Height, Misbehavior } from '@openliquid/primitives'
import { PropertyViolation } from './monitors.ts'

/**
 * Watches what committed blocks tell applications about breaches: E1, no honest validator is convicted, whatever it
 * went through; E2, no act is punished twice. That all are told the same is part of M6.
 */
export class EvidenceMonitor {
  readonly #isHonest: (position: number, epoch: Epoch) => boolean
  readonly #convictions: Misbehavior[] = []
  readonly #punished = new Set<string>()
  #height = 0n

  /** @param isHonest - whether every node with the keys of this member of an epoch keeps to the protocol */
  constructor(isHonest: (position: number, epoch: Epoch) => boolean) {
    this.#isHonest = isHonest
  }

  /** All convictions so far, in the order of the chain. */
  get convictions(): readonly Misbehavior[] {
    return this.#convictions
  }

  /** Takes what an honest node's block tells; M1 and M6 see to it that all are told the same. */
  onMisbehavior(height: Height, misbehaviors: readonly Misbehavior[]): void {
    if (height <= this.#height) return
    this.#height = height
    for (const misbehavior of misbehaviors) {
      const { epoch, kind, validator, view } = misbehavior
      if (this.#isHonest(validator, epoch)) {
        throw new PropertyViolation(
          `E1: height ${height} convicts the honest validator ${validator} of ${kind} in view ${view} of epoch ${epoch}`,
        )
      }
      // Two votes, two proposals and two certificates of one view are one act.
      const act =
        kind === 'lockRegression' || kind === 'conflictingTimeouts' ? kind : 'equivocation'
      const key = `${validator}/${epoch}/${view}/${act}`
      if (this.#punished.has(key)) {
        throw new PropertyViolation(
          `E2: height ${height} punishes validator ${validator} again for ${act} in view ${view} of epoch ${epoch}`,
        )
      }
      this.#punished.add(key)
      this.#convictions.push(misbehavior)
    }
  }
}
