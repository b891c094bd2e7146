import {
  type Action,
  type Address,
  assert,
  type BlockContext,
  type GenesisCore,
  type GenesisValidator,
  type Hex,
  hexToBytes,
  type OrderWire,
  sha256,
  uintToBytes,
} from '@openliquid/primitives'
import type { ExchangeEvent } from '../events.ts'
import type { EvmFacts } from '../evmBridge.ts'
import { ExchangeMachine, type ExchangeOptions } from '../exchangeMachine.ts'
import type { ExchangeTransition } from '../exchangeTransition.ts'
import type { ExchangeGenesis } from '../genesis.ts'
import { oracleBucketOf } from '../oracleBucket.ts'
import type { ActionReceipt } from '../receipt.ts'

/** Time of the test genesis, in milliseconds. */
export const GENESIS_MS = 1_700_000_000_000

/** Asset ids of the test markets. */
export const ASSETS = { btc: 0, eth: 1, hypePerp: 2, purr: 10_000, hype: 10_001 } as const
/** Token indexes of the test markets. */
export const TOKENS = { usdc: 0, purr: 1, hype: 2 } as const

/** The account with a number from 1. */
export function testUser(number: number): Address {
  return hexToBytes(testUserHex(number), 20)
}

export function testUserHex(number: number): Hex {
  return `0x${number.toString(16).padStart(40, '0')}`
}

const bytes = (byte: string, size: number): Hex => `0x${byte.repeat(size)}`

/** Three tokens, two pairs, three perps, `users` funded accounts. */
export function testCore(users: number, overrides: Partial<GenesisCore> = {}): GenesisCore {
  const token = (
    name: string,
    index: number,
    decimals: { readonly szDecimals: number; readonly weiDecimals: number },
  ): GenesisCore['tokens'][number] => ({
    name,
    index,
    tokenId: bytes(`0${index}`, 16),
    ...decimals,
    isCanonical: true,
  })
  return {
    tokens: [
      token('USDC', 0, { szDecimals: 8, weiDecimals: 8 }),
      token('PURR', 1, { szDecimals: 0, weiDecimals: 5 }),
      token('HYPE', 2, { szDecimals: 2, weiDecimals: 8 }),
    ],
    spotPairs: [
      { name: 'PURR/USDC', index: 0, base: 1, quote: 0, isCanonical: true, px: '0.2' },
      { name: 'HYPE/USDC', index: 1, base: 2, quote: 0, isCanonical: true, px: '40' },
    ],
    perps: [
      { name: 'BTC', szDecimals: 5, maxLeverage: 40, marginTableId: 56, oraclePx: '100000' },
      { name: 'ETH', szDecimals: 4, maxLeverage: 25, marginTableId: 25, oraclePx: '4000' },
      { name: 'HYPE', szDecimals: 2, maxLeverage: 10, marginTableId: 10, oraclePx: '40' },
    ],
    marginTables: [
      {
        id: 56,
        description: 'tiered 40x',
        marginTiers: [
          { lowerBound: '0', maxLeverage: 40 },
          { lowerBound: '150000000', maxLeverage: 20 },
        ],
      },
    ],
    balances: Array.from({ length: users }, (_, i) => ({
      address: testUserHex(i + 1),
      perp: '1000000',
      spot: { USDC: '1000000', PURR: '500000', HYPE: '10000' },
    })),
    fees: {
      perpTakerPpm: 450,
      perpMakerPpm: 150,
      spotTakerPpm: 700,
      spotMakerPpm: 400,
      collector: bytes('fe', 20),
    },
    limits: { addressLimits: false, openOrdersMax: 1000 },
    ...overrides,
  }
}

/** Validators whose signers are the accounts from 1001, with stakes as given. */
export function testValidators(stakes: readonly number[]): GenesisValidator[] {
  return stakes.map((stake, i) => ({
    address: testUserHex(2001 + i),
    signer: testUserHex(1001 + i),
    voteKey: bytes('01', 48),
    nodeKey: bytes('02', 32),
    proofs: { voteKey: bytes('03', 96), nodeKey: bytes('04', 64) },
    stake: String(stake),
  }))
}

export function testGenesis(users: number, overrides: Partial<GenesisCore> = {}): ExchangeGenesis {
  return {
    core: testCore(users, overrides),
    validators: testValidators([1, 1, 1, 1]),
    timestampMs: GENESIS_MS,
  }
}

const DAY_MS = 86_400_000

/** A machine with a block open, and the store that its writes go to. */
export class TestExchange {
  readonly store: Map<string, readonly [key: Uint8Array, value: Uint8Array]> = new Map()
  /** The EVM as the next blocks find it. */
  evm: EvmFacts | undefined
  readonly #options: ExchangeOptions
  #machine: ExchangeMachine
  #height = 0n
  #timestampMs = GENESIS_MS
  #nonce = GENESIS_MS
  #root: Uint8Array

  constructor(genesis: ExchangeGenesis, options: ExchangeOptions = {}) {
    this.#options = options
    const { machine, coreRoot, writes } = ExchangeMachine.genesis(genesis, options)
    this.#machine = machine
    this.#root = coreRoot
    this.#write(writes)
    this.beginBlock()
  }

  get machine(): ExchangeMachine {
    return this.#machine
  }

  /** Root after the last finished block. */
  get root(): Uint8Array {
    return this.#root
  }

  get timestampMs(): number {
    return this.#timestampMs
  }

  /** @param context - what the headers of the block say beside height and time */
  beginBlock(afterMs = 100, context: Partial<BlockContext> = {}): void {
    this.#height += 1n
    this.#timestampMs += afterMs
    const { epoch } = this.#machine
    this.#machine.beginBlock(
      { ...testContext(this.#height, this.#timestampMs), epoch, ...context },
      this.evm,
    )
  }

  /** Executes an action with the next nonce. */
  act(
    user: Address,
    action: Action,
    meta: {
      readonly nonce?: number
      readonly expiresAfter?: number
      readonly vaultAddress?: Address
      readonly innerSigners?: readonly Address[]
    } = {},
  ): ActionReceipt {
    this.#nonce = Math.max(this.#nonce + 1, this.#timestampMs - DAY_MS)
    return this.#machine.applyAction(user, action, {
      txId: sha256(uintToBytes(this.#nonce, 8)),
      ...meta,
      nonce: meta.nonce ?? this.#nonce,
    })
  }

  /** Places one limit order: `Gtc` unless it says otherwise. */
  order(
    user: Address,
    asset: number,
    side: 'buy' | 'sell',
    order: {
      readonly px: string
      readonly size: string
      readonly tif?: 'Gtc' | 'Ioc' | 'Alo' | 'FrontendMarket'
      readonly reduceOnly?: boolean
      readonly cloid?: Hex
    },
  ): OrderStatusOf {
    const wire: OrderWire = {
      a: asset,
      b: side === 'buy',
      p: order.px,
      s: order.size,
      r: order.reduceOnly ?? false,
      t: { limit: { tif: order.tif ?? 'Gtc' } },
      ...(order.cloid === undefined ? {} : { c: order.cloid }),
    }
    const receipt = this.act(user, { type: 'order', orders: [wire], grouping: 'na' })
    assert(receipt.status === 'ok' && receipt.response.type === 'order', 'the order action failed')
    const [status] = receipt.response.data.statuses
    assert(status !== undefined, 'an order without status')
    return status
  }

  /** Has all four test validators submit prices, and opens the block that applies them. */
  moveOracle(prices: Readonly<Record<number, string>>): ExchangeTransition {
    const submitted = Object.entries(prices).map(
      ([asset, px]) => [Number(asset), px, null] as const,
    )
    const bucket = oracleBucketOf(this.#timestampMs)
    for (let signer = 1001; signer <= 1004; signer++) {
      const action: Action = { type: 'validatorOracle', bucket, prices: submitted }
      const receipt = this.act(testUser(signer), action)
      assert(receipt.status === 'ok', 'the oracle prices were refused')
    }
    return this.endBlock(3_000)
  }

  /** Ends the block, stores its writes, and opens the next one. */
  endBlock(afterMs = 100, context: Partial<BlockContext> = {}): ExchangeTransition {
    const transition = this.#machine.endBlock()
    this.#keep(transition)
    this.beginBlock(afterMs, context)
    return transition
  }

  /** Ends the block and returns what happened in it. */
  events(afterMs = 100): readonly ExchangeEvent[] {
    return this.endBlock(afterMs).events
  }

  /** Ends the block and goes on with a machine that was loaded from the store. */
  reload(afterMs = 100): ExchangeTransition {
    const transition = this.#machine.endBlock()
    this.#keep(transition)
    this.#machine = ExchangeMachine.load([...this.store.values()].reverse(), this.#options)
    this.beginBlock(afterMs)
    return transition
  }

  /** Reads all there is, for the next block begins before the test asks. */
  #keep({ coreRoot, writes, events }: ExchangeTransition): void {
    this.#root = coreRoot
    assert(Array.isArray(events), 'a block without a list of events')
    this.#write(writes)
  }

  #write(writes: ExchangeTransition['writes']): void {
    for (const [key, value] of writes) {
      const name = key.join()
      if (value === undefined) assert(this.store.delete(name), 'a delete of nothing')
      else this.store.set(name, [key, value])
    }
  }
}

type Batch = Extract<
  Extract<ActionReceipt, { status: 'ok' }>['response'],
  { type: 'order' }
>['data']['statuses']
type OrderStatusOf = Batch[number]

export function testContext(height: bigint, timestampMs: number): BlockContext {
  return {
    height,
    epoch: 1n,
    view: height,
    timestampMs,
    proposer: 0,
    blockHash: new Uint8Array(32),
    parentHash: new Uint8Array(32),
    parentTimestampMs: timestampMs - 1,
    parentSigners: [],
    missedSlots: [],
    misbehavior: [],
  }
}
