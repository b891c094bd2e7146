import { paramsBlock } from '@ethereumjs/block'
import { type Common, createCustomCommon, Hardfork, Mainnet } from '@ethereumjs/common'
import { paramsEVM } from '@ethereumjs/evm'
import { paramsTx } from '@ethereumjs/tx'
import { paramsVM } from '@ethereumjs/vm'
import { recoverPublicKey } from '@openliquid/crypto'
import { assert, sha256 } from '@openliquid/primitives'
import { keccak256 } from './keccak.ts'

/**
 * Rules of the chain as ethereumjs takes them: Cancun, unless told otherwise, under our chain id, with our hashes and native
 * recovery.
 *
 * @see docs/spec/evm.md §1, §8
 */
export function chainCommon(chainId: bigint, hardfork: string = Hardfork.Cancun): Common {
  const common = createCustomCommon({ chainId: Number(chainId) }, Mainnet, {
    hardfork,
    customCrypto: { keccak256, sha256: (message) => sha256(message), ecrecover },
  })
  settleParams(common)
  rememberEips(common)
  return common
}

/**
 * Merges the parameters of all parts of the library once, for good.
 *
 * The library merges them again for every transaction and block it makes, which costs more than a transfer.
 */
function settleParams(common: Common): void {
  const known: readonly unknown[] = [paramsTx, paramsBlock, paramsEVM, paramsVM]
  for (const params of [paramsTx, paramsBlock, paramsEVM, paramsVM]) common.updateParams(params)
  common.updateParams = (params): void => {
    assert(known.includes(params), 'the parameters of the chain are settled')
  }
}

/** Above every EIP number there is. */
const EIPS_END = 10_000

/**
 * Answers which EIPs are active from a set instead of by searching lists: the EVM asks several times per instruction.
 *
 * Sound because the hard fork never changes; copies of the object inherit the answer with their other properties.
 */
function rememberEips(common: Common): void {
  const active = new Set<number>()
  for (let eip = 0; eip < EIPS_END; eip++) if (common.isActivatedEIP(eip)) active.add(eip)
  common.isActivatedEIP = (eip: number): boolean => active.has(eip)
}

/** In the form that ethereumjs wants: v of 27 or 28, 0 or 1, or EIP-155 when a chain id comes with it. */
function ecrecover(
  digest: Uint8Array,
  v: bigint,
  r: Uint8Array,
  s: Uint8Array,
  chainId?: bigint,
): Uint8Array {
  const bit = recoveryBit(v, chainId)
  assert(bit === 0n || bit === 1n, 'the recovery bit is 0 or 1')
  const publicKey = recoverPublicKey(digest, { r: padded(r), s: padded(s), v: 27 + Number(bit) })
  // The precompile and the library read a throw as "nobody signed this".
  if (publicKey === undefined) throw new Error('no key made this signature')
  return publicKey
}

function recoveryBit(v: bigint, chainId: bigint | undefined): bigint {
  if (v === 0n || v === 1n) return v
  return chainId === undefined ? v - 27n : v - (chainId * 2n + 35n)
}

function padded(bytes: Uint8Array): Uint8Array {
  const word = new Uint8Array(32)
  word.set(bytes, 32 - bytes.length)
  return word
}
