import type { CoreState } from './coreState.ts'
import { formatUnits } from './decimal.ts'
import type { LedgerUpdateEvent } from './events.ts'
import type { Token, User } from './records.ts'
import { USD_DECIMALS } from './tradeEvents.ts'

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

/** A spot token that moved, as `emitLedgerUpdate` tells it. */
export function spotTransferDelta(
  { name, weiDecimals }: Token,
  transfer: {
    readonly user: User
    readonly destination: User
    readonly wei: bigint
    /** 1e-6 USDC. */
    readonly value: bigint
    /** For opening the destination's account, 1e-6 USDC. */
    readonly fee?: bigint
    /** Gas of a transfer to the EVM, in decimals of the token that pays it. */
    readonly nativeTokenFee?: string
  },
): LedgerUpdateEvent['delta'] {
  const { destination, fee = 0n, nativeTokenFee = '0.0', user, value, wei } = transfer
  return {
    type: 'spotTransfer',
    token: name,
    amount: formatUnits(wei, weiDecimals),
    usdcValue: formatUnits(value, USD_DECIMALS),
    user,
    destination,
    fee: formatUnits(fee, USD_DECIMALS),
    nativeTokenFee,
    nonce: null,
    feeToken: feeTokenOf(fee),
  }
}

/** What a fee for opening an account is paid in. */
export function feeTokenOf(fee: bigint): string {
  return fee === 0n ? '' : 'USDC'
}
