import type { Hex } from '@openliquid/primitives'
import { type ByteReader, type ByteWriter, corrupt } from './byteCodec.ts'
import { NONCES_MAX } from './limits.ts'
import type { NonceSet } from './nonces.ts'
import type { TableSpec } from './table.ts'

/** 20 bytes as `0x` and lower-case hex: how tables key accounts. */
export type User = string

/** 16 bytes as `0x` and lower-case hex. */
export type Cloid = Hex

/** Where the chain stands. */
export interface Clock {
  readonly height: bigint
  readonly timestampMs: number
  /** Newest oracle bucket that was applied; 0 before the first. */
  readonly oracleBucket: number
}

/** A spot balance. */
export interface DustCursor {
  readonly user: User
  readonly token: number
}

/** Numbers given out next, in execution order. */
export interface Counters {
  readonly oid: number
  readonly coreWriterSequence: number
  readonly twapId: number
}

/** Genesis parameters that apply to everyone. Rates are millionths of the notional. */
export interface Rules {
  readonly perpTakerPpm: number
  readonly perpMakerPpm: number
  readonly spotTakerPpm: number
  readonly spotMakerPpm: number
  readonly collector: User
  readonly openOrdersMax: number
  /** Whether requests are counted; §8.2. */
  readonly addressLimits: boolean
}

export interface Token {
  readonly index: number
  readonly name: string
  readonly fullName: string | undefined
  readonly tokenId: string
  readonly szDecimals: number
  readonly weiDecimals: number
  readonly isCanonical: boolean
  /** Pairs may be quoted in it. */
  readonly isQuote: boolean
  readonly evmContract:
    | { readonly address: string; readonly evmExtraWeiDecimals: number }
    | undefined
}

export interface SpotPair {
  readonly index: number
  readonly name: string
  readonly base: number
  readonly quote: number
  readonly isCanonical: boolean
}

export interface Perp {
  readonly index: number
  readonly name: string
  readonly szDecimals: number
  readonly maxLeverage: number
  readonly marginTableId: number
  readonly onlyIsolated: boolean
  /** Of an isolated-only perp, whether margin may be taken out of a position; §6.3. */
  readonly marginMode: MarginMode
  /** 1e-6 USDC that impact prices are measured with; §7.3. */
  readonly impactNtl: bigint
  /** 1e-6 USDC of open interest from which on nobody may open; 0 is none; §6.7. */
  readonly openInterestCap: bigint
  /** 1e-6 USDC by which open interest may grow in an hour; 0 is no bound; §6.7. */
  readonly openInterestIncrease: bigint
  /** First price in ticks of a perp whose own marks make its oracle price; 0 is none; §7.3. */
  readonly hyperpPx: number
}

export type MarginMode = 'normal' | 'strictIsolated' | 'noCross'

export interface MarginTable {
  readonly description: string
  /** Ascending by `lowerBound` (1e-6 USDC of position value), the first at 0. */
  readonly tiers: readonly { readonly lowerBound: bigint; readonly maxLeverage: number }[]
}

/** Prices of a market in ticks; 0 is none. Spot markets have no oracle and no mark. */
export interface Prices {
  readonly oraclePx: number
  readonly markPx: number
  readonly lastPx: number
}

export interface Account {
  /** Cross collateral, signed, 1e-6 USDC; §6.1. */
  readonly rawUsd: bigint
  readonly usingBigBlocks: boolean
}

/** A position, or the leverage chosen for one to come. */
export interface Position {
  /** Signed lots. */
  readonly size: number
  /** 1e-6 USDC, never negative. */
  readonly entryNtl: bigint
  readonly leverage: number
  readonly isIsolated: boolean
  /** Collateral of an isolated position, signed, 1e-6 USDC; §6.1. */
  readonly isolatedRawUsd: bigint
  readonly cumFunding: CumFunding
}

/** Funding paid, less what was received, 1e-6 USDC; §7.3. */
export interface CumFunding {
  readonly allTime: bigint
  readonly sinceOpen: bigint
  /** Since the size changed. */
  readonly sinceChange: bigint
}

export interface SpotBalance {
  /** Wei. */
  readonly total: bigint
  /** Wei locked by resting orders, at most `total`. */
  readonly hold: bigint
  /** 1e-6 USDC; 0 for USDC itself. */
  readonly entryNtl: bigint
}

/** Who built an order, and what of every fill goes there; docs/spec/hyperliquid.md §8.1. */
export interface BuilderFee {
  readonly builder: User
  /** Tenths of a basis point of the notional, above 0. */
  readonly deciBps: number
}

/** A resting order. */
export interface Order {
  readonly oid: number
  readonly user: User
  readonly asset: number
  readonly isBuy: boolean
  /** Ticks. */
  readonly px: number
  /** Lots still open, above 0. */
  readonly size: number
  readonly origSize: number
  readonly timeInForce: 'gtc' | 'alo'
  readonly reduceOnly: boolean
  readonly cloid: Cloid | undefined
  readonly timestampMs: number
  /** Id of its TP/SL group: its own oid for a parent, the parent's for a child; 0 is none. */
  readonly group: number
  readonly builder: BuilderFee | undefined
}

/** An order of a contract in its delay; §12. Prices and sizes still in 1e-8. */
export interface DelayedOrder {
  readonly dueMs: number
  readonly user: User
  readonly evmTxHash: string
  readonly logIndex: number
  readonly asset: number
  readonly isBuy: boolean
  readonly limitPx: bigint
  readonly size: bigint
  readonly reduceOnly: boolean
  readonly timeInForce: 'gtc' | 'ioc' | 'alo'
  readonly cloid: Cloid | undefined
}

/** A validator's right to submit prices. */
export interface OracleSigner {
  readonly validator: User
  readonly stake: bigint
}

/** Prices that one signer submitted for one bucket, ascending by perp; a `perpPx` of 0 is none. */
export type OracleSubmission = readonly (readonly [
  perp: number,
  oraclePx: number,
  perpPx: number,
])[]

/** How a table writes and reads its keys. */
type TableKey<K> = Pick<TableSpec<K, never>, 'writeKey' | 'readKey'>

/** Keeps a singleton under one fixed key. */
export type Singleton = 0

export const singletonKey = {
  writeKey: (out: ByteWriter): void => void out.u8(0),
  readKey: (input: ByteReader): Singleton => {
    if (input.u8() !== 0) throw corrupt('a singleton with another key')
    return 0
  },
}

export const indexKey = {
  writeKey: (out: ByteWriter, key: number): void => void out.u32(key),
  readKey: (input: ByteReader): number => input.u32(),
}

/** Keyed by an ascending number. */
export const sequenceKey: TableKey<number> = {
  writeKey: (out: ByteWriter, key: number): void => void out.u53(key),
  readKey: (input: ByteReader): number => input.u53(),
}

/** Keyed by account. */
export const userKey: TableKey<User> = {
  writeKey: (out: ByteWriter, key: User): void => void out.hex(key, 20),
  readKey: (input: ByteReader): User => input.hex(20),
}

const ownedKey = {
  writeKey: (out: ByteWriter, [user, id]: readonly [User, number]): void =>
    void out.hex(user, 20).u32(id),
  readKey: (input: ByteReader): readonly [User, number] => [input.hex(20), input.u32()],
}

const ownedSequenceKey = {
  writeKey: (out: ByteWriter, [user, id]: readonly [User, number]): void =>
    void out.hex(user, 20).u53(id),
  readKey: (input: ByteReader): readonly [User, number] => [input.hex(20), input.u53()],
}

export const CLOCK: TableSpec<Singleton, Clock> = {
  tag: 0x01,
  ...singletonKey,
  write: (out, { height, timestampMs, oracleBucket }) =>
    void out.u64(height).u53(timestampMs).u53(oracleBucket),
  read: (input) => ({
    height: input.u64(),
    timestampMs: input.u53(),
    oracleBucket: input.u53(),
  }),
}

export const COUNTERS: TableSpec<Singleton, Counters> = {
  tag: 0x02,
  ...singletonKey,
  write: (out, { oid, coreWriterSequence, twapId }) =>
    void out.u53(oid).u53(coreWriterSequence).u53(twapId),
  read: (input) => ({
    oid: input.u53(),
    coreWriterSequence: input.u53(),
    twapId: input.u53(),
  }),
}

export const RULES: TableSpec<Singleton, Rules> = {
  tag: 0x03,
  ...singletonKey,
  write: (out, rules) =>
    void out
      .u32(rules.perpTakerPpm)
      .u32(rules.perpMakerPpm)
      .u32(rules.spotTakerPpm)
      .u32(rules.spotMakerPpm)
      .hex(rules.collector, 20)
      .u32(rules.openOrdersMax)
      .bool(rules.addressLimits),
  read: (input) => ({
    perpTakerPpm: input.u32(),
    perpMakerPpm: input.u32(),
    spotTakerPpm: input.u32(),
    spotMakerPpm: input.u32(),
    collector: input.hex(20),
    openOrdersMax: input.u32(),
    addressLimits: input.bool(),
  }),
}

export const TOKENS: TableSpec<number, Token> = {
  tag: 0x04,
  ...indexKey,
  write: (out, token) => {
    out
      .u32(token.index)
      .text(token.name)
      .bool(token.fullName !== undefined)
      .text(token.fullName ?? '')
      .hex(token.tokenId, 16)
      .u8(token.szDecimals)
      .u8(token.weiDecimals)
      .bool(token.isCanonical)
      .bool(token.isQuote)
      .bool(token.evmContract !== undefined)
    if (token.evmContract !== undefined) {
      out.hex(token.evmContract.address, 20).i53(token.evmContract.evmExtraWeiDecimals)
    }
  },
  read: (input) => {
    const index = input.u32()
    const name = input.text()
    const hasFullName = input.bool()
    const fullName = input.text()
    return {
      index,
      name,
      fullName: hasFullName ? fullName : undefined,
      tokenId: input.hex(16),
      szDecimals: input.u8(),
      weiDecimals: input.u8(),
      isCanonical: input.bool(),
      isQuote: input.bool(),
      evmContract: input.bool()
        ? { address: input.hex(20), evmExtraWeiDecimals: input.i53() }
        : undefined,
    }
  },
}

/** Wei of a token that all accounts together must hold; for USDC the perp side included. */
export const SUPPLIES: TableSpec<number, bigint> = {
  tag: 0x05,
  ...indexKey,
  write: (out, supply) => void out.u64(supply),
  read: (input) => input.u64(),
}

export const SPOT_PAIRS: TableSpec<number, SpotPair> = {
  tag: 0x06,
  ...indexKey,
  write: (out, pair) =>
    void out.u32(pair.index).text(pair.name).u32(pair.base).u32(pair.quote).bool(pair.isCanonical),
  read: (input) => ({
    index: input.u32(),
    name: input.text(),
    base: input.u32(),
    quote: input.u32(),
    isCanonical: input.bool(),
  }),
}

export const PERPS: TableSpec<number, Perp> = {
  tag: 0x07,
  ...indexKey,
  write: (out, perp) =>
    void out
      .u32(perp.index)
      .text(perp.name)
      .u8(perp.szDecimals)
      .u32(perp.maxLeverage)
      .u32(perp.marginTableId)
      .bool(perp.onlyIsolated)
      .u8(MARGIN_MODES.indexOf(perp.marginMode))
      .u64(perp.impactNtl)
      .u64(perp.openInterestCap)
      .u64(perp.openInterestIncrease)
      .u53(perp.hyperpPx),
  read: (input) => ({
    index: input.u32(),
    name: input.text(),
    szDecimals: input.u8(),
    maxLeverage: input.u32(),
    marginTableId: input.u32(),
    onlyIsolated: input.bool(),
    marginMode: readMarginMode(input),
    impactNtl: input.u64(),
    openInterestCap: input.u64(),
    openInterestIncrease: input.u64(),
    hyperpPx: input.u53(),
  }),
}

/** When a perp was delisted, in block time; 0 is at genesis. Keyed by perp. */
export const DELISTED: TableSpec<number, number> = {
  tag: 0x47,
  ...indexKey,
  write: (out, atMs) => void out.u53(atMs),
  read: (input) => input.u53(),
}

const MARGIN_MODES = ['normal', 'strictIsolated', 'noCross'] as const

function readMarginMode(input: ByteReader): MarginMode {
  const mode = MARGIN_MODES[input.u8()]
  if (mode === undefined) throw corrupt('an unknown margin mode')
  return mode
}

export const MARGIN_TABLES: TableSpec<number, MarginTable> = {
  tag: 0x08,
  ...indexKey,
  write: (out, table) => {
    out.text(table.description).u32(table.tiers.length)
    for (const tier of table.tiers) out.u64(tier.lowerBound).u32(tier.maxLeverage)
  },
  read: (input) => {
    const description = input.text()
    const tiers = readList(input, () => ({
      lowerBound: input.u64(),
      maxLeverage: input.u32(),
    }))
    return { description, tiers }
  },
}

/** Keyed by the asset id of §1.2. */
export const PRICES: TableSpec<number, Prices> = {
  tag: 0x09,
  ...indexKey,
  write: (out, { oraclePx, markPx, lastPx }) => void out.u53(oraclePx).u53(markPx).u53(lastPx),
  read: (input) => ({ oraclePx: input.u53(), markPx: input.u53(), lastPx: input.u53() }),
}

export const ORACLE_SIGNERS: TableSpec<User, OracleSigner> = {
  tag: 0x0a,
  ...userKey,
  write: (out, { validator, stake }) => void out.hex(validator, 20).u64(stake),
  read: (input) => ({ validator: input.hex(20), stake: input.u64() }),
}

/** Keyed by signer and bucket. */
export const ORACLE_SUBMISSIONS: TableSpec<readonly [User, number], OracleSubmission> = {
  tag: 0x0b,
  ...ownedSequenceKey,
  write: (out, prices) => {
    out.u32(prices.length)
    for (const [perp, oraclePx, perpPx] of prices) out.u32(perp).u53(oraclePx).u53(perpPx)
  },
  read: (input) => readList(input, () => [input.u32(), input.u53(), input.u53()] as const),
}

export const ACCOUNTS: TableSpec<User, Account> = {
  tag: 0x10,
  ...userKey,
  write: (out, { rawUsd, usingBigBlocks }) => void out.integer(rawUsd).bool(usingBigBlocks),
  read: (input) => ({ rawUsd: input.integer(), usingBigBlocks: input.bool() }),
}

/** Keyed by user and perp. */
export const POSITIONS: TableSpec<readonly [User, number], Position> = {
  tag: 0x11,
  ...ownedKey,
  write: (out, { size, entryNtl, leverage, isIsolated, isolatedRawUsd, cumFunding }) =>
    void out
      .i53(size)
      .integer(entryNtl)
      .u32(leverage)
      .bool(isIsolated)
      .integer(isolatedRawUsd)
      .integer(cumFunding.allTime)
      .integer(cumFunding.sinceOpen)
      .integer(cumFunding.sinceChange),
  read: (input) => ({
    size: input.i53(),
    entryNtl: input.integer(),
    leverage: input.u32(),
    isIsolated: input.bool(),
    isolatedRawUsd: input.integer(),
    cumFunding: {
      allTime: input.integer(),
      sinceOpen: input.integer(),
      sinceChange: input.integer(),
    },
  }),
}

/** Keyed by user and token. */
export const SPOT_BALANCES: TableSpec<readonly [User, number], SpotBalance> = {
  tag: 0x12,
  ...ownedKey,
  write: (out, { total, hold, entryNtl }) => void out.u64(total).u64(hold).integer(entryNtl),
  read: (input) => ({ total: input.u64(), hold: input.u64(), entryNtl: input.integer() }),
}

/** The last balance that the running sweep of dust looked at; there only while it goes on. */
export const DUST_CURSOR: TableSpec<Singleton, DustCursor> = {
  tag: 0x16,
  ...singletonKey,
  write: (out, { user, token }) => void out.hex(user, 20).u32(token),
  read: (input) => ({ user: input.hex(20), token: input.u32() }),
}

/** Nonces used, by signer. */
export const NONCES: TableSpec<User, NonceSet> = {
  tag: 0x13,
  ...userKey,
  write: (out, nonces) => {
    out.u32(nonces.length).u53s(nonces)
  },
  read: (input) => {
    const nonces = readList(input, () => input.u53())
    if (nonces.length > NONCES_MAX) throw corrupt('too many nonces')
    return nonces
  },
}

/** Keyed by oid. */
export const ORDERS: TableSpec<number, Order> = {
  tag: 0x14,
  ...sequenceKey,
  write: (out, order) => {
    out
      .u53(order.oid)
      .hex(order.user, 20)
      .u32(order.asset)
      .bool(order.isBuy)
      .u53(order.px)
      .u53(order.size)
      .u53(order.origSize)
      .bool(order.timeInForce === 'alo')
      .bool(order.reduceOnly)
      .u53(order.timestampMs)
      .u53(order.group)
    writeCloid(out, order.cloid)
    writeBuilder(out, order.builder)
  },
  read: (input) => ({
    oid: input.u53(),
    user: input.hex(20),
    asset: input.u32(),
    isBuy: input.bool(),
    px: input.u53(),
    size: input.u53(),
    origSize: input.u53(),
    timeInForce: input.bool() ? 'alo' : 'gtc',
    reduceOnly: input.bool(),
    timestampMs: input.u53(),
    group: input.u53(),
    cloid: readCloid(input),
    builder: readBuilder(input),
  }),
}

const TIMES_IN_FORCE = ['gtc', 'ioc', 'alo'] as const

/** Keyed by a sequence number: the delay is the same for all, so this is the order of maturity. */
export const DELAYED_ORDERS: TableSpec<number, DelayedOrder> = {
  tag: 0x15,
  ...sequenceKey,
  write: (out, order) => {
    out
      .u53(order.dueMs)
      .hex(order.user, 20)
      .hex(order.evmTxHash, 32)
      .u32(order.logIndex)
      .u32(order.asset)
      .bool(order.isBuy)
      .u64(order.limitPx)
      .u64(order.size)
      .bool(order.reduceOnly)
      .u8(TIMES_IN_FORCE.indexOf(order.timeInForce))
    writeCloid(out, order.cloid)
  },
  read: (input) => ({
    dueMs: input.u53(),
    user: input.hex(20),
    evmTxHash: input.hex(32),
    logIndex: input.u32(),
    asset: input.u32(),
    isBuy: input.bool(),
    limitPx: input.u64(),
    size: input.u64(),
    reduceOnly: input.bool(),
    timeInForce: readTimeInForce(input),
    cloid: readCloid(input),
  }),
}

export function writeCloid(out: ByteWriter, cloid: Cloid | undefined): void {
  out.bool(cloid !== undefined)
  if (cloid !== undefined) out.hex(cloid, 16)
}

export function readCloid(input: ByteReader): Cloid | undefined {
  return input.bool() ? input.hex(16) : undefined
}

export function writeBuilder(out: ByteWriter, fee: BuilderFee | undefined): void {
  out.bool(fee !== undefined)
  if (fee !== undefined) out.hex(fee.builder, 20).u32(fee.deciBps)
}

export function readBuilder(input: ByteReader): BuilderFee | undefined {
  return input.bool() ? { builder: input.hex(20), deciBps: input.u32() } : undefined
}

function readTimeInForce(input: ByteReader): 'gtc' | 'ioc' | 'alo' {
  const value = TIMES_IN_FORCE[input.u8()]
  if (value === undefined) throw corrupt('an unknown time in force')
  return value
}

export function readList<T>(input: ByteReader, readItem: () => T): readonly T[] {
  const size = input.u32()
  if (size > input.remaining) throw corrupt('a list longer than its bytes')
  return Array.from({ length: size }, readItem)
}
