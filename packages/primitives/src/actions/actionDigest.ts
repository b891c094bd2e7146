import { concatBytes, uintToBytes } from '../codec/bytes.ts'
import { keccak256 } from '../codec/hash.ts'
import { hexToBytes } from '../codec/hex.ts'
import { malformed } from '../codec/malformed.ts'
import type { Action, MultiSigAction, UserSignedAction } from '../types/action.ts'
import { assert, unreachable } from '../types/errors.ts'
import type { Address, Hash, Hex } from '../types/ids.ts'
import type { ActionEnvelope } from '../types/transaction.ts'
import { decodeAction } from './actionCodec.ts'
import {
  multiSigBodySchema,
  type SignedFieldType,
  type SignedStruct,
  signedStructOf,
} from './actionTable.ts'
import { domainSeparator, hashText, leftPad, structHash, typedDataDigest } from './eip712.ts'
import { MsgpackWriter } from './msgpackWriter.ts'

/** Which of the original's two networks a chain calls itself; keeps their signatures apart. */
export type ExchangeNetwork = 'Mainnet' | 'Testnet'

const NO_VAULT = Uint8Array.of(0)
const VAULT = Uint8Array.of(1)
const EXPIRES = Uint8Array.of(0)

const L1_DOMAIN = domainSeparator('Exchange', 1337)
const AGENT_TYPE = hashText('Agent(string source,bytes32 connectionId)')
const SOURCE: Readonly<Record<ExchangeNetwork, Hash>> = {
  Mainnet: hashText('a'),
  Testnet: hashText('b'),
}
const USER_DOMAIN_NAME = 'HyperliquidSignTransaction'

/**
 * Keccak-256 of an action and what it is sent with.
 *
 * @param hashed.action - canonical msgpack
 * @see docs/spec/hyperliquid.md §3.2
 */
export function actionHash(hashed: {
  readonly action: Uint8Array
  readonly nonce: number
  readonly vaultAddress?: Address | undefined
  readonly expiresAfter?: number | undefined
}): Hash {
  const { action, nonce, vaultAddress, expiresAfter } = hashed
  assert(vaultAddress === undefined || vaultAddress.length === 20, 'address has 20 bytes')
  return keccak256(
    concatBytes(
      action,
      uintToBytes(nonce, 8),
      ...(vaultAddress === undefined ? [NO_VAULT] : [VAULT, vaultAddress]),
      ...(expiresAfter === undefined ? [] : [EXPIRES, uintToBytes(expiresAfter, 8)]),
    ),
  )
}

/** EIP-712 digest over an action hash: what an L1 action's signer signs. */
export function l1ActionDigest(connectionId: Hash, network: ExchangeNetwork): Hash {
  return typedDataDigest(L1_DOMAIN, structHash(AGENT_TYPE, [SOURCE[network], connectionId]))
}

/**
 * The 32 bytes that the signature of an action is over, by whichever of the two schemes its type uses.
 *
 * @throws {DecodeError} the action is not canonical msgpack, is for the other network, repeats another nonce, or uses
 *   an envelope field that its scheme does not sign
 * @see docs/spec/hyperliquid.md §3.2, §3.3
 */
export function actionDigest(envelope: ActionEnvelope, network: ExchangeNetwork): Hash {
  const action = decodeAction(envelope.action)
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

function userSignedDigest(
  action: UserSignedAction,
  { name, fields, nonceKey }: SignedStruct,
  { nonce, vaultAddress, expiresAfter }: ActionEnvelope,
  network: ExchangeNetwork,
): Hash {
  if (vaultAddress !== undefined) {
    throw malformed('vaultAddress', 'is not signed by a user-signed action')
  }
  if (expiresAfter !== undefined) {
    throw malformed('expiresAfter', 'is not signed by a user-signed action')
  }
  if (action.hyperliquidChain !== network) {
    throw malformed('action.hyperliquidChain', `this network is ${network}`)
  }
  const values = action as unknown as Readonly<Record<string, unknown>>
  if (values[nonceKey] !== nonce) {
    throw malformed(`action.${nonceKey}`, 'differs from the nonce of the envelope')
  }

  const typeHash = hashText(
    `HyperliquidTransaction:${name}(string hyperliquidChain,${fields
      .map(([key, solidity]) => `${solidity} ${key}`)
      .join(',')})`,
  )
  const words = fields.map(([key, solidity]) => word(solidity, values[key]))
  return typedDataDigest(
    userDomain(action.signatureChainId),
    structHash(typeHash, [hashText(action.hyperliquidChain), ...words]),
  )
}

const MULTI_SIG_TYPE = hashText(
  'HyperliquidTransaction:SendMultiSig(string hyperliquidChain,bytes32 multiSigActionHash,uint64 nonce)',
)

/** What the sender of a wrapped action signs; the inner signatures are the exchange's to check. */
function multiSigDigest(
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

function userDomain(signatureChainId: Hex): Hash {
  return domainSeparator(USER_DOMAIN_NAME, Number(signatureChainId))
}

/** One field of a struct as 32 bytes. The schema of the table made sure of the types. */
function word(solidity: SignedFieldType, value: unknown): Uint8Array {
  switch (solidity) {
    case 'string':
      return hashText((value ?? '') as string)
    case 'address':
      return leftPad(hexToBytes(value as Hex, 20))
    case 'bool':
      return uintToBytes(value === true ? 1 : 0, 32)
    case 'uint32':
    case 'uint64':
      return uintToBytes(value as number, 32)
    case 'bytes':
      return keccak256(hexToBytes(value as Hex))
    default:
      return unreachable(solidity)
  }
}
