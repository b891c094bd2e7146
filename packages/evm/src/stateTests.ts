import { createTxFromRLP, type TypedTransaction } from '@ethereumjs/tx'
import { bytesToHex, equalBytes, type Hash, hexToBytes } from '@openliquid/primitives'
import { EMPTY_CODE_HASH } from './account.ts'
import { skipReason } from './admission.ts'
import { byteText } from './byteText.ts'
import { chainCommon } from './chainCommon.ts'
import { createMachine } from './engines.ts'
import { EvmError } from './errors.ts'
import type { EvmTransaction } from './evmTransaction.ts'
import { intrinsicGas } from './gas.ts'
import { JournaledState } from './journaledState.ts'
import { keccak256 } from './keccak.ts'
import { CODE_CACHE_BYTES_MAX, FAST_GAS_MAX, INIT_CODE_BYTES_MAX } from './limits.ts'
import { LruCache } from './lruCache.ts'
import type { BlockEnvironment, Execution, Machine } from './machine.ts'
import type { EvmLogEntry } from './receipts.ts'
import { encodeRlp } from './rlp.ts'
import { type CommitReader, commitState, NO_STATE } from './stateCommit.ts'
import { StateReader } from './stateReader.ts'
import { trieStateOf } from './stateTries.ts'
import { EMPTY_TRIE_ROOT } from './trie.ts'

export interface StateTestOptions {
  readonly engine: 'fast' | 'reference'
  /** Only these; all that the engine knows if absent. */
  readonly forks?: readonly string[]
}

export interface StateTestResult {
  readonly test: string
  readonly fork: string
  /** Position among the fork's cases. */
  readonly index: number
  readonly status: 'passed' | 'failed' | 'skipped'
  /** What was other than expected, or why it was not run. */
  readonly reason?: string
}

type Json = { readonly [key: string]: unknown }

/** Forks of the files and their names in the library; `fast` knows Cancun only. */
const FORKS: Readonly<Record<string, string>> = {
  Berlin: 'berlin',
  London: 'london',
  Paris: 'paris',
  Merge: 'paris',
  Shanghai: 'shanghai',
  Cancun: 'cancun',
}
const NOTHING = new Uint8Array(0)
const MAINNET = 1

/**
 * Runs a file of the Ethereum foundation's `GeneralStateTests` format: state before, one transaction, and for each fork the
 * root of the state and the hash of the logs afterwards.
 *
 * Cases give their transaction as `txbytes`. Those of forks or transaction types that the engine does not run are skipped,
 * never counted as passed.
 *
 * @param file - the parsed JSON
 * @throws {EvmError} OL_EVM_STATE_TEST: not a file of the format
 * @see docs/spec/evm.md §13
 */
export async function runStateTests(
  file: unknown,
  options: StateTestOptions,
): Promise<StateTestResult[]> {
  const results: StateTestResult[] = []
  for (const [test, body] of Object.entries(object(file, 'the file'))) {
    const content = object(body, test)
    const post = object(content['post'], `${test}.post`)
    for (const [fork, cases] of Object.entries(post)) {
      if (options.forks !== undefined && !options.forks.includes(fork)) continue
      if (!Array.isArray(cases)) throw malformed(`${test}.post.${fork} is not a list`)
      for (const [index, expected] of cases.entries()) {
        const place = { test, fork, index }
        const outcome = await runCase(content, object(expected, `${test}.post.${fork}`), {
          fork,
          engine: options.engine,
        })
        results.push({ ...place, ...outcome })
      }
    }
  }
  return results
}

type Outcome = Pick<StateTestResult, 'status' | 'reason'>

async function runCase(
  content: Json,
  expected: Json,
  { fork, engine }: { readonly fork: string; readonly engine: 'fast' | 'reference' },
): Promise<Outcome> {
  const hardfork = FORKS[fork]
  if (hardfork === undefined) return skipped(`fork ${fork}`)
  if (engine === 'fast' && hardfork !== 'cancun') return skipped('fast runs Cancun only')
  const { state, rootNow } = startState(object(content['pre'], 'pre'))
  const environment = readEnvironment(object(content['env'], 'env'))
  const transaction = readTransaction(hex(expected['txbytes'], 'txbytes'), hardfork)
  if (transaction === 'unsupported') return skipped('transaction type')
  const wantsException = expected['expectException'] !== undefined
  const execution =
    transaction === undefined
      ? undefined
      : await execute(transaction, { state, environment, hardfork, engine })
  if (execution === 'unsupported') return skipped('gas limit')
  if (wantsException !== (execution === undefined)) {
    return failed(wantsException ? 'the transaction ran' : 'the transaction was refused')
  }
  const root = rootNow()
  if (!equalBytes(root, hex(expected['hash'], 'hash'))) return failed(`root ${bytesToHex(root)}`)
  const logs = logsHash(execution?.logs ?? [])
  if (!equalBytes(logs, hex(expected['logs'], 'logs'))) return failed(`logs ${bytesToHex(logs)}`)
  return { status: 'passed' }
}

/** @returns `undefined` if the transaction cannot be part of a block */
async function execute(
  transaction: EvmTransaction,
  run: {
    readonly state: JournaledState
    readonly environment: BlockEnvironment
    readonly hardfork: string
    readonly engine: 'fast' | 'reference'
  },
): Promise<Execution | undefined | 'unsupported'> {
  const { state, environment, hardfork, engine } = run
  const { gasLimit, to, data } = transaction
  const room = { gasAvailable: environment.gasLimit, baseFeePerGas: environment.baseFeePerGas }
  if (skipReason(transaction, state, room) !== undefined) return undefined
  const isTooLong = to === undefined && data.length > INIT_CODE_BYTES_MAX
  if (engine === 'fast' && (gasLimit < intrinsicGas(transaction) || isTooLong)) return undefined
  if (engine === 'fast' && gasLimit > BigInt(FAST_GAS_MAX)) return 'unsupported'
  const machine = await machineOf(engine, hardfork)
  const blockHash = (number: bigint): Hash => keccak256(new TextEncoder().encode(number.toString()))
  machine.bind({ state, exchange: undefined, blockHash })
  try {
    const execution = await machine.runTransaction(transaction, environment)
    return 'refused' in execution ? undefined : execution
  } finally {
    machine.release()
  }
}

const machines = new Map<string, Promise<Machine>>()

function machineOf(engine: 'fast' | 'reference', hardfork: string): Promise<Machine> {
  const key = `${engine}/${hardfork}`
  const known = machines.get(key)
  if (known !== undefined) return known
  const made = createMachine(engine, { chainId: BigInt(MAINNET), precompiles: [], hardfork })
  machines.set(key, made)
  return made
}

/** The accounts as an earlier block would have left them, and the root of what becomes of them. */
function startState(pre: Json): { readonly state: JournaledState; readonly rootNow: () => Hash } {
  const codes = new LruCache(CODE_CACHE_BYTES_MAX)
  const before = new JournaledState(new StateReader({ read: () => undefined }, codes))
  for (const [text, value] of Object.entries(pre)) {
    const account = object(value, text)
    const address = hex(text, 'an address')
    const [nonce, balance] = [uint(account['nonce']), uint(account['balance'])]
    before.setAccount(address, { nonce, balance, codeHash: EMPTY_CODE_HASH })
    before.setCode(address, hex(account['code'], 'code'))
    for (const [slot, slotValue] of Object.entries(object(account['storage'], 'storage'))) {
      before.setSlot(address, word(uint(slot)), word(uint(slotValue)))
    }
  }
  before.endTransaction()
  const commit = commitState(EMPTY_TRIE_ROOT, before.changes(), NO_STATE)
  const values = new Map(commit.writes.map(([key, value]) => [byteText(key), value]))
  const store = { read: (key: Uint8Array) => values.get(byteText(key)) }
  const reader = new StateReader(store, codes)
  const state = new JournaledState(reader)
  const source: CommitReader = {
    ...trieStateOf(store),
    nextIncarnation: (address) => reader.nextIncarnation(address),
  }
  return { state, rootNow: () => commitState(commit.root, state.changes(), source).root }
}

function readEnvironment(env: Json): BlockEnvironment {
  const random = env['currentRandom']
  return {
    number: uint(env['currentNumber']),
    timestamp: uint(env['currentTimestamp']),
    gasLimit: uint(env['currentGasLimit']),
    baseFeePerGas: uint(env['currentBaseFee'] ?? '0x0'),
    coinbase: hex(env['currentCoinbase'], 'currentCoinbase'),
    ...(random === undefined ? {} : { prevRandao: word(uint(random)) }),
  }
}

/** @returns `undefined` for bytes that are no valid transaction of the fork */
function readTransaction(
  bytes: Uint8Array,
  hardfork: string,
): EvmTransaction | undefined | 'unsupported' {
  const type = (bytes[0] as number) >= 0xc0 ? 0 : bytes[0]
  if (type !== 0 && type !== 1 && type !== 2) return 'unsupported'
  let tx: TypedTransaction
  try {
    tx = createTxFromRLP(bytes, { common: chainCommon(BigInt(MAINNET), hardfork) })
  } catch {
    return undefined
  }
  const prices = tx as unknown as {
    gasPrice?: bigint
    maxFeePerGas?: bigint
    maxPriorityFeePerGas?: bigint
  }
  const list = (tx as unknown as { accessList?: [Uint8Array, Uint8Array[]][] }).accessList ?? []
  const maxFeePerGas = prices.maxFeePerGas ?? prices.gasPrice ?? 0n
  return {
    type,
    hash: tx.hash(),
    sender: tx.getSenderAddress().bytes,
    chainId: BigInt(MAINNET),
    nonce: tx.nonce,
    gasLimit: tx.gasLimit,
    ...(tx.to === undefined ? {} : { to: tx.to.bytes }),
    value: tx.value,
    data: tx.data,
    maxFeePerGas,
    maxPriorityFeePerGas: prices.maxPriorityFeePerGas ?? maxFeePerGas,
    accessList: list.map(([address, storageKeys]) => ({ address, storageKeys })),
    yParity: 0,
    v: tx.v ?? 0n,
    r: tx.r ?? 0n,
    s: tx.s ?? 0n,
    bytes,
  }
}

function logsHash(logs: readonly EvmLogEntry[]): Hash {
  return keccak256(encodeRlp(logs.map(({ address, topics, data }) => [address, topics, data])))
}

function skipped(reason: string): Outcome {
  return { status: 'skipped', reason }
}

function failed(reason: string): Outcome {
  return { status: 'failed', reason }
}

function object(value: unknown, what: string): Json {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw malformed(`${what} is not an object`)
  }
  return value as Json
}

function uint(value: unknown): bigint {
  if (typeof value !== 'string' || !/^0x[0-9a-fA-F]*$|^\d+$/.test(value)) {
    throw malformed('an integer is neither hex nor decimal')
  }
  return value === '0x' ? 0n : BigInt(value)
}

function word(value: bigint): Uint8Array {
  return hexToBytes(`0x${value.toString(16).padStart(64, '0')}`)
}

function hex(value: unknown, what: string): Uint8Array {
  if (typeof value !== 'string') throw malformed(`${what} is not hex`)
  try {
    return value === '' ? NOTHING : hexToBytes(value)
  } catch {
    throw malformed(`${what} is not hex`)
  }
}

function malformed(reason: string): EvmError {
  return new EvmError(`not a file of state tests: ${reason}`, { code: 'OL_EVM_STATE_TEST', reason })
}
