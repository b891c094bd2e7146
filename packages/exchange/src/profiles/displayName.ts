import { type ActionOutcome, DONE, fault } from '../actions/outcome.ts'
import type { CoreState } from '../coreState.ts'
import type { User } from '../records.ts'

const CHARS_MAX = 20

/** Chooses the name that an account is shown by; an empty one takes it away. Names need not be unique. */
export function setDisplayName(state: CoreState, user: User, displayName: string): ActionOutcome {
  const name = displayName.trim()
  if ([...name].length > CHARS_MAX) return fault('OL_ACTION_MALFORMED', 'Display name too long.')
  state.profiles.displayNames.set(user, name === '' ? undefined : name)
  return DONE
}
