import { bytesToHex } from '@openliquid/primitives'
import { decimalText } from './exchangeJson.ts'
import { userOf } from './infoFields.ts'
import type { InfoQuery } from './infoQueries.ts'
import { NORMAL } from './infoWeights.ts'

/** Decimals of HYPE. */
const STAKE_DECIMALS = 8

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
    'validatorSummaries',
    {
      weight: NORMAL,
      // The set of the genesis, which nothing changes: no staking, no jail, no commission, no statistics kept.
      answer: (view) =>
        view.chain.genesis.validators.map(({ address, signer, stake }) => ({
          validator: address,
          signer,
          name: '',
          description: '',
          nRecentBlocks: 0,
          stake: Number(stake),
          isJailed: false,
          unjailableAfter: null,
          isActive: true,
          commission: '0.0',
          stats: PERIODS.map((period) => [
            period,
            { uptimeFraction: '0.0', predictedApr: '0.0', nSamples: 0 },
          ]),
        })),
    },
  ],
]
