import type { Epoch, View } from '@openliquid/primitives'
import type { SafetyData } from './safetyData.ts'

/** A place in the order of all views. */
export interface Watermark {
  readonly epoch: Epoch
  readonly view: View
}

/**
 * Safety data of a validator that knows only that it signed nothing above this: it votes above it, and times out only
 * with a QC at or above it. Without the lock it could give up what it voted for before, which convicts it and can fork
 * the chain.
 *
 * @see docs/spec/consensus.md §7
 */
export function safetyAt({ epoch, view }: Watermark): SafetyData {
  return { epoch, lastVotedView: view, lockedView: view }
}

/** Whether safety data is such a mark, and nothing has been signed since. */
export function isWatermark({ entry, lastTimeout, lastVote, lockedQC }: SafetyData): boolean {
  return [entry, lastTimeout, lastVote, lockedQC].every((part) => part === undefined)
}

/** The highest view that safety data says was signed in, or locked on. */
export function watermarkOf(data: SafetyData): Watermark {
  const { epoch, lastProposed, lastVotedView, lockedView } = data
  const views = [lastVotedView, lockedView, lastProposed?.view ?? 0n]
  return { epoch, view: views.reduce((high, view) => (view > high ? view : high), 0n) }
}

/** Which of two marks is the higher one: below 0 if the first is lower. */
export function compareWatermarks(one: Watermark, other: Watermark): number {
  if (one.epoch !== other.epoch) return one.epoch < other.epoch ? -1 : 1
  return one.view < other.view ? -1 : one.view > other.view ? 1 : 0
}
