import { concatBytes, uintToBytes } from '../codec/bytes.ts'
import { keccak256 } from '../codec/hash.ts'
import { assert } from '../types/errors.ts'
import type { Address, Hash } from '../types/ids.ts'
import { domainSeparator, hashText, structHash, typedDataDigest } from './eip712.ts'

/** Which of the original's two networks a chain calls itself; keeps their signatures apart. */
export type ExchangeNetwork = 'Mainnet' | 'Testnet'

const NO_VAULT = Uint8Array.of(0)
const VAULT = Uint8Array.of(1)
const EXPIRES = Uint8Array.of(0)

const L1_DOMAIN = domainSeparator('Exchange', 1337)
const AGENT_TYPE = hashText('Agent(string source,bytes32 connectionId)')
const SOURCE: Readonly<Record<ExchangeNetwork, Hash>> = {
  Mainnet: hashText('a'),
  Testnet: hashText('b'),
}

/**
 * Keccak-256 of an action and what it is sent with.
 *
 * @param hashed.action - canonical msgpack
 * @see docs/spec/hyperliquid.md §3.2
 */
export function actionHash(hashed: {
  readonly action: Uint8Array
  readonly nonce: number
  readonly vaultAddress?: Address | undefined
  readonly expiresAfter?: number | undefined
}): Hash {
  const { action, nonce, vaultAddress, expiresAfter } = hashed
  assert(vaultAddress === undefined || vaultAddress.length === 20, 'address has 20 bytes')
  return keccak256(
    concatBytes(
      action,
      uintToBytes(nonce, 8),
      ...(vaultAddress === undefined ? [NO_VAULT] : [VAULT, vaultAddress]),
      ...(expiresAfter === undefined ? [] : [EXPIRES, uintToBytes(expiresAfter, 8)]),
    ),
  )
}

/** EIP-712 digest over an action hash: what an L1 action's signer signs. */
export function l1ActionDigest(connectionId: Hash, network: ExchangeNetwork): Hash {
  return typedDataDigest(L1_DOMAIN, structHash(AGENT_TYPE, [SOURCE[network], connectionId]))
}
