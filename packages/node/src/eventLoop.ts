import type { ConsensusInput, Effect } from '@openliquid/consensus'
import { INPUTS_QUEUED_MAX, TURN_MS_MAX } from './limits.ts'

/** Leaves out what every input gets from the loop's own clock. */
export type UntimedInput = ConsensusInput extends infer Input
  ? Input extends ConsensusInput
    ? Omit<Input, 'nowMs'>
    : never
  : never

/** What the loop drives. */
export interface EventLoopOptions {
  readonly core: { step(input: ConsensusInput): Effect[] }
  readonly clock: () => number
  run(effects: readonly Effect[]): void
  /** An input has come and is processed in a later turn. */
  onInput?(): void
  /** Something threw: an invariant of ours, or the disk. Nothing is processed after it. */
  onFailure(error: unknown): void
}

/**
 * Feeds inputs to the consensus core one at a time, in the order they came, and hands each one's effects on before the
 * next input.
 *
 * Messages of peers are dropped when too many wait; the protocol repeats what matters. Own answers are never dropped.
 */
export class EventLoop {
  readonly #options: EventLoopOptions
  readonly #waiting: UntimedInput[] = []
  #isScheduled = false
  #isStopped = false
  #dropped = 0

  constructor(options: EventLoopOptions) {
    this.#options = options
  }

  /** Messages dropped because the queue was full. */
  get dropped(): number {
    return this.#dropped
  }

  push(input: UntimedInput): void {
    if (this.#isStopped) return
    if (input.kind === 'message' && this.#waiting.length >= INPUTS_QUEUED_MAX) {
      this.#dropped += 1
      return
    }
    this.#waiting.push(input)
    this.#options.onInput?.()
    this.#schedule()
  }

  /** Forgets what waits; later inputs are ignored. */
  stop(): void {
    this.#isStopped = true
    this.#waiting.length = 0
  }

  #schedule(): void {
    if (this.#isScheduled) return
    this.#isScheduled = true
    setImmediate(() => this.#turn())
  }

  /** Processes what waits, and after a while lets sockets and timers have a turn. */
  #turn(): void {
    this.#isScheduled = false
    const { core, clock, run, onFailure } = this.#options
    const endMs = clock() + TURN_MS_MAX
    let taken = 0
    try {
      for (const input of this.#waiting) {
        if (this.#isStopped) return
        taken += 1
        const nowMs = clock()
        run(core.step({ ...input, nowMs } as ConsensusInput))
        if (nowMs >= endMs) break
      }
    } catch (error) {
      this.stop()
      onFailure(error)
      return
    }
    this.#waiting.splice(0, taken)
    if (this.#waiting.length > 0) this.#schedule()
  }
}
