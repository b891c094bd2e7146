import { unreachable } from '@openliquid/primitives'
import { blsScheme } from './blsScheme.ts'
import { ed25519Scheme } from './ed25519Scheme.ts'
import type { SignatureScheme } from './signatureScheme.ts'

/** The scheme that a genesis file names, in its native implementation. */
export function schemeOf(name: 'bls' | 'ed25519'): SignatureScheme {
  switch (name) {
    case 'bls':
      return blsScheme
    case 'ed25519':
      return ed25519Scheme
    default:
      return unreachable(name)
  }
}
