import { uintToBytes } from '../codec/bytes.ts'
import type { MultiSigAction, UserSignedAction } from '../types/action.ts'
import type { Hash } from '../types/ids.ts'
import type { ActionEnvelope } from '../types/transaction.ts'
import { actionHash, type ExchangeNetwork, l1ActionDigest } from './actionHash.ts'
import { actionSchema, multiSigBodySchema, signedStructOf } from './actionTable.ts'
import { hashText, structHash, typedDataDigest } from './eip712.ts'
import { MsgpackWriter } from './msgpackWriter.ts'
import { userDomain, userSignedDigest } from './userSignedDigest.ts'

const MULTI_SIG_TYPE = hashText(
  'HyperliquidTransaction:SendMultiSig(string hyperliquidChain,bytes32 multiSigActionHash,uint64 nonce)',
)

/** What the sender of a wrapped action signs: everything, the signatures of the others included; §3.3. */
export function multiSigDigest(
  action: MultiSigAction,
  envelope: ActionEnvelope,
  network: ExchangeNetwork,
): Hash {
  const writer = new MsgpackWriter()
  multiSigBodySchema.write(action, writer)
  const hash = actionHash({ ...envelope, action: writer.finish() })
  return typedDataDigest(
    userDomain(action.signatureChainId),
    structHash(MULTI_SIG_TYPE, [hashText(network), hash, uintToBytes(envelope.nonce, 32)]),
  )
}

/**
 * What each of the signatures inside a wrapped action is over: the action with whom it is for and who sends it.
 *
 * @throws {DecodeError} as `actionDigest`, for the action inside
 * @see docs/spec/hyperliquid.md §3.3
 */
export function multiSigPayloadDigest(
  { payload }: MultiSigAction,
  envelope: ActionEnvelope,
  network: ExchangeNetwork,
): Hash {
  const { multiSigUser, outerSigner, action } = payload
  const signed = signedStructOf(action.type)
  if (signed !== undefined) {
    // The table has a signed struct for exactly the user-signed actions.
    return userSignedDigest(action as UserSignedAction, signed, envelope, network, {
      payloadMultiSigUser: multiSigUser,
      outerSigner,
    })
  }
  const writer = new MsgpackWriter()
  writer.arrayHeader(3)
  writer.text(multiSigUser)
  writer.text(outerSigner)
  actionSchema.write(action, writer)
  return l1ActionDigest(actionHash({ ...envelope, action: writer.finish() }), network)
}
