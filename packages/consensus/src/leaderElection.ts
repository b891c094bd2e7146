import { assert, type Epoch, type Height, type View } from '@openliquid/primitives'
import type { Committee } from './committee.ts'
import { LeaderSchedule } from './leaderSchedule.ts'

/** Which multipliers of the stakes make the schedule, and from which view on. */
export interface LeaderWindow {
  /** Height of the committed block whose past it was computed from: 0, or the closing block, for an epoch's first. */
  readonly boundaryHeight: Height
  readonly startView: View
  /** One per validator: 1000 active, 10 inactive, 1 failing. */
  readonly multipliers: readonly number[]
}

/** Multiplier of a validator with nothing against it. */
export const ACTIVE = 1_000

const NO_VIEW = -1n

interface ScheduledWindow extends LeaderWindow {
  /** The first view as a number, which is faster: a view is asked for many times. */
  readonly firstView: number
  readonly schedule: LeaderSchedule
}

/** Who may propose in a view: one pure function, the same at all replicas of a chain. */
export interface Election {
  leader(epoch: Epoch, view: View): number
}

/**
 * Who may propose in a view: smooth weighted round robin by stake times reputation.
 *
 * A pure function of the epoch's set and the windows added so far. Replicas that have committed different heights may
 * know different windows and name different leaders for a while: that costs views, never safety.
 * @see docs/spec/consensus.md §6
 */
export class LeaderElection implements Election {
  readonly #committee: Committee
  /** Ascending by boundary and by first view; at least one. */
  readonly #windows: ScheduledWindow[] = []
  /** The two views asked for last: nearly always it is the present one or the next. */
  #newestView: View = NO_VIEW
  #newestLeader = 0
  #olderView: View = NO_VIEW
  #olderLeader = 0

  /** @param windows - of the epoch, ascending; without them all are active from view 1 */
  constructor(committee: Committee, windows: readonly LeaderWindow[] = []) {
    this.#committee = committee
    for (const window of windows) this.#windows.push(this.#scheduled(window))
    if (this.#windows.length > 0) return
    const multipliers = committee.stakes.map(() => ACTIVE)
    this.#windows.push(this.#scheduled({ boundaryHeight: 0n, startView: 1n, multipliers }))
  }

  /** @param view - at least 1 */
  leader(epoch: Epoch, view: View): number {
    assert(epoch === this.#committee.epoch, 'one schedule per epoch')
    if (view === this.#newestView) return this.#newestLeader
    if (view === this.#olderView) return this.#olderLeader
    this.#olderView = this.#newestView
    this.#olderLeader = this.#newestLeader
    this.#newestLeader = this.#leaderOf(view)
    this.#newestView = view
    return this.#newestLeader
  }

  #forgetAnswers(): void {
    this.#newestView = NO_VIEW
    this.#olderView = NO_VIEW
  }

  #leaderOf(view: View): number {
    const at = Number(view)
    assert(at >= 1 && at <= Number.MAX_SAFE_INTEGER, 'view has a slot')
    let window = this.#windows[0]
    for (const candidate of this.#windows) if (candidate.firstView <= at) window = candidate
    assert(window !== undefined, 'an election has a window')
    return leaderIn(window, at)
  }

  /**
   * Who a view below a block is charged to, by the chain alone: the leader of the newest window that the block's
   * executedHeight covers. Undefined where a later window may have been in force for those who saw more.
   */
  chargedLeader(
    view: View,
    {
      executedHeight,
      parentHeight,
    }: { readonly executedHeight: Height; readonly parentHeight: Height },
  ): number | undefined {
    let window: ScheduledWindow | undefined
    for (const candidate of this.#windows) {
      if (candidate.startView > view || candidate.boundaryHeight > parentHeight) continue
      if (candidate.boundaryHeight > executedHeight && window !== undefined) return undefined
      window = candidate
    }
    return window === undefined ? undefined : leaderIn(window, Number(view))
  }

  /** Takes a window computed at a newly committed boundary. */
  add(window: LeaderWindow): void {
    const last = this.#windows.at(-1)
    assert(last !== undefined && window.startView > last.startView, 'windows come in order')
    this.#windows.push(this.#scheduled(window))
    this.#forgetAnswers()
  }

  /** Forgets windows that neither views above `view` nor blocks that name `executedHeight` or more can ask for. */
  forgetBelow(view: View, executedHeight: Height): void {
    for (;;) {
      const next = this.#windows[1]
      if (next === undefined || next.startView > view || next.boundaryHeight > executedHeight)
        return
      this.#windows.shift()
      this.#forgetAnswers()
    }
  }

  /** Windows that can still be asked for, ascending. */
  get windows(): readonly LeaderWindow[] {
    return this.#windows.map(({ boundaryHeight, startView, multipliers }) => ({
      boundaryHeight,
      startView,
      multipliers,
    }))
  }

  #scheduled(window: LeaderWindow): ScheduledWindow {
    const { boundaryHeight, multipliers, startView } = window
    assert(multipliers.length === this.#committee.size, 'one multiplier per validator')
    const schedule = this.#scheduleOf(multipliers)
    return { boundaryHeight, startView, firstView: Number(startView), multipliers, schedule }
  }

  #scheduleOf(multipliers: readonly number[]): LeaderSchedule {
    // In quiet times one window is like the one before.
    const last = this.#windows.at(-1)
    if (last?.multipliers.every((multiplier, i) => multiplier === multipliers[i]) === true) {
      return last.schedule.again()
    }
    const weights = this.#committee.stakes.map((stake, i) => stake * BigInt(multipliers[i] ?? 0))
    return LeaderSchedule.of(weights)
  }
}

/** Views below the first window, long decided, count from its start: nobody acts on the answer. */
function leaderIn({ firstView, schedule }: ScheduledWindow, view: number): number {
  return schedule.leaderOf(view < firstView ? 0 : view - firstView)
}
