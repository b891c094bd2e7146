import { EvmError, MempoolError } from '@openliquid/execution'
import { noMetrics, OpenLiquidError } from '@openliquid/primitives'
import { describe, expect, it } from 'vitest'
import type { Json } from '../../test/testServer.ts'
import { RpcError } from '../errors.ts'
import { BATCH_CONCURRENCY_MAX, DEFAULT_RPC_LIMITS, type RpcLimits } from '../limits.ts'
import { silentLogger } from '../logger.ts'
import { createRpcMeters } from '../metrics.ts'
import { JsonRpcDispatcher, type RpcMethod } from './jsonRpc.ts'

let callsStarted = 0
const never = new Promise<never>(() => undefined)

const METHODS = new Map<string, RpcMethod>([
  ['echo', (params) => params],
  ['nothing', () => undefined],
  ['later', async () => 'later'],
  [
    'never',
    () => {
      callsStarted++
      return never
    },
  ],
  ['long', () => 'x'.repeat(1_000)],
  [
    'bug',
    () => {
      throw new TypeError('secret detail')
    },
  ],
  [
    'refuse',
    () => {
      throw new MempoolError('nonce too low', {
        code: 'OL_MEMPOOL_NONCE_TOO_LOW',
        nonce: 0n,
        expected: 1n,
      })
    },
  ],
  [
    'range',
    () => {
      throw new EvmError('too many blocks', {
        code: 'OL_EVM_LOGS_RANGE',
        fromNumber: 0n,
        toNumber: 9n,
        blocksMax: 1,
      })
    },
  ],
  [
    'disk',
    () => {
      throw new OpenLiquidError('secret path', { code: 'OL_STORE_CORRUPT' })
    },
  ],
  [
    'revert',
    () => {
      throw new RpcError('execution reverted', { code: 'OL_RPC_REVERTED', revertData: '0xdead' })
    },
  ],
])

function dispatcher(limits: Partial<RpcLimits> = {}): JsonRpcDispatcher {
  return new JsonRpcDispatcher({
    methods: METHODS,
    unsupported: new Set(['debug_traceCall']),
    limits: { ...DEFAULT_RPC_LIMITS, ...limits },
    logger: silentLogger,
    meters: createRpcMeters(noMetrics),
  })
}

async function answer(body: unknown, limits: Partial<RpcLimits> = {}): Promise<Json> {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  const session = {
    takeWeight: () => true,
    chargeWeight: () => undefined,
  }
  const reply = await dispatcher(limits).answer(new TextEncoder().encode(text), session)
  return reply === undefined ? undefined : JSON.parse(reply)
}

const call = (method: string, id: unknown = 1, params: unknown = []): unknown => ({
  jsonrpc: '2.0',
  id,
  method,
  params,
})

describe('a call', () => {
  it.each([
    ['a number', 7],
    ['a string', 'abc'],
    ['null', null],
    ['a fraction', 1.5],
  ])('is answered with its id: %s', async (_, id) => {
    expect(await answer(call('later', id))).toEqual({ jsonrpc: '2.0', id, result: 'later' })
  })

  it('answers null for a method without result', async () => {
    expect(await answer(call('nothing'))).toEqual({ jsonrpc: '2.0', id: 1, result: null })
  })

  it.each([undefined, null])('takes params of %s as none', async (params) => {
    expect((await answer(call('echo', 1, params))).result).toEqual([])
  })

  it('without id is executed and not answered', async () => {
    expect(await answer({ jsonrpc: '2.0', method: 'later' })).toBeUndefined()
    expect(await answer({ jsonrpc: '2.0', method: 'no such method' })).toBeUndefined()
  })
})

describe('an invalid request', () => {
  it.each([
    ['a number', 1],
    ['a string', '"text"'],
    ['null', 'null'],
    ['an empty object', {}],
    ['no version', { id: 1, method: 'echo' }],
    ['version 1', { jsonrpc: '1.0', id: 1, method: 'echo' }],
    ['a method that is a number', { jsonrpc: '2.0', id: 1, method: 1 }],
    ['an id that is an object', { jsonrpc: '2.0', id: {}, method: 'echo' }],
    ['an id that is an array', { jsonrpc: '2.0', id: [1], method: 'echo' }],
    ['an infinite id', '{"jsonrpc":"2.0","id":1e999,"method":"echo"}'],
    ['params that are an object', { jsonrpc: '2.0', id: 1, method: 'echo', params: {} }],
    ['params that are a string', { jsonrpc: '2.0', id: 1, method: 'echo', params: 'x' }],
  ])('is refused with -32600: %s', async (_, body) => {
    expect(await answer(body)).toMatchObject({
      jsonrpc: '2.0',
      id: null,
      error: { code: -32600, data: { code: 'OL_RPC_REQUEST' } },
    })
  })

  it('is refused with -32700 when it is no JSON', async () => {
    expect(await answer('{"jsonrpc":')).toMatchObject({
      id: null,
      error: { code: -32700, data: { code: 'OL_RPC_PARSE' } },
    })
  })
})

describe('an error', () => {
  it.each([
    ['toString', -32601, 'OL_RPC_METHOD_UNKNOWN'],
    ['__proto__', -32601, 'OL_RPC_METHOD_UNKNOWN'],
    ['debug_traceCall', -32601, 'OL_RPC_METHOD_UNSUPPORTED'],
    ['refuse', -32000, 'OL_MEMPOOL_NONCE_TOO_LOW'],
    ['range', -32005, 'OL_EVM_LOGS_RANGE'],
    ['bug', -32603, 'OL_RPC_INTERNAL'],
    ['disk', -32603, 'OL_RPC_INTERNAL'],
  ])('of %s has code %i and data.code %s', async (method, code, dataCode) => {
    expect((await answer(call(method))).error).toMatchObject({ code, data: { code: dataCode } })
  })

  it('says what clients match on, without our code in the text', async () => {
    expect((await answer(call('refuse'))).error.message).toBe('nonce too low')
  })

  it('tells nothing of our own bugs', async () => {
    for (const method of ['bug', 'disk']) {
      expect(JSON.stringify(await answer(call(method)))).not.toContain('secret')
    }
  })

  it('of a revert carries the bare revert data', async () => {
    expect((await answer(call('revert'))).error).toEqual({
      code: 3,
      message: 'execution reverted',
      data: '0xdead',
    })
  })

  it('ends a call that takes too long', async () => {
    expect((await answer(call('never'), { requestTimeoutMs: 5 })).error).toMatchObject({
      code: -32000,
      data: { code: 'OL_RPC_TIMEOUT' },
    })
  })
})

describe('a batch', () => {
  it('is answered in its order, notifications left out', async () => {
    const batch = [call('later', 1), { jsonrpc: '2.0', method: 'echo' }, call('echo', 2), 5]
    const replies = await answer(batch)
    expect(replies.map(({ id }: { id: unknown }) => id)).toEqual([1, 2, null])
    expect(replies[2].error.code).toBe(-32600)
  })

  it('of notifications only is not answered', async () => {
    expect(await answer([{ jsonrpc: '2.0', method: 'echo' }])).toBeUndefined()
  })

  it.each([
    [0, 'OL_RPC_REQUEST'],
    [3, undefined],
    [4, 'OL_RPC_BATCH_SIZE'],
  ])('of %i calls where 3 are allowed: %s', async (size, code) => {
    const batch = Array.from({ length: size }, (_, id) => call('echo', id))
    const reply = await answer(batch, { batchCallsMax: 3 })
    if (code === undefined) expect(reply).toHaveLength(size)
    else expect(reply).toMatchObject({ id: null, error: { code: -32600, data: { code } } })
  })

  it('stops at the size of one answer and says so for each call left', async () => {
    const batch = Array.from({ length: 40 }, (_, id) => call('long', id))
    const replies: Json[] = await answer(batch, { responseBytesMax: 5_000 })
    expect(replies.map(({ id }) => id)).toEqual(batch.map((_, id) => id))
    const answered = replies.filter((reply) => 'result' in reply)
    expect(answered.length).toBeGreaterThan(0)
    expect(answered.length).toBeLessThanOrEqual(4)
    for (const reply of replies) {
      if ('result' in reply) continue
      expect(reply.error).toMatchObject({ code: -32005, data: { code: 'OL_RPC_RESPONSE_SIZE' } })
    }
  })

  it('does not execute what is left when its time is over', async () => {
    const batch = Array.from({ length: 100 }, (_, id) => call('never', id))
    callsStarted = 0
    const replies: Json[] = await answer(batch, { requestTimeoutMs: 20 })
    // A timer may fire a hair before the clock says so: one more round can begin, not all of them.
    expect(callsStarted).toBeLessThanOrEqual(2 * BATCH_CONCURRENCY_MAX)
    expect(replies.map(({ id }) => id)).toEqual(batch.map((_, id) => id))
    for (const { error } of replies) expect(error.data.code).toBe('OL_RPC_TIMEOUT')
  })

  it('takes one weight a call, and none of it runs when that is too much', async () => {
    const bytes = new TextEncoder().encode(JSON.stringify([call('echo'), call('echo')]))
    const weights: number[] = []
    const session = {
      takeWeight: (weight: number): boolean => {
        weights.push(weight)
        return false
      },
      chargeWeight: () => undefined,
    }
    await expect(dispatcher().answer(bytes, session)).rejects.toMatchObject({
      code: 'OL_RPC_RATE_LIMIT',
    })
    expect(weights).toEqual([2])
  })
})
