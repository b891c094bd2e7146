import { InvariantError } from '@openliquid/primitives'
import type { CoreState } from '../coreState.ts'
import { type ActionOutcome, fault, isFault } from './outcome.ts'

/**
 * Carries an action out whole or not at all: what fails leaves no change and no event.
 *
 * An assertion that fails on the way is a bug of ours, the same one on every node: the action is taken back like any
 * other failure, so that whoever finds such a bug cannot stop the chain with it. What taking back would leave wrong, the
 * assertions at the end of the block find. Anything else that is thrown may differ between machines and passes.
 */
export function carryOut(state: CoreState, run: () => ActionOutcome): ActionOutcome {
  const mark = state.events.mark()
  state.journal.begin()
  const outcome = asserted(run)
  if (isFault(outcome)) {
    state.journal.rollback()
    state.events.truncate(mark)
  } else state.journal.commit()
  return outcome
}

function asserted(run: () => ActionOutcome): ActionOutcome {
  try {
    return run()
  } catch (error) {
    if (!(error instanceof InvariantError)) throw error
    return fault('OL_ACTION_INVARIANT', `Action taken back: ${error.message}.`)
  }
}
