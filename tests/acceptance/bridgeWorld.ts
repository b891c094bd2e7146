import type { Hex } from 'viem'
import { expect, test, vi } from 'vitest'
import { compileContracts } from './contracts.ts'
import { devTrader, publicClientOf, walletClientOf } from './evmClient.ts'
import { ExchangeClient, nextNonce, signUsdSend } from './exchangeClient.ts'

const BTC = 0
const USDC = 0n
const PRICE_DECIMALS = 100_000_000n
const TIF_GTC = 2

/** Tests of the two worlds together: contracts that read the exchange and trade on it. */
export function testBridge(urls: () => readonly string[]): void {
  test('a contract reads the exchange, places an order through CoreWriter, and the fill shows', async () => {
    const owner = devTrader(5)
    const maker = devTrader(6)
    const [url] = urls()
    const exchange = new ExchangeClient(url!)
    const wallet = walletClientOf(url!, owner)
    const client = publicClientOf(url!)
    const { Trader } = compileContracts()

    const hash = await wallet.deployContract(Trader)
    const { contractAddress } = await client.waitForTransactionReceipt({ hash })
    const address = contractAddress!.toLowerCase() as Hex
    const contract = { address, abi: Trader.abi }
    // The account of a contract on the exchange begins with somebody's transfer.
    const funding = { destination: address, amount: '20000', time: nextNonce() }
    const funded = await exchange.exchange(await signUsdSend(owner.account, funding))
    expect(funded).toMatchObject({ status: 'ok' })

    const read = (functionName: string, args: readonly unknown[] = []): Promise<unknown> =>
      client.readContract({ ...contract, functionName, args })
    const user = owner.account.address
    const spot = await exchange.info<{ balances: { coin: string; total: string }[] }>({
      type: 'spotClearinghouseState',
      user,
    })
    const usdc = spot.balances.find(({ coin }) => coin === 'USDC')
    const [total] = (await read('spotBalance', [user, USDC])) as [bigint, bigint, bigint]
    expect(total).toBe(BigInt(Math.round(Number(usdc?.total) * 1e8)))
    // BTC has 5 size decimals, so one unit of price is 0.1.
    // The development walk stays within 3 % of the price of the genesis.
    expect(Number(await read('oraclePx', [BTC])) / 600_000).toBeCloseTo(1, 1)
    expect(Number(await read('markPx', [BTC]))).toBeGreaterThan(500_000)
    const height = Number(await read('l1BlockNumber'))
    expect(height).toBeGreaterThan(0)
    expect(await read('position', [address, BTC])).toMatchObject({ szi: 0n })

    const offer = { a: BTC, b: false, p: '60100', s: '0.01', r: false } as const
    const [resting] = await exchange.order(maker.account, {
      ...offer,
      t: { limit: { tif: 'Gtc' } },
    })
    expect(resting).toHaveProperty('resting')
    const order = await wallet.writeContract({
      ...contract,
      functionName: 'placeOrder',
      args: [BTC, true, 60_100n * PRICE_DECIMALS, PRICE_DECIMALS / 100n, TIF_GTC],
    })
    const receipt = await client.waitForTransactionReceipt({ hash: order })
    expect(receipt.status).toBe('success')
    expect(receipt.logs).toHaveLength(1)

    // Orders of contracts are held for three seconds of block time.
    for (const other of urls()) {
      await vi.waitFor(
        async () => {
          const fills = await new ExchangeClient(other).info({ type: 'userFills', user: address })
          expect(fills).toMatchObject([
            { coin: 'BTC', side: 'B', px: '60100.0', sz: '0.01', crossed: true },
          ])
        },
        { timeout: 20_000, interval: 100 },
      )
      const held = await publicClientOf(other).readContract({
        ...contract,
        functionName: 'position',
        args: [address, BTC],
      })
      expect(held).toMatchObject({ szi: 1_000n })
    }
    expect(Number(await read('l1BlockNumber'))).toBeGreaterThan(height)
  })
}
