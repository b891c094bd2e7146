import type { ConsensusBuffers, ConsensusCore } from '@openliquid/consensus'
import { PropertyViolation } from './monitors.ts'

/** Looks are taken so many steps apart: what has outgrown its bound does not shrink by itself. */
const STEPS = 16

/** What the buffers of one replica among so many validators may hold, whatever it is sent. */
export function bufferBounds(validators: number): ConsensusBuffers {
  return {
    // Of the view before, the present one and two to come; two votes are an equivocation, a third may be forged.
    votes: 4 * 3 * validators,
    timeouts: validators,
    orphans: 64,
    orphanBytes: 33_554_432,
    fetchTargets: 4,
    earlyMessages: 16,
    // That nobody here voted for; beyond, there is a block in each view without a commit.
    uncommittedBlocks: 64,
  }
}

/** Watches the buffers of one honest node: L4 of docs/spec/consensus.md §11.1. */
export class BufferMonitor {
  readonly #node: number
  readonly #bounds: ConsensusBuffers
  #steps = 0
  /** Where the views without a commit are counted from. */
  #committedHeight = -1n
  #epoch = 0n
  #since = 0n

  constructor(node: number, validators: number) {
    this.#node = node
    this.#bounds = bufferBounds(validators)
  }

  /** Looks now and then. @throws {PropertyViolation} L4 */
  onStep(core: Pick<ConsensusCore, 'buffers' | 'status'>): void {
    this.#steps += 1
    if (this.#steps % STEPS !== 0) return
    const { committedHeight, epoch, view } = core.status
    if (committedHeight !== this.#committedHeight || epoch !== this.#epoch) {
      this.#committedHeight = committedHeight
      this.#epoch = epoch
      this.#since = view
    }
    const voted = Number(view - this.#since) + STEPS
    for (const [name, size] of Object.entries(core.buffers)) {
      const bound = this.#bounds[name as keyof ConsensusBuffers]
      const max = name === 'uncommittedBlocks' ? bound + voted : bound
      if (size > max) {
        throw new PropertyViolation(`L4: node ${this.#node} holds ${size} ${name}, at most ${max}`)
      }
    }
  }
}
