// POST /exchange: from the signed JSON to the receipt, and the refusals on the way.
import { MempoolError } from '@openliquid/execution'
import { actionEnvelopeCodec, bytesToHex, decodeAction } from '@openliquid/primitives'
import { describe, expect, it } from 'vitest'
import { send, startServer } from '../../test/testServer.ts'

/** docs/spec/hyperliquid.md appendix A2. */
const REQUEST = {
  action: {
    type: 'order',
    orders: [{ a: 0, b: true, p: '30000', s: '0.1', r: false, t: { limit: { tif: 'Gtc' } } }],
    grouping: 'na',
  },
  nonce: 1_234_567_890,
  signature: {
    r: '0x6b0283a894d87b996ad0182b86251cc80d27d61ef307449a2ed249a508ded1f7',
    s: '0x6f884e79f4a0a10af62db831af6f8e03b3f11d899eb49b352f836746ee9226da',
    v: 27,
  },
}

describe('POST /exchange', () => {
  it('submits the canonical action and answers with its receipt', async () => {
    const { server, chain } = await startServer()
    chain.onAction = (txId) => ({
      txId,
      status: 'ok',
      response: { type: 'order', data: { statuses: [{ resting: { oid: 1 } }] } },
    })
    const answer = await send(server, '/exchange', JSON.stringify(REQUEST))
    expect(answer.status).toBe(200)
    expect(answer.headers['content-type']).toBe('application/json')
    expect(answer.json()).toEqual({
      status: 'ok',
      response: { type: 'order', data: { statuses: [{ resting: { oid: 1 } }] } },
    })
    const [bytes] = chain.actions
    const envelope = actionEnvelopeCodec.decode(bytes!)
    expect(envelope.nonce).toBe(REQUEST.nonce)
    expect(bytesToHex(envelope.signature.r)).toBe(REQUEST.signature.r)
    expect(decodeAction(envelope.action)).toEqual(REQUEST.action)
  })

  it('answers an action that failed with its text and code', async () => {
    const { server, chain } = await startServer()
    const response = 'Insufficient margin to place order.'
    chain.onAction = (txId) => ({ txId, status: 'err', response, code: 'OL_ACTION_MARGIN' })
    const answer = await send(server, '/exchange', JSON.stringify(REQUEST))
    expect(answer.status).toBe(200)
    expect(answer.json()).toEqual({ status: 'err', response, code: 'OL_ACTION_MARGIN' })
  })

  it('answers a refused nonce with the words clients know', async () => {
    const { server, chain } = await startServer()
    chain.rejection = new MempoolError('Invalid nonce: duplicate nonce', {
      code: 'OL_MEMPOOL_ACTION_NONCE',
      nonce: 1,
      reason: 'duplicate',
    })
    const answer = await send(server, '/exchange', JSON.stringify(REQUEST))
    expect(answer.status).toBe(200)
    expect(answer.json()).toEqual({
      status: 'err',
      response: 'Invalid nonce: duplicate nonce',
      code: 'OL_MEMPOOL_ACTION_NONCE',
    })
  })

  it('answers 504 with the id when no receipt comes in time', async () => {
    const { server, chain } = await startServer()
    chain.onAction = () => undefined
    const answer = await send(server, '/exchange', JSON.stringify(REQUEST))
    expect(answer.status).toBe(504)
    expect(answer.json()).toMatchObject({
      status: 'err',
      code: 'OL_RECEIPT_TIMEOUT',
      txId: expect.stringMatching(/^0x[0-9a-f]{64}$/),
    })
  })

  it.each([
    ['no object', []],
    ['an empty object', {}],
    ['an unknown action', { ...REQUEST, action: { type: 'mintMoney' } }],
    ['an unknown field', { ...REQUEST, extra: 1 }],
    ['no signature', { action: REQUEST.action, nonce: 1 }],
    ['a nonce that is text', { ...REQUEST, nonce: '1' }],
    ['a nonce above 2^53', { ...REQUEST, nonce: 2 ** 53 }],
    [
      'an order without size',
      { ...REQUEST, action: { type: 'order', orders: [{}], grouping: 'na' } },
    ],
    ['a signature of text', { ...REQUEST, signature: 'signed' }],
    ['a vault that is no address', { ...REQUEST, vaultAddress: '0x12' }],
  ])('answers 422 to %s', async (_, request) => {
    const { server, chain } = await startServer()
    const answer = await send(server, '/exchange', JSON.stringify(request))
    expect(answer.status).toBe(422)
    expect(answer.json()).toMatchObject({
      status: 'err',
      response: expect.any(String),
      code: expect.stringMatching(/^OL_DECODE_/),
    })
    expect(chain.actions).toEqual([])
  })

  it('answers 422 to what is no JSON', async () => {
    const { server } = await startServer()
    const answer = await send(server, '/exchange', '{"action":')
    expect(answer.status).toBe(422)
    expect(answer.json().code).toBe('OL_RPC_PARSE')
  })

  it('weighs a batch by its size', async () => {
    const { server } = await startServer({ limits: { weightPerMinute: 3 } })
    const [order] = REQUEST.action.orders
    const batch = (size: number): string =>
      JSON.stringify({
        ...REQUEST,
        action: { ...REQUEST.action, orders: Array.from({ length: size }, () => order) },
      })
    expect((await send(server, '/exchange', batch(120))).status).toBe(429)
    expect((await send(server, '/exchange', batch(80))).status).toBe(200)
    expect((await send(server, '/exchange', batch(1))).status).toBe(429)
  })
})
