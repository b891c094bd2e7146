import type { CoreState } from './coreState.ts'
import { NO_ROW } from './orderArena.ts'
import { readList, type Singleton, singletonKey, type User } from './records.ts'
import type { TableSpec } from './table.ts'

const MILLION = 1_000_000
const MILLION_WEI = 1_000_000n

/** What lowers fees beside volume; docs/spec/hyperliquid.md §8.1. Shares in millionths, amounts in 1e-6 USDC. */
export interface DiscountSchedule {
  /** Ascending by stake (1e-8 HYPE). A discount applies above it. */
  readonly staking: readonly { readonly stake: bigint; readonly discountPpm: number }[]
  readonly referral: {
    /** For who was referred, up to `discountVolume` traded since. */
    readonly discountPpm: number
    readonly discountVolume: bigint
    /** Of the fees left, for who referred, up to `shareVolume`. */
    readonly sharePpm: number
    readonly shareVolume: bigint
    /** Volume that an account must have traded before it may refer. */
    readonly codeVolume: bigint
  }
}

export const NO_DISCOUNTS: DiscountSchedule = {
  staking: [],
  referral: { discountPpm: 0, discountVolume: 0n, sharePpm: 0, shareVolume: 0n, codeVolume: 0n },
}

/** Kept only where genesis has discounts. */
export const DISCOUNT_SCHEDULE: TableSpec<Singleton, DiscountSchedule> = {
  tag: 0x0c,
  ...singletonKey,
  write: (out, { staking, referral }) => {
    out.u32(staking.length)
    for (const { stake, discountPpm } of staking) out.u64(stake).u32(discountPpm)
    out
      .u32(referral.discountPpm)
      .u64(referral.discountVolume)
      .u32(referral.sharePpm)
      .u64(referral.shareVolume)
      .u64(referral.codeVolume)
  },
  read: (input) => ({
    staking: readList(input, () => ({ stake: input.u64(), discountPpm: input.u32() })),
    referral: {
      discountPpm: input.u32(),
      discountVolume: input.u64(),
      sharePpm: input.u32(),
      shareVolume: input.u64(),
      codeVolume: input.u64(),
    },
  }),
}

/** The share of its fees that an account does not pay, millionths: what its stake and its referrer give, one after the other. */
export function discountPpmOf(state: CoreState, user: User): number {
  const { feeTerms, accounts } = state
  const handle = accounts.find(user)
  if (handle === NO_ROW || !feeTerms.isSpecial(handle)) return 0
  const staking = feeTerms.stakingPpm(handle)
  const referral = feeTerms.isReferred(handle) ? referralDiscountPpm(state, user) : 0
  return staking + referral - Math.floor((staking * referral) / MILLION)
}

/** What of that its referrer gives: nothing any more, once it has traded enough. */
export function referralDiscountPpm(state: CoreState, user: User): number {
  const referred = state.profiles.referred.get(tradingAs(state, user))
  const { discountPpm, discountVolume } = state.discounts.referral
  return referred !== undefined && referred.volume < discountVolume ? discountPpm : 0
}

/** The discount that so much stake gives, 1e-8 HYPE. */
export function stakingDiscountPpm({ discounts }: CoreState, stake: bigint): number {
  return discounts.staking.findLast((tier) => stake > tier.stake)?.discountPpm ?? 0
}

/** The part of a fee that a discount takes off, rounded down. Rebates are not lowered. */
export function discountOf(fee: bigint, discountPpm: number): bigint {
  return discountPpm === 0 || fee <= 0n ? 0n : (fee * BigInt(discountPpm)) / MILLION_WEI
}

/** Sub-accounts have the fees of their master; §9. */
export function tradingAs(state: CoreState, user: User): User {
  return state.subAccounts.get(user)?.master ?? user
}
