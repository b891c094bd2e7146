// Both WebSockets on a real server: calls, subscriptions, limits, and what a hostile client gets.

import { privateKeyToAccount } from 'viem/accounts'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { WebSocket } from 'ws'
import { type Json, call as jsonRpc, startServer } from '../test/testServer.ts'
import type { RpcServer } from './index.ts'

interface Client {
  readonly socket: WebSocket
  readonly messages: Json[]
  send(message: unknown): void
  /** The message number `index`, when it has come. */
  message(index: number): Promise<Json>
}

async function open(
  server: RpcServer,
  path: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Client> {
  const socket = new WebSocket(`${server.url.replace('http', 'ws')}${path}`, { headers })
  onTestFinished(() => socket.terminate())
  const messages: Json[] = []
  socket.on('message', (bytes) => messages.push(JSON.parse(bytes.toString())))
  await new Promise<void>((resolve, reject) => {
    socket.once('open', () => resolve())
    socket.once('error', reject)
  })
  return {
    socket,
    messages,
    send: (message) => socket.send(typeof message === 'string' ? message : JSON.stringify(message)),
    message: (index) =>
      vi.waitFor(() => {
        if (messages.length <= index) throw new Error(`only ${messages.length} messages came`)
        return messages[index]
      }),
  }
}

/** One signed transfer into the mempool. */
async function submit(server: RpcServer): Promise<Json> {
  const account = privateKeyToAccount(`0x${'11'.repeat(32)}`)
  const raw = await account.signTransaction({
    chainId: 1998,
    type: 'eip1559',
    to: `0x${'ab'.repeat(20)}`,
    value: 5n,
    gas: 21_000n,
    nonce: 0,
    maxFeePerGas: 2_000_000_000n,
  })
  return jsonRpc(server, 'eth_sendRawTransaction', [raw])
}

function closeCode(socket: WebSocket): Promise<number> {
  return new Promise((resolve) => socket.once('close', resolve))
}

const call = (id: number, method: string, params: unknown = []): unknown => ({
  jsonrpc: '2.0',
  id,
  method,
  params,
})

describe.each(['/', '/evm'])('JSON-RPC over a WebSocket at %s', (path) => {
  it('answers calls and batches', async () => {
    const { server } = await startServer()
    const client = await open(server, path)
    client.send(call(1, 'eth_chainId'))
    expect(await client.message(0)).toEqual({ jsonrpc: '2.0', id: 1, result: '0x7ce' })
    client.send([call(2, 'net_version'), call(3, 'nonsense')])
    expect(await client.message(1)).toMatchObject([{ id: 2 }, { id: 3, error: { code: -32601 } }])
    client.send('{"jsonrpc"')
    expect((await client.message(2)).error.code).toBe(-32700)
  })
})

describe('eth_subscribe', () => {
  it('pushes new heads until it is ended', async () => {
    const { server, chain } = await startServer()
    const client = await open(server, '/')
    client.send(call(1, 'eth_subscribe', ['newHeads']))
    const { result: subscription } = await client.message(0)
    chain.mine([])
    expect(await client.message(1)).toMatchObject({
      jsonrpc: '2.0',
      method: 'eth_subscription',
      params: { subscription, result: { number: '0x1' } },
    })
    client.send(call(2, 'eth_unsubscribe', [subscription]))
    expect((await client.message(2)).result).toBe(true)
    expect(chain.listenerCount()).toBe(0)
    client.send(call(3, 'eth_unsubscribe', [subscription]))
    expect((await client.message(3)).result).toBe(false)
  })

  it('pushes waiting transactions, by hash or whole', async () => {
    const { server, chain } = await startServer()
    chain.isStalled = true
    const client = await open(server, '/')
    client.send(call(1, 'eth_subscribe', ['newPendingTransactions']))
    client.send(call(2, 'eth_subscribe', ['newPendingTransactions', true]))
    client.send(call(3, 'eth_subscribe', ['syncing']))
    client.send(call(4, 'eth_newPendingTransactionFilter'))
    const filter = (await client.message(3)).result
    const hash = (await submit(server)).result
    const pushes = [await client.message(4), await client.message(5)]
    expect(pushes.map(({ params }) => params.result)).toEqual([
      hash,
      expect.objectContaining({ hash, blockNumber: null, nonce: '0x0' }),
    ])
    client.send(call(5, 'eth_getFilterChanges', [filter]))
    expect((await client.message(6)).result).toEqual([hash])
    client.send(call(6, 'eth_getFilterChanges', [filter]))
    expect((await client.message(7)).result).toEqual([])
    client.send(call(7, 'eth_getFilterLogs', [filter]))
    expect((await client.message(8)).error.data.code).toBe('OL_RPC_PARAMS')
    client.send(call(8, 'txpool_inspect'))
    expect(Object.values((await client.message(9)).result.pending)).toEqual([
      { 0: `0x${'ab'.repeat(20)}: 5 wei + 21000 gas × 2000000000 wei` },
    ])
  })

  it('ends with its socket', async () => {
    const { server, chain } = await startServer()
    const client = await open(server, '/')
    client.send([call(1, 'eth_subscribe', ['newHeads']), call(2, 'eth_subscribe', ['logs', {}])])
    await client.message(0)
    expect(chain.listenerCount()).toBe(2)
    client.socket.close()
    await vi.waitFor(() => expect(chain.listenerCount()).toBe(0))
  })

  it('refuses what it does not know, and more than it may hold', async () => {
    const { server } = await startServer({ limits: { subscriptionsMax: 1 } })
    const client = await open(server, '/')
    client.send(call(1, 'eth_subscribe', ['nonsense']))
    expect((await client.message(0)).error.data.code).toBe('OL_RPC_SUBSCRIPTION_UNSUPPORTED')
    client.send(call(2, 'eth_subscribe', ['newHeads']))
    expect((await client.message(1)).result).toMatch(/^0x/)
    client.send(call(3, 'eth_subscribe', ['newHeads']))
    expect((await client.message(2)).error.data.code).toBe('OL_RPC_SUBSCRIPTIONS_FULL')
  })
})

describe('a WebSocket', () => {
  it.each([
    ['a foreign origin', '/', { origin: 'https://evil.example' }, 403],
    ['a foreign host name', '/', { host: 'evil.example' }, 403],
    ['an unknown path', '/nowhere', {}, 404],
  ])('from %s is refused', async (_, path, headers, status) => {
    const { server } = await startServer()
    await expect(open(server, path, headers)).rejects.toThrow(String(status))
  })

  it('too many is refused, and there is room again when one closes', async () => {
    const { server } = await startServer({ limits: { webSocketsMax: 1 } })
    const first = await open(server, '/')
    await expect(open(server, '/ws')).rejects.toThrow('503')
    first.socket.close()
    await vi.waitFor(() => open(server, '/ws'))
  })

  it('with a message that is too large is closed', async () => {
    const { server } = await startServer({ limits: { jsonRpcBodyBytesMax: 100 } })
    const client = await open(server, '/')
    const closed = closeCode(client.socket)
    client.send('x'.repeat(101))
    expect(await closed).toBe(1009)
  })

  it('with hundreds of requests at once gets every answer', async () => {
    const { server } = await startServer()
    const client = await open(server, '/')
    for (let id = 0; id < 500; id++) client.send(call(id, 'eth_blockNumber'))
    await client.message(499)
    expect(client.messages.map(({ id }) => id)).toEqual(Array.from({ length: 500 }, (_, id) => id))
  })

  it('is told when the node stops', async () => {
    const { server } = await startServer()
    const client = await open(server, '/')
    const closed = closeCode(client.socket)
    await server.stop()
    expect([1001, 1006]).toContain(await closed)
  })
})

describe('/ws', () => {
  it('answers ping', async () => {
    const { server } = await startServer()
    const client = await open(server, '/ws')
    client.send({ method: 'ping' })
    expect(await client.message(0)).toEqual({ channel: 'pong' })
  })

  it('answers posts of queries and actions', async () => {
    const { server } = await startServer()
    const client = await open(server, '/ws')
    const post = (id: number, type: string, payload: unknown): void =>
      client.send({ method: 'post', id, request: { type, payload } })
    post(1, 'info', { type: 'allMids' })
    expect(await client.message(0)).toEqual({
      channel: 'post',
      data: {
        id: 1,
        response: { type: 'info', payload: { type: 'allMids', data: { BTC: '60000.5' } } },
      },
    })
    post(2, 'info', { type: 'nonsense' })
    expect(await client.message(1)).toMatchObject({
      data: { id: 2, response: { type: 'error', payload: 'there is no query nonsense' } },
    })
    post(3, 'action', {})
    expect(await client.message(2)).toMatchObject({ data: { id: 3, response: { type: 'error' } } })
    post(4, 'money', {})
    expect(await client.message(3)).toMatchObject({ data: { id: 4, response: { type: 'error' } } })
  })

  it.each([
    ['no method', {}],
    ['a post without id', { method: 'post', request: {} }],
    ['no JSON', '{{{'],
    ['null', 'null'],
  ])('answers %s on the error channel and stays open', async (_, message) => {
    const { server } = await startServer()
    const client = await open(server, '/ws')
    client.send(message)
    expect(await client.message(0)).toEqual({ channel: 'error', data: expect.any(String) })
    client.send({ method: 'ping' })
    expect(await client.message(1)).toEqual({ channel: 'pong' })
  })
})
