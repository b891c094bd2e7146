import { signEd25519, verifyEd25519 } from '@openliquid/crypto'
import {
  bytesToUint,
  concatBytes,
  type PeerId,
  sentryDigest,
  uintToBytes,
} from '@openliquid/primitives'
import { type PeerFault, peerFault } from './errors.ts'
import type { HelloIdentity } from './hello.ts'
import { DELEGATION_MS_MAX } from './limits.ts'

const KEY_BYTES = 32
const EXPIRY_BYTES = 8
const SIGNATURE_BYTES = 64
/** Node key, u64 expiry big-endian, signature. */
export const DELEGATION_BYTES: number = KEY_BYTES + EXPIRY_BYTES + SIGNATURE_BYTES

/** A validator's word that a sentry relays its channel frames, until a time; docs/wire.md, sentries. */
export interface Delegation {
  /** Of the validator. */
  readonly nodeKey: Uint8Array
  readonly expiryMs: number
  readonly signature: Uint8Array
}

export function encodeDelegation({ nodeKey, expiryMs, signature }: Delegation): Uint8Array {
  return concatBytes(nodeKey, uintToBytes(expiryMs, EXPIRY_BYTES), signature)
}

/** `undefined` for anything of another size, or with a time that no clock tells. */
export function decodeDelegation(bytes: Uint8Array): Delegation | undefined {
  if (bytes.length !== DELEGATION_BYTES) return undefined
  const expiryMs = bytesToUint(bytes.subarray(KEY_BYTES, KEY_BYTES + EXPIRY_BYTES))
  if (expiryMs > BigInt(Number.MAX_SAFE_INTEGER)) return undefined
  return {
    nodeKey: bytes.slice(0, KEY_BYTES),
    expiryMs: Number(expiryMs),
    signature: bytes.slice(KEY_BYTES + EXPIRY_BYTES),
  }
}

export function signDelegation(
  own: HelloIdentity,
  sentryPeerId: PeerId,
  expiryMs: number,
): Delegation {
  const signature = signEd25519(own.secretKey, sentryDigest(own, { sentryPeerId, expiryMs }))
  return { nodeKey: own.nodeKey, expiryMs, signature }
}

/** Why a delegation for that sentry does not hold now; signed for a day at most, and by the validator itself. */
export function checkDelegation(
  own: HelloIdentity,
  { nodeKey, expiryMs, signature }: Delegation,
  { sentryPeerId, nowMs }: { readonly sentryPeerId: PeerId; readonly nowMs: number },
): PeerFault | undefined {
  if (expiryMs <= nowMs) return peerFault('OL_RELAY_DELEGATION', 'expired')
  if (expiryMs > nowMs + DELEGATION_MS_MAX) {
    return peerFault('OL_RELAY_DELEGATION', 'for too long a time')
  }
  if (!verifyEd25519(nodeKey, sentryDigest(own, { sentryPeerId, expiryMs }), signature)) {
    return peerFault('OL_RELAY_DELEGATION', 'the signature does not verify')
  }
  return undefined
}
