import {
  type Address,
  bytesToHex,
  compareBytes,
  type GenesisEvm,
  type GenesisLane,
  type Hash,
  hexToBytes,
  utf8ToBytes,
} from '@openliquid/primitives'
import { EMPTY_CODE_HASH } from './account.ts'
import { EvmError } from './errors.ts'
import type { JournaledState } from './journaledState.ts'
import { keccak256 } from './keccak.ts'
import { CODE_BYTES_MAX, LANES_MAX } from './limits.ts'
import { PREDEPLOYS } from './predeploys.ts'
import { encodeRlp, uintToRlp } from './rlp.ts'

/** One kind of EVM block. */
export interface EvmLane {
  /** 0: whenever there is work. */
  readonly periodMs: number
  readonly gasLimit: bigint
  /** Wei: base fee of its first block. */
  readonly baseFee: bigint
  /** Wei: no block of it goes below. */
  readonly baseFeeMin: bigint
}

/** The EVM's section of the genesis file, read and checked. */
export interface EvmGenesis {
  readonly lanes: readonly EvmLane[]
  readonly nonceWindow: number
  /** By address. */
  readonly accounts: readonly GenesisAccount[]
  /** Of everything above: a store belongs to one genesis. */
  readonly digest: Hash
}

interface GenesisAccount {
  readonly address: Address
  readonly balance: bigint
  readonly nonce: bigint
  readonly code: Uint8Array
  readonly storage: readonly (readonly [slot: Uint8Array, value: Uint8Array])[]
}

const UINT256_END = 1n << 256n

/**
 * Reads the EVM's section of a genesis file and adds the predeploys, unless the file has code of its own at their addresses.
 *
 * @throws {EvmError} OL_EVM_GENESIS
 */
export function readGenesis(genesis: GenesisEvm, chainId: number): EvmGenesis {
  if (genesis.lanes.length === 0 || genesis.lanes.length > LANES_MAX) {
    throw invalid(`${genesis.lanes.length} lanes where 1 to ${LANES_MAX} are allowed`)
  }
  if (!Number.isSafeInteger(genesis.nonceWindow) || genesis.nonceWindow < 1) {
    throw invalid('nonceWindow is not a positive integer')
  }
  const lanes = genesis.lanes.map(readLane)
  const accounts = withPredeploys(readAlloc(genesis.alloc))
  const { nonceWindow } = genesis
  return { lanes, nonceWindow, accounts, digest: digestOf(chainId, lanes, nonceWindow, accounts) }
}

/** Puts the genesis accounts into an empty state. */
export function applyGenesis(state: JournaledState, { accounts }: EvmGenesis): void {
  for (const { address, nonce, balance, code, storage } of accounts) {
    state.setAccount(address, { nonce, balance, codeHash: EMPTY_CODE_HASH })
    if (code.length > 0) state.setCode(address, code)
    for (const [slot, value] of storage) state.setSlot(address, slot, value)
  }
}

function readLane(lane: GenesisLane, index: number): EvmLane {
  const { periodMs, gasLimit } = lane
  if (!Number.isSafeInteger(periodMs) || periodMs < 0) {
    throw invalid(`periodMs of lane ${index} is not an integer from 0`)
  }
  // A block needs room for one transfer, and the base fee needs a target above 0.
  if (!Number.isSafeInteger(gasLimit) || gasLimit < 21_000) {
    throw invalid(`gasLimit of lane ${index} is not an integer from 21000`)
  }
  const baseFee = readAmount(lane.baseFee, `baseFee of lane ${index}`)
  const baseFeeMin = readAmount(lane.baseFeeMin, `baseFeeMin of lane ${index}`)
  if (baseFee < baseFeeMin) throw invalid(`baseFee of lane ${index} is below its baseFeeMin`)
  return { periodMs, gasLimit: BigInt(gasLimit), baseFee, baseFeeMin }
}

function readAlloc(alloc: GenesisEvm['alloc']): GenesisAccount[] {
  const accounts = Object.entries(alloc).map(([text, entry]): GenesisAccount => {
    const address = readHex(text, 'an address of alloc', 20)
    const nonce = entry.nonce ?? 0
    if (!Number.isSafeInteger(nonce) || nonce < 0) throw invalid(`nonce of ${text} is no integer`)
    const code =
      entry.code === undefined ? new Uint8Array(0) : readHex(entry.code, `code of ${text}`)
    if (code.length > CODE_BYTES_MAX) throw invalid(`code of ${text} is above ${CODE_BYTES_MAX}`)
    return {
      address,
      balance: readAmount(entry.balance, `balance of ${text}`),
      nonce: BigInt(nonce),
      code,
      storage: readStorage(entry.storage ?? {}, text),
    }
  })
  accounts.sort((a, b) => compareBytes(a.address, b.address))
  for (const [index, { address }] of accounts.entries()) {
    const before = accounts[index - 1]
    if (before !== undefined && compareBytes(before.address, address) === 0) {
      throw invalid(`${bytesToHex(address)} stands twice in alloc`)
    }
  }
  return accounts
}

function readStorage(
  storage: Readonly<Record<string, string>>,
  account: string,
): (readonly [Uint8Array, Uint8Array])[] {
  const slots = Object.entries(storage).map(([slot, value]): readonly [Uint8Array, Uint8Array] => [
    readHex(slot, `a slot of ${account}`, 32),
    readHex(value, `a slot's value of ${account}`, 32),
  ])
  return slots.sort(([a], [b]) => compareBytes(a, b))
}

/** An account of the file that has code of its own stays as it is. */
function withPredeploys(accounts: readonly GenesisAccount[]): GenesisAccount[] {
  const byAddress = new Map(accounts.map((account) => [bytesToHex(account.address), account]))
  for (const { address, code } of PREDEPLOYS) {
    const given = byAddress.get(bytesToHex(address))
    if (given !== undefined && given.code.length > 0) continue
    const balance = given?.balance ?? 0n
    byAddress.set(bytesToHex(address), { address, balance, nonce: 1n, code, storage: [] })
  }
  return [...byAddress.values()].sort((a, b) => compareBytes(a.address, b.address))
}

function digestOf(
  chainId: number,
  lanes: readonly EvmLane[],
  nonceWindow: number,
  accounts: readonly GenesisAccount[],
): Hash {
  return keccak256(
    encodeRlp([
      utf8ToBytes('EVM1'),
      uintToRlp(BigInt(chainId)),
      uintToRlp(BigInt(nonceWindow)),
      lanes.map(({ periodMs, gasLimit, baseFee, baseFeeMin }) =>
        [BigInt(periodMs), gasLimit, baseFee, baseFeeMin].map(uintToRlp),
      ),
      accounts.map(({ address, nonce, balance, code, storage }) => [
        address,
        uintToRlp(nonce),
        uintToRlp(balance),
        keccak256(code),
        storage,
      ]),
    ]),
  )
}

function readAmount(text: string, what: string): bigint {
  if (!/^(0|[1-9]\d{0,77})$/.test(text)) throw invalid(`${what} is not a decimal integer`)
  const amount = BigInt(text)
  if (amount >= UINT256_END) throw invalid(`${what} is above 2^256 - 1`)
  return amount
}

function readHex(text: string, what: string, size?: number): Uint8Array {
  try {
    return hexToBytes(text, size)
  } catch (cause) {
    throw invalid(`${what} is not hex${size === undefined ? '' : ` of ${size} bytes`}`, cause)
  }
}

function invalid(reason: string, cause?: unknown): EvmError {
  return new EvmError(
    `the evm section of the genesis file is invalid: ${reason}`,
    { code: 'OL_EVM_GENESIS', reason },
    { cause },
  )
}
