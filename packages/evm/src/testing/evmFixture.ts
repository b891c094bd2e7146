import { addressOf } from '@openliquid/crypto'
import {
  type Address,
  type BlockContext,
  bytesToHex,
  type ExchangeReader,
  type GenesisEvm,
  type KeyValueStore,
  keccak256,
  type L1Precompile,
} from '@openliquid/primitives'
import { emptyExchange } from '@openliquid/primitives/testing'
import type { EvmEngine } from '../engines.ts'
import { EvmExecutor } from '../evmExecutor.ts'
import { decodeEvmTransaction } from '../evmTransaction.ts'
import type { EvmPayloadTransaction, EvmTransition } from '../evmTransition.ts'
import type { EvmSystemTransaction } from '../systemTransaction.ts'
import { signTransaction, TEST_SECRET_KEYS, type UnsignedTransaction } from './signTransaction.ts'

/** Chain id of the fixture: the one of the development profile. */
export const FIXTURE_CHAIN_ID = 1_998
const GENESIS_TIME_MS = 1_700_000_000_000

/** The funded accounts of the fixture, by position of their key. */
export const FIXTURE_ADDRESSES: readonly Address[] = TEST_SECRET_KEYS.map((key) => addressOf(key))

/** An exchange with nothing in it. */
export const NO_EXCHANGE: ExchangeReader = emptyExchange

/** Genesis of the fixture: every test account has 10,000 HYPE, one lane without period. */
export function fixtureGenesis(changes: Partial<GenesisEvm> = {}): GenesisEvm {
  const balance = (10_000n * 10n ** 18n).toString()
  const alloc = Object.fromEntries(
    FIXTURE_ADDRESSES.map((address) => [bytesToHex(address), { balance }]),
  )
  const baseFee = '1000000000'
  const lanes = [{ periodMs: 0, gasLimit: 30_000_000, baseFee, baseFeeMin: '100000000' }]
  return { alloc, lanes, nonceWindow: 4_096, ...changes }
}

export interface FixtureOptions {
  readonly store: KeyValueStore
  readonly genesis?: GenesisEvm
  readonly precompiles?: readonly L1Precompile[]
  readonly exchange?: ExchangeReader
  readonly engine?: EvmEngine
  readonly keepDiffs?: number
}

/** A chain of EVM blocks on a store, driven as the execution package drives the executor. */
export class EvmFixture {
  readonly executor: EvmExecutor
  readonly #store: KeyValueStore
  readonly #exchange: ExchangeReader
  #height: bigint

  private constructor(executor: EvmExecutor, { store, exchange = NO_EXCHANGE }: FixtureOptions) {
    this.executor = executor
    this.#store = store
    this.#exchange = exchange
    this.#height = executor.view.head.height
  }

  static async create(options: FixtureOptions): Promise<EvmFixture> {
    const { store, genesis = fixtureGenesis(), precompiles = [], exchange = NO_EXCHANGE } = options
    const executor = await EvmExecutor.create({
      store,
      genesis,
      precompiles,
      chainId: FIXTURE_CHAIN_ID,
      genesisTimeMs: GENESIS_TIME_MS,
      exchange: () => exchange,
      ...(options.engine === undefined ? {} : { engine: options.engine }),
      ...(options.keepDiffs === undefined ? {} : { keepDiffs: options.keepDiffs }),
    })
    return new EvmFixture(executor, options)
  }

  /** Signs with the account at `signer`, taking its next nonce unless one is given. */
  transaction(
    unsigned: Omit<UnsignedTransaction, 'chainId'>,
    signer: number = 0,
  ): EvmPayloadTransaction {
    const address = FIXTURE_ADDRESSES[signer] as Address
    const nonce = unsigned.nonce ?? this.executor.view.getNonce(address)
    const key = TEST_SECRET_KEYS[signer] as Uint8Array
    return payloadTransaction(
      signTransaction({ ...unsigned, nonce, chainId: FIXTURE_CHAIN_ID }, key),
    )
  }

  /** One committed block with these transactions: applied, written, accepted. */
  async block(
    transactions: readonly EvmPayloadTransaction[],
    lane: number = 0,
    systemTransactions: readonly EvmSystemTransaction[] = [],
  ): Promise<EvmTransition> {
    const transition = await this.apply(transactions, lane, systemTransactions)
    await this.#store.batch(transition.writes, { sync: true })
    this.executor.accept(transition)
    return transition
  }

  /** Applied only. */
  apply(
    transactions: readonly EvmPayloadTransaction[],
    lane: number = 0,
    systemTransactions: readonly EvmSystemTransaction[] = [],
  ): Promise<EvmTransition> {
    this.#height += 1n
    const payload = { lane, transactions, systemTransactions, reader: this.#exchange }
    return this.executor.applyBlock(fixtureContext(this.#height), payload)
  }
}

/** Context of a block: one every second. */
export function fixtureContext(height: bigint): BlockContext {
  const timestampMs = GENESIS_TIME_MS + Number(height) * 1_000
  return {
    height,
    epoch: 1n,
    view: height,
    timestampMs,
    proposer: 0,
    blockHash: keccak256(Uint8Array.of(1, Number(height % 256n))),
    parentHash: keccak256(Uint8Array.of(0, Number(height % 256n))),
    parentTimestampMs: timestampMs - 1_000,
    parentSigners: [],
    missedSlots: [],
    misbehavior: [],
  }
}

/** As the mempool hands it over. */
export function payloadTransaction(bytes: Uint8Array): EvmPayloadTransaction {
  const decoded = decodeEvmTransaction(bytes, FIXTURE_CHAIN_ID)
  return { bytes, sender: decoded.sender, hash: decoded.hash, decoded }
}
