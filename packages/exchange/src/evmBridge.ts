import {
  type Address,
  assert,
  bytesToHex,
  type EvmCredit,
  type EvmLink,
  type EvmTransfer,
  type EvmTransferCall,
  hexToBytes,
  NATIVE_SYSTEM_ADDRESS,
  NATIVE_TOKEN_EVM_DECIMALS,
  NATIVE_TOKEN_NAME,
  SYSTEM_TRANSACTION_GAS,
  tokenSystemAddress,
} from '@openliquid/primitives'
import { activate } from './actions/activation.ts'
import { type ActionOutcome, DONE, fault, unsupported } from './actions/outcome.ts'
import type { TransferCall } from './bridgeRecords.ts'
import type { CoreState } from './coreState.ts'
import { ceilDivide, formatUnits } from './decimal.ts'
import { emitLedgerUpdate, spotTransferDelta } from './ledgerEvents.ts'
import { EVM_TRANSFERS_MAX, EVM_TRANSFERS_PER_BLOCK_MAX } from './limits.ts'
import type { Token, User } from './records.ts'
import { debit, spotAvailable, spotBalance, spotValue, transferSpot } from './spotClearinghouse.ts'

/** What the Core must know of the EVM as it stands when a block begins. */
export interface EvmFacts {
  /** Wei per gas that the next EVM block asks for. */
  readonly baseFee: bigint
  /** A word of a contract's storage. */
  slot(address: Address, slot: Uint8Array): Uint8Array
}

/** What the two worlds hold of a linked token, as the Core sees it. Wei of the Core. */
export interface EvmEscrow extends EvmLink {
  /** Of the system address: what is on the EVM, and what waits for it. */
  readonly escrow: bigint
  /** What waits for the next EVM block. */
  readonly waiting: bigint
}

const UINT64_MAX = 18_446_744_073_709_551_615n

/** The links of the chain, by token. The same array as long as they stay the same. */
export function evmLinks(state: CoreState): readonly EvmLink[] {
  state.evmLinks ??= [...state.tokens.entries()]
    .sort(([a], [b]) => a - b)
    .flatMap(([, token]) => evmLinkOf(token) ?? [])
  return state.evmLinks
}

/** Of a linked token. */
export function evmEscrowOf(state: CoreState, token: number): EvmEscrow {
  const link = evmLinkOf(state.token(token))
  assert(link !== undefined, 'an escrow of a linked token')
  return {
    ...link,
    escrow: spotBalance(state, bytesToHex(link.systemAddress), token).total,
    waiting: state.transferQueue.waiting(token),
  }
}

/** How a token stands to the EVM; `undefined` when it has no contract there. */
export function evmLinkOf({ index, name, weiDecimals, evmContract }: Token): EvmLink | undefined {
  if (name === NATIVE_TOKEN_NAME) {
    const evmExtraWeiDecimals = NATIVE_TOKEN_EVM_DECIMALS - weiDecimals
    return { token: index, systemAddress: NATIVE_SYSTEM_ADDRESS, evmExtraWeiDecimals }
  }
  if (evmContract === undefined) return undefined
  return {
    token: index,
    systemAddress: tokenSystemAddress(index),
    contract: hexToBytes(evmContract.address, 20),
    evmExtraWeiDecimals: evmContract.evmExtraWeiDecimals,
  }
}

/**
 * Sends a token to the sender's own address on the EVM: to the system address at once, and from there on the EVM in the
 * next EVM block. The gas of the system transaction is paid here, and burned.
 *
 * @see docs/spec/hyperliquid.md §13
 */
export function sendToEvm(
  state: CoreState,
  user: User,
  {
    token,
    wei,
    destination,
  }: { readonly token: Token; readonly wei: bigint; readonly destination: User },
  call?: TransferCall,
): ActionOutcome {
  const link = evmLinkOf(token)
  if (link === undefined || bytesToHex(link.systemAddress) !== destination) {
    return fault('OL_ACTION_DESTINATION', 'Token is not linked to this system address.')
  }
  if (state.evm === undefined) return unsupported('transfer to the EVM')
  if (wei === 0n || toEvmAmount(link, wei) === 0n) {
    return fault('OL_ACTION_MALFORMED', 'Invalid amount.')
  }
  if (state.transferQueue.size >= EVM_TRANSFERS_MAX) {
    return fault('OL_ACTION_EVM_QUEUE', 'Too many transfers to the EVM are waiting.')
  }
  const gas = gasFee(state, call?.gasLimit ?? SYSTEM_TRANSACTION_GAS)
  const needed = token.index === gas.token ? wei + gas.wei : wei
  if (spotAvailable(state, user, token.index) < needed) {
    return fault('OL_ACTION_BALANCE', 'Insufficient balance for token transfer.')
  }
  if (gas.wei > 0n && spotAvailable(state, user, gas.token) < gas.wei) {
    return fault('OL_ACTION_BALANCE', 'Insufficient balance for gas.')
  }
  const entryNtl = spotValue(state, token, wei)
  transferSpot(state, user, destination, { token: token.index, wei, entryNtl })
  burn(state, user, gas)
  state.evmTransfers.set(state.transferQueue.next, { user, token: token.index, wei, call })
  const nativeTokenFee = formatUnits(gas.wei, gas.weiDecimals)
  const moved = { user, destination, wei, value: entryNtl, nativeTokenFee }
  emitLedgerUpdate(state, [user], spotTransferDelta(token, moved))
  return DONE
}

/** Takes what the EVM block that is about to run carries over, first come first served. */
export function takeEvmTransfers(state: CoreState): EvmTransfer[] {
  const transfers: EvmTransfer[] = []
  while (state.transferQueue.size > 0 && transfers.length < EVM_TRANSFERS_PER_BLOCK_MAX) {
    const sequence = state.transferQueue.first
    const queued = state.evmTransfers.get(sequence)
    assert(queued !== undefined, 'a queue without gaps')
    const link = evmLinkOf(state.token(queued.token))
    assert(link !== undefined, 'a link is for ever')
    state.evmTransfers.set(sequence, undefined)
    const { token, systemAddress, contract } = link
    transfers.push({
      user: state.addressOf(queued.user),
      token,
      wei: queued.wei,
      amount: toEvmAmount(link, queued.wei),
      systemAddress,
      ...(contract === undefined ? {} : { contract }),
      ...(queued.call === undefined ? {} : { call: callOf(queued.call) }),
    })
  }
  return transfers
}

function callOf({ destinationRecipient, ...call }: TransferCall): EvmTransferCall {
  return { ...call, destinationRecipient: hexToBytes(destinationRecipient, 32) }
}

/** Gives what came to a system address on the EVM to its sender; what cannot be given becomes an event. */
export function creditFromEvm(state: CoreState, credit: EvmCredit): void {
  const token = state.token(credit.token)
  const link = evmLinkOf(token)
  assert(link !== undefined, 'a credit of a linked token')
  const user = bytesToHex(credit.user)
  const wei = toCoreWei(link, credit.amount)
  const reason = refusal(state, link, wei)
  const source = { evmTxHash: bytesToHex(credit.evmTxHash), logIndex: credit.logIndex }
  const amounts = { token: token.index, amount: String(credit.amount), wei: String(wei) }
  state.emit({
    kind: 'evmCredit',
    user: credit.user,
    ...source,
    ...amounts,
    ...(reason === undefined ? {} : { refused: reason }),
  })
  if (reason !== undefined) return

  if (!state.accounts.has(user)) {
    activate(state, user)
    state.createdByCredit.add(user)
  }
  const from = bytesToHex(link.systemAddress)
  const entryNtl = spotValue(state, token, wei)
  transferSpot(state, from, user, { token: token.index, wei, entryNtl })
  state.causeId = source.evmTxHash
  const delta = spotTransferDelta(token, { user: from, destination: user, wei, value: entryNtl })
  emitLedgerUpdate(state, [user], delta)
}

/** A credit is backed by what the system address holds beyond the transfers that wait. */
function refusal(
  state: CoreState,
  { token, systemAddress }: EvmLink,
  wei: bigint,
): string | undefined {
  if (wei > UINT64_MAX) return 'Amount above the range of the Core.'
  if (wei === 0n) return 'Amount below one wei of the Core.'
  const { total } = spotBalance(state, bytesToHex(systemAddress), token)
  if (total - state.transferQueue.waiting(token) < wei) {
    return 'The system address holds too little on the Core.'
  }
  return undefined
}

/** Wei of the native token that a system transaction costs, rounded up to the Core's unit. */
function gasFee(
  state: CoreState,
  gasLimit: bigint,
): {
  readonly token: number
  readonly wei: bigint
  readonly weiDecimals: number
} {
  assert(state.evm !== undefined, 'a fee without an EVM')
  for (const [index, { name, weiDecimals }] of state.tokens.entries()) {
    if (name !== NATIVE_TOKEN_NAME) continue
    const unit = 10n ** BigInt(NATIVE_TOKEN_EVM_DECIMALS - weiDecimals)
    const wei = ceilDivide(gasLimit * state.evm.baseFee, unit)
    return { token: index, wei, weiDecimals }
  }
  return { token: 0, wei: 0n, weiDecimals: 0 }
}

/** As base fees are on the EVM. */
function burn(
  state: CoreState,
  user: User,
  { token, wei }: { readonly token: number; readonly wei: bigint },
): void {
  if (wei === 0n) return
  debit(state, user, { token, wei })
  const supply = state.supplies.get(token) ?? 0n
  assert(supply >= wei, 'more burned than there is')
  state.supplies.set(token, supply - wei)
}

/** The rest below one unit of the EVM stays with the system address. */
function toEvmAmount({ evmExtraWeiDecimals: extra }: EvmLink, wei: bigint): bigint {
  return extra >= 0 ? wei * 10n ** BigInt(extra) : wei / 10n ** BigInt(-extra)
}

/** The rest below one wei of the Core stays with the system address. */
function toCoreWei({ evmExtraWeiDecimals: extra }: EvmLink, amount: bigint): bigint {
  return extra >= 0 ? amount / 10n ** BigInt(extra) : amount * 10n ** BigInt(-extra)
}
