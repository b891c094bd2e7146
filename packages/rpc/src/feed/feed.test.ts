// Subscriptions of `/ws`, docs/spec/hyperliquid.md §10.2: what they open with, what blocks push, and their limits.
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { WebSocket } from 'ws'
import {
  bookEvent,
  fillEvent,
  fundingEvent,
  ledgerEvent,
  orderEvent,
  TIME_MS,
  tradeEvent,
  twapEvent,
} from '../../test/exchangeEvents.ts'
import { EXCHANGE_USER, type MemoryChain } from '../../test/memoryChainView.ts'
import { type Json, startServer } from '../../test/testServer.ts'
import type { RpcLimits, RpcServer } from '../index.ts'

const user = EXCHANGE_USER

interface Client {
  readonly socket: WebSocket
  readonly messages: Json[]
  send(message: unknown): void
  message(index: number): Promise<Json>
  /** Subscribes; resolves with the number of messages when the answer is there. */
  subscribe(subscription: unknown): Promise<number>
}

async function open(server: RpcServer): Promise<Client> {
  const socket = new WebSocket(`${server.url.replace('http', 'ws')}/ws`)
  onTestFinished(() => socket.terminate())
  const messages: Json[] = []
  socket.on('message', (bytes) => messages.push(JSON.parse(bytes.toString())))
  await new Promise<void>((resolve, reject) => {
    socket.once('open', () => resolve())
    socket.once('error', reject)
  })
  const client: Client = {
    socket,
    messages,
    send: (message) => socket.send(JSON.stringify(message)),
    message: (index) =>
      vi.waitFor(() => {
        if (messages.length <= index) throw new Error(`only ${messages.length} messages came`)
        return messages[index]
      }),
    subscribe: async (subscription) => {
      client.send({ method: 'subscribe', subscription })
      // The answer to a ping comes after what a subscription opens with.
      client.send({ method: 'ping' })
      await vi.waitFor(() =>
        expect(messages.filter(({ channel }) => channel === 'pong')).not.toEqual([]),
      )
      await vi.waitFor(() =>
        expect(
          messages.filter(({ channel }) => /subscriptionResponse|error/.test(channel)),
        ).not.toEqual([]),
      )
      const pong = messages.findIndex(({ channel }) => channel === 'pong')
      messages.splice(pong, 1)
      return messages.length
    },
  }
  return client
}

/** What a block pushes is read in the turns after it. */
function pushesDone(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

async function connect(
  limits: Partial<RpcLimits> = {},
): Promise<Client & { chain: MemoryChain; server: RpcServer }> {
  const { server, chain } = await startServer({ limits })
  return { ...(await open(server)), chain, server }
}

describe('a subscription', () => {
  it.each([
    [{ type: 'allMids' }],
    [{ type: 'l2Book', coin: 'BTC', nSigFigs: null, mantissa: null }],
    [{ type: 'orderUpdates', user: user.toUpperCase().replace('0X', '0x') }],
    [{ type: 'clearinghouseState', user, dex: '' }],
    [{ type: 'trades', coin: 'BTC', unknown: { field: [1] } }],
  ])('is echoed with every field it came with: %j', async (subscription) => {
    const client = await connect()
    client.send({ method: 'subscribe', subscription })
    expect(await client.message(0)).toEqual({
      channel: 'subscriptionResponse',
      data: { method: 'subscribe', subscription },
    })
  })

  it('ends when it is asked to, in any spelling', async () => {
    const { chain, ...client } = await connect()
    await client.subscribe({ type: 'trades', coin: 'BTC' })
    expect(chain.listenerCount()).toBe(1)
    const subscription = { coin: 'BTC', type: 'trades', extra: null }
    client.send({ method: 'unsubscribe', subscription })
    expect(await client.message(1)).toEqual({
      channel: 'subscriptionResponse',
      data: { method: 'unsubscribe', subscription },
    })
    expect(chain.listenerCount()).toBe(0)
    await chain.happen([tradeEvent('1.0', 1)])
    client.send({ method: 'unsubscribe', subscription })
    expect(await client.message(2)).toEqual({
      channel: 'error',
      data: `Already unsubscribed: ${JSON.stringify(subscription)}`,
    })
  })

  it('ends with its socket', async () => {
    const { chain, ...client } = await connect()
    await client.subscribe({ type: 'allMids' })
    client.socket.close()
    await vi.waitFor(() => expect(chain.listenerCount()).toBe(0))
  })

  it('twice is refused', async () => {
    const client = await connect()
    const subscription = { type: 'orderUpdates', user }
    client.send({ method: 'subscribe', subscription })
    client.send({ method: 'subscribe', subscription })
    const data = `Already subscribed: ${JSON.stringify(subscription)}`
    await vi.waitFor(() => expect(client.messages).toContainEqual({ channel: 'error', data }))
    expect(client.messages).toHaveLength(2)
  })

  it.each([
    [{ type: 'nonsense' }, 'OL_RPC_SUBSCRIPTION_UNSUPPORTED'],
    [{ type: 'notification', user }, 'OL_RPC_SUBSCRIPTION_UNSUPPORTED'],
    [{ type: 'notification', user }, 'OL_RPC_SUBSCRIPTION_UNSUPPORTED'],
    [{}, 'OL_RPC_SUBSCRIPTION_UNSUPPORTED'],
    [{ type: 'toString' }, 'OL_RPC_SUBSCRIPTION_UNSUPPORTED'],
    [{ type: 'trades', coin: 'NOPE' }, 'OL_RPC_PARAMS'],
    [{ type: 'trades' }, 'OL_RPC_PARAMS'],
    [{ type: 'userFills', user: '0x12' }, 'OL_RPC_PARAMS'],
    [{ type: 'candle', coin: 'BTC', interval: '2s' }, 'OL_RPC_PARAMS'],
    [{ type: 'l2Book', coin: 'BTC', nSigFigs: 9 }, 'OL_RPC_PARAMS'],
    [{ type: 'allMids', dex: 'other' }, 'OL_RPC_PARAMS'],
    [{ type: 'activeAssetData', user, coin: 'NOPE' }, 'OL_RPC_PARAMS'],
  ])('that is none is refused with its own JSON in the text: %j', async (subscription, code) => {
    const client = await connect()
    client.send({ method: 'subscribe', subscription })
    const { channel, data } = await client.message(0)
    expect(channel).toBe('error')
    expect(data).toMatch(/^Invalid subscription /)
    expect(data).toMatch(new RegExp(`\\[${code}\\]$`))
    expect(JSON.parse(/{.*}/.exec(data)?.[0] ?? '')).toEqual(subscription)
  })

  it.each([
    ['no object', 1],
    ['a list', []],
    ['nothing', undefined],
    ['too long', { type: 'allMids', filler: 'x'.repeat(1_024) }],
  ])('that is %s is refused', async (_, subscription) => {
    const client = await connect()
    client.send({ method: 'subscribe', subscription })
    const { channel, data } = await client.message(0)
    expect([channel, data]).toEqual(['error', expect.stringContaining('[OL_RPC_REQUEST]')])
  })
})

describe('markets', () => {
  it('trades are told block by block', async () => {
    const { chain, ...client } = await connect()
    await client.subscribe({ type: 'trades', coin: 'BTC' })
    await chain.happen([tradeEvent('1.0', 1), bookEvent(), tradeEvent('2.0', 2)])
    await chain.happen([bookEvent()])
    await chain.happen([tradeEvent('3.0', 3)])
    const pushes = [await client.message(1), await client.message(2)]
    expect(pushes.map(({ channel, data }) => [channel, data.map(({ tid }: Json) => tid)])).toEqual([
      ['trades', [1, 2]],
      ['trades', [3]],
    ])
    expect(Object.keys(pushes[0].data[0]).sort()).toEqual(
      ['coin', 'hash', 'px', 'side', 'sz', 'tid', 'time', 'users'].sort(),
    )
  })

  it('a book opens with its state, and then comes when it changed, twice a second at most', async () => {
    const { chain, ...client } = await connect()
    await client.subscribe({ type: 'l2Book', coin: 'BTC' })
    expect(client.messages[1]).toEqual({
      channel: 'l2Book',
      data: { coin: 'BTC', time: TIME_MS, levels: [[{ px: '60000.0', sz: '0.1', n: 1 }], []] },
    })
    const blockAt = async (timeMs: number, sz?: string): Promise<void> => {
      if (sz !== undefined) {
        const levels = [[{ px: '60000.0', sz, n: 1 }], []] as const
        chain.core.l2Book = (coin) => ({ coin, time: chain.core.timestampMs, levels })
      }
      await chain.happen(sz === undefined ? [] : [bookEvent()], TIME_MS + timeMs)
      await pushesDone()
    }
    await blockAt(100, '0.2')
    await blockAt(499, '0.3')
    await blockAt(500)
    await blockAt(1_000, '0.3')
    await blockAt(1_500, '0.4')
    const pushes = [await client.message(2), await client.message(3)]
    expect(pushes.map(({ data }) => [data.time - TIME_MS, data.levels[0][0].sz])).toEqual([
      [500, '0.3'],
      [1_500, '0.4'],
    ])
    expect(client.messages).toHaveLength(4)
  })

  it('the best prices come only when they changed', async () => {
    const { chain, ...client } = await connect()
    await client.subscribe({ type: 'bbo', coin: 'BTC' })
    expect(client.messages[1]).toEqual({
      channel: 'bbo',
      data: { coin: 'BTC', time: TIME_MS, bbo: [{ px: '60000.0', sz: '0.1', n: 1 }, null] },
    })
    await chain.happen([bookEvent()])
    chain.core.l2Book = (coin) => ({ coin, time: TIME_MS, levels: [[], []] })
    await chain.happen([bookEvent()])
    expect((await client.message(2)).data.bbo).toEqual([null, null])
  })

  it('mids, candles and contexts', async () => {
    const { chain, ...client } = await connect()
    await client.subscribe({ type: 'allMids' })
    expect(client.messages[1]).toEqual({ channel: 'allMids', data: { mids: { BTC: '60000.5' } } })
    client.messages.length = 0
    await client.subscribe({ type: 'candle', coin: 'BTC', interval: '1m' })
    await client.subscribe({ type: 'activeAssetCtx', coin: 'BTC' })
    expect(client.messages[2]).toMatchObject({
      channel: 'activeAssetCtx',
      data: { coin: 'BTC', ctx: { markPx: '60001.0', dayNtlVlm: '0.0', prevDayPx: '60001.0' } },
    })
    expect(client.messages[2].data.ctx).not.toHaveProperty('coin')
    client.messages.length = 0
    await chain.happen([tradeEvent('60000.0', 1)])
    expect(await client.message(0)).toMatchObject({
      channel: 'candle',
      data: { s: 'BTC', i: '1m', o: '60000.0', c: '60000.0', v: '0.5', n: 1 },
    })
    client.messages.length = 0
    chain.core.allMids = () => ({ BTC: '1.0' })
    await chain.happen([], TIME_MS + 500)
    await vi.waitFor(() => expect(client.messages).toHaveLength(2))
    expect(client.messages).toEqual([
      { channel: 'allMids', data: { mids: { BTC: '1.0' } } },
      expect.objectContaining({ channel: 'activeAssetCtx' }),
    ])
    await client.subscribe({ type: 'activeAssetCtx', coin: 'PURR/USDC' })
  })
})

describe('users', () => {
  it('fills open with a snapshot and go on without gap or repetition', async () => {
    const { chain, ...client } = await connect()
    await chain.happen([fillEvent({ tid: 1 })])
    await client.subscribe({ type: 'userFills', user })
    expect(client.messages[1]).toEqual({
      channel: 'userFills',
      data: { user, fills: [fillEvent({ tid: 1 }).fill], isSnapshot: true },
    })
    await chain.happen([fillEvent({ tid: 2 }), fillEvent({ tid: 3 })])
    await chain.happen([])
    expect(await client.message(2)).toEqual({
      channel: 'userFills',
      data: { user, fills: [fillEvent({ tid: 2 }).fill, fillEvent({ tid: 3 }).fill] },
    })
  })

  it('a block under way while it begins is told once: in the snapshot or after it', async () => {
    const { chain, ...client } = await connect()
    const seen: number[] = []
    for (let tid = 1; tid <= 20; tid++) {
      if (tid === 10)
        client.send({ method: 'subscribe', subscription: { type: 'userFills', user } })
      await chain.happen([fillEvent({ tid })])
      await pushesDone()
    }
    await vi.waitFor(() => {
      seen.length = 0
      for (const { channel, data } of client.messages) {
        if (channel === 'userFills') seen.push(...data.fills.map(({ tid }: Json) => tid))
      }
      expect(seen).toContain(20)
    })
    expect(seen.sort((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, i) => i + 1))
  })

  it('orders, and everything on one channel', async () => {
    const { chain, ...client } = await connect()
    await client.subscribe({ type: 'orderUpdates', user })
    await client.subscribe({ type: 'userEvents', user })
    client.messages.length = 0
    await chain.happen([
      orderEvent('open', 1),
      orderEvent('marginCanceled', 2),
      orderEvent('canceled', 3),
      fillEvent(),
      fundingEvent(),
    ])
    await vi.waitFor(() => expect(client.messages).toHaveLength(4))
    const [updates, ...events] = client.messages
    expect(updates.channel).toBe('orderUpdates')
    expect(updates.data[1]).toEqual({
      order: orderEvent('open', 2).order,
      status: 'marginCanceled',
      statusTimestamp: TIME_MS + 1,
    })
    expect(events).toEqual([
      { channel: 'user', data: { fills: [fillEvent().fill] } },
      {
        channel: 'user',
        data: {
          funding: {
            time: TIME_MS,
            coin: 'BTC',
            usdc: '-1.5',
            szi: '0.1',
            fundingRate: '0.0000125',
            nSamples: null,
          },
        },
      },
      { channel: 'user', data: { nonUserCancel: [{ coin: 'BTC', oid: 2 }] } },
    ])
  })

  it.each([
    ['userFundings', 'fundings', fundingEvent(), { usdc: '-1.5', coin: 'BTC' }],
    [
      'userNonFundingLedgerUpdates',
      'nonFundingLedgerUpdates',
      ledgerEvent(),
      { delta: { type: 'accountClassTransfer', usdc: '5.0', toPerp: true } },
    ],
    ['userHistoricalOrders', 'orderHistory', orderEvent('filled', 5), { status: 'filled' }],
    ['userTwapSliceFills', 'twapSliceFills', fillEvent({ twapId: 4 }), { twapId: 4 }],
    ['userTwapHistory', 'history', twapEvent(), { status: { status: 'activated' } }],
  ] as const)('%s are a snapshot and what follows', async (type, field, event, item) => {
    const { chain, ...client } = await connect()
    await chain.happen([event])
    await client.subscribe({ type, user })
    expect(client.messages[1]).toEqual({
      channel: type,
      data: { user, [field]: [expect.objectContaining(item)], isSnapshot: true },
    })
    await chain.happen([event])
    expect(await client.message(2)).toEqual({
      channel: type,
      data: { user, [field]: [expect.objectContaining(item)] },
    })
  })

  it.each([
    ['clearinghouseState', { dex: '', user, clearinghouseState: { withdrawable: '1000.0' } }],
    ['openOrders', { dex: '', user, orders: [{ oid: 7, orderType: 'Limit' }] }],
    ['spotState', { user, spotState: { balances: [{ coin: 'USDC' }] } }],
    ['twapStates', { dex: '', user, states: [] }],
    ['activeAssetData', { user, coin: 'BTC', availableToTrade: ['10.0', '10.0'] }],
  ])('%s opens with the state and comes again when it changed', async (type, data) => {
    const { chain, ...client } = await connect()
    await client.subscribe({ type, user, coin: 'BTC' })
    expect(client.messages[1]).toMatchObject({ channel: type, data })
    await chain.happen([orderEvent('open', 1)], TIME_MS + 1_000)
    chain.core.spotClearinghouseState = () => ({ balances: [] })
    chain.core.frontendOpenOrders = () => []
    chain.core.twapStates = () => [[1, {} as never]]
    const state = chain.core.clearinghouseState(new Uint8Array(20))
    chain.core.clearinghouseState = () => ({ ...state, withdrawable: '1.0' })
    chain.core.activeAssetData = () => ({ leverage: 1 }) as never
    await chain.happen([orderEvent('open', 1)], TIME_MS + 2_000)
    expect((await client.message(2)).channel).toBe(type)
    expect(client.messages).toHaveLength(3)
  })
})

describe('limits', () => {
  it('a socket holds so many subscriptions', async () => {
    const client = await connect({ exchangeSubscriptionsMax: 1 })
    await client.subscribe({ type: 'allMids' })
    client.messages.length = 0
    client.send({ method: 'subscribe', subscription: { type: 'trades', coin: 'BTC' } })
    expect((await client.message(0)).data).toContain('[OL_RPC_SUBSCRIPTIONS_FULL]')
  })

  it('a client address follows so many users and has so many subscriptions, all sockets together', async () => {
    const first = await connect({ clientUsersMax: 1, clientSubscriptionsMax: 3 })
    await first.subscribe({ type: 'orderUpdates', user })
    const second = await open(first.server)
    await second.subscribe({ type: 'userFills', user })
    second.messages.length = 0
    const other = `0x${'bb'.repeat(20)}`
    second.send({ method: 'subscribe', subscription: { type: 'userFills', user: other } })
    expect((await second.message(0)).data).toContain('at most 1 users')
    second.send({ method: 'subscribe', subscription: { type: 'trades', coin: 'BTC' } })
    second.send({ method: 'subscribe', subscription: { type: 'allMids' } })
    expect((await second.message(2)).data).toContain('at most 3 subscriptions')
    first.socket.close()
    // What the first one had is free again.
    await vi.waitFor(async () => {
      second.messages.length = 0
      second.send({ method: 'subscribe', subscription: { type: 'allMids' } })
      expect((await second.message(0)).channel).toBe('subscriptionResponse')
    })
  })

  it('a client address opens so many sockets', async () => {
    const first = await connect({ clientWebSocketsMax: 1 })
    const closed = async (): Promise<number> => {
      const { socket } = await open(first.server)
      return new Promise((resolve) => socket.once('close', resolve))
    }
    await first.subscribe({ type: 'allMids' })
    expect(await closed()).toBe(1008)
    first.socket.close()
    await vi.waitFor(() => expect(first.chain.listenerCount()).toBe(0))
    const again = await open(first.server)
    again.send({ method: 'ping' })
    expect(await again.message(0)).toEqual({ channel: 'pong' })
  })

  it('a client address opens so many sockets a minute and sends so many messages', async () => {
    const first = await connect({ clientWebSocketsPerMinute: 1, clientMessagesPerMinute: 2 })
    const { socket } = await open(first.server)
    expect(await new Promise((resolve) => socket.once('close', resolve))).toBe(1008)
    for (let i = 0; i < 3; i++) first.send({ method: 'ping' })
    expect((await first.message(2)).data).toContain('OL_RPC_RATE_LIMIT')
  })

  it('a client that does not read is cut off', async () => {
    const { chain, ...client } = await connect()
    await client.subscribe({ type: 'allMids' })
    const closed = new Promise((resolve) => client.socket.once('close', resolve))
    client.socket.pause()
    // Buffers of the two sockets hold some megabytes before anything waits in the server.
    for (let block = 0; block < 50 && chain.listenerCount() > 0; block++) {
      chain.core.allMids = () => ({ BTC: `${block}${'0'.repeat(500_000)}` })
      await chain.happen([])
      await pushesDone()
    }
    expect(chain.listenerCount()).toBe(0)
    client.socket.resume()
    expect(await closed).toBe(1013)
  })
})
