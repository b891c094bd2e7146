import { readFileSync } from 'node:fs'
import {
  type ActionEnvelope,
  actionDigest,
  actionHash,
  bytesToHex,
  hexToBytes,
  l1ActionDigest,
  parseExchangeRequest,
} from '@openliquid/primitives'
import { packPlain } from '@openliquid/primitives/testing'
import { describe, expect, it } from 'vitest'
import { recoverAddress, signDigest } from './recovery.ts'

// Golden vectors of the public SDKs: the same keys must give the same signatures, and recover to the same account.

type Network = 'Mainnet' | 'Testnet'
interface WireSignature {
  readonly r: string
  readonly s: string
  readonly v: number
}
interface Vector extends Partial<Record<Network, WireSignature>> {
  readonly id: string
  readonly key: string
  readonly nonce: number
  readonly action: unknown
  readonly vaultAddress?: string
  /** Not in the action table: packed as it stands. */
  readonly generic?: true
}

const vectors: {
  readonly keys: Readonly<Record<string, { readonly secret: string; readonly address: string }>>
  readonly signatures: readonly Vector[]
} = JSON.parse(
  readFileSync(new URL('../../primitives/vectors/actions.json', import.meta.url), 'utf8'),
)

const cases = vectors.signatures.flatMap((vector) =>
  (['Mainnet', 'Testnet'] as const)
    .filter((network) => vector[network] !== undefined)
    .map((network) => ({ ...vector, network, signature: vector[network]! })),
)

function envelopeOf({ generic, action, nonce, vaultAddress, signature }: (typeof cases)[number]) {
  const known = generic === undefined ? action : { type: 'noop' }
  const envelope = parseExchangeRequest({ action: known, nonce, vaultAddress, signature })
  return generic === undefined ? envelope : { ...envelope, action: packPlain(action) }
}

function digestOf(envelope: ActionEnvelope, vector: (typeof cases)[number]): Uint8Array {
  return vector.generic === undefined
    ? actionDigest(envelope, vector.network)
    : l1ActionDigest(actionHash(envelope), vector.network)
}

describe('a signed action', () => {
  it.each(cases)('signs and recovers like the public SDKs: $id, $network', (vector) => {
    const envelope = envelopeOf(vector)
    const digest = digestOf(envelope, vector)
    const key = vectors.keys[vector.key]!

    expect(signDigest(hexToBytes(key.secret), digest)).toEqual(envelope.signature)
    expect(bytesToHex(recoverAddress(digest, envelope.signature)!)).toBe(key.address)
  })

  it('recovers somebody else on the other network', () => {
    for (const vector of cases) {
      if (vector.generic !== undefined || vector.id.startsWith('A4')) continue
      const other = vector.network === 'Mainnet' ? 'Testnet' : 'Mainnet'
      const envelope = envelopeOf(vector)
      const address = recoverAddress(actionDigest(envelope, other), envelope.signature)
      expect(address && bytesToHex(address)).not.toBe(vectors.keys[vector.key]!.address)
    }
  })
})
