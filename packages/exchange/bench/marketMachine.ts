// A machine with many perps and many accounts, and orders for it.
import {
  type Action,
  bytesToHex,
  type GenesisCore,
  type OrderWire,
  sha256,
  uintToBytes,
} from '@openliquid/primitives'
import { ExchangeMachine, oracleBucketOf } from '../src/index.ts'
import {
  GENESIS_MS,
  type prng,
  testContext,
  testCore,
  testGenesis,
  testUser,
} from '../src/testing/index.ts'

type Prng = ReturnType<typeof prng>

const PX = 1_000
/** Ticks of 0.01: szDecimals is 4. */
const TICKS = 100_000

/** Perps at 1000 with 20x, rich accounts. */
export class MarketMachine {
  readonly machine: ExchangeMachine
  readonly #users: readonly Uint8Array[]
  #height = 0n
  #timestampMs = GENESIS_MS
  #nonce = GENESIS_MS

  /** `users`: addresses of the accounts, where their keys matter. */
  constructor(options: {
    readonly perps: number
    readonly accounts: number
    readonly users?: readonly Uint8Array[]
    readonly room?: number
  }) {
    const numbers = Array.from({ length: options.accounts }, (_, i) => i + 1)
    this.#users = options.users ?? numbers.map((n) => testUser(n))
    const core: GenesisCore = testCore(0, {
      spotPairs: [],
      marginTables: [],
      perps: Array.from({ length: options.perps }, (_, i) => ({
        name: `P${i}`,
        szDecimals: 4,
        maxLeverage: 20,
        marginTableId: 20,
        oraclePx: String(PX),
      })),
      balances: this.#users.map((user) => ({ address: bytesToHex(user), perp: '1000000' })),
      limits: { addressLimits: false, openOrdersMax: 5_000 },
    })
    this.machine = ExchangeMachine.genesis(
      { ...testGenesis(0), core },
      { room: options.room ?? 0 },
    ).machine
    this.beginBlock()
  }

  beginBlock(): void {
    this.#height += 1n
    this.#timestampMs += 100
    this.machine.beginBlock(testContext(this.#height, this.#timestampMs))
  }

  endBlock(): ReturnType<ExchangeMachine['endBlock']> {
    const transition = this.machine.endBlock()
    this.beginBlock()
    return transition
  }

  /** All validators see the price that perps began with: in the next block every account is looked at. */
  submitOracle(perps: number): void {
    const prices = Array.from({ length: perps }, (_, asset) => [asset, String(PX), null] as const)
    const bucket = oracleBucketOf(this.#timestampMs)
    for (const signer of [1001, 1002, 1003, 1004]) {
      const nonce = this.nextNonce()
      const meta = { txId: sha256(uintToBytes(nonce, 8)), nonce }
      this.machine.applyAction(testUser(signer), { type: 'validatorOracle', bucket, prices }, meta)
    }
  }

  /** A nonce that nobody used. */
  nextNonce(): number {
    this.#nonce += 1
    return this.#nonce
  }

  /** Ids of actions are made beforehand: hashing them is not execution. */
  prepare(user: number, action: Action): () => boolean {
    const nonce = this.nextNonce()
    const meta = { txId: sha256(uintToBytes(nonce, 8)), nonce }
    const sender = this.#users[user] ?? testUser(user + 1)
    return () => this.machine.applyAction(sender, action, meta).status === 'ok'
  }
}

/** A limit order whose price is within so many ticks of 10 around the middle. */
export function limitOrder(
  next: Prng,
  options: { readonly asset: number; readonly spread: number; readonly tif: 'Gtc' | 'Ioc' | 'Alo' },
): OrderWire {
  const isBuy = next(2) === 0
  const offset = options.tif === 'Alo' ? 1 + next(options.spread) : next(options.spread) - 2
  const ticks = TICKS + (isBuy ? -10 : 10) * offset
  return {
    a: options.asset,
    b: isBuy,
    p: String(ticks / 100),
    s: String((200 + next(1_000)) / 10_000),
    r: false,
    t: { limit: { tif: options.tif } },
  }
}

export function orderAction(orders: readonly OrderWire[]): Action {
  return { type: 'order', orders, grouping: 'na' }
}
