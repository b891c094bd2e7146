import type { Action } from '@openliquid/primitives'
import type { CoreState } from '../coreState.ts'
import type { User } from '../records.ts'
import {
  createVault,
  depositInVault,
  distributeVault,
  modifyVault,
  withdrawFromVault,
} from '../vaults/vaults.ts'
import { type ActionOutcome, fault } from './outcome.ts'

/** The nonce of the action names the vault, so it is the envelope's; docs/spec/hyperliquid.md §9. */
export function applyCreateVault(
  state: CoreState,
  user: User,
  { name, description, initialUsd, nonce }: Extract<Action, { type: 'createVault' }>,
  envelopeNonce: number,
): ActionOutcome {
  if (nonce !== envelopeNonce) {
    return fault('OL_ACTION_MALFORMED', 'Nonce of the action and of its envelope differ.')
  }
  return createVault(state, user, { name, description, usd: BigInt(initialUsd), nonce })
}

export function applyVaultTransfer(
  state: CoreState,
  user: User,
  { vaultAddress, isDeposit, usd }: Extract<Action, { type: 'vaultTransfer' }>,
): ActionOutcome {
  return transferToVault(state, user, { vault: vaultAddress, isDeposit, usd: BigInt(usd) })
}

/** `usd` in 1e-6 USDC. */
export function transferToVault(
  state: CoreState,
  user: User,
  transfer: { readonly vault: User; readonly isDeposit: boolean; readonly usd: bigint },
): ActionOutcome {
  return transfer.isDeposit
    ? depositInVault(state, user, transfer)
    : withdrawFromVault(state, user, transfer)
}

export function applyVaultDistribute(
  state: CoreState,
  user: User,
  { vaultAddress, usd }: Extract<Action, { type: 'vaultDistribute' }>,
): ActionOutcome {
  return distributeVault(state, user, { vault: vaultAddress, usd: BigInt(usd) })
}

export function applyVaultModify(
  state: CoreState,
  user: User,
  action: Extract<Action, { type: 'vaultModify' }>,
): ActionOutcome {
  return modifyVault(state, user, {
    vault: action.vaultAddress,
    allowDeposits: action.allowDeposits ?? undefined,
    alwaysCloseOnWithdraw: action.alwaysCloseOnWithdraw ?? undefined,
  })
}
