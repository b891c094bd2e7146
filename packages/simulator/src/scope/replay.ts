import { PropertyViolation } from '../monitors.ts'
import { isFinding } from '../schedule.ts'
import type { CoreModule } from '../simulatedNode.ts'
import { Explorer, type ExplorerPath } from './explorer.ts'
import { playTwins, Twins } from './twins.ts'
import type { TwinsScenario } from './twinsLayer.ts'

/** A broken property, and the least that still breaks one. */
export interface ScopeFinding<T> {
  /** Begins with the property's name. */
  readonly message: string
  readonly smallest: T
}

/** Plays a scenario of the Twins again and makes it as small as it gets; undefined if nothing breaks. */
export function replayTwins(
  scenario: TwinsScenario,
  coreModule?: CoreModule,
): ScopeFinding<TwinsScenario> | undefined {
  const failureOf = (candidate: TwinsScenario): string | undefined =>
    messageOf(() => playTwins(candidate, coreModule)) ??
    // As the search has it: in its order, and a certificate does not tell whose votes made it.
    messageOf(() =>
      new Twins(coreModule, { highTip: candidate.highTip ?? false }).formOf(candidate),
    )
  return smallestOf(scenario, failureOf, smallerScenarios)
}

/** Goes an explorer's path again and makes it as small as it gets; undefined if nothing breaks. */
export function replayExplorer(
  path: ExplorerPath,
  coreModule?: CoreModule,
): ScopeFinding<ExplorerPath> | undefined {
  const core = coreModule === undefined ? {} : { coreModule }
  const failureOf = ({ acts, leaders }: ExplorerPath): string | undefined =>
    messageOf(() => new Explorer({ leaders, ...core }).replay(acts))
  return smallestOf(path, failureOf, smallerPaths)
}

/** Takes the first smaller one that still fails, as long as there is one. */
function smallestOf<T>(
  whole: T,
  failureOf: (candidate: T) => string | undefined,
  smallerThan: (candidate: T) => Iterable<T>,
): ScopeFinding<T> | undefined {
  let message = failureOf(whole)
  if (message === undefined) return undefined
  let smallest = whole
  for (let isSmaller = true; isSmaller; ) {
    isSmaller = false
    for (const candidate of smallerThan(smallest)) {
      const found = failureOf(candidate)
      if (found === undefined) continue
      message = found
      smallest = candidate
      isSmaller = true
      break
    }
  }
  return { message, smallest }
}

/** Without a view, or without the split of one; in this order, and always less than before. */
function* smallerScenarios(scenario: TwinsScenario): Iterable<TwinsScenario> {
  const { views } = scenario
  for (let i = views.length - 1; i >= 0; i--) {
    yield { ...scenario, views: views.filter((_, at) => at !== i) }
  }
  for (const [i, view] of views.entries()) {
    if (view.sides === 0) continue
    yield { ...scenario, views: views.map((one, at) => (at === i ? { ...one, sides: 0 } : one)) }
  }
}

/** Without its end, or with one more node that does nothing in a view. */
function* smallerPaths({ acts, leaders }: ExplorerPath): Iterable<ExplorerPath> {
  if (acts.length > 0) yield { leaders, acts: acts.slice(0, -1) }
  for (const [i, labels] of acts.entries()) {
    for (const [node, label] of labels.entries()) {
      if (label === '') continue
      const quieter = labels.map((one, at) => (at === node ? '' : one))
      yield { leaders, acts: acts.map((one, at) => (at === i ? quieter : one)) }
    }
  }
}

function messageOf(play: () => unknown): string | undefined {
  try {
    play()
    return undefined
  } catch (error) {
    if (isFinding(error) || error instanceof PropertyViolation) return error.message
    throw error
  }
}
