import { describe, expect, it } from 'vitest'
import { ed25519PublicKey } from './ed25519Scheme.ts'
import { provePossession, verifyPossession } from './proofOfPossession.ts'
import { addressOf } from './recovery.ts'
import { schemeOf } from './schemes.ts'
import { generateValidatorKeys } from './validatorKeys.ts'

describe.each(['bls', 'ed25519'] as const)('keys of a %s validator', (name) => {
  const scheme = schemeOf(name)
  const entropy = new Uint8Array(32).fill(3)
  const keys = generateValidatorKeys({ scheme: name, entropy })
  const address = new Uint8Array(20).fill(4)
  const claim = {
    chainId: 1998,
    voteKey: keys.voteKey,
    nodeKey: keys.nodeKey,
    address,
    proofs: provePossession(scheme, { chainId: 1998, address, ...keys }),
  }

  it('belong together, repeat with the entropy, and differ without', () => {
    expect(keys.voteKey).toEqual(scheme.publicKeyOf(keys.voteSecret))
    expect(keys.nodeKey).toEqual(ed25519PublicKey(keys.nodeSecret))
    expect(keys.signer).toEqual(addressOf(keys.signerSecret))
    expect(generateValidatorKeys({ scheme: name, entropy })).toEqual(keys)
    const random = [1, 2].map(() => generateValidatorKeys({ scheme: name }))
    expect(random[0]!.voteSecret).not.toEqual(random[1]!.voteSecret)
    const secrets = [keys.voteSecret, keys.nodeSecret, keys.signerSecret]
    expect(new Set(secrets.map(String)).size).toBe(3)
  })

  it('prove their possession', () => {
    expect(verifyPossession(scheme, claim)).toBe(true)
  })

  it('prove it for one chain, one account and one pair of keys', () => {
    const other = generateValidatorKeys({ scheme: name, entropy: new Uint8Array(32).fill(5) })
    expect(verifyPossession(scheme, { ...claim, chainId: 1999 })).toBe(false)
    expect(verifyPossession(scheme, { ...claim, address: new Uint8Array(20) })).toBe(false)
    expect(verifyPossession(scheme, { ...claim, voteKey: other.voteKey })).toBe(false)
    expect(verifyPossession(scheme, { ...claim, nodeKey: other.nodeKey })).toBe(false)
    const swapped = { ...claim.proofs, nodeKey: new Uint8Array(64) }
    expect(verifyPossession(scheme, { ...claim, proofs: swapped })).toBe(false)
  })
})
