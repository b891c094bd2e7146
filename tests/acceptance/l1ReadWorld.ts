import type { Hex } from 'viem'
import { expect, test, vi } from 'vitest'
import { compileContracts } from './contracts.ts'
import { devTrader, publicClientOf, walletClientOf } from './evmClient.ts'
import { ExchangeClient } from './exchangeClient.ts'

const BTC = 0
const PURR_PAIR = 0
const PURR = 1
const SPOT_ASSET_MIN = 10_000
const USD_DECIMALS = 6
const NOBODY: Hex = `0x${'4e'.repeat(20)}`

interface Margin {
  readonly accountValue: string
  readonly totalNtlPos: string
  readonly totalRawUsd: string
  readonly totalMarginUsed: string
}
interface PerpState {
  readonly marginSummary: Margin
  readonly withdrawable: string
  readonly assetPositions: readonly {
    readonly position: {
      readonly coin: string
      readonly szi: string
      readonly leverage: { readonly type: string; readonly value: number }
    }
  }[]
}
interface Perp {
  readonly name: string
  readonly szDecimals: number
  readonly maxLeverage: number
}
interface SpotMeta {
  readonly tokens: readonly {
    readonly name: string
    readonly szDecimals: number
    readonly weiDecimals: number
  }[]
  readonly universe: readonly { readonly name: string; readonly tokens: readonly number[] }[]
}

/** A decimal of the API in units of 10^-decimals. */
function scaled(text: string, decimals: number): bigint {
  const negative = text.startsWith('-')
  const [whole = '', fraction = ''] = text.replace('-', '').split('.')
  expect(fraction.length).toBeLessThanOrEqual(decimals)
  const value = BigInt(whole + fraction.padEnd(decimals, '0'))
  return negative ? -value : value
}

/** Tests that a contract sees through the precompiles what `/info` tells. */
export function testL1Read(urls: () => readonly string[]): void {
  test('every read of a contract is what /info says', async () => {
    const [url] = urls()
    const exchange = new ExchangeClient(url!)
    const client = publicClientOf(url!)
    const { L1Read } = compileContracts()
    const hash = await walletClientOf(url!, devTrader(5)).deployContract(L1Read)
    const { contractAddress } = await client.waitForTransactionReceipt({ hash })
    const read = <T>(functionName: string, ...args: readonly unknown[]): Promise<T> =>
      client.readContract({
        address: contractAddress!,
        abi: L1Read.abi,
        functionName,
        args,
      }) as Promise<T>
    const info = <T>(type: string, user?: Hex, coin?: string): Promise<T> =>
      exchange.info<T>({
        type,
        ...(user === undefined ? {} : { user: user.toLowerCase() }),
        ...(coin === undefined ? {} : { coin }),
      })

    /** Prices move between two questions: the same ones are asked until nothing did. */
    const agrees = (compare: () => Promise<void>): Promise<void> =>
      vi.waitFor(compare, { timeout: 30_000, interval: 20 })

    const [meta, contexts] = await info<[{ universe: Perp[] }, object[]]>('metaAndAssetCtxs')
    expect(contexts).toHaveLength(meta.universe.length)
    const btc = meta.universe[BTC]!
    expect(await read('perpAssetInfo', BTC)).toMatchObject({
      coin: btc.name,
      szDecimals: btc.szDecimals,
      maxLeverage: btc.maxLeverage,
    })
    const spot = await info<SpotMeta>('spotMeta')
    const pair = spot.universe[PURR_PAIR]!
    expect(await read('spotInfo', PURR_PAIR)).toEqual({
      name: pair.name,
      tokens: pair.tokens.map(BigInt),
    })
    const purr = spot.tokens[PURR]!
    expect(await read('tokenInfo', PURR)).toMatchObject({
      name: purr.name,
      szDecimals: purr.szDecimals,
      weiDecimals: purr.weiDecimals,
    })
    const { totalSupply, maxSupply } = await read<Record<string, bigint>>('tokenSupply', PURR)
    expect(totalSupply).toBeGreaterThan(0n)
    expect(maxSupply).toBeGreaterThanOrEqual(totalSupply!)

    // Perpetual prices have 6 decimals less those of sizes, spot prices 8 less.
    const perpDecimals = USD_DECIMALS - btc.szDecimals
    const spotDecimals = 8 - purr.szDecimals
    await agrees(async () => {
      const [, [context]] =
        await info<[object, { markPx: string; oraclePx: string }[]]>('metaAndAssetCtxs')
      expect(await read('markPx', BTC)).toBe(scaled(context!.markPx, perpDecimals))
      expect(await read('oraclePx', BTC)).toBe(scaled(context!.oraclePx, perpDecimals))
    })
    await agrees(async () => {
      const [, [context]] = await info<[object, { markPx: string }[]]>('spotMetaAndAssetCtxs')
      expect(await read('spotPx', PURR_PAIR)).toBe(scaled(context!.markPx, spotDecimals))
    })
    const books = [
      [btc.name, BTC, perpDecimals],
      [pair.name, SPOT_ASSET_MIN + PURR_PAIR, spotDecimals],
    ] as const
    for (const [coin, asset, decimals] of books) {
      await agrees(async () => {
        const { levels } = await info<{ levels: { px: string }[][] }>('l2Book', undefined, coin)
        const [bid, ask] = levels.map(([best]) => (best ? scaled(best.px, decimals) : 0n))
        expect(await read('bbo', asset)).toEqual({ bid, ask })
      })
    }
    expect(await read('l1BlockNumber')).toBeGreaterThan(0n)

    for (const user of [devTrader(2).account.address, devTrader(4).account.address, NOBODY]) {
      await agrees(async () => {
        const state = await info<PerpState>('clearinghouseState', user)
        const { marginSummary: margin } = state
        expect(await read('withdrawable', user)).toEqual({
          withdrawable: scaled(state.withdrawable, USD_DECIMALS),
        })
        expect(await read('accountMarginSummary', 0, user)).toEqual({
          accountValue: scaled(margin.accountValue, USD_DECIMALS),
          marginUsed: scaled(margin.totalMarginUsed, USD_DECIMALS),
          ntlPos: scaled(margin.totalNtlPos, USD_DECIMALS),
          rawUsd: scaled(margin.totalRawUsd, USD_DECIMALS),
        })
        const held = state.assetPositions.find(
          ({ position }) => position.coin === btc.name,
        )?.position
        const position = await read<{ szi: bigint; leverage: number }>('position', user, BTC)
        expect(await read('position2', user, BTC)).toEqual(position)
        expect(position.szi).toBe(scaled(held?.szi ?? '0', btc.szDecimals))
        if (held !== undefined) expect(position.leverage).toBe(held.leverage.value)
      })
      const { balances } = await info<{
        balances: { coin: string; total: string; hold: string }[]
      }>('spotClearinghouseState', user)
      const balance = balances.find(({ coin }) => coin === purr.name)
      expect(await read('spotBalance', user, BigInt(PURR))).toMatchObject({
        total: scaled(balance?.total ?? '0', purr.weiDecimals),
        hold: scaled(balance?.hold ?? '0', purr.weiDecimals),
      })
      const staked = await info<Record<string, string | number>>('delegatorSummary', user)
      expect(await read('delegatorSummary', user)).toEqual({
        delegated: scaled(String(staked['delegated']), 8),
        undelegated: scaled(String(staked['undelegated']), 8),
        totalPendingWithdrawal: scaled(String(staked['totalPendingWithdrawal']), 8),
        nPendingWithdrawals: BigInt(staked['nPendingWithdrawals']!),
      })
      expect(await read<unknown[]>('delegations', user)).toHaveLength(
        (await info<unknown[]>('delegations', user)).length,
      )
      const { role } = await info<{ role: string }>('userRole', user)
      expect(await read('coreUserExists', user)).toEqual({ exists: role !== 'missing' })
    }
    // Of a vault that does not exist there is no equity: the call fails.
    await expect(read('userVaultEquity', NOBODY, NOBODY)).rejects.toThrow(/precompile call failed/)
  })
}
