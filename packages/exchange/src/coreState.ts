import {
  type Address,
  assert,
  bytesToHex,
  type EvmLink,
  type Hash,
  hexToBytes,
} from '@openliquid/primitives'
import {
  AGENTS,
  type Agent,
  BUILDER_APPROVALS,
  type BuilderApprovals,
  SUB_ACCOUNTS,
  type SubAccount,
} from './accountRecords.ts'
import { AccountTable } from './accountTable.ts'
import { ActivityTable } from './activityTable.ts'
import {
  EVM_TRANSFERS,
  LINK_REQUESTS,
  type LinkRequest,
  type QueuedTransfer,
  TOKEN_DEPLOYERS,
} from './bridgeRecords.ts'
import { corrupt } from './byteCodec.ts'
import type { CoreTree } from './coreTree.ts'
import { CounterTable } from './counterTable.ts'
import {
  ALLOCATIONS,
  DEPLOY_AUCTION,
  DEPLOYMENTS,
  type DeployAuction,
  type Deployment,
} from './deployRecords.ts'
import { DueQueue } from './dueQueue.ts'
import { EventJournal } from './eventJournal.ts'
import type { ExchangeEvent } from './events.ts'
import type { EvmFacts } from './evmBridge.ts'
import { ExactSum } from './exactSum.ts'
import { DISCOUNT_SCHEDULE, type DiscountSchedule, NO_DISCOUNTS } from './feeDiscounts.ts'
import type { DayVolume, FeeSchedule } from './feeSchedule.ts'
import { NO_PREMIUMS, type Premiums } from './fundingRate.ts'
import { HyperliquidityState } from './hyperliquidity/hyperliquidityState.ts'
import { Journal } from './journal.ts'
import { type Market, type PerpMarket, perpMarket, SPOT_ASSET_MIN, spotMarket } from './market.ts'
import type { MarkState } from './markPrice.ts'
import { type MovingAverage, NO_AVERAGE } from './movingAverage.ts'
import { NonceTable } from './nonceTable.ts'
import { NO_ROW, ORDER_IS_BUY, ORDER_IS_REDUCE_ONLY, OrderArena } from './orderArena.ts'
import type { OrderBook } from './orderBook.ts'
import {
  SCHEDULED_CANCELS,
  type ScheduledCancel,
  TRIGGERS,
  type TriggerOrder,
  TWAPS,
  type Twap,
  twapDueMs,
} from './orderRecords.ts'
import { OrderTable } from './orderTable.ts'
import { defaultPosition } from './position.ts'
import { PositionTable } from './positionTable.ts'
import { FeeTerms } from './profiles/feeTerms.ts'
import { ProfileState } from './profiles/profileState.ts'
import { refreshFeeTerms } from './profiles/stakingLinks.ts'
import {
  type Account,
  CLOCK,
  type Clock,
  type Counters,
  DELAYED_ORDERS,
  DELISTED,
  type DelayedOrder,
  DUST_CURSOR,
  type DustCursor,
  MARGIN_TABLES,
  type MarginTable,
  ORACLE_SIGNERS,
  ORACLE_SUBMISSIONS,
  type OracleSigner,
  type OracleSubmission,
  PERPS,
  type Perp,
  type Position,
  PRICES,
  type Prices,
  RULES,
  type Rules,
  type Singleton,
  SPOT_BALANCES,
  SPOT_PAIRS,
  type SpotBalance,
  type SpotPair,
  SUPPLIES,
  TOKENS,
  type Token,
  type User,
} from './records.ts'
import {
  EXCHANGE_VOLUMES,
  FEE_SCHEDULE,
  FEE_VOLUMES,
  FUNDING_DUES,
  type FundingDue,
  HOUR_OPEN_INTERESTS,
  HYPERP_AVERAGES,
  L1_VOTES,
  LIQUIDATION_COOLDOWNS,
  MARK_STATES,
  PREMIUMS,
  RISK_RULES,
  type RiskRules,
} from './riskRecords.ts'
import { spotHoldOf } from './spotHold.ts'
import { StakingState } from './staking/stakingState.ts'
import type { PossessionVerifier } from './staking/validators.ts'
import { OwnedTable, type StoredTable, Table } from './table.ts'
import { TokenHolders } from './tokenHolders.ts'
import { TransferQueue } from './transferQueue.ts'
import { SortedTriggerBook, type TriggerBook } from './triggerBook.ts'
import { twapWatch } from './twapWatch.ts'
import { VaultState } from './vaults/vaultState.ts'

/** Orders of one user that have more to them than a price and a size. */
export interface UserOrders {
  /** Of resting and of trigger orders. */
  readonly byCloid: Map<string, number>
  readonly triggers: Map<number, TriggerOrder>
  /** Oids by TP/SL group, the parent included. */
  readonly groups: Map<number, Set<number>>
}

/** Sums over all entries, kept at every change: what conservation is asserted by. */
export interface Totals {
  /** Wei by token. */
  readonly spot: Map<number, bigint>
  /** Wei by token, as balances say. */
  readonly hold: Map<number, bigint>
  /** Wei by token, as resting orders need. */
  readonly orderHold: Map<number, bigint>
  /** 1e-6 USDC, cross and isolated. */
  readonly rawUsd: ExactSum
}

const nothing = (): void => undefined

const FLAT_FEES: FeeSchedule = { tiers: [], makerRebates: [] }
const NO_MARK_STATE: MarkState = { oracleMs: 0, perpPx: 0, premium: NO_AVERAGE, book: NO_AVERAGE }

/**
 * Everything that the Core knows: the stored tables, and what is derived from them.
 *
 * Only tables are state. Books, indexes and sums follow every change of an entry through its table's hook, also when a
 * change is taken back, so none of them can disagree with what is stored.
 */
export class CoreState {
  readonly journal: Journal = new Journal()
  readonly totals: Totals = {
    spot: new Map(),
    hold: new Map(),
    orderHold: new Map(),
    rawUsd: new ExactSum(),
  }
  readonly clock: Table<Singleton, Clock> = new Table(CLOCK, this.journal, (_, _previous, next) => {
    this.#now = next
  })
  readonly counters: CounterTable = new CounterTable(this.journal)
  readonly rulesTable: Table<Singleton, Rules> = new Table(
    RULES,
    this.journal,
    (_, _previous, next) => {
      this.#rules = next
      this.#collector = NO_ROW
    },
  )
  readonly tokens: Table<number, Token> = new Table(TOKENS, this.journal, () => {
    this.evmLinks = undefined
  })
  readonly supplies: Table<number, bigint> = new Table(SUPPLIES, this.journal, nothing)
  readonly spotPairs: Table<number, SpotPair> = new Table(
    SPOT_PAIRS,
    this.journal,
    (index, _previous, next) => this.#spotPairChanged(index, next),
  )
  readonly perps: Table<number, Perp> = new Table(PERPS, this.journal, nothing)
  /** By perp. */
  readonly delisted: Table<number, number> = new Table(DELISTED, this.journal, nothing)
  readonly hourOpenInterests: Table<number, bigint> = new Table(
    HOUR_OPEN_INTERESTS,
    this.journal,
    nothing,
  )
  /** By validator and perp. */
  readonly l1Votes: OwnedTable<number> = new OwnedTable(L1_VOTES, this.journal, nothing)
  readonly marginTables: Table<number, MarginTable> = new Table(
    MARGIN_TABLES,
    this.journal,
    nothing,
  )
  readonly prices: Table<number, Prices> = new Table(PRICES, this.journal, (asset, _, next) => {
    if (asset >= SPOT_ASSET_MIN) return
    this.positions.margin.setMarkPx(asset, next?.markPx ?? 0)
    this.#perpPrices[asset] = next
  })
  readonly oracleSigners: Table<User, OracleSigner> = new Table(
    ORACLE_SIGNERS,
    this.journal,
    nothing,
  )
  readonly oracleSubmissions: OwnedTable<OracleSubmission> = new OwnedTable(
    ORACLE_SUBMISSIONS,
    this.journal,
    nothing,
  )
  readonly accounts: AccountTable = new AccountTable(this.journal, this.totals.rawUsd)
  readonly positions: PositionTable = new PositionTable(this.journal, this.accounts, {
    rawUsd: this.totals.rawUsd,
    defaultsOf: (owner, perp) =>
      defaultsIn(this.perpMarket(perp), this.accounts.userOf(owner), this.riskRules),
    tiersOf: (perp) => this.perpMarket(perp).tiers,
  })
  readonly spotBalances: OwnedTable<SpotBalance> = new OwnedTable(
    SPOT_BALANCES,
    this.journal,
    (user, token, previous, next) => this.#spotBalanceChanged(user, token, previous, next),
  )
  readonly tokenHolders: TokenHolders = new TokenHolders()
  /** Where the sweep of dust goes on, while it is not through. */
  readonly dustCursor: Table<Singleton, DustCursor> = new Table(DUST_CURSOR, this.journal, nothing)
  readonly nonces: NonceTable = new NonceTable(this.accounts)
  readonly orders: OrderTable = new OrderTable(new OrderArena(), this.journal, this.accounts, {
    marketOf: (asset) => this.#marketOfOrder(asset),
    sizeChanged: (market, row, change) => this.#orderSizeChanged(market, row, change),
    named: (row, isThere) => this.#orderNamed(row, isThere),
  })
  readonly triggers: Table<number, TriggerOrder> = new Table(
    TRIGGERS,
    this.journal,
    (_oid, previous, next) => this.#triggerChanged(previous, next),
  )
  readonly twaps: Table<number, Twap> = new Table(TWAPS, this.journal, (_id, previous, next) =>
    this.#twapChanged(previous, next),
  )
  readonly delayedOrders: Table<number, DelayedOrder> = new Table(
    DELAYED_ORDERS,
    this.journal,
    (sequence, previous, next) => requeue(this.dueDelayed, sequence, previous?.dueMs, next?.dueMs),
  )
  /** By perp; absent before its first oracle update. */
  readonly markStates: Table<number, MarkState> = new Table(MARK_STATES, this.journal, nothing)
  readonly hyperpAverages: Table<number, MovingAverage> = new Table(
    HYPERP_AVERAGES,
    this.journal,
    nothing,
  )
  readonly scheduledCancels: Table<User, ScheduledCancel> = new Table(
    SCHEDULED_CANCELS,
    this.journal,
    (user, previous, next) => requeue(this.dueCancels, user, previous?.dueMs, next?.dueMs),
  )
  readonly activities: ActivityTable = new ActivityTable(this.journal, this.accounts)
  /** By the agent's address. */
  readonly agents: Table<User, Agent> = new Table(AGENTS, this.journal, (address, previous, next) =>
    this.#agentChanged(address, previous, next),
  )
  /** By the sub-account's address. */
  readonly subAccounts: Table<User, SubAccount> = new Table(
    SUB_ACCOUNTS,
    this.journal,
    (address, previous, next) => {
      regroup(this.#subAccountsOf, address, previous?.master, next?.master)
      refreshFeeTerms(this, address)
    },
  )
  readonly builderApprovals: Table<User, BuilderApprovals> = new Table(
    BUILDER_APPROVALS,
    this.journal,
    nothing,
  )
  readonly evmTransfers: Table<number, QueuedTransfer> = new Table(
    EVM_TRANSFERS,
    this.journal,
    (sequence, previous, next) => this.transferQueue.changed(sequence, previous, next),
  )
  readonly tokenDeployers: Table<number, User> = new Table(TOKEN_DEPLOYERS, this.journal, nothing)
  readonly linkRequests: Table<number, LinkRequest> = new Table(
    LINK_REQUESTS,
    this.journal,
    nothing,
  )
  /** By perp; absent before its first sample. */
  readonly premiums: Table<number, Premiums> = new Table(PREMIUMS, this.journal, nothing)
  /** By perp, while the settlement of an hour goes on. */
  readonly fundingDues: Table<number, FundingDue> = new Table(FUNDING_DUES, this.journal, nothing)
  readonly riskRulesTable: Table<Singleton, RiskRules> = new Table(
    RISK_RULES,
    this.journal,
    (_, _previous, next) => {
      this.#riskRules = next
    },
  )
  readonly feeScheduleTable: Table<Singleton, FeeSchedule> = new Table(
    FEE_SCHEDULE,
    this.journal,
    (_, _previous, next) => {
      this.#feeSchedule = next ?? FLAT_FEES
    },
  )
  readonly discountTable: Table<Singleton, DiscountSchedule> = new Table(
    DISCOUNT_SCHEDULE,
    this.journal,
    nothing,
  )
  readonly feeVolumes: Table<User, readonly DayVolume[]> = new Table(
    FEE_VOLUMES,
    this.journal,
    nothing,
  )
  readonly exchangeVolumes: Table<Singleton, readonly DayVolume[]> = new Table(
    EXCHANGE_VOLUMES,
    this.journal,
    nothing,
  )
  readonly liquidationCooldowns: Table<User, number> = new Table(
    LIQUIDATION_COOLDOWNS,
    this.journal,
    nothing,
  )

  /** What contracts asked for and waits, orders and vault transfers, by time and sequence. */
  readonly dueDelayed: DueQueue<number> = new DueQueue()
  readonly vaults: VaultState = new VaultState(this.journal, this.dueDelayed)
  /** Tokens that were registered on the running chain. */
  readonly deployments: Table<number, Deployment> = new Table(DEPLOYMENTS, this.journal, nothing)
  readonly allocations: OwnedTable<bigint> = new OwnedTable(ALLOCATIONS, this.journal, nothing)
  readonly deployAuction: Table<Singleton, DeployAuction> = new Table(
    DEPLOY_AUCTION,
    this.journal,
    nothing,
  )
  readonly hyperliquidity: HyperliquidityState = new HyperliquidityState(this.journal)
  readonly staking: StakingState = new StakingState(this.journal, (user) =>
    refreshFeeTerms(this, user),
  )
  readonly profiles: ProfileState = new ProfileState(this.journal, (user) =>
    refreshFeeTerms(this, user),
  )
  readonly feeTerms: FeeTerms = new FeeTerms()

  /** Every table, by tag. */
  readonly tables: readonly StoredTable[] = [
    this.clock,
    this.counters,
    this.rulesTable,
    this.tokens,
    this.supplies,
    this.spotPairs,
    this.perps,
    this.delisted,
    this.hourOpenInterests,
    this.l1Votes,
    this.marginTables,
    this.prices,
    this.oracleSigners,
    this.oracleSubmissions,
    this.accounts,
    this.positions,
    this.spotBalances,
    this.nonces,
    this.orders,
    this.triggers,
    this.dustCursor,
    this.twaps,
    this.delayedOrders,
    this.markStates,
    this.hyperpAverages,
    this.premiums,
    this.fundingDues,
    this.riskRulesTable,
    this.feeScheduleTable,
    this.discountTable,
    this.feeVolumes,
    this.exchangeVolumes,
    this.liquidationCooldowns,
    this.scheduledCancels,
    this.activities,
    this.evmTransfers,
    this.tokenDeployers,
    this.linkRequests,
    this.agents,
    this.subAccounts,
    this.builderApprovals,
    this.deployments,
    this.allocations,
    this.deployAuction,
    ...this.hyperliquidity.tables,
    ...this.vaults.tables,
    ...this.staking.tables,
    ...this.profiles.tables,
  ]

  /** By asset id. */
  readonly markets: Map<number, Market> = new Map()
  readonly marketsByCoin: Map<string, Market> = new Map()
  /** Markets whose book changed since the last block. */
  readonly touched: Set<Market> = new Set()
  /** Users by the time of their scheduled cancel. */
  readonly dueCancels: DueQueue<User> = new DueQueue()
  /** Agents by the last time that they may sign. */
  readonly expiringAgents: DueQueue<User> = new DueQueue()
  /** TWAPs by the time of their next slice. */
  readonly dueTwaps: DueQueue<number> = new DueQueue()
  /** Made when somebody asks, from the tokens. */
  evmLinks: readonly EvmLink[] | undefined
  readonly transferQueue: TransferQueue = new TransferQueue()
  /** The EVM as the running block found it; absent when there is none. */
  evm: EvmFacts | undefined
  /** The stored keys in their order, as of the last block. */
  readonly storedKeys: Pick<CoreTree, 'keysAfter'>
  /** Checks the keys of validators; without it none can be registered. */
  verifyPossession: PossessionVerifier | undefined
  /** Accounts that credits from the EVM made in the running block: contracts may not act for them yet. */
  readonly createdByCredit: Set<User> = new Set()
  /** Whether nothing may take a shorter way than the rules written in `bigint`. */
  readonly generalOnly: boolean
  /** What the running block did so far. */
  readonly events: EventJournal = new EventJournal(this, this.orders.arena)
  /** Id of the transaction that runs, in bytes until somebody asks for the text. */
  causeId: string | Hash = ''

  /** Armed trigger orders by perp. */
  readonly triggerBooks: Map<number, TriggerBook> = new Map()
  /** TWAPs that a price starts or stops, by asset; a book is made for the first of an asset. */
  readonly twapWatches: Map<number, TriggerBook> = new Map()

  readonly #createBook: (arena: OrderArena) => OrderBook
  readonly #createTriggerBook: () => TriggerBook
  #areMarketsOpen = false
  /** Of `touched`, unless that was cleared since. */
  #lastTouched: Market | undefined
  /** The entries of singletons that every order asks for. */
  #now: Clock | undefined
  #rules: Rules | undefined
  #riskRules: RiskRules | undefined
  #feeSchedule: FeeSchedule = FLAT_FEES
  /** Of perps by their asset: every order asks for them. */
  readonly #perpMarkets: (Market | undefined)[] = []
  readonly #perpPrices: (Prices | undefined)[] = []
  #collector = NO_ROW
  /** By the user's handle. */
  readonly #userOrders = new Map<number, UserOrders>()
  readonly #userTwaps = new Map<User, Set<number>>()
  readonly #agentsOf = new Map<User, Set<User>>()
  readonly #subAccountsOf = new Map<User, Set<User>>()

  constructor(
    storedKeys: Pick<CoreTree, 'keysAfter'>,
    createBook: (arena: OrderArena) => OrderBook,
    createTriggerBook: () => TriggerBook = () => new SortedTriggerBook(),
    generalOnly = false,
  ) {
    this.storedKeys = storedKeys
    this.#createBook = createBook
    this.#createTriggerBook = createTriggerBook
    this.generalOnly = generalOnly
  }

  get rules(): Rules {
    assert(this.#rules !== undefined, 'a state without rules')
    return this.#rules
  }

  /** The handle of the account that fees go to. */
  get collector(): number {
    if (this.#collector === NO_ROW) this.#collector = this.accounts.handleOf(this.rules.collector)
    return this.#collector
  }

  /** `0x` id of the transaction that runs, for fills and ledger entries. */
  get cause(): string {
    if (typeof this.causeId !== 'string') this.causeId = bytesToHex(this.causeId)
    return this.causeId
  }

  get riskRules(): RiskRules {
    assert(this.#riskRules !== undefined, 'a state without risk rules')
    return this.#riskRules
  }

  get feeSchedule(): FeeSchedule {
    return this.#feeSchedule
  }

  get discounts(): DiscountSchedule {
    return this.discountTable.get(0) ?? NO_DISCOUNTS
  }

  get now(): Clock {
    assert(this.#now !== undefined, 'a state without clock')
    return this.#now
  }

  /** Makes the books, once the static tables are there and before the first order. */
  openMarkets(): void {
    assert(this.markets.size === 0 && this.orders.size === 0, 'markets opened late')
    for (const [, perp] of this.perps.entries()) {
      const table = this.marginTables.get(perp.marginTableId)
      const market = perpMarket(perp, table, this.#createBook(this.orders.arena))
      this.markets.set(perp.index, market)
      this.#perpMarkets[perp.index] = market
      this.triggerBooks.set(perp.index, this.#createTriggerBook())
    }
    for (const market of this.markets.values()) this.marketsByCoin.set(market.coin, market)
    for (const [, pair] of this.spotPairs.entries()) this.#openSpot(pair)
    this.#areMarketsOpen = true
  }

  #openSpot(pair: SpotPair): void {
    const tokens = { base: this.token(pair.base), quote: this.token(pair.quote) }
    const market = spotMarket(pair, tokens, this.#createBook(this.orders.arena))
    this.markets.set(market.asset, market)
    this.marketsByCoin.set(market.coin, market)
  }

  /** A pair that is registered on the running chain; an action that is taken back closes it again. */
  #spotPairChanged(index: number, next: SpotPair | undefined): void {
    if (!this.#areMarketsOpen) return
    if (next !== undefined) {
      this.#openSpot(next)
      return
    }
    const market = this.markets.get(SPOT_ASSET_MIN + index)
    assert(market !== undefined && market.book.best(true) === undefined, 'a pair that is new')
    this.markets.delete(market.asset)
    this.marketsByCoin.delete(market.coin)
  }

  token(index: number): Token {
    const token = this.tokens.get(index)
    assert(token !== undefined, 'a token that does not exist')
    return token
  }

  perpMarket(asset: number): PerpMarket {
    const market = this.markets.get(asset)
    assert(market?.kind === 'perp', 'a perp that does not exist')
    return market
  }

  /** The market of an asset id, if there is one. */
  marketAt(asset: number): Market | undefined {
    return asset < SPOT_ASSET_MIN ? this.#perpMarkets[asset] : this.markets.get(asset)
  }

  pricesOf(asset: number): Prices {
    const prices = asset < SPOT_ASSET_MIN ? this.#perpPrices[asset] : this.prices.get(asset)
    assert(prices !== undefined, 'a market without prices')
    return prices
  }

  markStateOf(perp: number): MarkState {
    return this.markStates.get(perp) ?? NO_MARK_STATE
  }

  premiumsOf(perp: number): Premiums {
    return this.premiums.get(perp) ?? NO_PREMIUMS
  }

  /** What a user would open a position in a perp with. */
  defaultPositionOf(user: User, market: PerpMarket): Position {
    return defaultsIn(market, user, this.riskRules)
  }

  account(user: User): Account {
    const account = this.accounts.get(user)
    assert(account !== undefined, 'an account that does not exist')
    return account
  }

  addressOf(user: User): Address {
    return this.accounts.has(user)
      ? this.accounts.addressOf(this.accounts.handleOf(user))
      : hexToBytes(user, 20)
  }

  ordersOf(user: User): UserOrders {
    return this.#userOrders.get(this.accounts.find(user)) ?? NO_ORDERS
  }

  /** Addresses of the agents of an account, in no order that means anything. */
  agentsOf(master: User): ReadonlySet<User> {
    return this.#agentsOf.get(master) ?? new Set()
  }

  /** Addresses of the sub-accounts of an account, in no order that means anything. */
  subAccountsOf(master: User): ReadonlySet<User> {
    return this.#subAccountsOf.get(master) ?? new Set()
  }

  /** Ids of the running TWAPs of a user, in no order that means anything. */
  twapsOf(user: User): ReadonlySet<number> {
    return this.#userTwaps.get(user) ?? new Set()
  }

  /** Gives out the next order id. */
  nextOid(): number {
    return this.counters.nextOid()
  }

  nextTwapId(): number {
    const counters = this.#countersNow()
    this.counters.set(0, { ...counters, twapId: counters.twapId + 1 })
    return counters.twapId
  }

  nextCoreWriterSequence(): number {
    const counters = this.#countersNow()
    this.counters.set(0, { ...counters, coreWriterSequence: counters.coreWriterSequence + 1 })
    return counters.coreWriterSequence
  }

  emit(event: ExchangeEvent): void {
    this.events.push(event)
  }

  /** Does a part of an action that must succeed whole: what refuses leaves no change and no event. */
  attempt<T>(part: () => T, isRefused: (result: T) => boolean): T {
    const mark = this.journal.mark()
    const events = this.events.mark()
    const result = part()
    if (isRefused(result)) {
      this.journal.rollbackTo(mark)
      this.events.truncate(events)
    }
    return result
  }

  #countersNow(): Counters {
    const counters = this.counters.get(0)
    assert(counters !== undefined, 'a state without counters')
    return counters
  }

  #spotBalanceChanged(
    user: User,
    token: number,
    previous: SpotBalance | undefined,
    next: SpotBalance | undefined,
  ): void {
    assert(next === undefined || next.hold <= next.total, 'more on hold than there is')
    add(this.totals.spot, token, (next?.total ?? 0n) - (previous?.total ?? 0n))
    add(this.totals.hold, token, (next?.hold ?? 0n) - (previous?.hold ?? 0n))
    this.tokenHolders.changed(user, token, previous?.total ?? 0n, next?.total ?? 0n)
  }

  #marketOfOrder(asset: number): Market {
    const market = this.marketAt(asset)
    if (market === undefined) throw corrupt('an order on an unknown asset')
    return market
  }

  #orderSizeChanged(market: Market, row: number, change: number): void {
    const { arena } = this.orders
    this.#touch(market)
    const flags = arena.flags(row)
    const isBuy = (flags & ORDER_IS_BUY) !== 0
    if (market.kind === 'perp') {
      if ((flags & ORDER_IS_REDUCE_ONLY) !== 0) return
      this.positions.addOpening(arena.owner(row), market.asset, isBuy, change)
      return
    }
    const wei = spotHoldOf(market, { isBuy, px: arena.px(row), size: change })
    add(this.totals.orderHold, (isBuy ? market.quote : market.base).index, wei)
  }

  #touch(market: Market): void {
    // The orders of a batch are mostly of one market.
    if (market === this.#lastTouched && this.touched.size > 0) return
    this.#lastTouched = market
    this.touched.add(market)
  }

  #orderNamed(row: number, isThere: boolean): void {
    const order = this.orders.read(row)
    this.#nameOrder(order.user, order, isThere)
  }

  #triggerChanged(previous: TriggerOrder | undefined, next: TriggerOrder | undefined): void {
    const order = next ?? previous
    assert(order !== undefined, 'a change from nothing to nothing')
    const book = this.triggerBooks.get(order.asset)
    if (book === undefined) throw corrupt('a trigger order on an unknown perp')
    if (previous?.isArmed === true) book.remove(previous)
    if (next?.isArmed === true) book.insert(next)
    const orders = this.#userOrders.get(this.accounts.handleOf(order.user)) ?? emptyUserOrders()
    if (next === undefined) orders.triggers.delete(order.oid)
    else orders.triggers.set(order.oid, next)
    this.#keepUserOrders(order.user, orders)
    if (previous === undefined) this.#nameOrder(order.user, order, true)
    if (next === undefined) this.#nameOrder(order.user, order, false)
  }

  #twapChanged(previous: Twap | undefined, next: Twap | undefined): void {
    const twap = next ?? previous
    assert(twap !== undefined, 'a change from nothing to nothing')
    if (!this.markets.has(twap.asset)) throw corrupt('a TWAP on an unknown asset')
    const { twapId } = twap
    const dueMs = [previous, next].map((at) => (at === undefined ? 0 : twapDueMs(at)))
    requeue(this.dueTwaps, twapId, dueMs[0], dueMs[1])
    const [left, entered] = [previous, next].map((at) => at && twapWatch(at))
    if (left !== undefined) this.#twapWatchesOf(twap.asset).remove(left)
    if (entered !== undefined) this.#twapWatchesOf(twap.asset).insert(entered)
    regroup(this.#userTwaps, twapId, previous?.user, next?.user)
  }

  #twapWatchesOf(asset: number): TriggerBook {
    const present = this.twapWatches.get(asset)
    if (present !== undefined) return present
    const book = this.#createTriggerBook()
    this.twapWatches.set(asset, book)
    return book
  }

  #agentChanged(address: User, previous: Agent | undefined, next: Agent | undefined): void {
    regroup(this.#agentsOf, address, previous?.master, next?.master)
    requeue(this.expiringAgents, address, previous?.validUntilMs, next?.validUntilMs)
  }

  #nameOrder(user: User, order: NamedOrder, isThere: boolean): void {
    if (order.cloid === undefined && order.group === 0) return
    const orders = this.#userOrders.get(this.accounts.handleOf(user)) ?? emptyUserOrders()
    if (isThere) addNames(orders, order)
    else removeNames(orders, order)
    this.#keepUserOrders(user, orders)
  }

  #keepUserOrders(user: User, orders: UserOrders): void {
    const { byCloid, triggers, groups } = orders
    const handle = this.accounts.handleOf(user)
    if (byCloid.size + triggers.size + groups.size > 0) this.#userOrders.set(handle, orders)
    else this.#userOrders.delete(handle)
  }
}

interface NamedOrder {
  readonly oid: number
  readonly cloid: string | undefined
  readonly group: number
}

function addNames({ byCloid, groups }: UserOrders, { oid, cloid, group }: NamedOrder): void {
  if (cloid !== undefined) byCloid.set(cloid, oid)
  if (group === 0) return
  const members = groups.get(group)
  if (members === undefined) groups.set(group, new Set([oid]))
  else members.add(oid)
}

function removeNames({ byCloid, groups }: UserOrders, { oid, cloid, group }: NamedOrder): void {
  if (cloid !== undefined) byCloid.delete(cloid)
  const members = groups.get(group)
  members?.delete(oid)
  if (members?.size === 0) groups.delete(group)
}

/** Follows the owner of an entry. */
function regroup<K>(
  groups: Map<User, Set<K>>,
  member: K,
  previousOwner: User | undefined,
  owner: User | undefined,
): void {
  if (previousOwner === owner) return
  if (previousOwner !== undefined) {
    const left = groups.get(previousOwner)
    left?.delete(member)
    if (left?.size === 0) groups.delete(previousOwner)
  }
  if (owner === undefined) return
  const group = groups.get(owner)
  if (group === undefined) groups.set(owner, new Set([member]))
  else group.add(member)
}

/** Follows the due time of an entry; 0 is none. */
function requeue<K extends string | number>(
  queue: DueQueue<K>,
  key: K,
  previousMs = 0,
  nextMs = 0,
): void {
  if (previousMs === nextMs) return
  if (previousMs > 0) queue.remove(previousMs, key)
  if (nextMs > 0) queue.add(nextMs, key)
}

/** For who has none: never written to. */
const NO_ORDERS: UserOrders = emptyUserOrders()

function emptyUserOrders(): UserOrders {
  return { byCloid: new Map(), triggers: new Map(), groups: new Map() }
}

/** What a user would open with. The liquidator vault is never isolated. */
function defaultsIn({ perp }: PerpMarket, user: User, { liquidatorVault }: RiskRules): Position {
  const untouched = defaultPosition(perp)
  const isVault = perp.onlyIsolated && user === liquidatorVault
  return isVault ? { ...untouched, isIsolated: false } : untouched
}

/** Zero sums leave, so equal states have equal sums. */
function add(sums: Map<number, bigint>, key: number, change: bigint): void {
  const sum = (sums.get(key) ?? 0n) + change
  if (sum === 0n) sums.delete(key)
  else sums.set(key, sum)
}
