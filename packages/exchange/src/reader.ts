import {
  type Address,
  type BestPricesReading,
  bytesToHex,
  type DelegationReading,
  type DelegatorSummaryReading,
  type ExchangeReader,
  type Height,
  hexToBytes,
  type MarginSummaryReading,
  type PerpInfoReading,
  type PositionReading,
  type SpotBalanceReading,
  type SpotInfoReading,
  type TokenInfoReading,
  type TokenSupplyReading,
  type VaultEquityReading,
} from '@openliquid/primitives'
import type { CoreState } from './coreState.ts'
import { accountMargin, withdrawable } from './margin.ts'
import { marginSummary } from './marginSummary.ts'
import { SPOT_ASSET_MIN } from './market.ts'
import { positionOf } from './positions.ts'
import { spotBalance } from './spotClearinghouse.ts'
import { delegationsOf, delegatorSummaryOf } from './staking/stakingView.ts'
import { vaultEquityOf } from './vaults/vaultView.ts'

const UINT64_MAX = 18_446_744_073_709_551_615n
const ZERO_ADDRESS = new Uint8Array(20)
/** The only perp dex there is. */
const DEFAULT_DEX = 0

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

  vaultEquityOf(user: Address, vault: Address): VaultEquityReading | undefined {
    return vaultEquityOf(this.#state, bytesToHex(user), bytesToHex(vault))
  }

  withdrawableOf(user: Address): bigint {
    return toUint64(withdrawable(accountMargin(this.#state, bytesToHex(user))))
  }

  delegationsOf(user: Address): readonly DelegationReading[] {
    return delegationsOf(this.#state, bytesToHex(user))
  }

  delegatorSummaryOf(user: Address): DelegatorSummaryReading {
    return delegatorSummaryOf(this.#state, bytesToHex(user))
  }

  spotPriceOf(pair: number): bigint | undefined {
    if (!this.#state.spotPairs.has(pair)) return undefined
    return BigInt(this.#state.pricesOf(SPOT_ASSET_MIN + pair).lastPx)
  }

  perpInfoOf(index: number): PerpInfoReading | undefined {
    const perp = this.#state.perps.get(index)
    if (perp === undefined) return undefined
    const { name, marginTableId, szDecimals, maxLeverage, onlyIsolated } = perp
    return { coin: name, marginTableId, szDecimals, maxLeverage, onlyIsolated }
  }

  spotInfoOf(index: number): SpotInfoReading | undefined {
    const pair = this.#state.spotPairs.get(index)
    return pair === undefined ? undefined : { name: pair.name, base: pair.base, quote: pair.quote }
  }

  tokenInfoOf(index: number): TokenInfoReading | undefined {
    const token = this.#state.tokens.get(index)
    if (token === undefined) return undefined
    const { name, szDecimals, weiDecimals, evmContract } = token
    const deployer = this.#state.tokenDeployers.get(index)
    const pairs = [...this.#state.spotPairs.entries()].map(([, pair]) => pair)
    return {
      name,
      spotPairs: pairs
        .filter(({ base, quote }) => base === index || quote === index)
        .map((pair) => pair.index)
        .sort((a, b) => a - b),
      deployerTradingFeeShare: BigInt(this.#state.deployments.get(index)?.feeSharePpm ?? 0),
      deployer: deployer === undefined ? ZERO_ADDRESS : hexToBytes(deployer, 20),
      evmContract: evmContract === undefined ? ZERO_ADDRESS : hexToBytes(evmContract.address, 20),
      szDecimals,
      weiDecimals,
      evmExtraWeiDecimals: evmContract?.evmExtraWeiDecimals ?? 0,
    }
  }

  /** All that there is of a token circulates: nothing is emitted later or kept back. */
  tokenSupplyOf(index: number): TokenSupplyReading | undefined {
    if (!this.#state.tokens.has(index)) return undefined
    const supply = this.#state.supplies.get(index) ?? 0n
    return {
      maxSupply: supply,
      totalSupply: supply,
      circulatingSupply: supply,
      futureEmissions: 0n,
      nonCirculating: [],
    }
  }

  bestPricesOf(asset: number): BestPricesReading | undefined {
    const market = this.#state.markets.get(asset)
    if (market === undefined) return undefined
    const { book } = market
    return { bid: BigInt(book.bestPx(true)), ask: BigInt(book.bestPx(false)) }
  }

  marginSummaryOf(dex: number, user: Address): MarginSummaryReading | undefined {
    if (dex !== DEFAULT_DEX) return undefined
    const whole = marginSummary(this.#state, bytesToHex(user))
    return {
      accountValue: whole.accountValue,
      marginUsed: whole.marginUsed > 0n ? toUint64(whole.marginUsed) : 0n,
      positionNotional: toUint64(whole.positionValue),
      rawUsd: whole.rawUsd,
    }
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
