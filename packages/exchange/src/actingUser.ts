import { type Action, bytesToHex, isUserSigned } from '@openliquid/primitives'
import { type ActionFault, fault } from './actions/outcome.ts'
import { masterOf } from './agents.ts'
import type { CoreState } from './coreState.ts'
import { SPOT_ASSET_MIN } from './market.ts'
import type { User } from './records.ts'

/** Actions that may be done for a sub-account by naming it beside them; docs/spec/hyperliquid.md §4. */
const FOR_SUB_ACCOUNTS: ReadonlySet<Action['type']> = new Set<Action['type']>([
  'order',
  'cancel',
  'cancelByCloid',
  'modify',
  'batchModify',
  'scheduleCancel',
  'updateLeverage',
  'updateIsolatedMargin',
  'topUpIsolatedOnlyMargin',
  'twapOrder',
  'twapCancel',
])

/** Actions of a validator's signer, which needs no account. */
const FOR_VALIDATOR_SIGNERS: ReadonlySet<Action['type']> = new Set<Action['type']>([
  'validatorOracle',
  'CSignerAction',
  'validatorL1Vote',
])

/** Whether an address may sign actions at all. */
export function isSigner(state: CoreState, signer: User): boolean {
  return (
    state.accounts.has(signer) ||
    masterOf(state, signer) !== undefined ||
    state.oracleSigners.has(signer) ||
    state.staking.validatorOf(signer) !== undefined
  )
}

export function unknownSigner(signer: User): ActionFault {
  return fault('OL_ACTION_UNKNOWN_SIGNER', `User or API Wallet ${signer} does not exist.`)
}

/**
 * The account that an action is for; docs/spec/hyperliquid.md §3.3, §3.4, §9.
 *
 * An agent acts for its master, but not where the wallet itself must sign. A master acts for its sub-accounts. The own
 * wallet of a multi-signature account does not act, unless `isMultiSig`: then enough others have signed for it.
 */
export function actingUser(
  state: CoreState,
  signer: User,
  action: Action,
  vaultAddress: Uint8Array | undefined,
  isMultiSig: boolean,
): User | ActionFault {
  if (FOR_VALIDATOR_SIGNERS.has(action.type) && vaultAddress === undefined) return signer
  const user = isUserSigned(action) ? signer : (masterOf(state, signer) ?? signer)
  if (!state.accounts.has(user)) return unknownSigner(signer)
  if (!isMultiSig && user === signer && state.profiles.multiSigUsers.has(user)) {
    return fault('OL_ACTION_MULTI_SIG', 'Multi-sig required')
  }
  if (vaultAddress === undefined) return user
  if (!FOR_SUB_ACCOUNTS.has(action.type)) {
    return fault('OL_ACTION_VAULT', `${action.type} cannot be done for another account.`)
  }
  const subAccount = bytesToHex(vaultAddress)
  const vault = state.vaults.vaults.get(subAccount)
  if (vault !== undefined) {
    if (vault.leader !== user) {
      return fault('OL_ACTION_VAULT', `${subAccount} is not a vault of ${user}.`)
    }
    return touchesSpot(action) ? fault('OL_ACTION_VAULT', 'Vaults trade perps only.') : subAccount
  }
  return state.subAccounts.get(subAccount)?.master === user
    ? subAccount
    : fault('OL_ACTION_VAULT', `${subAccount} is not a sub-account of ${user}.`)
}

/** Whether an action would place a spot order. */
function touchesSpot(action: Action): boolean {
  const assets =
    action.type === 'order'
      ? action.orders.map(({ a }) => a)
      : action.type === 'modify'
        ? [action.order.a]
        : action.type === 'batchModify'
          ? action.modifies.map(({ order }) => order.a)
          : action.type === 'twapOrder'
            ? [action.twap.a]
            : []
  return assets.some((asset) => asset >= SPOT_ASSET_MIN)
}
