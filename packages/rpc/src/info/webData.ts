import { AccountValuer, type ChainView } from '@openliquid/execution'
import type { Address } from '@openliquid/primitives'
import { decimalText, perpContexts, perpContextToJson, spotContexts } from './exchangeJson.ts'
import { perpsAtCap } from './marketQueries.ts'
import { vaultsLedBy } from './vaultQueries.ts'

const USD_DECIMALS = 6

/** What `webData2` asks and tells: what a trading page shows of an account and of all markets, at one height. */
export async function webData2(view: ChainView, user: Address, userText: string): Promise<unknown> {
  const { core } = view
  return {
    ...userState(view, user, userText),
    ...perpDexState(view, user),
    clearinghouseState: core.clearinghouseState(user),
    openOrders: core.frontendOpenOrders(user),
    meta: core.meta(),
    assetCtxs: (await perpContexts(view)).map(perpContextToJson),
    twapStates: core.twapStates(user),
    spotState: core.spotClearinghouseState(user),
    spotAssetCtxs: await spotContexts(view),
  }
}

/** What `webData3` tells: the same without what has a subscription of its own. */
export function webData3(view: ChainView, user: Address, userText: string): unknown {
  return {
    userState: userState(view, user, userText),
    perpDexStates: [perpDexState(view, user)],
  }
}

function userState({ core }: ChainView, user: Address, userText: string): object {
  const agent = core.mainAgent(user)
  return {
    agentAddress: agent?.address ?? null,
    agentValidUntil: agent?.validUntil ?? null,
    // Deposits from outside less withdrawals: this chain has no bridge to another one.
    cumLedger: '0.0',
    serverTime: core.timestampMs,
    isVault: core.userRole(user).role === 'vault',
    user: userText,
    ...(core.keepsDust(user) ? { optOutOfSpotDusting: true } : {}),
  }
}

/** Of the one dex there is. */
function perpDexState(view: ChainView, user: Address): object {
  return {
    totalVaultEquity: decimalText(new AccountValuer(view.core).vaultsOf(user), USD_DECIMALS),
    perpsAtOpenInterestCap: perpsAtCap(view),
    leadingVaults: vaultsLedBy(view, user),
  }
}
