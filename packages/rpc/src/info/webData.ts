import type { ChainView } from '@openliquid/execution'
import type { Address } from '@openliquid/primitives'
import { decimalText, perpContexts, perpContextToJson, spotContexts } from './exchangeJson.ts'
import { perpsAtCap } from './marketQueries.ts'
import { vaultEquity } from './portfolio.ts'
import { vaultsLedBy } from './vaultQueries.ts'

const USD_DECIMALS = 6

/** The answer to `webData2`: what a trading page shows of an account and of all markets, at one height. */
export async function webData2(view: ChainView, user: Address, userText: string): Promise<unknown> {
  const { core } = view
  const agent = core.mainAgent(user)
  return {
    clearinghouseState: core.clearinghouseState(user),
    leadingVaults: vaultsLedBy(view, user),
    totalVaultEquity: decimalText(vaultEquity(view, user), USD_DECIMALS),
    openOrders: core.frontendOpenOrders(user),
    agentAddress: agent?.address ?? null,
    agentValidUntil: agent?.validUntil ?? null,
    // Deposits from outside less withdrawals: this chain has no bridge to another one.
    cumLedger: '0.0',
    meta: core.meta(),
    assetCtxs: (await perpContexts(view)).map(perpContextToJson),
    serverTime: core.timestampMs,
    isVault: core.userRole(user).role === 'vault',
    user: userText,
    twapStates: core.twapStates(user),
    spotState: core.spotClearinghouseState(user),
    spotAssetCtxs: await spotContexts(view),
    ...(core.keepsDust(user) ? { optOutOfSpotDusting: true } : {}),
    perpsAtOpenInterestCap: perpsAtCap(view),
  }
}
