import {
  bytesToHex,
  concatBytes,
  type Hex,
  hexToBytes,
  keccak256,
  uintToBytes,
  utf8ToBytes,
} from '@openliquid/primitives'
import type { User } from './records.ts'

/** Own rule: the last 20 bytes of keccak256("OL/sub" ‖ master ‖ u32_be(index)); docs/spec/hyperliquid.md §9. */
export function subAccountAddress(master: User, index: number): Hex {
  const preimage = [utf8ToBytes('OL/sub'), hexToBytes(master, 20), uintToBytes(index, 4)]
  return bytesToHex(keccak256(concatBytes(...preimage)).subarray(12))
}
