// What hostile clients send to the RPC port, many at a time: each gets its code, and blocks go on. How evenly they go on
// is measured by `pnpm bench rpc.attack`.
import { connect } from 'node:net'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { createNode, type OpenLiquidNode } from '../src/index.ts'

let node: OpenLiquidNode
let url: URL
beforeAll(async () => {
  node = await createNode({ settings: { 'log.level': 'error' } })
  await node.start()
  url = new URL(node.rpcUrl!)
}, 60_000)
afterAll(() => node?.stop())

const BUSY = `0x${'77'.repeat(20)}`
const call = (method: string, params: readonly unknown[], id = 1): object => ({
  jsonrpc: '2.0',
  id,
  method,
  params,
})
/** A call that never ends: JUMPDEST, PUSH0, JUMP. */
const spin = (id = 1): object =>
  call('eth_call', [{ to: BUSY }, 'latest', { [BUSY]: { code: '0x5b5f56' } }], id)
/** A call of the pairing check with as many pairs as gas pays for, again and again. */
const dear = (): object =>
  call('eth_call', [
    { to: BUSY },
    'latest',
    { [BUSY]: { code: '0x5b5f5f6201d4c05f5f60085af1505f56' } },
  ])

interface Answer {
  readonly status: number
  readonly codes: readonly (number | undefined)[]
}

async function post(body: string | Uint8Array): Promise<Answer> {
  const headers = { 'content-type': 'application/json' }
  const response = await fetch(url, { method: 'POST', headers, body })
  const answer = (await response.json()) as
    | { error?: { code: number } }
    | { error?: { code: number } }[]
  const list = Array.isArray(answer) ? answer : [answer]
  return { status: response.status, codes: list.map(({ error }) => error?.code) }
}

async function blocksGoOn(): Promise<void> {
  const { height } = node.view.head
  await vi.waitFor(() => expect(node.view.head.height).toBeGreaterThanOrEqual(height + 2n), {
    timeout: 30_000,
  })
}

test.each<
  [what: string, body: () => string | Uint8Array, status: number, codes: (number | undefined)[]]
>([
  [
    'random bytes',
    () => Uint8Array.from({ length: 2_000 }, (_, i) => (i * 7_919) % 251),
    200,
    [-32700],
  ],
  ['10,000 levels', () => '['.repeat(10_000), 200, [-32600]],
  ['10,000 levels of params', () => `{"a":${'{"a":'.repeat(10_000)}`, 200, [-32600]],
  ['wrong types', () => JSON.stringify(call('eth_getBalance', [{ a: [1] }, -1])), 200, [-32602]],
  ['no call', () => '[1,"x",null]', 200, [-32600, -32600, -32600]],
  ['an empty batch', () => '[]', 200, [-32600]],
  ['a batch too many', () => JSON.stringify(Array.from({ length: 1_001 }, spin)), 200, [-32600]],
  ['a body too large', () => `"${'x'.repeat(5 * 1024 * 1024)}"`, 413, [-32600]],
  [
    'a range of logs beyond the head',
    () => JSON.stringify(call('eth_getLogs', [{ fromBlock: '0x0', toBlock: '0xffffff' }])),
    200,
    [-32602],
  ],
  [
    'logs of the whole chain',
    () => JSON.stringify(call('eth_getLogs', [{ fromBlock: 'earliest', toBlock: 'latest' }])),
    200,
    [undefined],
  ],
])('%s', async (_what, body, status, codes) => {
  expect(await post(body())).toEqual({ status, codes })
})

test('endless calls are ended, more than wait in line are refused, and blocks go on meanwhile', async () => {
  const batches = Array.from({ length: 70 }, () =>
    post(JSON.stringify(Array.from({ length: 16 }, (_, id) => spin(id)))),
  )
  const single = post(JSON.stringify(dear()))
  await blocksGoOn()
  const codes = (await Promise.all([...batches, single])).flatMap((answer) => answer.codes)
  // Out of gas or out of time: -32000. Not even in line: -32005.
  expect(new Set(codes)).toEqual(new Set([-32000, -32005]))
  expect((await post(JSON.stringify(call('eth_chainId', [])))).codes).toEqual([undefined])
}, 120_000)

test('clients that never finish a request hold nobody up', async () => {
  const sockets = Array.from({ length: 100 }, () => {
    const socket = connect(Number(url.port), url.hostname)
    socket.on('error', () => undefined)
    const head = 'Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{'
    socket.write(`POST / HTTP/1.1\r\nHost: ${url.host}\r\n${head}`)
    return socket
  })
  try {
    await blocksGoOn()
    expect((await post(JSON.stringify(call('eth_blockNumber', [])))).codes).toEqual([undefined])
  } finally {
    for (const socket of sockets) socket.destroy()
  }
}, 60_000)
