import { randomBytes } from 'node:crypto'
import { SecretKey } from '@chainsafe/blst'
import { type Address, sha256, utf8ToBytes } from '@openliquid/primitives'
import { ed25519PublicKey } from './ed25519Scheme.ts'
import { addressOf } from './recovery.ts'
import { schemeOf } from './schemes.ts'

/** The three keys of a validator: votes, node identity, account actions. */
export interface ValidatorKeys {
  readonly scheme: 'bls' | 'ed25519'
  readonly voteSecret: Uint8Array
  readonly voteKey: Uint8Array
  /** ed25519 seed: libp2p identity, proposals, hello. */
  readonly nodeSecret: Uint8Array
  readonly nodeKey: Uint8Array
  /** secp256k1. */
  readonly signerSecret: Uint8Array
  readonly signer: Address
}

/**
 * Makes the keys of one validator.
 *
 * @param options.entropy - at least 32 secret bytes to derive all three from, so that the same bytes give the same
 *   keys; without it they are random
 */
export function generateValidatorKeys({
  scheme,
  entropy = randomBytes(32),
}: {
  readonly scheme: 'bls' | 'ed25519'
  readonly entropy?: Uint8Array
}): ValidatorKeys {
  const voteSeed = derive('vote', entropy)
  const voteSecret =
    scheme === 'bls' ? new Uint8Array(SecretKey.fromKeygen(voteSeed).toBytes()) : voteSeed
  const nodeSecret = derive('node', entropy)
  // A hash above the group order has probability 2^-128; `addressOf` would refuse it.
  const signerSecret = derive('signer', entropy)
  return {
    scheme,
    voteSecret,
    voteKey: schemeOf(scheme).publicKeyOf(voteSecret),
    nodeSecret,
    nodeKey: ed25519PublicKey(nodeSecret),
    signerSecret,
    signer: addressOf(signerSecret),
  }
}

function derive(purpose: string, entropy: Uint8Array): Uint8Array {
  return sha256(utf8ToBytes(`OPENLIQUID validator key: ${purpose}`), entropy)
}
