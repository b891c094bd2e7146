import type { ExchangeReader } from '../types/exchangeReader.ts'

/** An exchange at height 0 without assets, tokens, vaults and users. */
export const emptyExchange: ExchangeReader = {
  height: 0n,
  positionOf: () => undefined,
  spotBalanceOf: () => undefined,
  markPriceOf: () => undefined,
  oraclePriceOf: () => undefined,
  userExists: () => false,
  vaultEquityOf: () => undefined,
  withdrawableOf: () => 0n,
  delegationsOf: () => [],
  delegatorSummaryOf: () => ({
    delegated: 0n,
    undelegated: 0n,
    pendingWithdrawal: 0n,
    pendingWithdrawalCount: 0n,
  }),
  spotPriceOf: () => undefined,
  perpInfoOf: () => undefined,
  spotInfoOf: () => undefined,
  tokenInfoOf: () => undefined,
  tokenSupplyOf: () => undefined,
  bestPricesOf: () => undefined,
  marginSummaryOf: () => undefined,
}
