import type { CoreState } from './coreState.ts'
import type { LedgerUpdateEvent } from './events.ts'
import type { User } from './records.ts'

/** Tells everyone whose money moved. */
export function emitLedgerUpdate(
  state: CoreState,
  users: readonly User[],
  delta: LedgerUpdateEvent['delta'],
): void {
  for (const user of users) {
    state.emit({
      kind: 'ledgerUpdate',
      user: state.addressOf(user),
      time: state.now.timestampMs,
      hash: state.cause,
      delta,
    })
  }
}
