import { type Address, concatBytes } from '@openliquid/primitives'
import { keccak256 } from './keccak.ts'
import { encodeRlp, uintToRlp } from './rlp.ts'

const SALTED = Uint8Array.of(0xff)

/** Address of the contract that an account creates at a nonce. */
export function contractAddress(creator: Address, nonce: bigint): Address {
  return keccak256(encodeRlp([creator, uintToRlp(nonce)])).slice(12)
}

/** Address of a contract made by CREATE2 (EIP-1014). */
export function saltedAddress(creator: Address, salt: Uint8Array, initCode: Uint8Array): Address {
  return keccak256(concatBytes(SALTED, creator, salt, keccak256(initCode))).slice(12)
}
