import type { Action, UserSignedAction } from '../types/action.ts'
import type { Hash } from '../types/ids.ts'
import type { ActionEnvelope } from '../types/transaction.ts'
import { decodeAction } from './actionCodec.ts'
import { actionHash, type ExchangeNetwork, l1ActionDigest } from './actionHash.ts'
import { signedStructOf } from './actionTable.ts'
import { multiSigDigest } from './multiSigDigest.ts'
import { userSignedDigest } from './userSignedDigest.ts'

/**
 * The 32 bytes that the signature of an action is over, by whichever of the two schemes its type uses.
 *
 * @throws {DecodeError} the action is not canonical msgpack, is for the other network, repeats another nonce, or uses
 *   an envelope field that its scheme does not sign
 * @see docs/spec/hyperliquid.md §3.2, §3.3
 */
export function actionDigest(envelope: ActionEnvelope, network: ExchangeNetwork): Hash {
  return decodedActionDigest(decodeAction(envelope.action), envelope, network)
}

/** `actionDigest` for who has decoded the envelope's action already. */
export function decodedActionDigest(
  action: Action,
  envelope: ActionEnvelope,
  network: ExchangeNetwork,
): Hash {
  if (action.type === 'multiSig') return multiSigDigest(action, envelope, network)
  const signed = signedStructOf(action.type)
  if (signed === undefined) return l1ActionDigest(actionHash(envelope), network)
  // The table has a signed struct for exactly the user-signed actions.
  return userSignedDigest(action as UserSignedAction, signed, envelope, network)
}

/** Whether an action is signed field by field, so that a wallet shows what it does. */
export function isUserSigned(action: Action): action is UserSignedAction {
  return signedStructOf(action.type) !== undefined
}
