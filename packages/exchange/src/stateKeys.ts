import { type Address, bytesToHex } from '@openliquid/primitives'
import { ByteWriter } from './byteCodec.ts'
import { ACCOUNTS, ORDERS, POSITIONS, SPOT_BALANCES } from './records.ts'
import { CORE_PREFIX, type TableSpec } from './table.ts'

/** Every stored key of the Core. */
export const coreKeyRange: { readonly gte: Uint8Array; readonly lt: Uint8Array } = {
  gte: Uint8Array.of(CORE_PREFIX),
  lt: Uint8Array.of(CORE_PREFIX + 1),
}

/** Key of an account, for a proof against the core root. */
export function accountKey(user: Address): Uint8Array {
  return keyOf(ACCOUNTS, bytesToHex(user))
}

/** Key of a position, for a proof against the core root. */
export function positionKey(user: Address, perp: number): Uint8Array {
  return keyOf(POSITIONS, [bytesToHex(user), perp])
}

/** Key of a spot balance, for a proof against the core root. */
export function spotBalanceKey(user: Address, token: number): Uint8Array {
  return keyOf(SPOT_BALANCES, [bytesToHex(user), token])
}

/** Key of a resting order, for a proof against the core root. */
export function openOrderKey(oid: number): Uint8Array {
  return keyOf(ORDERS, oid)
}

function keyOf<K, V>(spec: TableSpec<K, V>, key: K): Uint8Array {
  const out = new ByteWriter()
  spec.writeKey(out.u8(CORE_PREFIX).u8(spec.tag), key)
  return out.take()
}
