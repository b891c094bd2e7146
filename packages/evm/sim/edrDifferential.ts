import {
  assert,
  bytesToHex,
  type Hash,
  type Hex,
  hexToBytes,
  uintToBytes,
} from '@openliquid/primitives'
import { EMPTY_CODE_HASH } from '../src/account.ts'
import { createMachine } from '../src/engines.ts'
import { decodeEvmTransaction } from '../src/evmTransaction.ts'
import { intrinsicGas } from '../src/gas.ts'
import { JournaledState } from '../src/journaledState.ts'
import { LruCache } from '../src/lruCache.ts'
import type { Execution, Machine, Refusal } from '../src/machine.ts'
import { commitState, NO_STATE } from '../src/stateCommit.ts'
import { StateReader } from '../src/stateReader.ts'
import type { DifferentialRound } from '../src/testing/differential.ts'
import { FIXTURE_ADDRESSES } from '../src/testing/evmFixture.ts'
import {
  numbers,
  RANDOM_CONTRACTS,
  randomCode,
  randomContractAddress,
} from '../src/testing/randomPrograms.ts'
import { signTransaction, TEST_SECRET_KEYS } from '../src/testing/signTransaction.ts'
import { EMPTY_TRIE_ROOT } from '../src/trie.ts'
import { EdrOracle, type OracleExecution } from './edrOracle.ts'

const CHAIN_ID = 1_998
const GAS_LIMIT = 30_000_000n
const COINBASE = uintToBytes(0xc0, 20)
const BALANCE = 10n ** 20n
const SLOTS = 4
/** Sets slots 1 to 3 to zero: more of a refund than is paid, which random programs hardly ever reach. */
const CLEARS_SLOTS = hexToBytes('0x5f6001555f6002555f60035500')

/**
 * Random programs under random signed transactions, on an engine and on revm (`@nomicfoundation/edr`): after every
 * transaction status, gas, logs, return data, created address and state root must be the same.
 */
export class EdrDifferential {
  readonly #machine: Machine

  private constructor(machine: Machine) {
    this.#machine = machine
  }

  static async create(engine: 'fast' | 'reference'): Promise<EdrDifferential> {
    const options = { chainId: BigInt(CHAIN_ID), precompiles: [] }
    return new EdrDifferential(await createMachine(engine, options))
  }

  async round(seed: number, transactions: number): Promise<DifferentialRound> {
    const next = numbers(seed)
    const random = Array.from({ length: RANDOM_CONTRACTS - 1 }, () => randomCode(next))
    const codes = [CLEARS_SLOTS, ...random]
    const state = startState(codes)
    const oracle = await oracleOf(codes)
    const hashes: Hash[] = []
    const nonces = FIXTURE_ADDRESSES.map(() => 0n)
    let successes = 0
    for (let index = 0; index < transactions; index++) {
      const who = next(nonces.length)
      const raw = randomTransaction(next, who, nonces[who] as bigint)
      nonces[who] = (nonces[who] as bigint) + 1n
      hashes.push(await oracle.blockHash(BigInt(index)))
      const expected = await oracle.run(raw)
      this.#machine.bind({
        state,
        exchange: undefined,
        blockHash: (number) => hashes[Number(number)],
      })
      const transaction = decodeEvmTransaction(raw, CHAIN_ID)
      const actual = await this.#machine.runTransaction(transaction, expected.environment)
      if (expected.succeeded) successes++
      const difference = differenceOf(expected, actual, state)
      if (difference === undefined) continue
      const to = transaction.to === undefined ? 'creation' : bytesToHex(transaction.to)
      const where = `seed ${seed}, transaction ${index} to ${to}`
      return { difference: `${where}: ${difference}`, transactions: index + 1, successes }
    }
    return { difference: undefined, transactions, successes }
  }
}

function startState(codes: readonly Uint8Array[]): JournaledState {
  const state = new JournaledState(new StateReader({ read: () => undefined }, new LruCache(1e6)))
  const fields = { nonce: 0n, codeHash: EMPTY_CODE_HASH }
  for (const sender of FIXTURE_ADDRESSES) state.setAccount(sender, { ...fields, balance: BALANCE })
  for (const [index, code] of codes.entries()) {
    const address = randomContractAddress(index)
    state.setAccount(address, { ...fields, balance: balanceOf(index) })
    state.setCode(address, code)
    for (let slot = 0; slot < SLOTS; slot++) {
      state.setSlot(address, uintToBytes(slot, 32), Uint8Array.of(slot))
    }
  }
  state.endTransaction()
  return state
}

async function oracleOf(codes: readonly Uint8Array[]): Promise<EdrOracle> {
  const oracle = await EdrOracle.create({
    chainId: BigInt(CHAIN_ID),
    coinbase: COINBASE,
    gasLimit: GAS_LIMIT,
    genesis: [
      ...FIXTURE_ADDRESSES.map((address) => ({ address, balance: BALANCE })),
      ...codes.map((code, index) => ({
        address: randomContractAddress(index),
        balance: balanceOf(index),
        code,
      })),
    ],
  })
  for (const index of codes.keys()) {
    for (let slot = 1; slot < SLOTS; slot++) {
      await oracle.setSlot(randomContractAddress(index), BigInt(slot), Uint8Array.of(slot))
    }
  }
  return oracle
}

function balanceOf(index: number): bigint {
  return BigInt(index % 3) * 500n
}

function randomTransaction(
  next: (bound: number) => number,
  who: number,
  nonce: bigint,
): Uint8Array {
  const creates = next(6) === 0
  const to = creates ? undefined : randomContractAddress(next(RANDOM_CONTRACTS + 1))
  const data = creates ? randomCode(next) : Uint8Array.from({ length: next(80) }, () => next(256))
  const type = next(3) as 0 | 1 | 2
  const accessList = Array.from({ length: type === 0 ? 0 : next(3) }, () => ({
    address: randomContractAddress(next(RANDOM_CONTRACTS + 1)),
    storageKeys: Array.from({ length: next(3) }, () => uintToBytes(next(40), 32)),
  }))
  const message = { ...(to === undefined ? {} : { to }), data, accessList }
  const key = TEST_SECRET_KEYS[who]
  assert(key !== undefined, 'every sender has a key')
  const unsigned = {
    ...message,
    type,
    chainId: CHAIN_ID,
    nonce,
    // Now and then just too little.
    gasLimit: intrinsicGas(message) + BigInt(next(4) === 0 ? next(20_000) : next(300_000)),
    value: BigInt(next(3) === 0 ? next(2_000) : 0),
    maxFeePerGas: 100n,
    maxPriorityFeePerGas: BigInt(next(3)),
  }
  return signTransaction(unsigned, key)
}

function differenceOf(
  expected: OracleExecution,
  actual: Execution | Refusal,
  state: JournaledState,
): string | undefined {
  if ('refused' in actual) return `refused: ${actual.refused}`
  const failed = actual.failure !== undefined
  const ours = {
    succeeded: !failed,
    gasUsed: `${actual.gasUsed}`,
    logs: actual.logs.map(({ address, topics, data }) => ({
      address: bytesToHex(address),
      topics: topics.map(bytesToHex),
      data: bytesToHex(data),
    })),
    // The oracle tells where a creation would have been, even when it failed.
    createdAddress: failed ? undefined : hexOf(actual.createdAddress),
    output: bytesToHex(actual.output),
    stateRoot: bytesToHex(commitState(EMPTY_TRIE_ROOT, state.changes(), NO_STATE).root),
  }
  const theirs = {
    succeeded: expected.succeeded,
    gasUsed: `${expected.gasUsed}`,
    logs: expected.logs.map(({ address, topics, data }) => ({ address, topics, data })),
    createdAddress: expected.succeeded ? expected.createdAddress : undefined,
    output: expected.output,
    stateRoot: expected.stateRoot,
  }
  const names = Object.keys(ours) as (keyof typeof ours)[]
  const differing = names.filter(
    (name) => JSON.stringify(ours[name]) !== JSON.stringify(theirs[name]),
  )
  if (differing.length === 0) return undefined
  return differing
    .map(
      (name) => `${name}: revm ${JSON.stringify(theirs[name])}, ours ${JSON.stringify(ours[name])}`,
    )
    .join('; ')
}

function hexOf(bytes: Uint8Array | undefined): Hex | undefined {
  return bytes === undefined ? undefined : bytesToHex(bytes)
}
