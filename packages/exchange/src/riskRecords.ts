import type { ByteReader, ByteWriter } from './byteCodec.ts'
import type { DayVolume, FeeSchedule } from './feeSchedule.ts'
import type { Premiums } from './fundingRate.ts'
import type { MarkState } from './markPrice.ts'
import type { MovingAverage } from './movingAverage.ts'
import { indexKey, readList, type Singleton, singletonKey, type User, userKey } from './records.ts'
import type { TableSpec } from './table.ts'

/** Genesis parameters of liquidation; docs/spec/hyperliquid.md §6.5. */
export interface RiskRules {
  /** Takes over what the market does not. */
  readonly liquidatorVault: User
  /** 1e-6 USDC: a greater position is sent to the market in steps. */
  readonly partialNtl: bigint
}

export const RISK_RULES: TableSpec<Singleton, RiskRules> = {
  tag: 0x0e,
  ...singletonKey,
  write: (out, { liquidatorVault, partialNtl }) =>
    void out.hex(liquidatorVault, 20).u64(partialNtl),
  read: (input) => ({ liquidatorVault: input.hex(20), partialNtl: input.u64() }),
}

/** Kept only where genesis has fee tiers. */
export const FEE_SCHEDULE: TableSpec<Singleton, FeeSchedule> = {
  tag: 0x0f,
  ...singletonKey,
  write: (out, { tiers, makerRebates }) => {
    out.u32(tiers.length)
    for (const tier of tiers) {
      out
        .u64(tier.volume)
        .i53(tier.perpTakerPpm)
        .i53(tier.perpMakerPpm)
        .i53(tier.spotTakerPpm)
        .i53(tier.spotMakerPpm)
    }
    out.u32(makerRebates.length)
    for (const { sharePpm, rebatePpm } of makerRebates) out.u32(sharePpm).u32(rebatePpm)
  },
  read: (input) => ({
    tiers: readList(input, () => ({
      volume: input.u64(),
      perpTakerPpm: input.i53(),
      perpMakerPpm: input.i53(),
      spotTakerPpm: input.i53(),
      spotMakerPpm: input.i53(),
    })),
    makerRebates: readList(input, () => ({ sharePpm: input.u32(), rebatePpm: input.u32() })),
  }),
}

const dayVolumes = {
  write: (out: ByteWriter, days: readonly DayVolume[]): void => {
    out.u32(days.length)
    for (const { day, taker, maker } of days) out.u32(day).integer(taker).integer(maker)
  },
  read: (input: ByteReader): readonly DayVolume[] =>
    readList(input, () => ({ day: input.u32(), taker: input.integer(), maker: input.integer() })),
}

/** What users traded on the days that fees are assessed from. */
export const FEE_VOLUMES: TableSpec<User, readonly DayVolume[]> = {
  tag: 0x43,
  ...userKey,
  ...dayVolumes,
}

/** The same of all users together. */
export const EXCHANGE_VOLUMES: TableSpec<Singleton, readonly DayVolume[]> = {
  tag: 0x44,
  ...singletonKey,
  ...dayVolumes,
}

/** Until when a user whom a step liquidated is liquidated whole; block time in milliseconds. */
export const LIQUIDATION_COOLDOWNS: TableSpec<User, number> = {
  tag: 0x42,
  ...userKey,
  write: (out, untilMs) => void out.u53(untilMs),
  read: (input) => input.u53(),
}

/** Keyed by perp. */
export const MARK_STATES: TableSpec<number, MarkState> = {
  tag: 0x40,
  ...indexKey,
  write: (out, { oracleMs, perpPx, premium, book }) => {
    out.u53(oracleMs).u53(perpPx)
    writeAverage(out, premium)
    writeAverage(out, book)
  },
  read: (input) => ({
    oracleMs: input.u53(),
    perpPx: input.u53(),
    premium: readAverage(input),
    book: readAverage(input),
  }),
}

/** Average of the marks of a hyperp, in ticks; absent before its first sample. Keyed by perp. */
export const HYPERP_AVERAGES: TableSpec<number, MovingAverage> = {
  tag: 0x48,
  ...indexKey,
  write: writeAverage,
  read: readAverage,
}

/** Lots open when the running hour began, of perps whose growth is bounded and that had any. Keyed by perp. */
export const HOUR_OPEN_INTERESTS: TableSpec<number, bigint> = {
  tag: 0x45,
  ...indexKey,
  write: (out, lots) => void out.integer(lots),
  read: (input) => input.integer(),
}

/** Until when the vote of a validator to delist a perp counts, in block time. Keyed by validator and perp. */
export const L1_VOTES: TableSpec<readonly [User, number], number> = {
  tag: 0x46,
  writeKey: (out, [validator, perp]) => void out.hex(validator, 20).u32(perp),
  readKey: (input) => [input.hex(20), input.u32()],
  write: (out, untilMs) => void out.u53(untilMs),
  read: (input) => input.u53(),
}

/** Keyed by perp. */
export const PREMIUMS: TableSpec<number, Premiums> = {
  tag: 0x41,
  ...indexKey,
  write: (out, { sum, count, latest, rate }) =>
    void out
      .integer(sum)
      .u32(count)
      .bool(latest !== undefined)
      .integer(latest ?? 0n)
      .integer(rate),
  read: (input) => {
    const [sum, count, hasLatest, latest] = [
      input.integer(),
      input.u32(),
      input.bool(),
      input.integer(),
    ]
    return { sum, count, latest: hasLatest ? latest : undefined, rate: input.integer() }
  },
}

/** A settlement of the hour that waits for a later block: what it settles at. */
export interface FundingDue {
  /** 1e-10. */
  readonly rate: bigint
  /** Ticks. */
  readonly oraclePx: number
}

/** Keyed by perp. */
export const FUNDING_DUES: TableSpec<number, FundingDue> = {
  tag: 0x49,
  ...indexKey,
  write: (out, { rate, oraclePx }) => void out.integer(rate).u53(oraclePx),
  read: (input) => ({ rate: input.integer(), oraclePx: input.u53() }),
}

function writeAverage(out: ByteWriter, { numerator, denominator, atMs }: MovingAverage): void {
  out.integer(numerator).integer(denominator).u53(atMs)
}

function readAverage(input: ByteReader): MovingAverage {
  return { numerator: input.integer(), denominator: input.integer(), atMs: input.u53() }
}
