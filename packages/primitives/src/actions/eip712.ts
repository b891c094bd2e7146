import { concatBytes, uintToBytes, utf8ToBytes } from '../codec/bytes.ts'
import { keccak256 } from '../codec/hash.ts'
import type { Hash } from '../types/ids.ts'

const DOMAIN_TYPE = keccak256(
  utf8ToBytes('EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)'),
)
const PREFIX = Uint8Array.of(0x19, 0x01)
const NO_CONTRACT = new Uint8Array(32)

/** Separator of a domain of version 1 without contract: the only kind that the exchange uses. */
export function domainSeparator(name: string, chainId: number): Hash {
  return keccak256(
    concatBytes(DOMAIN_TYPE, hashText(name), hashText('1'), uintToBytes(chainId, 32), NO_CONTRACT),
  )
}

/** @param words - 32 bytes per field */
export function structHash(typeHash: Hash, words: readonly Uint8Array[]): Hash {
  return keccak256(concatBytes(typeHash, ...words))
}

/** What a wallet signs. */
export function typedDataDigest(domain: Hash, struct: Hash): Hash {
  return keccak256(concatBytes(PREFIX, domain, struct))
}

export function hashText(text: string): Hash {
  return keccak256(utf8ToBytes(text))
}

/** Fills 32 bytes from the left with zeros. */
export function leftPad(bytes: Uint8Array): Uint8Array {
  return concatBytes(new Uint8Array(32 - bytes.length), bytes)
}
