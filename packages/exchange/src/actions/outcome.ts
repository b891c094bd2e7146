import type { ActionFaultCode } from '../errors.ts'
import type { ActionResponse } from '../receipt.ts'

/** An action that failed as a whole: nothing but its nonce stays. */
export interface ActionFault {
  readonly code: ActionFaultCode
  readonly text: string
}

export type ActionOutcome = ActionResponse | ActionFault

/** The answer of actions that have nothing to tell. */
export const DONE: ActionResponse = { type: 'default' }

export function fault(code: ActionFaultCode, text: string): ActionFault {
  return { code, text }
}

export function unsupported(what: string): ActionFault {
  return fault('OL_ACTION_UNSUPPORTED', `Action not supported: ${what}`)
}

export function isFault(outcome: ActionOutcome): outcome is ActionFault {
  return 'code' in outcome
}
