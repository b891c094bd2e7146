import {
  ApiRequestError,
  ExchangeClient,
  HttpRequestError,
  HttpTransport,
  InfoClient,
  SubscriptionClient,
  WebSocketTransport,
} from '@nktkas/hyperliquid'
import { generatePrivateKey, type PrivateKeyAccount, privateKeyToAccount } from 'viem/accounts'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import WebSocket from 'ws'
import { type Claim, typeFaults } from './declaredTypes.ts'
import { devTrader } from './evmClient.ts'

const SDK = '@nktkas/hyperliquid'
const BTC = 0
const HOUR_MS = 3_600_000
/** Of USDC. */
const USDC_ID = '0x6d1e7cde53ba9467b783cb7c530ce054'

/** Queries of things that this chain does not have: other dexes, a lending pool, outcome markets, auctions of gossip. */
const NOT_SERVED = [
  'allBorrowLendReserveStates',
  'borrowLendReserveState',
  'borrowLendUserState',
  'gossipPriorityAuctionStatus',
  'gossipRootIps',
  'outcomeTemplates',
  'perpDexStatus',
  'preTransferCheck',
  'settledOutcome',
  'spotPairDeployAuctionStatus',
  'usdcRouting',
  'userBorrowLendInterest',
] as const
/** Subscriptions that have nothing to tell here, or in a compressed form of their own. */
const NOT_TOLD = ['fastAssetCtxs', 'notification', 'outcomeMetaUpdates']

type Params = Readonly<Record<string, unknown>>
type Method = (...params: unknown[]) => Promise<unknown>

/** Tests with an unmodified SDK of the exchange, against any nodes of one running chain. */
export function testSdkWorld(urls: () => readonly string[]): void {
  const url = (i: number): string => urls()[i % urls().length]!
  const [trader, other] = [devTrader(6).account, devTrader(7).account]
  /** An agent has no account of its own. */
  const agent = privateKeyToAccount(generatePrivateKey())
  const user = trader.address
  const transport = (i: number): HttpTransport =>
    new HttpTransport({ isTestnet: true, apiUrl: url(i) })
  const info = (i: number): InfoClient => new InfoClient({ transport: transport(i) })
  const clientOf = (wallet: PrivateKeyAccount, i: number): ExchangeClient =>
    new ExchangeClient({ transport: transport(i), wallet })
  const limit = (b: boolean, p: string, s: string, tif: 'Gtc' | 'Ioc' | 'Alo') => ({
    a: BTC,
    b,
    p,
    s,
    r: false,
    t: { limit: { tif } },
  })
  let claims: Claim[] = []

  const position = async (): Promise<string> => {
    const { assetPositions } = await info(0).clearinghouseState({ user })
    return assetPositions.find((held) => held.position.coin === 'BTC')?.position.szi ?? '0.0'
  }
  /** The trader takes from the other at about the oracle's price. */
  const trade = async (isBuy: boolean, size: string) => {
    const [near, far] = isBuy ? [1.26, 1.3] : [1.24, 1.2]
    const price = (factor: number): string => `${Math.round(factor * Number(low))}`
    const rests = limit(!isBuy, price(near), size, 'Gtc')
    await clientOf(other, 0).order({ orders: [rests], grouping: 'na' })
    const takes = limit(isBuy, price(far), size, 'Ioc')
    return clientOf(trader, 0).order({ orders: [takes], grouping: 'na' })
  }

  /** A price far below the oracle's, at which an order rests. */
  let low = ''
  beforeAll(async () => {
    low = `${Math.floor(0.8 * Number((await info(0).allMids())['BTC']))}`
    for (const { oid } of await info(0).openOrders({ user })) {
      await clientOf(trader, 0).cancel({ cancels: [{ a: BTC, o: oid }] })
    }
    const held = await position()
    if (Number(held) !== 0) await trade(held.startsWith('-'), held.replace('-', ''))
  })

  afterAll(() => {
    claims = []
  })

  test('the SDK trades: it places, modifies, cancels, and reads back', async () => {
    const exchange = clientOf(trader, 0)
    const cloid = `0x${'f'.repeat(16)}${Date.now().toString(16).padStart(16, '0')}` as const
    const placed = await exchange.order({
      orders: [{ ...limit(true, low, '0.01', 'Gtc'), c: cloid }],
      grouping: 'na',
    })
    claims.push({ type: 'OrderSuccessResponse', value: placed })
    const found = await info(0).orderStatus({ user, oid: cloid })
    expect(found).toMatchObject({ status: 'order', order: { order: { cloid }, status: 'open' } })

    const order = { ...limit(true, low, '0.02', 'Gtc'), c: cloid }
    claims.push({
      type: 'BatchModifySuccessResponse',
      value: await exchange.batchModify({ modifies: [{ oid: cloid, order }] }),
    })
    const open = await info(0).openOrders({ user })
    expect(open).toMatchObject([{ coin: 'BTC', side: 'B', sz: '0.02', cloid }])
    claims.push({
      type: 'CancelSuccessResponse',
      value: await exchange.cancelByCloid({ cancels: [{ asset: BTC, cloid }] }),
    })
    expect(await info(0).openOrders({ user })).toEqual([])
    await expect(exchange.cancel({ cancels: [{ a: BTC, o: 1 }] })).rejects.toThrow(ApiRequestError)
  })

  test('the SDK takes, protects a position, and closes it', async () => {
    const exchange = clientOf(trader, 1)
    const taken = await trade(true, '0.02')
    expect(taken.response.data.statuses).toMatchObject([{ filled: { totalSz: '0.02' } }])
    const trigger = (tpsl: 'tp' | 'sl', triggerPx: string) => ({
      ...limit(false, triggerPx, '0.02', 'Gtc'),
      r: true,
      t: { trigger: { isMarket: true, triggerPx, tpsl } },
    })
    const guarded = await exchange.order({
      orders: [trigger('tp', `${2 * Number(low)}`), trigger('sl', low)],
      grouping: 'positionTpsl',
    })
    claims.push({ type: 'OrderSuccessResponse', value: guarded })
    expect(await info(1).frontendOpenOrders({ user })).toMatchObject([
      { isTrigger: true, isPositionTpsl: true, orderType: 'Stop Market' },
      { isTrigger: true, isPositionTpsl: true, orderType: 'Take Profit Market' },
    ])
    await exchange.updateLeverage({ asset: BTC, isCross: true, leverage: 7 })
    const { assetPositions } = await info(1).clearinghouseState({ user })
    expect(assetPositions).toMatchObject([
      { position: { coin: 'BTC', szi: '0.02', leverage: { type: 'cross', value: 7 } } },
    ])

    await trade(false, '0.02')
    expect(await position()).toBe('0.0')
    expect(await info(0).frontendOpenOrders({ user })).toEqual([])
  })

  test('the SDK moves money, names an agent and makes accounts', async () => {
    const exchange = clientOf(trader, 0)
    const token = `USDC:${USDC_ID}` as const
    const unique = `${Date.now() % 1_000_000}`
    const value = async (answer: Promise<unknown>, type: string): Promise<void> => {
      claims.push({ type: `${type}SuccessResponse`, value: await answer })
    }
    const destination = other.address
    await value(exchange.usdSend({ destination, amount: '2' }), 'UsdSend')
    await value(exchange.spotSend({ destination, token, amount: '2' }), 'SpotSend')
    await value(exchange.usdClassTransfer({ amount: '2', toPerp: true }), 'UsdClassTransfer')
    await value(
      exchange.sendAsset({
        destination,
        sourceDex: '',
        destinationDex: 'spot',
        token,
        amount: '1',
        fromSubAccount: '',
      }),
      'SendAsset',
    )
    const created = await exchange.createSubAccount({ name: `s${unique}` })
    claims.push({ type: 'CreateSubAccountSuccessResponse', value: created })
    const subAccountUser = created.response.data
    await value(
      exchange.subAccountTransfer({ subAccountUser, isDeposit: true, usd: 1_000_000 }),
      'SubAccountTransfer',
    )
    await value(exchange.cDeposit({ wei: 1_000_000 }), 'CDeposit')
    const [validator] = await info(0).validatorSummaries()
    await value(
      exchange.tokenDelegate({
        validator: validator!.validator,
        isUndelegate: false,
        wei: 1_000_000,
      }),
      'TokenDelegate',
    )
    await value(
      exchange.twapOrder({ twap: { a: BTC, b: true, s: '1', r: false, m: 10, t: false } }),
      'TwapOrder',
    )
    const [twap] = await info(0).twapHistory({ user })
    await value(exchange.twapCancel({ a: BTC, t: twap!.twapId! }), 'TwapCancel')

    const validUntil = Date.now() + 24 * HOUR_MS
    await exchange.approveAgent({
      agentAddress: agent.address,
      agentName: `sdk valid_until ${validUntil}`,
    })
    const byAgent = await clientOf(agent, 0).order({
      orders: [limit(true, low, '0.01', 'Alo')],
      grouping: 'na',
    })
    expect(byAgent.response.data.statuses).toMatchObject([{ resting: {} }])
    expect(await info(0).openOrders({ user })).toHaveLength(1)
    await expect(exchange.setReferrer({ code: 'NOBODYHASTHIS' })).rejects.toThrow(ApiRequestError)
  })

  test('every query that the SDK knows has the type that it declares', async () => {
    const client = info(0)
    const startTime = 0
    const paramsOf: Readonly<Record<string, Params>> = {
      activeAssetData: { user, coin: 'BTC' },
      candleSnapshot: { coin: 'BTC', interval: '1m', startTime: Date.now() - HOUR_MS },
      fundingHistory: { coin: 'BTC', startTime },
      l2Book: { coin: 'BTC' },
      marginTable: { id: (await client.meta()).universe[0]!.marginTableId },
      maxBuilderFee: { user, builder: other.address },
      orderStatus: { user, oid: 1 },
      perpAnnotation: { coin: 'BTC' },
      perpDexLimits: { dex: '' },
      perpDexStatus: { dex: '' },
      recentTrades: { coin: 'BTC' },
      tokenDetails: { tokenId: USDC_ID },
      userFillsByTime: { user, startTime },
      userFunding: { user, startTime },
      userNonFundingLedgerUpdates: { user, startTime },
      userTwapSliceFillsByTime: { user, startTime },
      borrowLendReserveState: { token: 0 },
      settledOutcome: { outcome: 1 },
      preTransferCheck: { user, source: other.address },
      userBorrowLendInterest: { user, startTime },
    }
    const withoutUser =
      /^(all|exchangeStatus|gossip|liquidatable|max.*Ntls|meta|outcome|perp|predicted|spot(Meta|Pair)|usdc|validator|vaultSummaries)/
    const call = (name: string): Promise<unknown> => {
      const method = (client as unknown as Record<string, Method>)[name]!.bind(client)
      const params = paramsOf[name]
      if (params !== undefined) return method(params)
      return withoutUser.test(name) ? method() : method({ user })
    }
    const skipped: readonly string[] = [...NOT_SERVED, 'vaultDetails']
    const served = methodsOf(InfoClient).filter((name) => !skipped.includes(name))
    expect(served.length).toBeGreaterThan(60)
    for (const name of served)
      claims.push({ type: `${capitalised(name)}Response`, value: await call(name) })
    // The SDK forgets to export the type of this one.
    claims = claims.filter(({ type }) => type !== 'UserDexAbstractionResponse')
    for (const name of NOT_SERVED) {
      await expect(call(name), name).rejects.toThrow(HttpRequestError)
      await expect(call(name), name).rejects.toThrow('OL_RPC_INFO_UN')
    }
  })

  test('every subscription of the SDK begins, and its first message has the declared type', async () => {
    // The SDK takes the WebSocket of its surroundings, and Node 20 has none.
    vi.stubGlobal('WebSocket', WebSocket)
    const socket = new WebSocketTransport({
      isTestnet: true,
      url: `${url(3).replace('http', 'ws')}/ws`,
    })
    try {
      await socket.ready()
      const client = new SubscriptionClient({ transport: socket })
      const paramsOf: Readonly<Record<string, Params>> = {
        activeAssetCtx: { coin: 'BTC' },
        activeAssetData: { coin: 'BTC', user },
        activeSpotAssetCtx: { coin: '@1' },
        bbo: { coin: 'BTC' },
        candle: { coin: 'BTC', interval: '1m' },
        l2Book: { coin: 'BTC' },
        trades: { coin: 'BTC' },
      }
      // The SDK says that both sides of a book have somebody; the agent's order is one.
      const ask = limit(false, `${Math.round(1.4 * Number(low))}`, '0.01', 'Gtc')
      await clientOf(other, 0).order({ orders: [ask], grouping: 'na' })
      const first = new Map<string, unknown>()
      const names = methodsOf(SubscriptionClient)
      const begin = (name: string): Promise<unknown> => {
        const method = (client as unknown as Record<string, Method>)[name]!.bind(client)
        const listener = (data: unknown): void => {
          if (!first.has(name)) first.set(name, data)
        }
        if (/^(all(Mids|DexsAsset)|assetCtxs|fastAssetCtxs|outcome|spotAssetCtxs)/.test(name))
          return method(listener)
        return method(paramsOf[name] ?? { user }, listener)
      }
      for (const name of names) {
        if (NOT_TOLD.includes(name)) {
          await expect(begin(name), name).rejects.toThrow('OL_RPC_SUBSCRIPTION_UNSUPPORTED')
        } else await begin(name)
      }
      // An order and a trade let those speak that tell only what happens.
      await trade(true, '0.01')
      const expected = names.filter((name) => !NOT_TOLD.includes(name))
      await vi.waitFor(() => expect([...first.keys()].sort()).toEqual(expected.sort()), {
        timeout: 20_000,
      })
      for (const [name, value] of first) claims.push({ type: `${capitalised(name)}WsEvent`, value })
    } finally {
      await socket.close()
      vi.unstubAllGlobals()
    }
  })

  test('all that was answered has the type that the SDK declares for it', async () => {
    expect(claims.length).toBeGreaterThan(80)
    expect(await typeFaults(SDK, claims)).toEqual([])
  })
}

function methodsOf(client: { readonly prototype: object }): string[] {
  return Object.getOwnPropertyNames(client.prototype).filter((name) => name !== 'constructor')
}

function capitalised(name: string): string {
  return `${name.slice(0, 1).toUpperCase()}${name.slice(1)}`
}
