import type { ExchangeEvent, ExchangeView } from '@openliquid/exchange'
import {
  type Address,
  bytesToHex,
  concatBytes,
  type KeyValueStore,
  parseDecimal,
  uintToBytes,
  type Write,
} from '@openliquid/primitives'
import { bytesToJson, jsonToBytes, LISTED, userList } from './historyKeys.ts'
import { ACCOUNT_VALUES_PER_BLOCK_MAX } from './limits.ts'

/** What an account was worth, 1e-6 USDC. */
export interface AccountValue {
  readonly timeMs: number
  /** On perps. */
  readonly perp: bigint
  /** The same with spot at last prices, and vaults. */
  readonly all: bigint
}

/** How often a value is kept, and for how long: so many places an account has, the newest value in each. */
const KEPT = [
  { everyMs: 3_600_000, places: 168 },
  { everyMs: 86_400_000, places: 1_024 },
] as const

/** The values of accounts over time. Each has a fixed number of places, so that nothing has to be thrown away. */
export class AccountValues {
  readonly #store: KeyValueStore

  constructor(store: KeyValueStore) {
    this.#store = store
  }

  /** Hourly for a week and daily for longer, oldest first. */
  async of(user: Address): Promise<readonly AccountValue[]> {
    const list = userList(user, LISTED.value)
    const found = new Map<number, AccountValue>()
    const range = { gte: list, lt: concatBytes(list, Uint8Array.of(KEPT.length)) }
    for await (const [, stored] of this.#store.entries(range)) {
      const [timeMs, perp, all] = bytesToJson<StoredValue>(stored)
      found.set(timeMs, { timeMs, perp: BigInt(perp), all: BigInt(all) })
    }
    return [...found.values()].sort((a, b) => a.timeMs - b.timeMs)
  }

  /** What an account is worth goes where the hour and the day have their places. */
  writesOf(user: Address, { timeMs, perp, all }: AccountValue): Write[] {
    const stored: StoredValue = [timeMs, String(perp), String(all)]
    return KEPT.map(({ everyMs, places }, kind) => {
      const place = Math.floor(timeMs / everyMs) % places
      const key = concatBytes(Uint8Array.of(kind), uintToBytes(place, 2))
      return [concatBytes(userList(user, LISTED.value), key), jsonToBytes(stored)] as const
    })
  }
}

type StoredValue = readonly [timeMs: number, perp: string, all: string]

/** Decimals that every balance and price fits, and those of USDC on perps. */
const DECIMALS = 18
const USD_DECIMALS = 6
const UNIT: bigint = 10n ** BigInt(DECIMALS - USD_DECIMALS)
const PRODUCT_UNIT: bigint = 10n ** BigInt(2 * DECIMALS - USD_DECIMALS)

/** Values accounts by one state of the Core. */
export class AccountValuer {
  readonly #core: ExchangeView
  /** Last price in USDC by token. */
  #prices: Map<number, bigint> | undefined

  constructor(core: ExchangeView) {
    this.#core = core
  }

  valueOf(user: Address): AccountValue {
    const { marginSummary } = this.#core.clearinghouseState(user)
    const perp = parseDecimal(marginSummary.accountValue, USD_DECIMALS)
    const all = perp + this.#spotOf(user) + this.vaultsOf(user)
    return { timeMs: this.#core.timestampMs, perp, all }
  }

  /** What an account has in vaults, 1e-6 USDC. */
  vaultsOf(user: Address): bigint {
    return this.#core.holdingsOf(user).reduce((sum, { equity }) => sum + equity, 0n)
  }

  /** USDC, and what has a pair with it at that pair's last price. */
  #spotOf(user: Address): bigint {
    const { balances } = this.#core.spotClearinghouseState(user)
    return balances.reduce((sum, { token, total }) => {
      if (token === 0) return sum + parseDecimal(total, DECIMALS) / UNIT
      this.#prices ??= this.#pricesNow()
      const px = this.#prices.get(token)
      return px === undefined ? sum : sum + (parseDecimal(total, DECIMALS) * px) / PRODUCT_UNIT
    }, 0n)
  }

  #pricesNow(): Map<number, bigint> {
    const marks = new Map(this.#core.spotContexts().map(({ coin, markPx }) => [coin, markPx]))
    const prices = new Map<number, bigint>()
    for (const { tokens, name } of this.#core.spotMeta().universe) {
      const px = marks.get(name)
      const [base, quote] = tokens
      if (quote !== 0 || px === undefined || prices.has(base)) continue
      prices.set(base, parseDecimal(px, DECIMALS))
    }
    return prices
  }
}

/**
 * Values of the accounts whose money a block moved other than by trades: those with positions are among them every hour,
 * when funding is settled. Where they are more than a block can bear, each has its turn in one of the next hours.
 */
export function valuesAfter(
  core: ExchangeView,
  events: readonly ExchangeEvent[],
): readonly (readonly [user: Address, value: AccountValue])[] {
  const users = new Map<string, Address>()
  for (const event of events) {
    if (event.kind !== 'funding' && event.kind !== 'ledgerUpdate') continue
    users.set(bytesToHex(event.user), event.user)
  }
  const valuer = new AccountValuer(core)
  const turns = Math.ceil(users.size / ACCOUNT_VALUES_PER_BLOCK_MAX)
  const turn = Math.floor(core.timestampMs / KEPT[0].everyMs)
  return [...users.values()]
    .filter((_, i) => (i + turn) % turns === 0)
    .map((user) => [user, valuer.valueOf(user)] as const)
}
