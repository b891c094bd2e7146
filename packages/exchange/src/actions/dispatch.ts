import type { Action } from '@openliquid/primitives'
import type { CoreState } from '../coreState.ts'
import { voteToDelist } from '../delisting.ts'
import { setDisplayName } from '../profiles/displayName.ts'
import { convertToMultiSigUser } from '../profiles/multiSig.ts'
import { claimRewards, registerReferrer, setReferrer } from '../profiles/referrals.ts'
import { linkStakingUser } from '../profiles/stakingLinks.ts'
import type { User } from '../records.ts'
import { applyAccountMode } from './accountMode.ts'
import { applyApproveAgent } from './approveAgent.ts'
import { applyApproveBuilderFee } from './approveBuilderFee.ts'
import { applyCancel, applyCancelByCloid } from './cancel.ts'
import { applyFinalizeEvmContract, applySpotDeploy } from './evmContract.ts'
import { applyEvmUserModify } from './evmUserModify.ts'
import { applyTopUpIsolatedOnlyMargin, applyUpdateIsolatedMargin } from './isolatedMargin.ts'
import { applyBatchModify, applyModify } from './modify.ts'
import { applyOrder } from './order.ts'
import { type ActionOutcome, DONE, fault, unsupported } from './outcome.ts'
import { applyReserveRequestWeight } from './reserveRequestWeight.ts'
import { applyScheduleCancel } from './scheduleCancel.ts'
import { applyAgentSendAsset, applySendAsset } from './sendAsset.ts'
import { applySendToEvmWithData } from './sendToEvmWithData.ts'
import { applySpotSend } from './spotSend.ts'
import {
  applyCDeposit,
  applyCSignerAction,
  applyCValidatorAction,
  applyCWithdraw,
  applyTokenDelegate,
} from './staking.ts'
import {
  applyCreateSubAccount,
  applySubAccountModify,
  applySubAccountSpotTransfer,
  applySubAccountTransfer,
} from './subAccount.ts'
import { applyTwapCancel, applyTwapOrder } from './twap.ts'
import { applyUpdateLeverage } from './updateLeverage.ts'
import { applyUsdClassTransfer } from './usdClassTransfer.ts'
import { applyUsdSend } from './usdSend.ts'
import { applyValidatorOracle } from './validatorOracle.ts'
import {
  applyCreateVault,
  applyVaultDistribute,
  applyVaultModify,
  applyVaultTransfer,
} from './vault.ts'

/** Executes an action for its signer. A fault may leave changes behind: the caller takes them back. */
export function dispatchAction(
  state: CoreState,
  user: User,
  action: Action,
  nonce: number,
): ActionOutcome {
  switch (action.type) {
    case 'order':
      return applyOrder(state, user, action)
    case 'cancel':
      return applyCancel(state, user, action)
    case 'cancelByCloid':
      return applyCancelByCloid(state, user, action)
    case 'modify':
      return applyModify(state, user, action)
    case 'batchModify':
      return applyBatchModify(state, user, action)
    case 'scheduleCancel':
      return applyScheduleCancel(state, user, action)
    case 'twapOrder':
      return applyTwapOrder(state, user, action)
    case 'twapCancel':
      return applyTwapCancel(state, user, action)
    case 'approveAgent':
      return applyApproveAgent(state, user, action)
    case 'convertToMultiSigUser':
      return convertToMultiSigUser(state, user, action.signers)
    case 'linkStakingUser':
      return linkStakingUser(state, user, action)
    case 'setReferrer':
      return setReferrer(state, user, action.code)
    case 'registerReferrer':
      return registerReferrer(state, user, action.code)
    case 'claimRewards':
      return claimRewards(state, user)
    case 'spotUser':
      state.profiles.keepsDust.set(user, action.toggleSpotDusting.optOut ? true : undefined)
      return DONE
    case 'setDisplayName':
      return setDisplayName(state, user, action.displayName)
    case 'approveBuilderFee':
      return applyApproveBuilderFee(state, user, action)
    case 'createSubAccount':
      return applyCreateSubAccount(state, user, action)
    case 'subAccountModify':
      return applySubAccountModify(state, user, action)
    case 'subAccountTransfer':
      return applySubAccountTransfer(state, user, action)
    case 'subAccountSpotTransfer':
      return applySubAccountSpotTransfer(state, user, action)
    case 'sendAsset':
      return applySendAsset(state, user, action)
    case 'agentSendAsset':
      return action.nonce === nonce
        ? applyAgentSendAsset(state, user, action)
        : fault('OL_ACTION_MALFORMED', 'Nonce of the action and of its envelope differ.')
    case 'reserveRequestWeight':
      return applyReserveRequestWeight(state, user, action)
    case 'userSetAbstraction':
    case 'agentSetAbstraction':
    case 'userDexAbstraction':
    case 'userPortfolioMargin':
      return applyAccountMode(state, user, action)
    case 'noop':
      return DONE
    case 'updateLeverage':
      return applyUpdateLeverage(state, user, action)
    case 'updateIsolatedMargin':
      return applyUpdateIsolatedMargin(state, user, action)
    case 'topUpIsolatedOnlyMargin':
      return applyTopUpIsolatedOnlyMargin(state, user, action)
    case 'usdClassTransfer':
      return applyUsdClassTransfer(state, user, action)
    case 'usdSend':
      return applyUsdSend(state, user, action)
    case 'spotSend':
      return applySpotSend(state, user, action)
    case 'sendToEvmWithData':
      return applySendToEvmWithData(state, user, action)
    case 'spotDeploy':
      return applySpotDeploy(state, user, action)
    case 'finalizeEvmContract':
      return applyFinalizeEvmContract(state, user, action)
    case 'evmUserModify':
      return applyEvmUserModify(state, user, action)
    case 'createVault':
      return applyCreateVault(state, user, action, nonce)
    case 'vaultTransfer':
      return applyVaultTransfer(state, user, action)
    case 'vaultDistribute':
      return applyVaultDistribute(state, user, action)
    case 'vaultModify':
      return applyVaultModify(state, user, action)
    case 'cDeposit':
      return applyCDeposit(state, user, action)
    case 'cWithdraw':
      return applyCWithdraw(state, user, action)
    case 'tokenDelegate':
      return applyTokenDelegate(state, user, action)
    case 'CValidatorAction':
      return applyCValidatorAction(state, user, action)
    case 'CSignerAction':
      return applyCSignerAction(state, user, action)
    case 'validatorL1Vote':
      return voteToDelist(state, user, action.D)
    case 'validatorOracle':
      return applyValidatorOracle(state, user, action)
    default:
      return unsupported(action.type)
  }
}
