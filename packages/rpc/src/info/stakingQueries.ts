import { bytesToHex } from '@openliquid/primitives'
import { decimalText } from './exchangeJson.ts'
import { userOf } from './infoFields.ts'
import type { InfoQuery } from './infoQueries.ts'
import { LIST_ITEMS, NORMAL } from './infoWeights.ts'

/** Decimals of HYPE. */
const STAKE_DECIMALS = 8

/** Basis points of one. */
const COMMISSION_DECIMALS = 4
const UPTIME_DECIMALS = 6
const MILLION = 1_000_000

const PERIODS = ['day', 'week', 'month'] as const

/** Answers about validators and stake. */
export const stakingQueries: readonly [string, InfoQuery][] = [
  [
    'delegations',
    {
      weight: NORMAL,
      answer: (view, fields) =>
        view.core
          .reader()
          .delegationsOf(userOf(fields))
          .map(({ validator, amount, lockedUntilMs }) => ({
            validator: bytesToHex(validator),
            amount: decimalText(amount, STAKE_DECIMALS),
            lockedUntilTimestamp: Number(lockedUntilMs),
          })),
    },
  ],
  [
    'delegatorSummary',
    {
      weight: NORMAL,
      answer: (view, fields) => {
        const summary = view.core.reader().delegatorSummaryOf(userOf(fields))
        return {
          delegated: decimalText(summary.delegated, STAKE_DECIMALS),
          undelegated: decimalText(summary.undelegated, STAKE_DECIMALS),
          totalPendingWithdrawal: decimalText(summary.pendingWithdrawal, STAKE_DECIMALS),
          nPendingWithdrawals: Number(summary.pendingWithdrawalCount),
        }
      },
    },
  ],
  [
    'delegatorHistory',
    {
      weight: NORMAL,
      itemsPerWeight: LIST_ITEMS,
      answer: async (view, fields) => {
        const updates = await view.history.userStakeUpdates(userOf(fields))
        return updates.map(({ time, hash, delta }) => ({ time, hash, delta }))
      },
    },
  ],
  [
    'delegatorRewards',
    {
      weight: NORMAL,
      itemsPerWeight: LIST_ITEMS,
      answer: async (view, fields) => {
        const rewards = await view.history.userRewards(userOf(fields))
        return rewards.map(({ time, source, totalAmount }) => ({ time, source, totalAmount }))
      },
    },
  ],
  [
    'validatorL1Votes',
    {
      weight: NORMAL,
      answer: (view) =>
        view.core.l1Votes().map(({ coin, expireMs, votes }) => ({
          expireTime: expireMs,
          action: { D: coin },
          votes,
        })),
    },
  ],
  [
    'validatorSummaries',
    {
      weight: NORMAL,
      // Uptime is that of the running epoch: own slots that brought a block.
      answer: (view) =>
        view.core.validators().map((validator) => ({
          validator: validator.validator,
          signer: validator.signer,
          name: validator.name,
          description: validator.description,
          nRecentBlocks: validator.proposed,
          stake: Number(validator.stake),
          isJailed: validator.isJailed,
          unjailableAfter: validator.unjailableAfterMs ?? null,
          isActive: validator.isActive,
          commission: decimalText(BigInt(validator.commissionBps), COMMISSION_DECIMALS),
          stats: PERIODS.map((period) => [period, statsOf(validator)]),
        })),
    },
  ],
]

function statsOf({ proposed, missed }: { readonly proposed: number; readonly missed: number }): {
  readonly uptimeFraction: string
  readonly predictedApr: string
  readonly nSamples: number
} {
  const nSamples = proposed + missed
  const uptimePpm = nSamples === 0 ? MILLION : Math.floor((proposed * MILLION) / nSamples)
  return {
    uptimeFraction: decimalText(BigInt(uptimePpm), UPTIME_DECIMALS),
    predictedApr: '0.0',
    nSamples,
  }
}
