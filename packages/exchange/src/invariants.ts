import { assert, NATIVE_TOKEN_NAME } from '@openliquid/primitives'
import type { CoreState } from './coreState.ts'
import { evmEscrowOf } from './evmBridge.ts'
import { USDC, USDC_WEI_PER_UNIT } from './spotClearinghouse.ts'

/**
 * What must hold after every block; docs/spec/hyperliquid.md §6.8.
 *
 * Its cost is that of the tokens, perps and touched books: the sums are kept by the tables themselves, apart from the
 * code that moves money.
 */
export function assertInvariants(state: CoreState): void {
  const { totals } = state
  for (const [token, { name }] of state.tokens.entries()) {
    const perp = token === USDC ? totals.rawUsd.value * USDC_WEI_PER_UNIT : 0n
    const staked = name === NATIVE_TOKEN_NAME ? state.staking.total : 0n
    const held = (totals.spot.get(token) ?? 0n) + perp + staked
    assert(held === (state.supplies.get(token) ?? 0n), `token ${token} is not conserved`)
    const hold = totals.hold.get(token) ?? 0n
    assert(hold === (totals.orderHold.get(token) ?? 0n), `hold of token ${token} is not its orders`)
  }
  for (const [token, waiting] of state.transferQueue.waitingByToken) {
    const { escrow } = evmEscrowOf(state, token)
    assert(escrow >= waiting, `what waits of token ${token} is not in its system address`)
  }
  for (const [perp, size] of state.positions.sizes) {
    assert(size.isZero, `positions of perp ${perp} do not add up to zero`)
  }
  for (const address of state.vaults.touched) {
    const shares = state.vaults.vaults.get(address)?.shares ?? 0n
    assert(shares === state.vaults.sharesOf(address), `shares of vault ${address} do not add up`)
  }
  for (const { book, coin } of state.touched) {
    const [bid, ask] = [book.bestPx(true), book.bestPx(false)]
    assert(bid === 0 || ask === 0 || bid < ask, `the book of ${coin} is crossed`)
  }
}
