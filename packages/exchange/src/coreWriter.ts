import {
  type Address,
  assert,
  bytesToHex,
  type CoreWriterAction,
  type CoreWriterSource,
  unreachable,
} from '@openliquid/primitives'
import { cancelCloid, cancelOid } from './actions/cancel.ts'
import { carryOut } from './actions/carryOut.ts'
import { finalizeEvmContract } from './actions/evmContract.ts'
import { type ActionOutcome, DONE, fault, isFault } from './actions/outcome.ts'
import { type Dex, isAccountOf, sendAsset } from './actions/sendAsset.ts'
import { sendSpot } from './actions/spotSend.ts'
import { delegateOrUndelegate } from './actions/staking.ts'
import { transferUsdClass } from './actions/usdClassTransfer.ts'
import { transferToVault } from './actions/vault.ts'
import { approveAgent } from './agents.ts'
import { approveBuilder } from './builderFees.ts'
import type { CoreState } from './coreState.ts'
import { formatUnits } from './decimal.ts'
import { CORE_WRITER_QUEUE_MAX, DUE_PER_BLOCK_MAX } from './limits.ts'
import { placeOrder } from './orderEntry.ts'
import type { Cloid, DelayedOrder, Token, User } from './records.ts'
import { depositStake, withdrawStake } from './staking/staking.ts'

/** How long orders of contracts wait, so that the EVM is no faster way in; docs/spec/hyperliquid.md §12. */
export const CORE_WRITER_DELAY_MS = 3_000
/** Prices and sizes of contracts are in 1e-8, whatever the market. */
const CORE_WRITER_DECIMALS = 8
/** Sides of an account by the numbers that contracts give them. */
const DEXES: ReadonlyMap<number, Dex> = new Map([
  [0, 'perp'],
  [0xffff_ffff, 'spot'],
])
const WIRE_TIMES_IN_FORCE = { gtc: 'Gtc', ioc: 'Ioc', alo: 'Alo' } as const

/** Carries out what a contract asked for, or queues it; what is refused becomes an event. */
export function applyCoreWriter(
  state: CoreState,
  address: Address,
  action: CoreWriterAction,
  source: CoreWriterSource,
): void {
  const user = bytesToHex(address)
  const origin = { user, evmTxHash: bytesToHex(source.evmTxHash), logIndex: source.logIndex }
  const reject = (reason: string): void => emitRejected(state, origin, reason)
  // §12: an account that a credit of the same EVM block made comes too late.
  if (!state.accounts.has(user) || state.createdByCredit.has(user)) {
    reject('User does not exist.')
    return
  }
  if (state.profiles.multiSigUsers.has(user)) {
    reject('Contracts cannot act for multi-sig users.')
    return
  }
  state.causeId = origin.evmTxHash
  switch (action.type) {
    case 'limitOrder':
      delayOrder(state, origin, action)
      return
    case 'usdClassTransfer':
      perform(state, origin, () => transferUsdClass(state, user, action.ntl, action.toPerp))
      return
    case 'spotSend':
      perform(state, origin, () => {
        const token = tokenOf(state, action.token)
        if (token === undefined) return fault('OL_ACTION_TOKEN', 'Token does not exist.')
        const destination = bytesToHex(action.destination)
        return sendSpot(state, user, { token, wei: action.wei, destination })
      })
      return
    case 'sendAsset':
      perform(state, origin, () => sendAssetOf(state, user, action))
      return
    case 'finalizeEvmContract':
      perform(state, origin, () =>
        finalizeEvmContract(state, user, Number(action.token), action.input),
      )
      return
    case 'cancelByOid':
    case 'cancelByCloid': {
      const result =
        action.type === 'cancelByOid'
          ? cancelOid(state, user, action.asset, Number(action.oid))
          : cancelCloid(state, user, action.asset, cloidOf(action.clientOrderId) ?? '')
      if (result === 'success') emitExecuted(state, origin)
      else reject(result.error)
      return
    }
    case 'tokenDelegate': {
      const { wei, isUndelegate } = action
      const validator = bytesToHex(action.validator)
      perform(state, origin, () =>
        delegateOrUndelegate(state, user, { validator, wei, isUndelegate }),
      )
      return
    }
    case 'stakingDeposit':
      perform(state, origin, () => depositStake(state, user, action.wei))
      return
    case 'stakingWithdraw':
      perform(state, origin, () => withdrawStake(state, user, action.wei))
      return
    case 'vaultTransfer':
      delayVaultTransfer(state, origin, action)
      return
    case 'addApiWallet':
      perform(state, origin, () => {
        const refused = approveAgent(state, user, bytesToHex(action.wallet), action.name)
        return refused === undefined ? DONE : fault('OL_ACTION_AGENT', refused)
      })
      return
    case 'approveBuilderFee':
      perform(state, origin, () => {
        const fee = { builder: bytesToHex(action.builder), deciBps: Number(action.maxFeeRate) }
        const refused = approveBuilder(state, user, fee)
        return refused === undefined ? DONE : fault('OL_ACTION_BUILDER', refused)
      })
      return
    case 'unsupported':
      reject(`Action not supported: ${action.actionId}`)
      return
    default:
      unreachable(action)
  }
}

/** Begin-block step ②: carries out what has waited long enough, first come first served; §2, §12. */
export function matureDelayed(state: CoreState): void {
  for (let left = DUE_PER_BLOCK_MAX; left > 0; left--) {
    const sequence = state.dueDelayed.next(state.now.timestampMs)
    if (sequence === undefined) return
    const order = state.delayedOrders.get(sequence)
    if (order !== undefined) {
      state.delayedOrders.set(sequence, undefined)
      state.causeId = order.evmTxHash
      placeDelayed(state, order)
      continue
    }
    const transfer = state.vaults.delayed.get(sequence)
    assert(transfer !== undefined, 'a delayed action that is there')
    state.vaults.delayed.set(sequence, undefined)
    state.causeId = transfer.evmTxHash
    perform(state, transfer, () => transferToVault(state, transfer.user, transfer))
  }
}

/** Carries an action out whole or not at all. */
function perform(state: CoreState, origin: Origin, run: () => ActionOutcome): void {
  const outcome = carryOut(state, run)
  if (isFault(outcome)) emitRejected(state, origin, outcome.text)
  else emitExecuted(state, origin)
}

function sendAssetOf(
  state: CoreState,
  user: User,
  action: Extract<CoreWriterAction, { type: 'sendAsset' }>,
): ActionOutcome {
  const isSubAccount = action.subAccount.some((byte) => byte !== 0)
  const from = isSubAccount ? bytesToHex(action.subAccount) : user
  if (!isAccountOf(state, user, from)) {
    return fault('OL_ACTION_SUB_ACCOUNT', `${from} is not a sub-account of the user.`)
  }
  const [source, target] = [DEXES.get(action.sourceDex), DEXES.get(action.destinationDex)]
  if (source === undefined || target === undefined) {
    return fault('OL_ACTION_DESTINATION', 'Dex does not exist.')
  }
  const token = tokenOf(state, action.token)
  if (token === undefined) return fault('OL_ACTION_TOKEN', 'Token does not exist.')
  const destination = bytesToHex(action.destination)
  return sendAsset(state, from, { destination, source, target, token, wei: action.wei, nonce: 0 })
}

/** Ids above 2^53 round to ones that no token has. */
function tokenOf(state: CoreState, token: bigint): Token | undefined {
  return state.tokens.get(Number(token))
}

interface Origin {
  readonly user: User
  readonly evmTxHash: string
  readonly logIndex: number
}

function delayOrder(
  state: CoreState,
  origin: Origin,
  action: Extract<CoreWriterAction, { type: 'limitOrder' }>,
): void {
  const dueMs = delay(state, origin)
  if (dueMs === undefined) return
  state.delayedOrders.set(state.nextCoreWriterSequence(), {
    ...origin,
    dueMs,
    asset: action.asset,
    isBuy: action.isBuy,
    limitPx: action.limitPx,
    size: action.size,
    reduceOnly: action.reduceOnly,
    timeInForce: action.timeInForce,
    cloid: cloidOf(action.clientOrderId),
  })
}

function delayVaultTransfer(
  state: CoreState,
  origin: Origin,
  { vault, isDeposit, usd }: Extract<CoreWriterAction, { type: 'vaultTransfer' }>,
): void {
  const dueMs = delay(state, origin)
  if (dueMs === undefined) return
  const transfer = { ...origin, dueMs, vault: bytesToHex(vault), isDeposit, usd }
  state.vaults.delayed.set(state.nextCoreWriterSequence(), transfer)
}

/** When something that waits from now on is due; `undefined`, and refused, when the queue is full. */
function delay(state: CoreState, origin: Origin): number | undefined {
  if (state.dueDelayed.size >= CORE_WRITER_QUEUE_MAX) {
    emitRejected(state, origin, 'Too many orders of contracts are waiting.')
    return undefined
  }
  const dueMs = state.now.timestampMs + CORE_WRITER_DELAY_MS
  state.emit({
    kind: 'coreWriterDelayed',
    user: state.addressOf(origin.user),
    evmTxHash: origin.evmTxHash,
    logIndex: origin.logIndex,
    dueMs,
  })
  return dueMs
}

function placeDelayed(state: CoreState, order: DelayedOrder): void {
  const { oid } = state.counters.get(0) ?? {}
  const result = placeOrder(state, order.user, {
    a: order.asset,
    b: order.isBuy,
    p: formatUnits(order.limitPx, CORE_WRITER_DECIMALS),
    s: formatUnits(order.size, CORE_WRITER_DECIMALS),
    r: order.reduceOnly,
    t: { limit: { tif: WIRE_TIMES_IN_FORCE[order.timeInForce] } },
    ...(order.cloid === undefined ? {} : { c: order.cloid }),
  })
  if (typeof result === 'object' && 'error' in result) emitRejected(state, order, result.error)
  else emitExecuted(state, order, oid)
}

function emitExecuted(state: CoreState, origin: Origin, oid?: number): void {
  state.emit({
    kind: 'coreWriterExecuted',
    user: state.addressOf(origin.user),
    evmTxHash: origin.evmTxHash,
    logIndex: origin.logIndex,
    ...(oid === undefined ? {} : { oid }),
  })
}

function emitRejected(state: CoreState, origin: Origin, reason: string): void {
  state.emit({
    kind: 'coreWriterRejected',
    user: state.addressOf(origin.user),
    evmTxHash: origin.evmTxHash,
    logIndex: origin.logIndex,
    reason,
  })
}

/** Client order ids of contracts are numbers, 0 for none. */
function cloidOf(id: bigint): Cloid | undefined {
  return id === 0n ? undefined : `0x${id.toString(16).padStart(32, '0')}`
}
