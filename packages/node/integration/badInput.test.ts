// What hostile clients send to the RPC port: each gets its code in bounded time, memory is given back, and blocks go on.
// How evenly they go on is measured by `pnpm bench rpc.attack`.
import { createRequire } from 'node:module'
import { connect } from 'node:net'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { signTransaction } from '@openliquid/evm/testing'
import { bytesToHex, hexToBytes } from '@openliquid/primitives'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { createNode, DEV_ACCOUNTS, type OpenLiquidNode } from '../src/index.ts'

// The RPC package owns the library.
const { WebSocket } = createRequire(new URL('../../rpc/package.json', import.meta.url))('ws')
setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

/** The node's own time-outs and a slow machine: what is not answered after that hangs. */
const ANSWER_MS_MAX = 30_000
/** Memory that a line may leave behind, for caches that it fills. */
const KEPT_MIB_MAX = 48

let node: OpenLiquidNode
let url: URL
const shown: string[] = []
beforeAll(async () => {
  node = await createNode({ settings: { 'log.level': 'error' } })
  await node.start()
  url = new URL(node.rpcUrl!)
}, 60_000)
afterAll(async () => {
  console.log(shown.join('\n'))
  await node?.stop()
})

const heapMiB = (): number => {
  collectGarbage()
  const { heapUsed, external } = process.memoryUsage()
  return (heapUsed + external) / 2 ** 20
}

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
const spinning = { [BUSY]: { code: '0x5b5f56' } }
/** Takes 1 MiB of memory and loops: a trace of its memory would take 100 GiB. */
const HOARD = { [BUSY]: { code: '0x620fffe0515b600556' } }
const traced = (
  options: object,
  stateOverrides: object = spinning,
  gas: number = 50_000_000,
): object =>
  call('debug_traceCall', [
    { to: BUSY, gas: `0x${gas.toString(16)}` },
    'latest',
    { ...options, stateOverrides },
  ])
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

/** A line of the table: what is sent, and the HTTP status and JSON-RPC codes that come back. */
type Line = readonly [
  what: string,
  body: () => string | Uint8Array,
  status: number,
  codes: readonly (number | undefined)[],
]
const text = (value: unknown) => () => JSON.stringify(value)
const LINES: readonly Line[] = [
  [
    'random bytes',
    () => Uint8Array.from({ length: 2_000 }, (_, i) => (i * 7_919) % 251),
    200,
    [-32700],
  ],
  ['10,000 levels', () => '['.repeat(10_000), 200, [-32600]],
  ['10,000 levels of params', () => `{"a":${'{"a":'.repeat(10_000)}`, 200, [-32600]],
  ['wrong types', text(call('eth_getBalance', [{ a: [1] }, -1])), 200, [-32602]],
  ['no call', () => '[1,"x",null]', 200, [-32600, -32600, -32600]],
  ['an empty batch', () => '[]', 200, [-32600]],
  ['a batch too many', () => JSON.stringify(Array.from({ length: 1_001 }, spin)), 200, [-32600]],
  ['a batch of 2.6 million', () => `[${'1,'.repeat(2_600_000)}1]`, 200, [-32600]],
  ['a call of 2.6 million values', () => `{"a":[${'1,'.repeat(2_600_000)}1]}`, 200, [-32600]],
  ['a body too large', () => `"${'x'.repeat(5 * 1024 * 1024)}"`, 413, [-32600]],
  [
    'a range of logs beyond the head',
    text(call('eth_getLogs', [{ fromBlock: '0x0', toBlock: '0xffffff' }])),
    200,
    [-32602],
  ],
  [
    'logs of the whole chain',
    text(call('eth_getLogs', [{ fromBlock: 'earliest', toBlock: 'latest' }])),
    200,
    [undefined],
  ],
  ['an endless call', text(spin()), 200, [-32000]],
  ['a call of dear instructions', () => JSON.stringify(dear()), 200, [-32000]],
  ['an endless estimate', text({ ...spin(), method: 'eth_estimateGas' }), 200, [-32000]],
  [
    'an endless simulation',
    text(
      call('eth_simulateV1', [
        { blockStateCalls: [{ stateOverrides: spinning, calls: [{ to: BUSY }] }] },
      ]),
    ),
    200,
    [undefined],
  ],
  ['an endless trace of messages', text(traced({ tracer: 'callTracer' })), 200, [-32000]],
  [
    'an endless trace of accounts, to the end of its gas',
    text(traced({ tracer: 'prestateTracer' }, spinning, 1_000_000)),
    200,
    [undefined],
  ],
  ['an endless trace of steps', text(traced({})), 200, [-32000]],
  ['a trace of steps with much memory', text(traced({ enableMemory: true }, HOARD)), 200, [-32000]],
]

test.each(LINES)('%s', { timeout: 60_000 }, async (what, body, status, codes) => {
  const sent = body()
  const before = heapMiB()
  const startMs = performance.now()
  const answer = await post(sent)
  const tookMs = performance.now() - startMs
  const keptMiB = heapMiB() - before
  shown.push(
    `${what}: ${answer.status} ${answer.codes.map((code) => code ?? 'result').join(' ')}, ${tookMs.toFixed(0)} ms, keeps ${keptMiB.toFixed(0)} MiB`,
  )
  expect(answer).toEqual({ status, codes })
  expect(tookMs).toBeLessThan(ANSWER_MS_MAX)
  expect(keptMiB).toBeLessThan(KEPT_MIB_MAX)
})

test('blocks go on while a trace has no end', async () => {
  const endless = post(JSON.stringify(traced({ tracer: 'callTracer' })))
  const turns: number[] = []
  let isOver = false
  void endless.then(() => {
    isOver = true
  })
  while (!isOver) {
    turns.push(performance.now())
    await new Promise((resolve) => setImmediate(resolve))
  }
  // Without a turn in between the loop would stand still for all of it.
  expect(turns.length).toBeGreaterThan(20)
  expect((await endless).codes).toEqual([-32000])
}, 60_000)

test('10,000 subscriptions: no more on one socket, no more sockets, and each is told of a block once', async () => {
  const SOCKETS = 100
  const before = heapMiB()
  const sockets: InstanceType<typeof WebSocket>[] = []
  let pushed = 0
  const refusals: number[] = []
  const open = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const socket = new WebSocket(url.href.replace('http', 'ws'))
      sockets.push(socket)
      let answered = 0
      socket.on('error', reject)
      socket.on('open', () => {
        for (let id = 0; id <= 100; id++) {
          socket.send(JSON.stringify(call('eth_subscribe', ['newHeads'], id)))
        }
      })
      socket.on('message', (message: Buffer) => {
        const { error, method } = JSON.parse(String(message))
        if (method === 'eth_subscription') pushed += 1
        else if (++answered > 100) resolve()
        if (error !== undefined) refusals.push(error.code)
      })
    })
  try {
    for (let n = 0; n < SOCKETS; n++) await open()
    expect(refusals).toEqual(Array(SOCKETS).fill(-32005))
    await expect(open()).rejects.toThrow('503')
    const raw = signTransaction(
      { chainId: 1_998, nonce: 0, gasLimit: 21_000n, to: hexToBytes(BUSY), value: 1n },
      hexToBytes(DEV_ACCOUNTS[0]!.privateKey),
    )
    const sent = await post(JSON.stringify(call('eth_sendRawTransactionSync', [bytesToHex(raw)])))
    expect(sent.codes).toEqual([undefined])
    await vi.waitFor(() => expect(pushed).toBe(100 * SOCKETS), { timeout: 30_000 })
    await blocksGoOn()
  } finally {
    for (const socket of sockets) socket.terminate()
  }
  expect(pushed).toBe(100 * SOCKETS)
  const keptMiB = heapMiB() - before
  shown.push(`10,000 subscriptions: keep ${keptMiB.toFixed(0)} MiB after they have gone`)
  expect(keptMiB).toBeLessThan(KEPT_MIB_MAX)
}, 120_000)

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
