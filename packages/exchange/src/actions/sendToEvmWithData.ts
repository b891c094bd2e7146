import {
  type Action,
  bytesToHex,
  type Hex,
  hexToBytes,
  tokenSystemAddress,
  uintToBytes,
} from '@openliquid/primitives'
import type { TransferCall } from '../bridgeRecords.ts'
import type { CoreState } from '../coreState.ts'
import { parseUnits } from '../decimal.ts'
import { sendToEvm } from '../evmBridge.ts'
import { EVM_TRANSFER_DATA_BYTES_MAX, EVM_TRANSFER_GAS_MAX } from '../limits.ts'
import type { User } from '../records.ts'
import { findToken } from '../spotTokens.ts'
import { type ActionOutcome, fault } from './outcome.ts'

const RECIPIENT_BYTES = 32
const BASE58 = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'

/**
 * Sends a token to its linked contract, which is told whom it is for and with what data, and moves it itself: the way
 * to other chains; docs/spec/hyperliquid.md §13.
 */
export function applySendToEvmWithData(
  state: CoreState,
  user: User,
  action: Extract<Action, { type: 'sendToEvmWithData' }>,
): ActionOutcome {
  if (action.sourceDex !== 'spot') {
    return fault('OL_ACTION_DESTINATION', 'Only spot tokens go to the EVM.')
  }
  const token = findToken(state, action.token)
  if (token === undefined) return fault('OL_ACTION_TOKEN', 'Token does not exist.')
  const wei = parseUnits(action.amount, token.weiDecimals)
  if (wei === undefined) return fault('OL_ACTION_MALFORMED', 'Invalid amount.')
  if (token.evmContract === undefined) {
    return fault('OL_ACTION_DESTINATION', 'Token has no contract on the EVM.')
  }
  const call = callOf(action)
  if (call === undefined)
    return fault('OL_ACTION_MALFORMED', 'Invalid recipient, data or gas limit.')
  const destination = bytesToHex(tokenSystemAddress(token.index))
  return sendToEvm(state, user, { token, wei, destination }, call)
}

function callOf(action: Extract<Action, { type: 'sendToEvmWithData' }>): TransferCall | undefined {
  const { destinationChainId, nonce, gasLimit } = action
  const data = hexToBytes(action.data)
  const destinationRecipient = recipientOf(action.destinationRecipient, action.addressEncoding)
  const isBounded =
    data.length <= EVM_TRANSFER_DATA_BYTES_MAX && gasLimit > 0 && gasLimit <= EVM_TRANSFER_GAS_MAX
  if (destinationRecipient === undefined || !isBounded) return undefined
  return { destinationRecipient, destinationChainId, nonce, data, gasLimit: BigInt(gasLimit) }
}

/** As 32 bytes, filled from the left with zeros. */
function recipientOf(text: string, encoding: string): Hex | undefined {
  if (encoding === 'hex') {
    const digits = /^0x([0-9a-fA-F]{2,64})$/.exec(text)?.[1]
    return digits === undefined || digits.length % 2 !== 0
      ? undefined
      : `0x${digits.toLowerCase().padStart(2 * RECIPIENT_BYTES, '0')}`
  }
  return encoding === 'base58' ? base58(text) : undefined
}

function base58(text: string): Hex | undefined {
  // 44 digits hold 32 bytes.
  if (!/^[1-9A-HJ-NP-Za-km-z]{1,44}$/.test(text)) return undefined
  let value = 0n
  for (const digit of text) value = value * 58n + BigInt(BASE58.indexOf(digit))
  return value >> BigInt(8 * RECIPIENT_BYTES) === 0n
    ? bytesToHex(uintToBytes(value, RECIPIENT_BYTES))
    : undefined
}
