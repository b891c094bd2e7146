import {
  type Address,
  assert,
  bytesToHex,
  type ExchangeReader,
  type Height,
} from '@openliquid/primitives'
import { isSigner } from './actingUser.ts'
import { activityOf } from './activity.ts'
import { REQUESTS_GRANTED } from './addressLimits.ts'
import { agentsOf, masterOf } from './agents.ts'
import { aggregatedLevels, type BookAggregation } from './bookAggregation.ts'
import { approvedDeciBps } from './builderFees.ts'
import type { CoreState } from './coreState.ts'
import { ceilDivide, divideHalfEven, formatUnits, maxOf, product } from './decimal.ts'
import { l1VotesOf } from './delisting.ts'
import type { OrderJson, TwapUpdateEvent } from './events.ts'
import { type UserFeesReading, userFeesOf } from './feeView.ts'
import { makerSharePpm } from './feeVolumes.ts'
import { hourlyRate, PREMIUM_DECIMALS, RATE_DECIMALS } from './fundingRate.ts'
import { type AveragePx, impactPx } from './impactPrice.ts'
import { BOOK_LEVELS_SHOWN_MAX } from './limits.ts'
import { liquidatableUsers } from './liquidation.ts'
import { liquidationPx } from './liquidationPx.ts'
import { type AccountMargin, accountMargin, isolatedMargin, withdrawable } from './margin.ts'
import { marginSummary } from './marginSummary.ts'
import { type Market, type PerpMarket, SPOT_ASSET_MIN } from './market.ts'
import { checkNonce, type NonceVerdict } from './nonces.ts'
import {
  formatPx,
  formatSize,
  marketOf,
  ORDER_DETAILS,
  orderJson,
  triggerDetails,
  triggerJson,
} from './orderEvents.ts'
import { MARKET_NTL_MAX } from './orderPlacement.ts'
import type { TriggerOrder } from './orderRecords.ts'
import { positionOf } from './positions.ts'
import {
  type ReferralReading,
  referralOf,
  type StakingLinkJson,
  stakingLinkOf,
} from './profiles/profileView.ts'
import { CoreReader } from './reader.ts'
import type { Order, Position } from './records.ts'
import { type SpotDeployStateJson, spotDeployStateOf } from './spotDeployView.ts'
import { type ValidatorReading, validatorReadings } from './staking/stakingView.ts'
import { USD_DECIMALS } from './tradeEvents.ts'
import { twapJson } from './twap.ts'
import {
  type HoldingReading,
  holdingsInVault,
  holdingsOfUser,
  type VaultReading,
  vaultReading,
  vaultReadings,
} from './vaults/vaultView.ts'
import type {
  ActiveAssetDataJson,
  ClearinghouseStateJson,
  ExchangeView,
  ExtraAgentJson,
  FrontendOrderJson,
  L1VoteReading,
  L2BookJson,
  MetaJson,
  MultiSigSignersJson,
  PerpCtxJson,
  SpotClearinghouseStateJson,
  SpotCtxJson,
  SpotMetaJson,
  SubAccountJson,
  UserRateLimitJson,
  UserRoleJson,
} from './view.ts'

type AssetPosition = ClearinghouseStateJson['assetPositions'][number]

/** Shares are kept in millionths. */
const SHARE_DECIMALS = 6
/** Decimals of printed ratios and liquidation prices. */
const RATIO_DECIMALS = 8

/** Reads the live state; whoever calls makes sure that no block is half executed. */
export class CoreView implements ExchangeView {
  readonly #state: CoreState

  constructor(state: CoreState) {
    this.#state = state
  }

  get height(): Height {
    return this.#state.now.height
  }

  get timestampMs(): number {
    return this.#state.now.timestampMs
  }

  meta(): MetaJson {
    const { perps, marginTables } = this.#state
    return {
      universe: byKey(perps.entries()).map(
        ({ index, name, szDecimals, maxLeverage, marginTableId, onlyIsolated, marginMode }) => ({
          szDecimals,
          name,
          maxLeverage,
          marginTableId,
          ...(onlyIsolated ? { onlyIsolated: true, marginMode } : {}),
          ...(this.#state.delisted.has(index) ? { isDelisted: true } : {}),
        }),
      ),
      marginTables: [...marginTables.entries()]
        .sort(([a], [b]) => a - b)
        .map(([id, { description, tiers }]) => [
          id,
          {
            description,
            marginTiers: tiers.map(({ lowerBound, maxLeverage }) => ({
              lowerBound: formatUnits(lowerBound, USD_DECIMALS),
              maxLeverage,
            })),
          },
        ]),
      collateralToken: 0,
    }
  }

  spotMeta(): SpotMetaJson {
    const { spotPairs, tokens } = this.#state
    return {
      universe: byKey(spotPairs.entries()).map(({ base, quote, name, index, isCanonical }) => ({
        tokens: [base, quote],
        // Only pair 0 goes by its name; §1.2.
        name: index === 0 ? name : `@${index}`,
        index,
        isCanonical,
      })),
      tokens: byKey(tokens.entries()).map((token) => ({
        name: token.name,
        szDecimals: token.szDecimals,
        weiDecimals: token.weiDecimals,
        index: token.index,
        tokenId: token.tokenId,
        isCanonical: token.isCanonical,
        evmContract:
          token.evmContract === undefined
            ? null
            : {
                address: token.evmContract.address,
                evm_extra_wei_decimals: token.evmContract.evmExtraWeiDecimals,
              },
        fullName: token.fullName ?? null,
        deployerTradingFeeShare: formatUnits(
          this.#state.deployments.get(token.index)?.feeSharePpm ?? 0,
          SHARE_DECIMALS,
        ),
      })),
    }
  }

  allMids(): Readonly<Record<string, string>> {
    const mids: Record<string, string> = {}
    for (const market of byKey(this.#state.markets.entries())) {
      const { lastPx, oraclePx } = this.#state.pricesOf(market.asset)
      const fallback = lastPx === 0 ? oraclePx : lastPx
      const mid = midPx(market) ?? (fallback === 0 ? undefined : formatPx(market, fallback))
      if (mid !== undefined) mids[market.coin] = mid
    }
    return mids
  }

  perpContexts(): readonly PerpCtxJson[] {
    const { positions } = this.#state
    return byKey(this.#state.perps.entries()).map(({ index }) => {
      const market = this.#state.perpMarket(index)
      const { markPx, oraclePx } = this.#state.pricesOf(index)
      return {
        coin: market.coin,
        markPx: formatPx(market, markPx),
        oraclePx: formatPx(market, oraclePx),
        midPx: midPx(market) ?? null,
        openInterest: formatUnits(
          positions.openInterest.get(index)?.value ?? 0n,
          market.szDecimals,
        ),
        funding: formatUnits(hourlyRate(this.#state.premiumsOf(index)), RATE_DECIMALS),
        premium: this.#premium(index),
        impactPxs: impactPxs(market),
      }
    })
  }

  l2Book(coin: string, aggregation?: BookAggregation): L2BookJson | undefined {
    const market = this.#state.marketsByCoin.get(coin)
    if (market === undefined) return undefined
    const side = (isBuy: boolean): L2BookJson['levels'][0] => {
      const levels =
        aggregation === undefined
          ? market.book.levels(isBuy, BOOK_LEVELS_SHOWN_MAX)
          : aggregatedLevels(market.book, isBuy, aggregation)
      return levels.map(({ px, size, count }) => ({
        px: formatPx(market, px),
        sz: formatSize(market, size),
        n: count,
      }))
    }
    return { coin, time: this.timestampMs, levels: [side(true), side(false)] }
  }

  spotContexts(): readonly SpotCtxJson[] {
    const reader = this.reader()
    return byKey(this.#state.spotPairs.entries()).map(({ index, base }) => {
      const market = this.#state.markets.get(SPOT_ASSET_MIN + index)
      assert(market?.kind === 'spot', 'a pair with its market')
      const supply = reader.tokenSupplyOf(base)
      const wei = (value: bigint | undefined): string =>
        formatUnits(value ?? 0n, market.base.weiDecimals)
      return {
        coin: market.coin,
        markPx: formatPx(market, Number(reader.spotPriceOf(index) ?? 0n)),
        midPx: midPx(market) ?? null,
        circulatingSupply: wei(supply?.circulatingSupply),
        totalSupply: wei(supply?.totalSupply),
      }
    })
  }

  activeAssetData(user: Address, coin: string): ActiveAssetDataJson | undefined {
    const market = this.#state.marketsByCoin.get(coin)
    if (market?.kind !== 'perp') return undefined
    const owner = bytesToHex(user)
    const { size, leverage, isIsolated, isolatedRawUsd } = positionOf(this.#state, owner, market)
    const { markPx } = this.#state.pricesOf(market.asset)
    const margin = accountMargin(this.#state, owner)
    const free = maxOf(0n, margin.accountValue - margin.initial)
    // An order against a position first frees its margin and then may use as much on the other side.
    const freed = isIsolated
      ? 0n
      : 2n * ceilDivide(product(Math.abs(size), markPx), BigInt(leverage))
    const available = [size < 0 ? free + freed : free, size > 0 ? free + freed : free] as const
    const sizeOf = (usdc: bigint): string =>
      formatUnits(markPx === 0 ? 0n : (usdc * BigInt(leverage)) / BigInt(markPx), market.szDecimals)
    return {
      user: owner,
      coin,
      leverage: isIsolated
        ? { type: 'isolated', value: leverage, rawUsd: usd(isolatedRawUsd) }
        : { type: 'cross', value: leverage },
      maxTradeSzs: [sizeOf(available[0]), sizeOf(available[1])],
      availableToTrade: [usd(available[0]), usd(available[1])],
      markPx: formatPx(market, markPx),
    }
  }

  userFees(user: Address): UserFeesReading {
    return userFeesOf(this.#state, user)
  }

  makerSharePpm(signer: Address): number | undefined {
    const address = bytesToHex(signer)
    return makerSharePpm(this.#state, masterOf(this.#state, address) ?? address)
  }

  userRateLimit(user: Address): UserRateLimitJson {
    const { volume, requests, reserved } = activityOf(this.#state, bytesToHex(user))
    return {
      cumVlm: usd(volume),
      nRequestsUsed: Math.max(0, requests - reserved),
      nRequestsCap: REQUESTS_GRANTED + Number(volume / 10n ** BigInt(USD_DECIMALS)),
      nRequestsSurplus: Math.max(0, reserved - requests),
    }
  }

  openOrders(user: Address): readonly OrderJson[] {
    return this.#ordersOf(user).map((order) => this.#orderJson(order))
  }

  frontendOpenOrders(user: Address): readonly FrontendOrderJson[] {
    return this.#ordersOf(user).map((order) => this.#frontendOrder(order))
  }

  openOrderByOid(
    oid: number,
  ): { readonly user: Address; readonly order: FrontendOrderJson } | undefined {
    const order = this.#state.orders.get(oid) ?? this.#state.triggers.get(oid)
    if (order === undefined) return undefined
    return { user: this.#state.addressOf(order.user), order: this.#frontendOrder(order) }
  }

  openOrderByCloid(user: Address, cloid: string): FrontendOrderJson | undefined {
    const oid = this.#state.ordersOf(bytesToHex(user)).byCloid.get(cloid)
    return oid === undefined ? undefined : this.openOrderByOid(oid)?.order
  }

  twapStates(user: Address): readonly (readonly [number, TwapUpdateEvent['state']])[] {
    const ids = [...this.#state.twapsOf(bytesToHex(user))].sort((a, b) => a - b)
    return ids.flatMap((twapId) => {
      const twap = this.#state.twaps.get(twapId)
      return twap === undefined ? [] : [[twapId, twapJson(this.#state, twap)] as const]
    })
  }

  extraAgents(user: Address): readonly ExtraAgentJson[] {
    return agentsOf(this.#state, bytesToHex(user)).filter(isNamed).map(agentJson)
  }

  mainAgent(user: Address): ExtraAgentJson | null {
    const agent = agentsOf(this.#state, bytesToHex(user)).find((one) => !isNamed(one))
    return agent === undefined ? null : agentJson(agent)
  }

  keepsDust(user: Address): boolean {
    return this.#state.profiles.keepsDust.has(bytesToHex(user))
  }

  multiSigSigners(user: Address): MultiSigSignersJson | null {
    return this.#state.profiles.multiSigUsers.get(bytesToHex(user)) ?? null
  }

  referral(user: Address): ReferralReading {
    return referralOf(this.#state, user)
  }

  stakingLink(user: Address): StakingLinkJson | null {
    return stakingLinkOf(this.#state, user)
  }

  displayName(user: Address): string | null {
    return this.#state.profiles.displayNames.get(bytesToHex(user)) ?? null
  }

  subAccounts(user: Address): readonly SubAccountJson[] | null {
    const owner = bytesToHex(user)
    const found = [...this.#state.subAccountsOf(owner)].flatMap((address) => {
      const subAccount = this.#state.subAccounts.get(address)
      return subAccount === undefined ? [] : [{ address, ...subAccount }]
    })
    if (found.length === 0) return null
    return found
      .sort((a, b) => a.index - b.index)
      .map(({ address, name, master }) => ({
        name,
        subAccountUser: address,
        master,
        clearinghouseState: this.clearinghouseState(this.#state.addressOf(address)),
        spotState: this.spotClearinghouseState(this.#state.addressOf(address)),
      }))
  }

  userRole(user: Address): UserRoleJson {
    const owner = bytesToHex(user)
    const agent = this.#state.agents.get(owner)
    if (agent !== undefined) return { role: 'agent', data: { user: agent.master } }
    const subAccount = this.#state.subAccounts.get(owner)
    if (subAccount !== undefined) return { role: 'subAccount', data: { master: subAccount.master } }
    if (this.#state.vaults.vaults.has(owner)) return { role: 'vault' }
    return { role: this.#state.accounts.has(owner) ? 'user' : 'missing' }
  }

  maxBuilderFee(user: Address, builder: Address): number {
    return approvedDeciBps(this.#state, bytesToHex(user), bytesToHex(builder))
  }

  approvedBuilders(user: Address): readonly string[] {
    const approvals = this.#state.builderApprovals.get(bytesToHex(user)) ?? []
    return approvals.map(({ builder }) => builder)
  }

  clearinghouseState(user: Address): ClearinghouseStateJson {
    const owner = bytesToHex(user)
    const margin = accountMargin(this.#state, owner)
    const rawUsd = this.#state.accounts.get(owner)?.rawUsd ?? 0n
    const positions = [...this.#state.positions.of(owner)]
      .filter(([, { size }]) => size !== 0)
      .sort(([a], [b]) => a - b)
    const whole = marginSummary(this.#state, owner)
    return {
      marginSummary: {
        accountValue: usd(whole.accountValue),
        totalNtlPos: usd(whole.positionValue),
        totalRawUsd: usd(whole.rawUsd),
        totalMarginUsed: usd(whole.marginUsed),
      },
      crossMarginSummary: {
        accountValue: usd(margin.accountValue),
        totalNtlPos: usd(margin.positionValue),
        totalRawUsd: usd(rawUsd),
        totalMarginUsed: usd(margin.positionInitial),
      },
      crossMaintenanceMarginUsed: usd(margin.maintenance),
      withdrawable: usd(withdrawable(margin)),
      assetPositions: positions.map(([perp, position]) =>
        this.#assetPosition(perp, position, margin),
      ),
      time: this.timestampMs,
    }
  }

  spotClearinghouseState(user: Address): SpotClearinghouseStateJson {
    const balances = [...this.#state.spotBalances.of(bytesToHex(user))].sort(([a], [b]) => a - b)
    return {
      balances: balances.map(([index, { total, hold, entryNtl }]) => {
        const { name, weiDecimals } = this.#state.token(index)
        return {
          coin: name,
          token: index,
          total: formatUnits(total, weiDecimals),
          hold: formatUnits(hold, weiDecimals),
          entryNtl: usd(entryNtl),
        }
      }),
    }
  }

  vaults(): readonly VaultReading[] {
    return vaultReadings(this.#state)
  }

  vault(address: Address): VaultReading | undefined {
    return vaultReading(this.#state, bytesToHex(address))
  }

  vaultHoldings(vault: Address): readonly HoldingReading[] {
    return holdingsInVault(this.#state, bytesToHex(vault))
  }

  holdingsOf(user: Address): readonly HoldingReading[] {
    return holdingsOfUser(this.#state, bytesToHex(user))
  }

  validators(): readonly ValidatorReading[] {
    return validatorReadings(this.#state)
  }

  spotDeployState(user: Address): SpotDeployStateJson {
    return spotDeployStateOf(this.#state, user)
  }

  liquidatable(): readonly string[] {
    return liquidatableUsers(this.#state)
  }

  maxMarketOrderNtls(): readonly (readonly [number, string])[] {
    return MARKET_NTL_MAX.map(({ maxLeverage, ntl }) => [maxLeverage, usd(ntl)])
  }

  l1Votes(): readonly L1VoteReading[] {
    return l1VotesOf(this.#state)
  }

  isSigner(user: Address): boolean {
    return isSigner(this.#state, bytesToHex(user))
  }

  userExists(user: Address): boolean {
    return this.#state.accounts.has(bytesToHex(user))
  }

  usingBigBlocks(user: Address): boolean {
    return this.#state.accounts.get(bytesToHex(user))?.usingBigBlocks ?? false
  }

  checkNonce(signer: Address, nonce: number, timestampMs: number): NonceVerdict {
    return checkNonce(this.#state.nonces.get(bytesToHex(signer)) ?? [], nonce, timestampMs)
  }

  reader(): ExchangeReader {
    return new CoreReader(this.#state, this.height)
  }

  /** Newest first. Children of a resting parent are shown with it. */
  #ordersOf(user: Address): (Order | TriggerOrder)[] {
    const { orders } = this.#state
    const owner = bytesToHex(user)
    const resting = orders.oidsOf(owner).flatMap((oid) => orders.get(oid) ?? [])
    const { triggers } = this.#state.ordersOf(owner)
    const armed = [...triggers.values()].filter(({ isArmed }) => isArmed)
    return [...resting, ...armed].sort((a, b) => b.oid - a.oid)
  }

  #orderJson(order: Order | TriggerOrder): OrderJson {
    const market = marketOf(this.#state, order)
    return 'tpsl' in order ? triggerJson(market, order) : orderJson(market, order)
  }

  #frontendOrder(order: Order | TriggerOrder): FrontendOrderJson {
    const market = marketOf(this.#state, order)
    return {
      ...this.#orderJson(order),
      ...('tpsl' in order ? triggerDetails(market, order) : ORDER_DETAILS[order.timeInForce]),
      children: this.#childrenOf(order),
      reduceOnly: 'tpsl' in order || order.reduceOnly,
      cloid: order.cloid ?? null,
    }
  }

  #premium(perp: number): string | null {
    const { latest } = this.#state.premiumsOf(perp)
    return latest === undefined ? null : formatUnits(latest, PREMIUM_DECIMALS)
  }

  #childrenOf({ user, oid, group }: Order | TriggerOrder): FrontendOrderJson[] {
    if (group !== oid) return []
    const { groups, triggers } = this.#state.ordersOf(user)
    return [...(groups.get(group) ?? [])]
      .sort((a, b) => a - b)
      .flatMap((member) => triggers.get(member) ?? [])
      .filter(({ isArmed }) => !isArmed)
      .map((child) => this.#frontendOrder(child))
  }

  #assetPosition(perp: number, position: Position, cross: AccountMargin): AssetPosition {
    const market = this.#state.perpMarket(perp)
    const { size, entryNtl, leverage, isIsolated, isolatedRawUsd, cumFunding } = position
    const lots = BigInt(Math.abs(size))
    const { markPx } = this.#state.pricesOf(perp)
    const value = product(Math.abs(size), markPx)
    const pnl = size > 0 ? value - entryNtl : entryNtl - value
    const margin = isIsolated ? isolatedMargin(this.#state, market, position) : cross
    const initial = (value + BigInt(leverage) - 1n) / BigInt(leverage)
    return {
      type: 'oneWay',
      position: {
        coin: market.coin,
        szi: formatSize(market, size),
        leverage: isIsolated
          ? { type: 'isolated', value: leverage, rawUsd: usd(isolatedRawUsd) }
          : { type: 'cross', value: leverage },
        entryPx: formatUnits((2n * entryNtl + lots) / (2n * lots), market.pxDecimals),
        positionValue: usd(value),
        unrealizedPnl: usd(pnl),
        returnOnEquity: ratio(pnl * BigInt(leverage), entryNtl),
        liquidationPx: liquidationPx(market, { size, markPx, margin }),
        marginUsed: usd(isIsolated ? margin.accountValue : initial),
        maxLeverage: market.perp.maxLeverage,
        cumFunding: {
          allTime: usd(cumFunding.allTime),
          sinceOpen: usd(cumFunding.sinceOpen),
          sinceChange: usd(cumFunding.sinceChange),
        },
      },
    }
  }
}

function midPx(market: Market): string | undefined {
  const [bid, ask] = [market.book.bestPx(true), market.book.bestPx(false)]
  if (bid === 0 || ask === 0) return undefined
  return formatUnits(product(5, bid + ask), market.pxDecimals + 1)
}

function impactPxs({ book, perp, pxDecimals }: PerpMarket): [bid: string, ask: string] | null {
  const bid = impactPx(book, true, perp.impactNtl)
  const ask = impactPx(book, false, perp.impactNtl)
  if (bid === undefined || ask === undefined) return null
  const print = ({ numerator, denominator }: AveragePx): string =>
    formatUnits(divideHalfEven(numerator, denominator), pxDecimals)
  return [print(bid), print(ask)]
}

function usd(units: bigint): string {
  return formatUnits(units, USD_DECIMALS)
}

function ratio(numerator: bigint, denominator: bigint): string {
  assert(denominator > 0n, 'a ratio to nothing')
  return formatUnits((numerator * 10n ** BigInt(RATIO_DECIMALS)) / denominator, RATIO_DECIMALS)
}

function byKey<V>(entries: Iterable<[number, V]>): V[] {
  return [...entries].sort(([a], [b]) => a - b).map(([, value]) => value)
}

type AgentOf = ReturnType<typeof agentsOf>[number]

function isNamed({ name }: AgentOf): boolean {
  return name !== ''
}

function agentJson({ address, name, validUntilMs }: AgentOf): ExtraAgentJson {
  return { address, name, validUntil: validUntilMs === 0 ? null : validUntilMs }
}
