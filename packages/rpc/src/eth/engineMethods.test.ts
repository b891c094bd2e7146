// Methods that run or read the engine itself, over real blocks: past states, overrides, proofs, traces, sequences.
import { EvmFixture, FIXTURE_ADDRESSES } from '@openliquid/evm/testing'
import { bytesToHex, hexToBytes, keccak256, uintToBytes } from '@openliquid/primitives'
import { memoryStore } from '@openliquid/storage/testing'
import {
  type BlockTag,
  createPublicClient,
  type Hex,
  http,
  parseTransaction,
  serializeTransaction,
} from 'viem'
import { beforeAll, describe, expect, it } from 'vitest'
import { memoryChain } from '../../test/memoryChainView.ts'
import { call, type Json, startServer } from '../../test/testServer.ts'
import type { RpcServer, RpcServerOptions } from '../index.ts'

/** Without data returns slot 0; with data stores it there and logs nothing with LOG0. */
const RUNTIME = '36600c575f545f5260205ff35b5f355f555f5fa000'
const INIT = hexToBytes(`0x60158060095f395ff3${RUNTIME}`)
const LOOP = '0x5b5f56'
const REVERT = '0x5f5ffd'

const [alice, bob] = FIXTURE_ADDRESSES.map(bytesToHex) as [string, string]
const SHA256 = `0x${'2'.padStart(40, '0')}`
const IDENTITY = `0x${'4'.padStart(40, '0')}`
const SLOT_0 = `0x${'00'.repeat(32)}`
const word = (value: number): string => bytesToHex(uintToBytes(value, 32))

let fixture: EvmFixture
let contract: string
/** By block number. */
const hashes: string[] = ['']

beforeAll(async () => {
  fixture = await EvmFixture.create({ store: memoryStore() })
  const { receipts } = await fixture.block([
    fixture.transaction({ data: INIT, gasLimit: 200_000n }),
  ])
  contract = bytesToHex(receipts[0]!.contractAddress!)
  hashes.push(bytesToHex(receipts[0]!.transactionHash))
  for (let value = 2; value <= 4; value++) {
    const to = hexToBytes(contract)
    const data = uintToBytes(value, 32)
    const block = await fixture.block([
      fixture.transaction({ to, data, gasLimit: 100_000n }),
      fixture.transaction({ to: hexToBytes(bob), value: 5n, gasLimit: 21_000n }, 2),
    ])
    hashes.push(bytesToHex(block.receipts[0]!.transactionHash))
  }
})

async function serve(options: Partial<RpcServerOptions> = {}): Promise<RpcServer> {
  const { server } = await startServer(options, memoryChain({}, fixture.executor.view))
  return server
}

async function result(method: string, params: unknown): Promise<Json> {
  const answer = await call(await serve(), method, params)
  expect(answer.error).toBeUndefined()
  return answer.result
}

describe('past states', () => {
  it('are read by number, tag and hash', async () => {
    for (const number of [2, 3, 4]) {
      const block = `0x${number.toString(16)}`
      expect(await result('eth_getStorageAt', [contract, SLOT_0, block])).toBe(word(number))
      expect(await result('eth_call', [{ to: contract }, block])).toBe(word(number))
      expect(await result('eth_getTransactionCount', [alice, block])).toBe(block)
    }
    expect(await result('eth_getCode', [contract, 'earliest'])).toBe('0x')
    const { hash } = await result('eth_getBlockByNumber', ['0x3', false])
    expect(await result('eth_call', [{ to: contract }, { blockHash: hash }])).toBe(word(3))
    expect(await result('eth_getStorageValues', [{ [contract]: ['0x0', '0x1'] }, '0x2'])).toEqual({
      [contract]: [word(2), word(0)],
    })
  })
})

describe('overrides', () => {
  it('change accounts for one call', async () => {
    const from = `0x${'12'.repeat(20)}`
    const value = '0xde0b6b3a7640000'
    const overrides = { [from]: { balance: value }, [bob]: { code: `0x${RUNTIME}` } }
    expect(await result('eth_call', [{ from, to: bob, value }, 'latest', overrides])).toBe(word(0))
    const slots = { [contract]: { stateDiff: { [SLOT_0]: word(77) } } }
    expect(await result('eth_call', [{ to: contract }, 'latest', slots])).toBe(word(77))
    expect(await result('eth_call', [{ to: contract }])).toBe(word(4))
  })

  it('move a precompile for one call', async () => {
    const moves = { [IDENTITY]: { movePrecompileToAddress: bob } }
    expect(await result('eth_call', [{ to: bob, data: '0x0102' }, 'latest', moves])).toBe('0x0102')
    const params = [{ to: bob }, 'latest', { stateOverrides: moves }]
    const { error } = await call(await serve({ serveDebug: true }), 'debug_traceCall', params)
    expect([error.code, error.data.code]).toEqual([-32602, 'OL_EVM_OVERRIDE'])
  })

  it('change the block for one call', async () => {
    // NUMBER, TIMESTAMP, ADD.
    const code = { [bob]: { code: '0x4342015f5260205ff3' } }
    const block = { number: '0x10', time: '0x20' }
    expect(await result('eth_call', [{ to: bob }, 'latest', code, block])).toBe(word(0x30))
  })

  it.each([
    [{ [bob]: { code: '0x1' } }],
    [{ [bob]: { money: '0x1' } }],
    [{ '0x1': {} }],
    [{ [bob]: { state: {}, stateDiff: {} } }],
    [{ [bob]: { state: { '0x1': word(1) } } }],
    [[]],
  ])('that are none are refused: %j', async (overrides) => {
    const { error } = await call(await serve(), 'eth_call', [{ to: bob }, 'latest', overrides])
    expect([error.code, error.data.code]).toEqual([-32602, 'OL_RPC_PARAMS'])
  })
})

describe('a call that runs too long', () => {
  it('is stopped, and said so', async () => {
    const server = await serve({ limits: { callTimeoutMs: 1 } })
    const overrides = { [bob]: { code: LOOP } }
    const request = { to: bob, gas: '0x2faf080' }
    const { error } = await call(server, 'eth_call', [request, 'latest', overrides])
    expect(error).toEqual({
      code: -32000,
      message: 'execution aborted (timeout = 1ms)',
      data: { code: 'OL_RPC_TIMEOUT' },
    })
    expect((await call(server, 'eth_call', [{ to: contract }])).result).toBe(word(4))
  })
})

describe('eth_getProof', () => {
  it('has account and slots, with proofs that start at their roots', async () => {
    const proof = await result('eth_getProof', [contract, ['0x0', word(9)], 'latest'])
    const block = await result('eth_getBlockByNumber', ['latest', false])
    expect(proof).toMatchObject({
      address: contract,
      balance: '0x0',
      nonce: '0x1',
      codeHash: bytesToHex(keccak256(hexToBytes(`0x${RUNTIME}`))),
      storageProof: [
        { key: SLOT_0, value: '0x4' },
        { key: word(9), value: '0x0' },
      ],
    })
    const rootOf = (nodes: string[]): string => bytesToHex(keccak256(hexToBytes(nodes[0]!)))
    expect(rootOf(proof.accountProof)).toBe(block.stateRoot)
    expect(rootOf(proof.storageProof[0].proof)).toBe(proof.storageHash)
  })

  it('is of recent blocks too', async () => {
    const block = await result('eth_getBlockByNumber', ['0x3', false])
    const proof = await result('eth_getProof', [contract, ['0x0'], { blockHash: block.hash }])
    expect(bytesToHex(keccak256(hexToBytes(proof.accountProof[0])))).toBe(block.stateRoot)
    const value = await result('eth_getStorageAt', [contract, '0x0', '0x3'])
    expect(BigInt(proof.storageProof[0].value)).toBe(BigInt(value))
  })
})

describe('eth_createAccessList', () => {
  it('names what the call reaches', async () => {
    const list = await result('eth_createAccessList', [{ from: alice, to: contract }])
    expect(list.accessList).toEqual([{ address: contract, storageKeys: [SLOT_0] }])
    expect(list.gasUsed).toMatch(/^0x/)
    expect(list).not.toHaveProperty('error')
  })
})

describe('eth_simulateV1', () => {
  it('runs calls on top of each other', async () => {
    const blocks = [
      {
        blockOverrides: { time: '0x70000000' },
        calls: [{ from: alice, to: contract, input: word(9) }, { to: contract }],
      },
      { stateOverrides: { [bob]: { code: REVERT } }, calls: [{ to: contract }, { to: bob }] },
    ]
    const [first, second] = await result('eth_simulateV1', [{ blockStateCalls: blocks }, 'latest'])
    expect(first).toMatchObject({ number: '0x5', timestamp: '0x70000000' })
    expect(first.calls).toMatchObject([
      { status: '0x1', returnData: '0x', logs: [{ address: contract, topics: [], data: '0x' }] },
      { status: '0x1', returnData: word(9), logs: [] },
    ])
    expect(second.calls).toMatchObject([
      { status: '0x1', returnData: word(9) },
      { status: '0x0', error: { code: 3, message: 'execution reverted', data: '0x' } },
    ])
    expect(await result('eth_call', [{ to: contract }])).toBe(word(4))
  })

  it('fills the gap below a block with empty ones', async () => {
    const blockStateCalls = [{ blockOverrides: { number: '0x7' }, calls: [{ to: contract }] }]
    const blocks = await result('eth_simulateV1', [{ blockStateCalls }, 'latest'])
    expect(blocks).toMatchObject([
      { number: '0x5', calls: [] },
      { number: '0x6', calls: [] },
      { number: '0x7', calls: [{ status: '0x1' }] },
    ])
  })

  const poor = `0x${'99'.repeat(20)}`
  it.each([
    ['no blocks', [], -32602],
    ['too many blocks', Array(257).fill({}), -38026],
    ['a gap of too many blocks', [{ blockOverrides: { number: '0x200' } }], -38026],
    ['a block that is there', [{ blockOverrides: { number: '0x4' } }], -38020],
    [
      'numbers that fall',
      [{ blockOverrides: { number: '0x7' } }, { blockOverrides: { number: '0x6' } }],
      -38020,
    ],
    ['times that do not rise', [{ blockOverrides: { time: '0x1' } }], -38021],
    ['too little gas', [{ calls: [{ to: contract, gas: '0x5207' }] }], -38013],
    [
      'a precompile that moves to itself',
      [{ stateOverrides: { [SHA256]: { movePrecompileToAddress: SHA256 } } }],
      -38022,
    ],
    [
      'precompiles that move to one address',
      [
        {
          stateOverrides: {
            [SHA256]: { movePrecompileToAddress: bob },
            [IDENTITY]: { movePrecompileToAddress: bob },
          },
        },
      ],
      -38023,
    ],
    ['no funds', [{ calls: [{ from: poor, to: contract, value: '0x1' }] }], -38014],
    [
      'more gas than its block has',
      [{ blockOverrides: { gasLimit: '0xc350' }, calls: [{ to: contract, gas: '0xc351' }] }],
      -38015,
    ],
  ])('with %s is refused', async (_what, blockStateCalls, code) => {
    const { error } = await call(await serve(), 'eth_simulateV1', [{ blockStateCalls }, 'latest'])
    expect(error.code).toBe(code)
  })

  const fees = { maxFeePerGas: '0x77359400', maxPriorityFeePerGas: '0x1' }
  it.each([
    ['a used nonce', { nonce: '0x0', ...fees }, -38010, 'OL_RPC_SIMULATION_NONCE_LOW'],
    ['a later nonce', { nonce: '0xff', ...fees }, -38011, 'OL_RPC_SIMULATION_NONCE_HIGH'],
    ['no fee', {}, -38012, 'OL_RPC_SIMULATION_BASE_FEE'],
    ['too little gas', { gas: '0x1', ...fees }, -38013, 'OL_RPC_SIMULATION_GAS'],
    ['no funds', { from: poor, ...fees }, -38014, 'OL_RPC_SIMULATION_FUNDS'],
    ['too much gas', { gas: '0x1c9c381', ...fees }, -38015, 'OL_RPC_SIMULATION_BLOCK_GAS'],
    [
      'too much init code',
      { to: undefined, input: `0x${'00'.repeat(49_153)}`, ...fees },
      -38025,
      'OL_RPC_SIMULATION_INIT_CODE',
    ],
  ])('validates a call: with %s it is refused', async (_what, fields, code, name) => {
    const calls = [{ from: alice, to: bob, ...fields }]
    const options = { blockStateCalls: [{ calls }], validation: true }
    const { error } = await call(await serve(), 'eth_simulateV1', [options, 'latest'])
    expect([error.code, error.data.code]).toEqual([code, name])
  })

  it.each([
    ['a mode that is neither on nor off', { validation: 'yes' }, {}],
    ['blobs', {}, { type: '0x3' }],
    ['a type that has another price', {}, { type: '0x2', gasPrice: '0x1' }],
    ['a legacy type with fees', {}, { type: '0x0', maxFeePerGas: '0x1' }],
    ['a legacy type with an access list', {}, { type: '0x0', accessList: [] }],
    ['a tip above the fee', {}, { maxPriorityFeePerGas: '0x1' }],
    ['a nonce that cannot be used', {}, { nonce: '0xffffffffffffffff' }],
  ])('with %s is no simulation', async (_what, modes, fields) => {
    const options = { blockStateCalls: [{ calls: [{ to: bob, ...fields }] }], ...modes }
    const { error } = await call(await serve(), 'eth_simulateV1', [options, 'latest'])
    expect([error.code, error.data.code]).toEqual([-32602, 'OL_RPC_PARAMS'])
  })

  it('has whole blocks, each after the one before it', async () => {
    const head = await result('eth_getBlockByNumber', ['latest', true])
    const blockOverrides = { feeRecipient: bob, prevRandao: word(5), time: '0x70000000' }
    const calls = [{ from: alice, to: contract, input: word(9) }]
    const blocks = await result('eth_simulateV1', [
      { blockStateCalls: [{ blockOverrides, calls }, {}] },
      'latest',
    ])
    const [first, second] = blocks
    const { calls: results, ...block } = first
    expect(Object.keys(block)).toEqual(Object.keys(head))
    expect(block).toMatchObject({
      number: '0x5',
      parentHash: head.hash,
      miner: bob,
      mixHash: word(5),
      timestamp: '0x70000000',
      baseFeePerGas: '0x0',
      gasLimit: head.gasLimit,
      withdrawals: [],
      uncles: [],
    })
    expect(block.stateRoot).not.toBe(head.stateRoot)
    expect(second).toMatchObject({ parentHash: first.hash, stateRoot: first.stateRoot, calls: [] })
    const [transactionHash] = block.transactions
    expect(results[0].logs[0]).toEqual({
      address: contract,
      topics: [],
      data: '0x',
      blockNumber: '0x5',
      blockHash: block.hash,
      blockTimestamp: '0x70000000',
      transactionHash,
      transactionIndex: '0x0',
      logIndex: '0x0',
      removed: false,
    })
    expect(BigInt(results[0].maxUsedGas)).toBeGreaterThanOrEqual(BigInt(results[0].gasUsed))
  })

  it('has whole transactions, with hashes as if zeros had signed them', async () => {
    const calls = [
      { from: alice, to: bob, value: '0x1' },
      { from: alice, to: bob, gasPrice: '0x2' },
      {
        from: alice,
        to: bob,
        gasPrice: '0x2',
        accessList: [{ address: bob, storageKeys: [SLOT_0] }],
      },
    ]
    const options = { blockStateCalls: [{ calls }], returnFullTransactions: true }
    const [{ transactions, hash }] = await result('eth_simulateV1', [options])
    expect(transactions).toMatchObject([
      { type: '0x2', from: alice, to: bob, value: '0x1', nonce: '0x4', gasPrice: '0x0', r: '0x0' },
      { type: '0x0', from: alice, nonce: '0x5', gasPrice: '0x2', v: '0x0' },
      { type: '0x1', from: alice, nonce: '0x6', blockHash: hash, transactionIndex: '0x2' },
    ])
    const bytes = serializeTransaction(
      {
        type: 'eip1559',
        chainId: 1_998,
        nonce: 4,
        gas: BigInt(transactions[0].gas),
        to: bob as Hex,
        value: 1n,
      },
      { r: '0x', s: '0x', yParity: 0 },
    )
    expect(transactions[0].hash).toBe(bytesToHex(keccak256(hexToBytes(bytes))))
  })

  it('tells of transfers as logs', async () => {
    const calls = [{ from: alice, to: bob, value: '0x7' }]
    const options = { blockStateCalls: [{ calls }], traceTransfers: true }
    const [block] = await result('eth_simulateV1', [options])
    const padded = (address: string): string => `0x${address.slice(2).padStart(64, '0')}`
    expect(block.calls[0].logs).toMatchObject([
      {
        address: `0x${'ee'.repeat(20)}`,
        topics: [
          '0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef',
          padded(alice),
          padded(bob),
        ],
        data: word(7),
        blockHash: block.hash,
      },
    ])
    expect(block.logsBloom).toBe(`0x${'00'.repeat(256)}`)
  })
})

describe('debug', () => {
  it('traces messages, single steps, accounts and selectors', async () => {
    const [, , hash] = hashes
    const trace = (options?: unknown): Promise<Json> =>
      result('debug_traceTransaction', options === undefined ? [hash] : [hash, options])
    expect(await trace({ tracer: 'callTracer', tracerConfig: { withLog: true } })).toMatchObject({
      type: 'CALL',
      from: alice,
      to: contract,
      input: word(2),
      value: '0x0',
      gas: '0x186a0',
      logs: [{ address: contract, topics: [], data: '0x', position: '0x0' }],
    })
    const steps = await trace()
    expect(steps).toMatchObject({ failed: false, returnValue: '0x' })
    expect(steps.structLogs[0]).toMatchObject({ pc: 0, op: 'CALLDATASIZE', depth: 1, stack: [] })
    expect(steps.structLogs.at(-1)).toMatchObject({ op: 'STOP' })
    const prestate = await trace({ tracer: 'prestateTracer' })
    expect(prestate[alice]).toMatchObject({ nonce: 1 })
    expect(prestate[contract]).toMatchObject({ code: `0x${RUNTIME}` })
    const diff = await trace({ tracer: 'prestateTracer', tracerConfig: { diffMode: true } })
    expect(diff.post[contract].storage).toEqual({ [SLOT_0]: word(2) })
    expect(await trace({ tracer: '4byteTracer' })).toEqual({ '0x00000000-28': 1 })
    expect(await trace({ tracer: 'noopTracer' })).toEqual({})
  })

  it('traces blocks and calls', async () => {
    const options = { tracer: 'callTracer' }
    const block = await result('debug_traceBlockByNumber', ['0x3', options])
    expect(block.map(({ txHash }: Json) => txHash)[0]).toBe(hashes[3])
    expect(block[1].result).toMatchObject({ type: 'CALL', to: bob, value: '0x5' })
    const overrides = { stateOverrides: { [bob]: { code: REVERT } } }
    const failed = await result('debug_traceCall', [
      { to: bob },
      'latest',
      { ...options, ...overrides },
    ])
    expect(failed).toMatchObject({ type: 'CALL', error: 'execution reverted' })
  })

  it('gives blocks, headers, receipts and transactions as they are hashed', async () => {
    const block = await result('eth_getBlockByNumber', ['0x2', false])
    const header = await result('debug_getRawHeader', ['0x2'])
    expect(bytesToHex(keccak256(hexToBytes(header)))).toBe(block.hash)
    const raw = await result('debug_getRawBlock', ['0x2'])
    expect((raw.length - 2) / 2).toBe(Number(block.size))
    expect(raw).toContain(header.slice(2))
    const transaction = await result('debug_getRawTransaction', [hashes[2]])
    expect(bytesToHex(keccak256(hexToBytes(transaction)))).toBe(hashes[2])
    expect(parseTransaction(transaction).to).toBe(contract)
    const [receipt] = await result('debug_getRawReceipts', ['0x2'])
    const { logsBloom } = await result('eth_getTransactionReceipt', [hashes[2]])
    expect(receipt).toContain(logsBloom.slice(2))
  })

  it.each([
    ['debug_traceTransaction', [hashOfNobody(), {}], -32000, 'OL_RPC_BLOCK_UNKNOWN'],
    ['debug_traceTransaction', [hashOfNobody(), { tracer: '{}' }], -32602, 'OL_RPC_PARAMS'],
    ['debug_traceBlockByNumber', ['0x99', {}], -32000, 'OL_RPC_BLOCK_UNKNOWN'],
    ['debug_getRawHeader', ['0x99'], -32000, 'OL_RPC_BLOCK_UNKNOWN'],
    ['trace_call', [{}, ['vmTrace']], -32602, 'OL_RPC_PARAMS'],
    ['trace_filter', [{ fromBlock: '0x3', toBlock: '0x2' }], -32602, 'OL_RPC_PARAMS'],
  ])('%s of %j is refused', async (method, params, code, name) => {
    const { error } = await call(await serve(), method, params)
    expect([error.code, error.data.code]).toEqual([code, name])
  })

  it('is not served when it is switched off', async () => {
    const server = await serve({ serveDebug: false })
    for (const method of ['debug_traceTransaction', 'trace_block']) {
      expect((await call(server, method, [hashes[1]])).error.data.code).toBe(
        'OL_RPC_METHOD_UNSUPPORTED',
      )
    }
  })
})

function hashOfNobody(): string {
  return `0x${'77'.repeat(32)}`
}

describe('trace', () => {
  it('tells the messages of a transaction one after the other', async () => {
    const [creation] = await result('trace_transaction', [hashes[1]])
    expect(creation).toMatchObject({
      type: 'create',
      action: { from: alice, init: bytesToHex(INIT) },
      result: { address: contract, code: `0x${RUNTIME}` },
      subtraces: 0,
      traceAddress: [],
      blockNumber: 1,
      transactionHash: hashes[1],
      transactionPosition: 0,
    })
    const overrides = await result('trace_call', [{ from: alice, to: contract }, ['trace']])
    expect(overrides).toMatchObject({
      output: word(4),
      stateDiff: null,
      vmTrace: null,
      trace: [{ type: 'call', action: { callType: 'call', to: contract }, traceAddress: [] }],
    })
    const block = await result('trace_block', ['0x2'])
    expect(block.map(({ transactionPosition }: Json) => transactionPosition)).toEqual([0, 1])
    const replayed = await result('trace_replayBlockTransactions', ['0x2', ['trace']])
    expect(replayed[0].transactionHash).toBe(hashes[2])
    const range = { fromBlock: '0x1', toBlock: '0x4', toAddress: [bob] }
    const found = await result('trace_filter', [range])
    expect(found.map(({ blockNumber }: Json) => blockNumber)).toEqual([2, 3, 4])
    expect(await result('trace_filter', [{ ...range, after: 1, count: 1 }])).toEqual([found[1]])
  })
})

describe('storage ranges', () => {
  const hashOfSlot0 = bytesToHex(keccak256(new Uint8Array(32)))
  const rangeAt = (block: string, index: number, start = SLOT_0, limit = 10): Promise<Json> =>
    result('debug_storageRangeAt', [block, index, contract, start, limit])

  it('are of the state before a transaction of a block', async () => {
    const slot0 = (value: number): Json => ({
      storage: { [hashOfSlot0]: { key: SLOT_0, value: word(value) } },
      nextKey: null,
    })
    const empty = { storage: {}, nextKey: null }
    // Block 2 stores 2 with its first transaction, and so on; the second one only pays.
    expect(await rangeAt('0x2', 0)).toEqual(empty)
    expect(await rangeAt('0x2', 1)).toEqual(slot0(2))
    expect(await rangeAt('0x3', 0)).toEqual(slot0(2))
    expect(await rangeAt('0x4', 2)).toEqual(slot0(4))
    const { hash } = await result('eth_getBlockByNumber', ['0x3', false])
    expect(await rangeAt(hash, 1)).toEqual(slot0(3))
    expect(await rangeAt('0x4', 2, bytesToHex(uintToBytes(2n ** 256n - 1n, 32)))).toEqual(empty)
  })

  it('go on where the last one ended', async () => {
    const chain = await EvmFixture.create({ store: memoryStore() })
    // PUSH0 SLOAD ... stores 1 to 9 in slots 1 to 9, and zero in slot 3 again.
    const stores = [1, 2, 3, 4, 5, 6, 7, 8, 9].map((n) =>
      `60${n}0`.replace(/(.)0$/, '0$1').repeat(2),
    )
    const code = hexToBytes(`0x${stores.map((pushes) => `${pushes}55`).join('')}5f60035500`)
    const { receipts } = await chain.block([chain.transaction({ data: code, gasLimit: 900_000n })])
    const address = bytesToHex(receipts[0]!.contractAddress!)
    const { server } = await startServer({}, memoryChain({}, chain.executor.view))
    const seen: Json[] = []
    let start: string | null = SLOT_0
    while (start !== null) {
      const { result: page }: Json = await call(server, 'debug_storageRangeAt', [
        'latest',
        1,
        address,
        start,
        3,
      ])
      expect(Object.keys(page.storage).length).toBeLessThanOrEqual(3)
      seen.push(...Object.entries(page.storage))
      start = page.nextKey
    }
    const expected = [1, 2, 4, 5, 6, 7, 8, 9]
      .map((n) => [bytesToHex(keccak256(uintToBytes(n, 32))), { key: word(n), value: word(n) }])
      .sort(([a], [b]) => (a! < b! ? -1 : 1))
    expect(seen).toEqual(expected)
  })
})

describe('look-ups', () => {
  it('find a transaction by sender and nonce, mined or not', async () => {
    for (const [nonce, hash] of hashes.slice(1).entries()) {
      const found = await result('eth_getTransactionBySenderAndNonce', [alice, `0x${nonce}`])
      expect(found.hash).toBe(hash)
    }
    expect(await result('eth_getTransactionBySenderAndNonce', [alice, '0x4'])).toBeNull()
    // The nonce of a contract never signed anything.
    expect(await result('eth_getTransactionBySenderAndNonce', [contract, '0x0'])).toBeNull()
  })

  it('find code by its hash', async () => {
    const codeHash = bytesToHex(keccak256(hexToBytes(`0x${RUNTIME}`)))
    expect(await result('debug_codeByHash', [codeHash])).toBe(`0x${RUNTIME}`)
    expect(await result('debug_codeByHash', [hashOfNobody()])).toBeNull()
  })

  it('tell what the chain is and what is kept of it', async () => {
    const { current, next, last } = await result('eth_config', [])
    expect({ next, last }).toEqual({ next: null, last: null })
    expect(current).toMatchObject({ chainId: '0x7ce', blobSchedule: null, activationTime: 0 })
    expect(current.forkId).toMatch(/^0x[0-9a-f]{8}$/)
    expect(current.precompiles.ECREC).toBe(`0x${'00'.repeat(19)}01`)
    const head = await result('eth_getBlockByNumber', ['latest', false])
    const capabilities = await result('eth_capabilities', [])
    expect(capabilities).toMatchObject({
      head: { number: head.number, hash: head.hash },
      state: {
        disabled: false,
        oldestBlock: '0x0',
        deleteStrategy: { type: 'window', retentionBlocks: 128 },
      },
      stateproofs: { disabled: false, oldestBlock: '0x0' },
      blocks: { disabled: false, oldestBlock: '0x0' },
    })
  })
})

it('viem reads proofs, simulations and access lists', async () => {
  const server = await serve()
  const client = createPublicClient({ transport: http(server.url) })
  const address = contract as `0x${string}`
  const blockTag: BlockTag = 'latest'
  const proof = await client.getProof({
    address,
    storageKeys: [word(0) as `0x${string}`],
    blockTag,
  })
  expect(proof.storageProof[0]?.value).toBe(4n)
  const { accessList } = await client.createAccessList({ to: address })
  expect(accessList[0]?.storageKeys).toEqual([SLOT_0])
  const account = alice as Hex
  const [block] = await client.simulateBlocks({
    blocks: [{ calls: [{ to: address }, { account, to: bob as Hex, value: 3n }] }],
    traceTransfers: true,
    returnFullTransactions: true,
  })
  expect(block?.calls[0]).toMatchObject({ status: 'success', data: word(4) })
  expect(block?.calls[1]?.logs?.[0]).toMatchObject({ blockHash: block?.hash, data: word(3) })
  expect(block).toMatchObject({ number: 5n, transactions: [{ type: 'eip1559' }, { value: 3n }] })
  const simulated = await client.simulateCalls({
    account,
    calls: [{ to: bob as Hex, value: 3n }],
    traceAssetChanges: true,
  })
  expect(simulated.results).toMatchObject([{ status: 'success', gasUsed: 21_000n }])
  expect(simulated.assetChanges).toMatchObject([{ value: { diff: -3n } }])
})
