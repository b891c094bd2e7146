import { ed25519PublicKey } from '@openliquid/crypto'
import { expect, test } from 'vitest'
import {
  checkDelegation,
  DELEGATION_BYTES,
  decodeDelegation,
  encodeDelegation,
  signDelegation,
} from './delegation.ts'
import type { HelloIdentity } from './hello.ts'
import { DELEGATION_MS_MAX } from './limits.ts'

const identityOf = (fill: number, chainId = 1998): HelloIdentity => {
  const secretKey = new Uint8Array(32).fill(fill)
  return {
    self: `peer ${fill}`,
    chainId,
    genesisHash: new Uint8Array(32).fill(7),
    secretKey,
    nodeKey: ed25519PublicKey(secretKey),
    peerIdOf: () => undefined,
  }
}

const NOW_MS = 1_000_000
const validator = identityOf(1)
const at = (sentryPeerId: string, nowMs = NOW_MS) => ({ sentryPeerId, nowMs })

test('a delegation holds for its sentry, on its chain, until its time', () => {
  const delegation = signDelegation(validator, 'sentry', NOW_MS + 10)
  expect(checkDelegation(identityOf(2), delegation, at('sentry'))).toBeUndefined()
  expect(checkDelegation(identityOf(2), delegation, at('sentry', NOW_MS + 9))).toBeUndefined()
  for (const fault of [
    checkDelegation(identityOf(2), delegation, at('another')),
    checkDelegation(identityOf(2, 1999), delegation, at('sentry')),
    checkDelegation(identityOf(2), delegation, at('sentry', NOW_MS + 10)),
    checkDelegation(identityOf(2), { ...delegation, expiryMs: NOW_MS + 11 }, at('sentry')),
    checkDelegation(identityOf(2), { ...delegation, nodeKey: identityOf(3).nodeKey }, at('sentry')),
  ]) {
    expect(fault?.code).toBe('OL_RELAY_DELEGATION')
  }
})

test('no delegation is for more than a day', () => {
  const longest = signDelegation(validator, 'sentry', NOW_MS + DELEGATION_MS_MAX)
  expect(checkDelegation(validator, longest, at('sentry'))).toBeUndefined()
  const longer = signDelegation(validator, 'sentry', NOW_MS + DELEGATION_MS_MAX + 1)
  expect(checkDelegation(validator, longer, at('sentry'))?.detail).toBe('for too long a time')
})

test('the encoding comes back, and nothing of another size or of an impossible time is one', () => {
  const delegation = signDelegation(validator, 'sentry', NOW_MS)
  const bytes = encodeDelegation(delegation)
  expect(bytes.length).toBe(DELEGATION_BYTES)
  expect(decodeDelegation(bytes)).toEqual(delegation)
  for (let size = 0; size < bytes.length; size++) {
    expect(decodeDelegation(bytes.subarray(0, size))).toBeUndefined()
  }
  expect(decodeDelegation(Uint8Array.of(...bytes, 0))).toBeUndefined()
  expect(decodeDelegation(new Uint8Array(DELEGATION_BYTES).fill(255))).toBeUndefined()
})
