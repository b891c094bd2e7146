import { type Hex, parseEther, parseGwei } from 'viem'
import { expect, test } from 'vitest'
import { devTrader, publicClientOf } from './evmClient.ts'
import { ExchangeClient, nextNonce, signL1Action } from './exchangeClient.ts'

interface JsonRpcAnswer {
  readonly result?: unknown
  readonly error?: { readonly code: number; readonly data?: { readonly code?: string } }
}

async function rpc(url: string, body: string): Promise<JsonRpcAnswer> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
  })
  return (await response.json()) as JsonRpcAnswer
}

function sendRaw(url: string, raw: Hex): Promise<JsonRpcAnswer> {
  const request = { jsonrpc: '2.0', id: 1, method: 'eth_sendRawTransaction', params: [raw] }
  return rpc(url, JSON.stringify(request))
}

/** Tests that what no honest client sends gets a coded answer, changes nothing and leaves the node serving. */
export function testBadInput(urls: () => readonly string[]): void {
  const trader = devTrader(7)
  const url = (): string => urls()[0]!

  async function state(): Promise<unknown> {
    const client = publicClientOf(url())
    const { address } = trader.account
    return {
      balance: await client.getBalance({ address }),
      nonce: await client.getTransactionCount({ address }),
      spot: await new ExchangeClient(url()).info({
        type: 'spotClearinghouseState',
        user: address,
      }),
      orders: await new ExchangeClient(url()).info({ type: 'openOrders', user: address }),
    }
  }

  async function transaction(fields: { chainId?: number; nonce?: number }): Promise<Hex> {
    const client = publicClientOf(url())
    const { address } = trader.account
    return trader.account.signTransaction({
      type: 'eip1559',
      chainId: 1_998,
      nonce: await client.getTransactionCount({ address }),
      gas: 21_000n,
      maxFeePerGas: parseGwei('100'),
      to: address,
      value: parseEther('0'),
      ...fields,
    })
  }

  test('malformed JSON-RPC has the codes of its specification', async () => {
    expect(await rpc(url(), '{')).toMatchObject({
      error: { code: -32700, data: { code: 'OL_RPC_PARSE' } },
    })
    expect(await rpc(url(), '{"jsonrpc":"2.0","id":1,"method":"eth_dance"}')).toMatchObject({
      error: { code: -32601, data: { code: 'OL_RPC_METHOD_UNKNOWN' } },
    })
    expect(await rpc(url(), '{"jsonrpc":"2.0","id":1,"method":"eth_getBalance"}')).toMatchObject({
      error: { code: -32602, data: { code: 'OL_RPC_PARAMS' } },
    })
  })

  test('Ethereum transactions that are malformed, oversized, of another chain or replayed are refused', async () => {
    const before = await state()
    const valid = await transaction({})
    const cases: [name: string, raw: Hex][] = [
      ['cut', valid.slice(0, -2) as Hex],
      ['no transaction', '0x02c0'],
      ['oversized', `0x02${'00'.repeat(140_000)}`],
      ['another chain', await transaction({ chainId: 1 })],
    ]
    for (const [name, raw] of cases) {
      const { error } = await sendRaw(url(), raw)
      expect(error?.code, name).toBeLessThan(0)
      expect(error?.data?.code, name).toMatch(/^OL_/)
    }
    expect(await state()).toEqual(before)

    const client = publicClientOf(url())
    const { result } = await sendRaw(url(), valid)
    await client.waitForTransactionReceipt({ hash: result as Hex })
    expect(await sendRaw(url(), valid)).toMatchObject({
      error: { data: { code: 'OL_MEMPOOL_NONCE_TOO_LOW' } },
    })
  })

  test('actions that are malformed, wrongly signed or replayed are refused with their text', async () => {
    const exchange = new ExchangeClient(url())
    const before = await state()
    for (const body of ['{', '[]', '{"action":{"type":"order"}}', `"${'x'.repeat(2_000_000)}"`]) {
      const { status } = await exchange.post('/exchange', body)
      expect([413, 422]).toContain(status)
    }
    expect(await exchange.post('/info', '{"type":"horoscope"}')).toMatchObject({ status: 422 })

    const noop = { type: 'noop' }
    const signed = await signL1Action(trader.account, noop, { nonce: nextNonce() })
    // A changed action recovers some other signer, who has no account.
    const tampered = { ...signed, nonce: signed.nonce + 1 }
    expect(await exchange.exchange(tampered)).toMatchObject({
      status: 'err',
      response: expect.stringContaining('does not exist'),
    })
    const mainnet = await signL1Action(trader.account, noop, { nonce: nextNonce(), source: 'a' })
    expect(await exchange.exchange(mainnet)).toMatchObject({ status: 'err' })
    const old = await signL1Action(trader.account, noop, { nonce: 1_600_000_000_000 })
    expect(await exchange.exchange(old)).toEqual({
      status: 'err',
      response: 'Invalid nonce: out of range',
      code: 'OL_MEMPOOL_ACTION_NONCE',
    })
    const unsupported = { type: 'validatorL1Stream', riskFreeRate: '0.04' }
    expect(
      await exchange.exchange(
        await signL1Action(trader.account, unsupported, { nonce: nextNonce() }),
      ),
    ).toMatchObject({ status: 'err' })
    expect(await state()).toEqual(before)

    expect(await exchange.exchange(signed)).toEqual({
      status: 'ok',
      response: { type: 'default' },
    })
    expect(await exchange.exchange(signed)).toMatchObject({
      status: 'err',
      response: 'Invalid nonce: duplicate nonce',
    })
  })
}
