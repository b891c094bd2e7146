import type { Hex } from '@openliquid/primitives'
import { isFinding, minimize, type Outcome, type Plan, planOf, runPlan } from './schedule.ts'
import type { CoreModule } from './simulatedNode.ts'
import { Trace } from './trace.ts'

/** A broken property, and the smallest run found that shows it. */
export interface Finding {
  /** Begins with the property's name. */
  readonly message: string
  /** What is left of the plan of the seed. */
  readonly plan: Plan
  /** The newest lines of that run. */
  readonly trace: readonly string[]
}

/** What came of one seed. */
export interface Simulation {
  readonly seed: number
  readonly outcome: Outcome | undefined
  /** Over everything that all nodes did: the same on every machine. */
  readonly traceHash: Hex
  readonly finding: Finding | undefined
}

/** Runs the schedule of one seed with its whole trace; what fails is made as small as it gets. */
export function simulate(
  seed: number,
  { coreModule, highTip }: { readonly coreModule?: CoreModule; readonly highTip?: boolean } = {},
): Simulation {
  const core = coreModule === undefined ? {} : { coreModule }
  const plan = planOf(seed, highTip === undefined ? {} : { highTip })
  const trace = new Trace()
  try {
    const outcome = runPlan(plan, { ...core, trace })
    return { seed, outcome, traceHash: trace.hash, finding: undefined }
  } catch (error) {
    if (!isFinding(error)) throw error
    return { seed, outcome: undefined, traceHash: trace.hash, finding: findingOf(plan, core) }
  }
}

function findingOf(plan: Plan, core: { readonly coreModule?: CoreModule }): Finding {
  const failureOf = (candidate: Plan, trace?: Trace): Error | undefined => {
    try {
      runPlan(candidate, { ...core, ...(trace === undefined ? {} : { trace }) })
      return undefined
    } catch (error) {
      if (isFinding(error)) return error
      throw error
    }
  }
  const smallest = minimize(plan, (candidate) => failureOf(candidate) !== undefined)
  const trace = new Trace()
  const failure = failureOf(smallest, trace)
  return { message: failure?.message ?? 'not repeated', plan: smallest, trace: trace.tail }
}
