import { assert, bytesToHex, uintToBytes } from '@openliquid/primitives'
import { EMPTY_CODE_HASH } from '../account.ts'
import { createMachine } from '../engines.ts'
import type { EvmTransaction } from '../evmTransaction.ts'
import { intrinsicGas } from '../gas.ts'
import { JournaledState } from '../journaledState.ts'
import { LruCache } from '../lruCache.ts'
import type { Execution, Machine, Refusal } from '../machine.ts'
import { commitState, NO_STATE } from '../stateCommit.ts'
import { StateReader } from '../stateReader.ts'
import { EMPTY_TRIE_ROOT } from '../trie.ts'
import { numbers, RANDOM_CONTRACTS, randomCode, randomContractAddress } from './randomPrograms.ts'

/** What a round of comparing came to. */
export interface DifferentialRound {
  /** A readable account of the first difference. */
  readonly difference: string | undefined
  readonly transactions: number
  readonly successes: number
}

const SENDERS = [1, 2, 3].map((n) => uintToBytes(0xabc0 + n, 20))
const COINBASE = uintToBytes(0xc0, 20)

/**
 * Random programs under random transactions, on both engines from the same state: after every transaction the gas, the
 * status, the logs, the return data and every account and slot must be the same, and in the end the state root.
 */
export class Differential {
  readonly #reference: Machine
  readonly #fast: Machine

  private constructor(reference: Machine, fast: Machine) {
    this.#reference = reference
    this.#fast = fast
  }

  static async create(): Promise<Differential> {
    const options = { chainId: 1_998n, precompiles: [] }
    return new Differential(
      await createMachine('reference', options),
      await createMachine('fast', options),
    )
  }

  async round(seed: number, transactions: number): Promise<DifferentialRound> {
    const next = numbers(seed)
    const codes = Array.from({ length: RANDOM_CONTRACTS }, () => randomCode(next))
    const emptyAccount = next(4) === 0
    const [left, right] = [0, 1].map(() => startState(codes, emptyAccount))
    assert(left !== undefined && right !== undefined, 'there are two states')
    const environment = {
      number: 300n,
      timestamp: 1_700_000_000n,
      gasLimit: 30_000_000n,
      baseFeePerGas: 7n,
      coinbase: next(3) === 0 ? new Uint8Array(20) : COINBASE,
    }
    const nonces = SENDERS.map(() => 0n)
    let successes = 0
    for (let index = 0; index < transactions; index++) {
      const who = next(SENDERS.length)
      const transaction = randomTransaction(next, SENDERS[who] as Uint8Array, nonces[who] as bigint)
      nonces[who] = (nonces[who] as bigint) + 1n
      bind(this.#reference, left)
      bind(this.#fast, right)
      const expected = await this.#reference.runTransaction(transaction, environment)
      const actual = await this.#fast.runTransaction(transaction, environment)
      if (!('refused' in expected) && expected.failure === undefined) successes++
      const difference = differenceOf(
        { execution: expected, state: left },
        { execution: actual, state: right },
      )
      if (difference !== undefined) {
        const to = transaction.to === undefined ? 'creation' : bytesToHex(transaction.to)
        const where = `seed ${seed}, transaction ${index} to ${to}`
        return { difference: `${where}: ${difference}`, transactions: index + 1, successes }
      }
    }
    const difference = rootOf(left) === rootOf(right) ? undefined : `seed ${seed}: state root`
    return { difference, transactions, successes }
  }
}

function startState(codes: readonly Uint8Array[], emptyAccount: boolean): JournaledState {
  const state = new JournaledState(new StateReader({ read: () => undefined }, new LruCache(1e6)))
  const fields = { nonce: 0n, codeHash: EMPTY_CODE_HASH }
  for (const sender of SENDERS) state.setAccount(sender, { ...fields, balance: 10n ** 20n })
  for (const [index, code] of codes.entries()) {
    state.setAccount(randomContractAddress(index), { ...fields, balance: BigInt(index % 3) * 500n })
    state.setCode(randomContractAddress(index), code)
    for (let slot = 0; slot < 4; slot++) {
      state.setSlot(randomContractAddress(index), uintToBytes(slot, 32), Uint8Array.of(slot))
    }
  }
  // EIP-161: an empty account that should not be there goes when it is touched.
  if (emptyAccount)
    state.setAccount(randomContractAddress(RANDOM_CONTRACTS), { ...fields, balance: 0n })
  state.endTransaction()
  return state
}

function bind(machine: Machine, state: JournaledState): void {
  machine.bind({ state, exchange: undefined, blockHash: (number) => uintToBytes(number, 32) })
}

function randomTransaction(
  next: (bound: number) => number,
  sender: Uint8Array,
  nonce: bigint,
): EvmTransaction {
  const creates = next(6) === 0
  const to = creates ? undefined : randomContractAddress(next(RANDOM_CONTRACTS + 1))
  const data = creates ? randomCode(next) : Uint8Array.from({ length: next(80) }, () => next(256))
  const accessList = Array.from({ length: next(3) }, () => ({
    address: randomContractAddress(next(RANDOM_CONTRACTS + 1)),
    storageKeys: Array.from({ length: next(3) }, () => uintToBytes(next(40), 32)),
  }))
  const message = { ...(to === undefined ? {} : { to }), data, accessList }
  return {
    ...message,
    type: 2,
    hash: new Uint8Array(32),
    sender,
    chainId: 1_998n,
    nonce,
    // Often just too little.
    gasLimit: intrinsicGas(message) + BigInt(next(2) === 0 ? next(20_000) : next(300_000)),
    value: BigInt(next(3) === 0 ? next(2_000) : 0),
    maxFeePerGas: 100n,
    maxPriorityFeePerGas: BigInt(next(3)),
    yParity: 0,
    v: 0n,
    r: 1n,
    s: 1n,
    bytes: new Uint8Array(0),
  }
}

interface Side {
  readonly execution: Execution | Refusal
  readonly state: JournaledState
}

function differenceOf(expected: Side, actual: Side): string | undefined {
  const [a, b] = [shownExecution(expected.execution), shownExecution(actual.execution)]
  if (a !== b) return `reference ${a}, fast ${b}`
  const [c, d] = [show(expected.state.changes()), show(actual.state.changes())]
  if (c === d) return undefined
  let at = 0
  while (c[at] === d[at]) at++
  const part = (text: string): string => text.slice(Math.max(0, at - 300), at + 300)
  return `state: reference …${part(c)}…, fast …${part(d)}…`
}

function shownExecution(execution: Execution | Refusal): string {
  if ('refused' in execution) return show(execution)
  const { failure, gasUsed, gasPeak, output, logs, createdAddress } = execution
  return show({ failure, gasUsed, gasPeak, output, logs, createdAddress })
}

/** The words for a failure may differ where two things fail at once; that it fails must not. */
function show(value: object): string {
  return JSON.stringify(value, (key, part) => {
    if (key === 'failure') return part === undefined ? undefined : 'failed'
    if (typeof part === 'bigint') return part.toString()
    return part instanceof Uint8Array ? bytesToHex(part) : part
  })
}

function rootOf(state: JournaledState): string {
  return bytesToHex(commitState(EMPTY_TRIE_ROOT, state.changes(), NO_STATE).root)
}
