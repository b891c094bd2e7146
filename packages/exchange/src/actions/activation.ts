import type { CoreState } from '../coreState.ts'
import type { User } from '../records.ts'

/** 1e-6 USDC that the first transfer to a new address costs its sender; docs/spec/hyperliquid.md §9. */
const ACTIVATION_FEE = 1_000_000n

export function activationFee(state: CoreState, destination: User): bigint {
  return state.accounts.has(destination) ? 0n : ACTIVATION_FEE
}

export function activate(state: CoreState, user: User): void {
  if (!state.accounts.has(user)) state.accounts.set(user, { rawUsd: 0n, usingBigBlocks: false })
}

/** Addresses through which tokens leave for the EVM; docs/spec/hyperliquid.md §13. */
export function isSystemAddress(user: User): boolean {
  return user === `0x${'22'.repeat(20)}` || user.startsWith(`0x20${'00'.repeat(11)}`)
}
