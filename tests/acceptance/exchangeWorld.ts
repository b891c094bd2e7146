import type { Hex } from 'viem'
import { beforeAll, expect, test, vi } from 'vitest'
import { devTrader } from './evmClient.ts'
import { ExchangeClient, type OrderStatus, type WireOrder } from './exchangeClient.ts'

const PURR_USDC = 10_000
const BTC = 0
const TOKEN_PURR = 'PURR'

interface Book {
  readonly coin: string
  readonly levels: readonly [readonly Level[], readonly Level[]]
}
interface Level {
  readonly px: string
  readonly sz: string
  readonly n: number
}
interface Fill {
  readonly coin: string
  readonly px: string
  readonly sz: string
  readonly side: 'A' | 'B'
  readonly oid: number
  readonly crossed: boolean
}
interface SpotState {
  readonly balances: readonly { coin: string; total: string; hold: string }[]
}
interface PerpState {
  readonly assetPositions: readonly { position: { coin: string; szi: string; entryPx: string } }[]
}

function limit(a: number, b: boolean, p: string, s: string, tif: 'Gtc' | 'Ioc' | 'Alo'): WireOrder {
  return { a, b, p, s, r: false, t: { limit: { tif } } }
}

function restingOid(status: OrderStatus | undefined): number {
  expect(status).toHaveProperty('resting.oid')
  return (status as { resting: { oid: number } }).resting.oid
}

/** Tests of the exchange through its HTTP API, against any nodes of one running chain. */
export function testExchangeWorld(urls: () => readonly string[]): void {
  const maker = devTrader(2).account
  const second = devTrader(3).account
  const taker = devTrader(4).account
  const client = (i: number): ExchangeClient => new ExchangeClient(urls()[i % urls().length]!)
  const userOf = ({ address }: { address: Hex }): Hex => address.toLowerCase() as Hex

  /** A run against a used chain must not meet its own old orders. */
  beforeAll(async () => {
    for (const trader of [maker, second, taker]) {
      const open = await client(0).info<{ coin: string; oid: number }[]>({
        type: 'openOrders',
        user: trader.address,
      })
      for (const { coin, oid } of open) {
        await client(0).cancel(trader, coin === 'BTC' ? BTC : PURR_USDC, oid)
      }
    }
  })

  async function spotTotal(i: number, user: Hex, coin: string): Promise<number> {
    const state = await client(i).info<SpotState>({ type: 'spotClearinghouseState', user })
    return Number(state.balances.find((balance) => balance.coin === coin)?.total ?? '0')
  }

  async function positionOf(i: number, user: Hex): Promise<number> {
    const state = await client(i).info<PerpState>({ type: 'clearinghouseState', user })
    const held = state.assetPositions.find(({ position }) => position.coin === 'BTC')
    return Number(held?.position.szi ?? '0')
  }

  test('meta and spotMeta name the markets', async () => {
    const meta = await client(0).info<{ universe: { name: string }[] }>({ type: 'meta' })
    expect(meta.universe.map(({ name }) => name)).toEqual(['BTC', 'ETH', 'HYPE'])
    const spot = await client(1).info<{ universe: { name: string }[]; tokens: { name: string }[] }>(
      { type: 'spotMeta' },
    )
    expect(spot.tokens.map(({ name }) => name)).toEqual(['USDC', 'PURR', 'HYPE'])
    expect(spot.universe[0]?.name).toBe('PURR/USDC')
  })

  test('a resting order shows in book and open orders of every node, and goes when cancelled', async () => {
    const [status] = await client(0).order(maker, limit(PURR_USDC, true, '0.1', '200', 'Gtc'))
    const oid = restingOid(status)
    for (const i of urls().keys()) {
      await vi.waitFor(
        async () => {
          const open = await client(i).info({ type: 'openOrders', user: maker.address })
          expect(open).toMatchObject([{ coin: 'PURR/USDC', side: 'B', limitPx: '0.1', oid }])
        },
        { timeout: 10_000 },
      )
      const book = await client(i).info<Book>({ type: 'l2Book', coin: 'PURR/USDC' })
      expect(Number(book.levels[0].find(({ px }) => Number(px) === 0.1)?.sz)).toBe(200)
    }
    expect(await client(1).cancel(maker, PURR_USDC, oid)).toEqual({
      status: 'ok',
      response: { type: 'cancel', data: { statuses: ['success'] } },
    })
    expect(await client(1).info({ type: 'openOrders', user: maker.address })).toEqual([])
  })

  test('spot orders cross by price, then time, and balances move', async () => {
    const takerUser = userOf(taker)
    const purr = await spotTotal(0, takerUser, TOKEN_PURR)
    const usdc = await spotTotal(0, takerUser, 'USDC')
    const [worse] = await client(0).order(maker, limit(PURR_USDC, false, '0.6', '100', 'Alo'))
    const [first] = await client(0).order(maker, limit(PURR_USDC, false, '0.5', '100', 'Alo'))
    const [later] = await client(1).order(second, limit(PURR_USDC, false, '0.5', '100', 'Alo'))
    const [taken] = await client(2).order(taker, limit(PURR_USDC, true, '0.5', '150', 'Ioc'))
    expect(taken).toMatchObject({ filled: { totalSz: '150.0', avgPx: '0.5' } })

    const fills = await client(2).info<Fill[]>({ type: 'userFills', user: taker.address })
    expect(fills.slice(0, 2).map(({ sz, side, crossed }) => [Number(sz), side, crossed])).toEqual(
      expect.arrayContaining([
        [100, 'B', true],
        [50, 'B', true],
      ]),
    )
    const makerFills = await client(2).info<Fill[]>({ type: 'userFills', user: maker.address })
    expect(makerFills[0]).toMatchObject({ oid: restingOid(first), crossed: false, side: 'A' })
    const left = await client(2).info<{ oid: number; sz: string }[]>({
      type: 'openOrders',
      user: second.address,
    })
    expect(left.map(({ oid, sz }) => [oid, Number(sz)])).toEqual([[restingOid(later), 50]])

    const bought = (await spotTotal(2, takerUser, TOKEN_PURR)) - purr
    const paid = usdc - (await spotTotal(2, takerUser, 'USDC'))
    expect(bought).toBeGreaterThan(149)
    expect(bought).toBeLessThanOrEqual(150)
    expect(paid).toBeCloseTo(75, 6)
    await client(0).cancel(maker, PURR_USDC, restingOid(worse))
    await client(0).cancel(second, PURR_USDC, restingOid(later))
  })

  test('perpetual orders cross and positions change on every node', async () => {
    const before = await positionOf(0, userOf(taker))
    const [offer] = await client(3).order(maker, limit(BTC, false, '60010', '0.02', 'Gtc'))
    restingOid(offer)
    const [taken] = await client(0).order(taker, limit(BTC, true, '60020', '0.02', 'Ioc'))
    expect(taken).toMatchObject({ filled: { totalSz: '0.02', avgPx: '60010.0' } })
    for (const i of urls().keys()) {
      await vi.waitFor(
        async () => expect(await positionOf(i, userOf(taker))).toBeCloseTo(before + 0.02, 8),
        { timeout: 10_000 },
      )
      const fills = await client(i).info<Fill[]>({ type: 'userFills', user: taker.address })
      expect(fills[0]).toMatchObject({ coin: 'BTC', side: 'B', crossed: true })
    }
  })
}
