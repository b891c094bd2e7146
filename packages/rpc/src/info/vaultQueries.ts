import type { ChainView, HoldingReading, VaultReading } from '@openliquid/execution'
import { type Address, hexToBytes } from '@openliquid/primitives'
import { decimalText } from './exchangeJson.ts'
import { invalid, userOf } from './infoFields.ts'
import type { InfoQuery } from './infoQueries.ts'
import { NORMAL } from './infoWeights.ts'

const USD_DECIMALS = 6
const DAY_MS = 86_400_000
const MILLION = 1_000_000
/** Part of a follower's profit that is the leader's; docs/spec/hyperliquid.md §9. */
const LEADER_COMMISSION = 0.1
const PERIODS = ['day', 'week', 'month', 'allTime'] as const

/** Answers about vaults. Their history (value, profit, volume over time) is not kept: those lists are empty. */
export const vaultQueries: readonly [string, InfoQuery][] = [
  [
    'vaultDetails',
    {
      weight: NORMAL,
      answer: (view, fields) => {
        const address = userOf(fields, 'vaultAddress')
        const vault = view.core.vault(address)
        if (vault === undefined) throw invalid('there is no such vault')
        const now = view.core.timestampMs
        const holdings = view.core.vaultHoldings(address)
        const user = fields['user'] === undefined ? undefined : userOf(fields)
        const own = view.core
          .holdingsOf(user ?? new Uint8Array(20))
          .find((holding) => holding.vault === vault.vault)
        return {
          name: vault.name,
          vaultAddress: vault.vault,
          leader: vault.leader,
          description: vault.description,
          portfolio: PERIODS.map((period) => [
            period,
            { accountValueHistory: [], pnlHistory: [], vlm: '0.0' },
          ]),
          apr: 0,
          followerState: own === undefined ? null : followerOf(own, now),
          leaderFraction: vault.leaderPpm / MILLION,
          leaderCommission: LEADER_COMMISSION,
          followers: holdings.map((holding) => followerOf(holding, now)),
          maxDistributable: Number(vault.withdrawable) / MILLION,
          maxWithdrawable: Number(own?.equity ?? 0n) / MILLION,
          isClosed: vault.isClosed,
          relationship: { type: 'normal' },
          allowDeposits: vault.allowDeposits,
          alwaysCloseOnWithdraw: vault.alwaysCloseOnWithdraw,
        }
      },
    },
  ],
  [
    'userVaultEquities',
    {
      weight: NORMAL,
      answer: (view, fields) =>
        view.core.holdingsOf(userOf(fields)).map(({ vault, equity, lockedUntilMs }) => ({
          vaultAddress: vault,
          equity: usd(equity),
          lockedUntilTimestamp: lockedUntilMs,
        })),
    },
  ],
  [
    'leadingVaults',
    {
      weight: NORMAL,
      answer: (view, fields) => vaultsLedBy(view, userOf(fields)),
    },
  ],
  ['vaultSummaries', { weight: NORMAL, answer: (view) => view.core.vaults().map(summaryOf) }],
]

export function vaultsLedBy(
  view: ChainView,
  user: Address,
): readonly { readonly address: string; readonly name: string }[] {
  return view.core
    .vaults()
    .filter(({ leader }) => sameAddress(leader, user))
    .map(({ vault, name }) => ({ address: vault, name }))
}

function followerOf(holding: HoldingReading, nowMs: number): Record<string, unknown> {
  const pnl = usd(holding.equity - holding.basis)
  return {
    user: holding.user,
    vaultEquity: usd(holding.equity),
    pnl,
    allTimePnl: pnl,
    daysFollowing: Math.floor((nowMs - holding.enteredMs) / DAY_MS),
    vaultEntryTime: holding.enteredMs,
    lockupUntil: holding.lockedUntilMs,
  }
}

function summaryOf(vault: VaultReading): Record<string, unknown> {
  return {
    name: vault.name,
    vaultAddress: vault.vault,
    leader: vault.leader,
    tvl: usd(vault.equity),
    isClosed: vault.isClosed,
    relationship: { type: 'normal' },
    createTimeMillis: vault.createdMs,
  }
}

function usd(value: bigint): string {
  return decimalText(value, USD_DECIMALS)
}

function sameAddress(text: string, address: Uint8Array): boolean {
  return hexToBytes(text, 20).every((byte, i) => byte === address[i])
}
