// What `/info` tells about the past: the shapes of docs/spec/hyperliquid.md §10.1, field by field.
import type { ExchangeEvent } from '@openliquid/execution'
import { hexToBytes } from '@openliquid/primitives'
import { describe, expect, it } from 'vitest'
import {
  fillEvent,
  fundingEvent,
  fundingRateEvent,
  HASH,
  ledgerEvent,
  orderEvent,
  TIME_MS,
  tradeEvent,
  twapEvent,
} from '../../test/exchangeEvents.ts'
import { EXCHANGE_USER } from '../../test/memoryChainView.ts'
import { type Json, send, startServer, type TestServer } from '../../test/testServer.ts'

const user = EXCHANGE_USER
const CLOID = `0x${'0c'.repeat(16)}`

async function query({ server }: TestServer, body: unknown): Promise<Json> {
  const answer = await send(server, '/info', JSON.stringify(body))
  expect(answer.status).toBe(200)
  return answer.json()
}

async function busyServer(): Promise<TestServer> {
  const test = await startServer()
  await test.chain.happen([
    fillEvent({ oid: 20, tid: 1, time: TIME_MS }),
    tradeEvent('59000.0', 1, TIME_MS - 86_400_000 - 900_000),
    orderEvent('open', 20, CLOID),
    orderEvent('filled', 21),
  ])
  await test.chain.happen([
    fillEvent({ oid: 20, tid: 2, time: TIME_MS + 10 }),
    fillEvent({ oid: 20, tid: 3, time: TIME_MS + 10, px: '60010.0', sz: '0.3', fee: '8.1' }),
    fillEvent({ oid: 9, tid: 4, time: TIME_MS + 10, crossed: false, twapId: 3 }),
    orderEvent('filled', 20, CLOID),
    tradeEvent('60000.0', 2),
    tradeEvent('60010.0', 3),
    fundingEvent(),
    fundingRateEvent(),
    ledgerEvent(),
    twapEvent(),
  ])
  return test
}

describe('markets', () => {
  it('metaAndAssetCtxs and spotMetaAndAssetCtxs have the volumes of a day', async () => {
    const test = await busyServer()
    const [meta, contexts] = await query(test, { type: 'metaAndAssetCtxs' })
    expect(meta).toEqual(await query(test, { type: 'meta' }))
    expect(contexts).toEqual([
      {
        prevDayPx: '59000.0',
        dayNtlVlm: '60005.0',
        dayBaseVlm: '1.0',
        markPx: '60001.0',
        midPx: '60000.5',
        funding: '0.0000125',
        openInterest: '3.0',
        premium: '0.0',
        oraclePx: '60002.0',
        impactPxs: ['60000.0', '60001.0'],
      },
    ])
    expect((await query(test, { type: 'spotMetaAndAssetCtxs' }))[1]).toEqual([
      {
        prevDayPx: '0.2',
        dayNtlVlm: '0.0',
        dayBaseVlm: '0.0',
        markPx: '0.2',
        midPx: null,
        circulatingSupply: '100.0',
        coin: 'PURR/USDC',
        totalSupply: '100.0',
      },
    ])
  })

  it('recentTrades are newest first', async () => {
    const trades = await query(await busyServer(), { type: 'recentTrades', coin: 'BTC' })
    expect(trades.map(({ tid }: Json) => tid)).toEqual([3, 2, 1])
    expect(Object.keys(trades[0]).sort()).toEqual(
      ['coin', 'hash', 'px', 'side', 'sz', 'tid', 'time', 'users'].sort(),
    )
  })

  it('candleSnapshot has the trades of each interval', async () => {
    const req = { coin: 'BTC', interval: '1h', startTime: TIME_MS - 3_600_000, endTime: TIME_MS }
    expect(await query(await busyServer(), { type: 'candleSnapshot', req })).toEqual([
      {
        t: 1_699_999_200_000,
        T: 1_700_002_799_999,
        s: 'BTC',
        i: '1h',
        o: '60000.0',
        c: '60010.0',
        h: '60010.0',
        l: '60000.0',
        v: '1.0',
        n: 2,
      },
    ])
  })

  it('fundingHistory and predictedFundings', async () => {
    const test = await busyServer()
    expect(await query(test, { type: 'fundingHistory', coin: 'BTC', startTime: 0 })).toEqual([
      { coin: 'BTC', fundingRate: '0.0000125', premium: '0.0', time: TIME_MS },
    ])
    expect(await query(test, { type: 'predictedFundings' })).toEqual([
      ['BTC', [['HlPerp', { fundingRate: '0.0000125', nextFundingTime: 1_700_002_800_000 }]]],
    ])
  })

  it('validatorSummaries are those of the state', async () => {
    const [validator] = await query(await startServer(), { type: 'validatorSummaries' })
    expect(validator).toMatchObject({
      name: 'one',
      description: 'the first',
      nRecentBlocks: 9,
      stake: 1_000_000,
      isJailed: false,
      unjailableAfter: null,
      isActive: true,
      commission: '0.005',
      stats: ['day', 'week', 'month'].map((period) => [
        period,
        { uptimeFraction: '0.9', predictedApr: '0.0', nSamples: 10 },
      ]),
    })
  })
})

describe('fills', () => {
  it('come newest first, and by time oldest first', async () => {
    const test = await busyServer()
    const tids = async (body: unknown): Promise<number[]> =>
      (await query(test, body)).map(({ tid }: Json) => tid)
    expect(await tids({ type: 'userFills', user })).toEqual([4, 3, 2, 1])
    const byTime = { type: 'userFillsByTime', user, startTime: TIME_MS }
    expect(await tids(byTime)).toEqual([1, 2, 3, 4])
    expect(await tids({ ...byTime, reversed: true })).toEqual([4, 3, 2, 1])
    expect(await tids({ ...byTime, startTime: TIME_MS + 1 })).toEqual([2, 3, 4])
    expect(await tids({ ...byTime, endTime: TIME_MS })).toEqual([1])
    expect((await query(test, { type: 'userFills', user })).at(-1)).toEqual(
      fillEvent({ oid: 20, tid: 1 }).fill,
    )
  })

  it('of one order in one block are one when they are aggregated', async () => {
    const test = await busyServer()
    const fills = await query(test, {
      type: 'userFillsByTime',
      user,
      startTime: TIME_MS + 1,
      aggregateByTime: true,
    })
    expect(fills).toMatchObject([
      { oid: 20, px: '60007.5', sz: '0.4', fee: '10.8', closedPnl: '0.0', tid: 2 },
      { oid: 9, px: '60000.0', sz: '0.1', fee: '2.7', tid: 4 },
    ])
  })

  it('of TWAPs have a list of their own', async () => {
    const test = await busyServer()
    const { twapId, ...fill } = fillEvent({
      oid: 9,
      tid: 4,
      time: TIME_MS + 10,
      crossed: false,
      twapId: 3,
    }).fill
    expect(await query(test, { type: 'userTwapSliceFills', user })).toEqual([{ fill, twapId }])
    expect(await query(test, { type: 'twapHistory', user })).toEqual([
      {
        time: TIME_MS / 1_000,
        state: expect.objectContaining({ coin: 'BTC', minutes: 5 }),
        status: { status: 'activated' },
        twapId: 3,
      },
    ])
  })

  it('of a TWAP that was refused there is a record with the reason, and no id', async () => {
    const test = await startServer()
    const { twapId, ...refused } = twapEvent() as Extract<ExchangeEvent, { kind: 'twapUpdate' }>
    await test.chain.happen([{ ...refused, status: 'error', description: 'too short' }])
    const [record] = await query(test, { type: 'twapHistory', user })
    expect(record.status).toEqual({ status: 'error', description: 'too short' })
    expect(record).not.toHaveProperty('twapId')
  })
})

describe('orders', () => {
  const filled = {
    order: {
      coin: 'BTC',
      side: 'B',
      limitPx: '60000.0',
      sz: '0.0',
      oid: 20,
      timestamp: TIME_MS,
      origSz: '0.1',
      triggerCondition: 'N/A',
      isTrigger: false,
      triggerPx: '0.0',
      children: [],
      isPositionTpsl: false,
      reduceOnly: false,
      orderType: 'Limit',
      tif: 'Gtc',
      cloid: CLOID,
    },
    status: 'filled',
    statusTimestamp: TIME_MS + 1,
  }

  it('that ended are found by oid and by client id', async () => {
    const test = await busyServer()
    for (const oid of [20, CLOID, CLOID.toUpperCase().replace('0X', '0x')]) {
      expect(await query(test, { type: 'orderStatus', user, oid })).toEqual({
        status: 'order',
        order: filled,
      })
    }
  })

  it('are listed with the last word on each', async () => {
    const orders = await query(await busyServer(), { type: 'historicalOrders', user })
    expect(orders.map(({ order, status }: Json) => [order.oid, status])).toEqual([
      [21, 'filled'],
      [20, 'filled'],
    ])
    expect(orders[1]).toEqual(filled)
  })
})

describe('users', () => {
  it('userFunding and userNonFundingLedgerUpdates', async () => {
    const test = await busyServer()
    expect(await query(test, { type: 'userFunding', user, startTime: 0 })).toEqual([
      {
        time: TIME_MS,
        hash: HASH,
        delta: {
          type: 'funding',
          coin: 'BTC',
          usdc: '-1.5',
          szi: '0.1',
          fundingRate: '0.0000125',
          nSamples: null,
        },
      },
    ])
    const updates = { type: 'userNonFundingLedgerUpdates', user, startTime: 0 }
    expect(await query(test, updates)).toEqual([
      {
        time: TIME_MS,
        hash: HASH,
        delta: { type: 'accountClassTransfer', usdc: '5.0', toPerp: true },
      },
    ])
    expect(await query(test, { ...updates, startTime: TIME_MS + 1 })).toEqual([])
  })

  it('activeAssetData, userRateLimit and userFees', async () => {
    const test = await startServer()
    expect(await query(test, { type: 'activeAssetData', user, coin: 'BTC' })).toEqual({
      user,
      coin: 'BTC',
      leverage: { type: 'cross', value: 20 },
      maxTradeSzs: ['1.0', '1.0'],
      availableToTrade: ['10.0', '10.0'],
      markPx: '60001.0',
    })
    expect(await query(test, { type: 'userRateLimit', user })).toEqual({
      cumVlm: '0.0',
      nRequestsUsed: 0,
      nRequestsCap: 10_000,
      nRequestsSurplus: 0,
    })
    expect(await query(test, { type: 'userFees', user })).toEqual({
      dailyUserVlm: [{ date: '2023-11-15', userCross: '1.0', userAdd: '2.0', exchange: '3.0' }],
      feeSchedule: {
        cross: '0.00045',
        add: '0.00015',
        spotCross: '0.0007',
        spotAdd: '0.0004',
        tiers: {
          vip: [
            {
              ntlCutoff: '5000000.0',
              cross: '0.0004',
              add: '0.00012',
              spotCross: '0.0006',
              spotAdd: '0.0003',
            },
          ],
          mm: [{ makerFractionCutoff: '0.005', add: '-0.00001' }],
        },
        referralDiscount: '0.04',
        stakingDiscountTiers: [{ bpsOfMaxSupply: '0.0', discount: '0.05' }],
      },
      userCrossRate: '0.00038',
      userAddRate: '-0.00001',
      userSpotCrossRate: '0.000665',
      userSpotAddRate: '0.00038',
      activeReferralDiscount: '0.04',
      trial: null,
      feeTrialEscrow: '0.0',
      nextTrialAvailableTimestamp: null,
      stakingLink: null,
      activeStakingDiscount: { bpsOfMaxSupply: '0.0', discount: '0.05' },
    })
    expect(await query(test, { type: 'referral', user })).toEqual({
      referredBy: null,
      cumVlm: '0.0',
      unclaimedRewards: '0.0',
      claimedRewards: '0.0',
      builderRewards: '0.0',
      referrerState: { stage: 'needToTrade', data: { required: '10000.0' } },
      rewardHistory: [],
      tokenToState: [
        [
          0,
          {
            cumVlm: '0.0',
            unclaimedRewards: '0.0',
            claimedRewards: '0.0',
            builderRewards: '0.0',
          },
        ],
      ],
    })
    expect(await query(test, { type: 'userToMultiSigSigners', user })).toBeNull()
    expect(await query(test, { type: 'extraAgents', user })).toEqual([])
    expect(await query(test, { type: 'subAccounts', user })).toBeNull()
    expect(await query(test, { type: 'maxBuilderFee', user, builder: user })).toBe(0)
  })
})

it('delegatorHistory and delegatorRewards list what happened to stake, newest first', async () => {
  const test = await startServer()
  const cDeposit = { cDeposit: { amount: '5.0' } }
  const delegate = { delegate: { validator: '0x01', amount: '5.0', isUndelegate: false } }
  const address = hexToBytes(user)
  await test.chain.happen([
    { kind: 'delegatorUpdate', user: address, time: 5, hash: '0xaa', delta: cDeposit },
    { kind: 'delegatorUpdate', user: address, time: 6, hash: '0xbb', delta: delegate },
    { kind: 'delegatorReward', user: address, time: 7, source: 'delegation', totalAmount: '0.1' },
  ])
  expect(await query(test, { type: 'delegatorHistory', user })).toEqual([
    { time: 6, hash: '0xbb', delta: delegate },
    { time: 5, hash: '0xaa', delta: cDeposit },
  ])
  expect(await query(test, { type: 'delegatorRewards', user })).toEqual([
    { time: 7, source: 'delegation', totalAmount: '0.1' },
  ])
})

it('a long list costs more than a short one', async () => {
  const test = await startServer({ limits: { weightPerMinute: 45 } })
  await test.chain.happen(Array.from({ length: 200 }, (_, tid) => fillEvent({ tid })))
  const body = JSON.stringify({ type: 'userFills', user })
  expect((await send(test.server, '/info', body)).status).toBe(200)
  // 20 and 10 for the items are gone, so 20 more are not there.
  expect((await send(test.server, '/info', body)).status).toBe(429)
})

describe('a trading page', () => {
  it('portfolio is what fills and funding brought, by period, all and perps alone', async () => {
    const test = await startServer()
    test.chain.core.spotMeta = () => ({
      universe: [{ tokens: [1, 0], name: 'PURR/USDC', index: 0, isCanonical: true }],
      tokens: [],
    })
    test.chain.core.spotClearinghouseState = () => ({
      balances: [
        { coin: 'USDC', token: 0, total: '5.0', hold: '0.0', entryNtl: '0.0' },
        { coin: 'PURR', token: 1, total: '10.0', hold: '0.0', entryNtl: '0.0' },
        { coin: 'ODD', token: 9, total: '10.0', hold: '0.0', entryNtl: '0.0' },
      ],
    })
    await test.chain.happen([
      fillEvent({ tid: 1, time: TIME_MS - 8 * 86_400_000, closedPnl: '-10.0', fee: '1.0' }),
      fillEvent({ tid: 2, time: TIME_MS - 1_000, closedPnl: '100.5', fee: '2.5' }),
      fundingEvent(),
      fillEvent({
        tid: 3,
        coin: 'PURR/USDC',
        time: TIME_MS,
        px: '0.2',
        sz: '100.0',
        fee: '0.07',
        feeToken: 'PURR',
      }),
    ])
    const periods = new Map<string, Json>(await query(test, { type: 'portfolio', user }))
    expect([...periods.keys()]).toEqual(
      'day week month allTime perpDay perpWeek perpMonth perpAllTime'.split(' '),
    )
    const funding = Number((fundingEvent() as { delta: { usdc: string } }).delta.usdc)
    const day = periods.get('day')
    expect(day.accountValueHistory).toEqual([[TIME_MS, '1007.0']])
    expect(day.vlm).toBe('6020.0')
    expect(day.pnlHistory.map(([time]: Json) => time)).toEqual([TIME_MS - 1_000, TIME_MS, TIME_MS])
    expect(Number(day.pnlHistory.at(-1)[1])).toBeCloseTo(98 + funding - 0.014, 9)
    expect(periods.get('month').pnlHistory[0]).toEqual([TIME_MS - 8 * 86_400_000, '-11.0'])
    expect(periods.get('week').pnlHistory).toEqual(day.pnlHistory)
    expect(periods.get('perpDay')).toMatchObject({
      accountValueHistory: [[TIME_MS, '1000.0']],
      vlm: '6000.0',
    })
    expect(Number(periods.get('perpAllTime').pnlHistory.at(-1)[1])).toBeCloseTo(87 + funding, 9)
  })

  it('portfolio tells what the account was worth, and is now', async () => {
    const test = await startServer()
    const ago = (timeMs: number, usd: number) =>
      [
        hexToBytes(user),
        {
          timeMs: TIME_MS - timeMs,
          perp: BigInt(usd) * 1_000_000n,
          all: BigInt(usd + 5) * 1_000_000n,
        },
      ] as const
    const day = 86_400_000
    await test.chain.happen([], TIME_MS, [ago(40 * day, 10), ago(3 * day, 20), ago(7_200_000, 30)])
    const periods = new Map<string, Json>(await query(test, { type: 'portfolio', user }))
    const told = (period: string): string[] =>
      periods.get(period).accountValueHistory.map(([, value]: Json) => value)
    const [now] = told('perpDay').slice(-1)
    expect(told('perpDay')).toEqual(['30.0', now])
    expect(told('perpWeek')).toEqual(['20.0', '30.0', now])
    expect(told('perpMonth')).toEqual(['20.0', '30.0', now])
    expect(told('perpAllTime')).toEqual(['10.0', '20.0', '30.0', now])
    expect(told('allTime').slice(0, 3)).toEqual(['15.0', '25.0', '35.0'])
    expect(periods.get('day').accountValueHistory.at(-1)[0]).toBe(TIME_MS)
  })

  it('webData2 has in one answer what the queries say one by one', async () => {
    const test = await busyServer()
    const data = await query(test, { type: 'webData2', user: user.toUpperCase().replace('X', 'x') })
    const [meta, assetCtxs] = await query(test, { type: 'metaAndAssetCtxs' })
    expect(data).toEqual({
      clearinghouseState: await query(test, { type: 'clearinghouseState', user }),
      leadingVaults: [],
      totalVaultEquity: '0.0',
      openOrders: await query(test, { type: 'frontendOpenOrders', user }),
      agentAddress: null,
      agentValidUntil: null,
      cumLedger: '0.0',
      meta,
      assetCtxs,
      serverTime: TIME_MS,
      isVault: false,
      user,
      twapStates: [],
      spotState: await query(test, { type: 'spotClearinghouseState', user }),
      spotAssetCtxs: (await query(test, { type: 'spotMetaAndAssetCtxs' }))[1],
      perpsAtOpenInterestCap: ['BTC'],
    })
    const agent = { address: `0x${'01'.repeat(20)}`, name: '', validUntil: 9 }
    test.chain.core.mainAgent = () => agent
    test.chain.core.keepsDust = () => true
    expect(await query(test, { type: 'webData2', user })).toMatchObject({
      agentAddress: agent.address,
      agentValidUntil: 9,
      optOutOfSpotDusting: true,
    })
  })
})
