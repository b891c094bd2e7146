import { readFileSync } from 'node:fs'
import { compileSolidity } from '@openliquid/evm/testing'
import {
  type Action,
  type Address,
  bytesToHex,
  bytesToUint,
  concatBytes,
  type Genesis,
  type GenesisLane,
  type Hex,
  keccak256,
  NATIVE_SYSTEM_ADDRESS,
  tokenSystemAddress,
  uintToBytes,
  utf8ToBytes,
} from '@openliquid/primitives'
import { sampleGenesis } from '@openliquid/primitives/testing'
import type { Application } from '../src/index.ts'
import { alice, bob, stranger, testGenesis } from './chain.ts'

export const TOKENS = { usdc: 0, purr: 1, hype: 2 } as const
export const PURR_SYSTEM: Address = tokenSystemAddress(TOKENS.purr)
/** Wei of the EVM in one HYPE. */
export const HYPE = 10n ** 18n
/** Wei of the EVM in one PURR of the linked contract. */
export const PURR = 10n ** 18n
/** What is on the EVM of PURR. */
const PURR_ON_EVM = 1_000n

const sources = {
  bridge: readFileSync(new URL('./contracts/Bridge.sol', import.meta.url), 'utf8'),
  reads: readFileSync(new URL('./contracts/L1Read.sol', import.meta.url), 'utf8'),
}

/** Compiling takes a second: once for all tests. */
const compiled = new Map<string, Uint8Array>()

/** What deploys a contract of the test. */
export function initCode(
  source: keyof typeof sources,
  contract: string,
  ...args: readonly Uint8Array[]
): Uint8Array {
  const code =
    compiled.get(contract) ??
    compileSolidity(sources[source], contract, { optimize: true }).initCode
  compiled.set(contract, code)
  return concatBytes(code, ...args)
}

/** Calldata of a function whose arguments are words; bytes in a list are a dynamic argument. */
export function callData(
  signature: string,
  ...args: readonly (bigint | number | Uint8Array | readonly [Uint8Array])[]
): Uint8Array {
  const heads: Uint8Array[] = []
  const tails: Uint8Array[] = []
  let tailAt = args.length * 32
  for (const argument of args) {
    if (typeof argument === 'bigint' || typeof argument === 'number') {
      heads.push(uintToBytes(argument, 32))
    } else if (argument instanceof Uint8Array) heads.push(addressWord(argument))
    else {
      const [bytes] = argument
      const padding = new Uint8Array((32 - (bytes.length % 32)) % 32)
      const tail = concatBytes(uintToBytes(bytes.length, 32), bytes, padding)
      heads.push(uintToBytes(tailAt, 32))
      tails.push(tail)
      tailAt += tail.length
    }
  }
  return concatBytes(keccak256(utf8ToBytes(signature)).slice(0, 4), ...heads, ...tails)
}

export function addressWord(address: Address): Uint8Array {
  return concatBytes(new Uint8Array(32 - address.length), address)
}

export function word(value: bigint | number): Uint8Array {
  return uintToBytes(value, 32)
}

/** Address of the contract that an account creates at a nonce below 128. */
export function created(creator: Address, nonce: number): Address {
  const item = nonce === 0 ? 0x80 : nonce
  return keccak256(Uint8Array.of(0xd6, 0x94, ...creator, item)).slice(12)
}

/** The linked token: the first contract that alice creates. */
export const linkedToken: Address = created(alice.address, 0)

/**
 * A chain with PURR and HYPE in both worlds: users have 1,000 of each on the Core; 1,000 PURR and 30,000 HYPE are on the
 * EVM.
 *
 * @param options.isLinked - false: the deployer, alice, still has to link PURR
 */
export function bridgeGenesis(
  options: { readonly isLinked?: boolean; readonly lanes?: readonly GenesisLane[] } = {},
): Genesis {
  const { isLinked = true, lanes = sampleGenesis().evm.lanes } = options
  const base = testGenesis({ lanes })
  const [usdc, purr] = base.core.tokens
  if (usdc === undefined || purr === undefined) throw new Error('two tokens')
  const evmContract = { address: bytesToHex(linkedToken), evmExtraWeiDecimals: 13 }
  return {
    ...base,
    core: {
      ...base.core,
      tokens: [
        usdc,
        { ...purr, deployer: bytesToHex(alice.address), ...(isLinked ? { evmContract } : {}) },
        {
          name: 'HYPE',
          index: TOKENS.hype,
          tokenId: '0x0d01dc56dcaaca66ad901c959b4011ec',
          szDecimals: 2,
          weiDecimals: 8,
          isCanonical: true,
        },
      ],
      spotPairs: [
        ...base.core.spotPairs,
        { name: '@1', index: 1, base: 2, quote: 0, isCanonical: true, px: '25' },
      ],
      balances: [
        ...[alice, bob].map(({ address }) => ({
          address: bytesToHex(address),
          spot: { USDC: '1000', PURR: '1000', HYPE: '1000' },
          perp: '1000',
        })),
        { address: bytesToHex(PURR_SYSTEM), spot: { PURR: String(PURR_ON_EVM) } },
      ],
    },
    evm: {
      ...base.evm,
      alloc: Object.fromEntries(
        [alice, bob, stranger].map(({ address }) => [
          bytesToHex(address),
          { balance: String(10_000n * HYPE) },
        ]),
      ),
    },
  }
}

/** Constructor arguments of the linked token: what is not on the EVM begins with its system address. */
export const LINKED_TOKEN_ARGUMENTS: readonly Uint8Array[] = [
  addressWord(PURR_SYSTEM),
  word(2_000n * PURR),
]

export function spotSend(token: 'PURR' | 'HYPE', amount: string, destination: Address): Action {
  const id =
    token === 'PURR' ? '0xc1fb593aeffbeb02f85e0308e9956a90' : '0x0d01dc56dcaaca66ad901c959b4011ec'
  return {
    type: 'spotSend',
    signatureChainId: '0x66eee',
    hyperliquidChain: 'Testnet',
    destination: bytesToHex(destination),
    token: `${token}:${id}`,
    amount,
    time: 0,
  }
}

/** Sends a token to the sender's own address on the EVM. */
export function toEvm(token: 'PURR' | 'HYPE', amount: string): Action {
  return spotSend(token, amount, token === 'PURR' ? PURR_SYSTEM : NATIVE_SYSTEM_ADDRESS)
}

/** Sends PURR to the linked contract, for somebody on whichever chain, with data. */
export function toEvmWithData(recipient: Address, amount: string, data: Hex): Action {
  return {
    type: 'sendToEvmWithData',
    signatureChainId: '0x66eee',
    hyperliquidChain: 'Testnet',
    token: 'PURR:0xc1fb593aeffbeb02f85e0308e9956a90',
    amount,
    sourceDex: 'spot',
    destinationRecipient: bytesToHex(recipient),
    addressEncoding: 'hex',
    destinationChainId: 7,
    gasLimit: 300_000,
    data,
    nonce: 0,
  }
}

/** Wei on the Core. */
export function onCore({ view }: Application, user: Address, token: number): bigint {
  return view.core.reader().spotBalanceOf(user, token)?.total ?? 0n
}

/** Wei of the linked token on the EVM. */
export async function linkedBalance({ view }: Application, user: Address): Promise<bigint> {
  const data = callData('balanceOf(address)', user)
  const result = await view.evm.call({ to: linkedToken, data })
  if (result.status !== 'success') throw new Error(result.status)
  return bytesToUint(result.output)
}
