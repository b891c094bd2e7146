import {
  type Address,
  bytesToHex,
  type ExchangeReader,
  type Height,
  type PositionReading,
  type SpotBalanceReading,
} from '@openliquid/primitives'
import type { CoreState } from './coreState.ts'
import { positionOf } from './positions.ts'
import { spotBalance } from './spotClearinghouse.ts'

const UINT64_MAX = 18_446_744_073_709_551_615n

/** The state as contracts see it: live, so it shows whatever was applied when it is asked. */
export class CoreReader implements ExchangeReader {
  readonly height: Height
  readonly #state: CoreState

  constructor(state: CoreState, height: Height) {
    this.#state = state
    this.height = height
  }

  positionOf(user: Address, perp: number): PositionReading | undefined {
    const market = this.#state.markets.get(perp)
    if (market?.kind !== 'perp') return undefined
    const position = positionOf(this.#state, bytesToHex(user), market)
    return {
      size: BigInt(position.size),
      entryNotional: toUint64(position.entryNtl),
      isolatedRawUsd: position.isolatedRawUsd,
      leverage: position.leverage,
      isIsolated: position.isIsolated,
    }
  }

  spotBalanceOf(user: Address, token: number): SpotBalanceReading | undefined {
    if (!this.#state.tokens.has(token)) return undefined
    const { total, hold, entryNtl } = spotBalance(this.#state, bytesToHex(user), token)
    return { total, hold, entryNotional: toUint64(entryNtl) }
  }

  markPriceOf(perp: number): bigint | undefined {
    return this.#perpPrice(perp, 'markPx')
  }

  oraclePriceOf(perp: number): bigint | undefined {
    return this.#perpPrice(perp, 'oraclePx')
  }

  userExists(user: Address): boolean {
    return this.#state.accounts.has(bytesToHex(user))
  }

  #perpPrice(perp: number, price: 'markPx' | 'oraclePx'): bigint | undefined {
    if (this.#state.markets.get(perp)?.kind !== 'perp') return undefined
    return BigInt(this.#state.pricesOf(perp)[price])
  }
}

/** Contracts read entries in 64 bits; a larger one, which no sane market has, reads as the greatest. */
function toUint64(value: bigint): bigint {
  return value > UINT64_MAX ? UINT64_MAX : value
}
