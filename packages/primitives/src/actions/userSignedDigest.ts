import { uintToBytes } from '../codec/bytes.ts'
import { keccak256 } from '../codec/hash.ts'
import { hexToBytes } from '../codec/hex.ts'
import { malformed } from '../codec/malformed.ts'
import type { UserSignedAction } from '../types/action.ts'
import { unreachable } from '../types/errors.ts'
import type { Hash, Hex } from '../types/ids.ts'
import type { ActionEnvelope } from '../types/transaction.ts'
import type { ExchangeNetwork } from './actionHash.ts'
import type { SignedFieldType, SignedStruct } from './actionTable.ts'
import { domainSeparator, hashText, leftPad, structHash, typedDataDigest } from './eip712.ts'

const USER_DOMAIN_NAME = 'HyperliquidSignTransaction'

/** Whom a user-signed action inside a `multiSig` is for, and who sends it: signed with its fields. */
export type MultiSigParties = Readonly<Record<'payloadMultiSigUser' | 'outerSigner', Hex>>

const PARTIES: SignedStruct['fields'] = [
  ['payloadMultiSigUser', 'address'],
  ['outerSigner', 'address'],
]

/**
 * What a wallet signs field by field.
 *
 * @param parties - of an action inside a `multiSig`
 * @throws {DecodeError} the action is for the other network, repeats another nonce, or comes with an envelope field
 *   that its scheme does not sign
 * @see docs/spec/hyperliquid.md §3.3
 */
export function userSignedDigest(
  action: UserSignedAction,
  { name, fields, nonceKey }: SignedStruct,
  { nonce, vaultAddress, expiresAfter }: ActionEnvelope,
  network: ExchangeNetwork,
  parties?: MultiSigParties,
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
  const values = { ...action, ...parties } as unknown as Readonly<Record<string, unknown>>
  if (values[nonceKey] !== nonce) {
    throw malformed(`action.${nonceKey}`, 'differs from the nonce of the envelope')
  }

  const all = parties === undefined ? fields : [...PARTIES, ...fields]
  const typeHash = hashText(
    `HyperliquidTransaction:${name}(string hyperliquidChain,${all
      .map(([key, solidity]) => `${solidity} ${key}`)
      .join(',')})`,
  )
  const words = all.map(([key, solidity]) => word(solidity, values[key]))
  return typedDataDigest(
    userDomain(action.signatureChainId),
    structHash(typeHash, [hashText(action.hyperliquidChain), ...words]),
  )
}

/** @param signatureChainId - of whichever chain the wallet shows */
export function userDomain(signatureChainId: Hex): Hash {
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
