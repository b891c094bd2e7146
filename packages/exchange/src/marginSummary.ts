import type { CoreState } from './coreState.ts'
import { accountMargin, isolatedMargin } from './margin.ts'
import type { User } from './records.ts'

/** The whole perp account: cross collateral and positions, and those that stand alone. 1e-6 USDC. */
export interface MarginSummary {
  readonly accountValue: bigint
  readonly positionValue: bigint
  readonly rawUsd: bigint
  readonly marginUsed: bigint
}

export function marginSummary(state: CoreState, user: User): MarginSummary {
  const margin = accountMargin(state, user)
  const sum = {
    accountValue: margin.accountValue,
    positionValue: margin.positionValue,
    rawUsd: state.accounts.get(user)?.rawUsd ?? 0n,
    marginUsed: margin.positionInitial,
  }
  for (const [perp, position] of state.positions.of(user)) {
    if (!position.isIsolated || position.size === 0) continue
    const own = isolatedMargin(state, state.perpMarket(perp), position)
    sum.accountValue += own.accountValue
    sum.positionValue += own.positionValue
    sum.rawUsd += position.isolatedRawUsd
    sum.marginUsed += own.accountValue
  }
  return sum
}
