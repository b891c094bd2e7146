// The exact encodings of the Ethereum methods, and what they say when asked wrongly.
import { signTransaction } from '@openliquid/evm/testing'
import { MempoolError } from '@openliquid/execution'
import { bytesToHex, hexToBytes } from '@openliquid/primitives'
import { describe, expect, it } from 'vitest'
import { hashOf, memoryChain } from '../../test/memoryChainView.ts'
import { call, type Json, startServer } from '../../test/testServer.ts'
import { RECEIPT_HOLD_MS } from '../limits.ts'

const ADDRESS = `0x${'ab'.repeat(20)}`
const SLOT = `0x${'00'.repeat(31)}01`
const BLOCK_0 = bytesToHex(hashOf(1_000n))
const BLOCK_1 = bytesToHex(hashOf(1_001n))
const UNKNOWN = bytesToHex(hashOf(77n))

describe('plain answers', () => {
  it.each([
    [
      'web3_sha3',
      ['0x68656c6c6f20776f726c64'],
      '0x47173285a8d7341e5e972fc677286384f802f8ef42a5ec5f03bbfa254cb01fad',
    ],
    ['web3_clientVersion', [], 'OpenLiquid/0.1.0'],
    ['net_version', [], '1998'],
    ['net_listening', [], true],
    ['net_peerCount', [], '0x0'],
    ['eth_chainId', [], '0x7ce'],
    ['eth_syncing', [], false],
    ['eth_accounts', [], []],
    ['eth_coinbase', [], `0x${'00'.repeat(20)}`],
    ['eth_blockNumber', [], '0x0'],
    ['eth_gasPrice', [], '0x3b9aca00'],
    ['eth_bigBlockGasPrice', [], '0x3b9aca00'],
    ['eth_usingBigBlocks', [ADDRESS], false],
    ['eth_maxPriorityFeePerGas', [], '0x0'],
    ['eth_blobBaseFee', [], '0x1'],
    ['eth_getBalance', [ADDRESS, 'latest'], '0xde0b6b3a7640000'],
    ['eth_getBalance', [ADDRESS], '0xde0b6b3a7640000'],
    ['eth_getBalance', [ADDRESS, { blockHash: BLOCK_0 }], '0xde0b6b3a7640000'],
    ['eth_getTransactionCount', [ADDRESS, 'pending'], '0x0'],
    ['eth_getCode', [ADDRESS, '0x0'], '0x'],
    ['eth_getCode', [`0x${'cc'.repeat(20)}`, 'finalized'], '0x6000'],
    ['eth_getStorageAt', [ADDRESS, '0x1', 'safe'], SLOT],
    ['eth_getStorageAt', [ADDRESS, SLOT, 'latest'], SLOT],
    ['eth_call', [{ to: ADDRESS }, 'latest'], `0x${'00'.repeat(32)}`],
    ['eth_call', [{ to: ADDRESS }, 'latest', {}], `0x${'00'.repeat(32)}`],
    ['eth_estimateGas', [{ to: ADDRESS }], '0x5208'],
    ['eth_getBlockByNumber', ['0x99', false], null],
    ['eth_getBlockByHash', [UNKNOWN, true], null],
    ['eth_getBlockReceipts', ['0x99'], null],
    ['eth_getBlockReceipts', ['latest'], []],
    ['eth_getBlockTransactionCountByNumber', ['latest'], '0x0'],
    ['eth_getBlockTransactionCountByHash', [UNKNOWN], null],
    ['eth_getUncleCountByBlockNumber', ['latest'], '0x0'],
    ['eth_getUncleByBlockHashAndIndex', [BLOCK_0, '0x0'], null],
    ['eth_getTransactionByHash', [UNKNOWN], null],
    ['eth_getTransactionByBlockNumberAndIndex', ['0x0', '0x0'], null],
    ['eth_getTransactionReceipt', [UNKNOWN], null],
    ['eth_getRawTransactionByHash', [UNKNOWN], '0x'],
    ['eth_getLogs', [{}], []],
    ['eth_getLogs', [{ blockHash: BLOCK_0 }], []],
    ['eth_uninstallFilter', ['0x1'], false],
    ['txpool_status', [], { pending: '0x0', queued: '0x0' }],
    ['txpool_content', [], { pending: {}, queued: {} }],
    ['txpool_contentFrom', [ADDRESS], { pending: {}, queued: {} }],
  ])('%s of %j is %j', async (method, params, result) => {
    const { server } = await startServer({}, memoryChain({ [ADDRESS]: 10n ** 18n }))
    expect(await call(server, method, params)).toEqual({ jsonrpc: '2.0', id: 1, result })
  })

  it('a block has every field of Cancun, and empty lists of uncles and withdrawals', async () => {
    const { server } = await startServer()
    const { result } = await call(server, 'eth_getBlockByNumber', ['latest', false])
    expect(result).toMatchObject({
      number: '0x0',
      hash: BLOCK_0,
      size: '0x258',
      difficulty: '0x0',
      baseFeePerGas: '0x3b9aca00',
      nonce: '0x0000000000000000',
      mixHash: `0x${'00'.repeat(32)}`,
      miner: `0x${'00'.repeat(20)}`,
      extraData: '0x',
      logsBloom: `0x${'00'.repeat(256)}`,
      blobGasUsed: '0x0',
      excessBlobGas: '0x0',
      transactions: [],
      uncles: [],
      withdrawals: [],
    })
    const header = (await call(server, 'eth_getHeaderByNumber', ['latest'])).result
    expect(result).toMatchObject(header)
    expect(header).not.toHaveProperty('transactions')
  })
})

describe('wrong questions', () => {
  it.each([
    ['eth_getBalance', [], -32602, 'OL_RPC_PARAMS'],
    ['eth_getBalance', ['0x1'], -32602, 'OL_RPC_PARAMS'],
    ['eth_getBalance', [ADDRESS, 'latest', 1], -32602, 'OL_RPC_PARAMS'],
    ['eth_getBalance', [ADDRESS, '0x1'], -32000, 'OL_RPC_BLOCK_UNKNOWN'],
    ['eth_getBalance', [ADDRESS, { blockHash: UNKNOWN }], -32000, 'OL_RPC_BLOCK_UNKNOWN'],
    ['eth_chainId', [1], -32602, 'OL_RPC_PARAMS'],
    ['eth_call', [{}, 'latest', { [ADDRESS]: { x: '0x1' } }], -32602, 'OL_RPC_PARAMS'],
    ['eth_getBlockByNumber', ['latest', 'yes'], -32602, 'OL_RPC_PARAMS'],
    ['eth_getTransactionByHash', ['0x12'], -32602, 'OL_RPC_PARAMS'],
    ['eth_sendRawTransaction', ['0x1'], -32602, 'OL_RPC_PARAMS'],
    ['eth_sendRawTransaction', ['0x'], -32000, 'OL_MEMPOOL_MALFORMED'],
    ['eth_feeHistory', [1, '0x99'], -32000, 'OL_RPC_BLOCK_UNKNOWN'],
    ['eth_feeHistory', [1, 'latest', [50, 25]], -32602, 'OL_RPC_PARAMS'],
    ['eth_feeHistory', [1, 'latest', [101]], -32602, 'OL_RPC_PARAMS'],
    ['eth_getLogs', [], -32602, 'OL_RPC_PARAMS'],
    ['eth_getLogs', [{ fromBlock: '0x1' }], -32602, 'OL_RPC_PARAMS'],
    ['eth_getLogs', [{ toBlock: '0x1' }], -32602, 'OL_RPC_PARAMS'],
    ['eth_getLogs', [{ blockHash: BLOCK_0, fromBlock: '0x0' }], -32602, 'OL_RPC_PARAMS'],
    ['eth_getLogs', [{ blockHash: UNKNOWN }], -32000, 'OL_RPC_BLOCK_UNKNOWN'],
    ['eth_getLogs', [{ topics: [null, null, null, null, null] }], -32602, 'OL_RPC_PARAMS'],
    ['eth_getLogs', [{ topics: ['0x1'] }], -32602, 'OL_RPC_PARAMS'],
    ['eth_getLogs', [{ address: ['0x1'] }], -32602, 'OL_RPC_PARAMS'],
    ['eth_getFilterChanges', ['0x1'], -32000, 'OL_RPC_FILTER_UNKNOWN'],
    ['eth_subscribe', ['newHeads'], -32601, 'OL_RPC_SUBSCRIPTION_UNSUPPORTED'],
    ['eth_config', [1], -32602, 'OL_RPC_PARAMS'],
    ['eth_getTransactionBySenderAndNonce', [ADDRESS], -32602, 'OL_RPC_PARAMS'],
    ['eth_nonsense', [], -32601, 'OL_RPC_METHOD_UNKNOWN'],
  ])('%s of %j get %i %s', async (method, params, code, dataCode) => {
    const { server } = await startServer()
    const { error } = await call(server, method, params)
    expect(error).toMatchObject({ code, data: { code: dataCode } })
  })

  it('states of old blocks are not answered with the newest state', async () => {
    const { server, chain } = await startServer()
    chain.mine([])
    const { error } = await call(server, 'eth_getBalance', [ADDRESS, '0x0'])
    expect(error).toMatchObject({ code: -32000, data: { code: 'OL_RPC_STATE_UNAVAILABLE' } })
    expect((await call(server, 'eth_getBalance', [ADDRESS, BLOCK_1])).result).toBe('0x0')
  })

  it('a range of too many blocks is told the range that fits', async () => {
    const { server, chain } = await startServer({ limits: { logBlocksMax: 2 } })
    for (let i = 0; i < 3; i++) chain.mine([])
    const range = (fromBlock: string, toBlock: string): Promise<Json> =>
      call(server, 'eth_getLogs', [{ fromBlock, toBlock }])
    expect((await range('0x1', '0x2')).result).toEqual([])
    const { error } = await range('0x1', '0x3')
    expect(error).toMatchObject({ code: -32005, data: { code: 'OL_RPC_RANGE' } })
    expect(error.message).toContain('1 to 2')
  })

  it('a mempool rejection keeps its words and its code', async () => {
    const { server, chain } = await startServer()
    chain.rejection = new MempoolError('nonce too low', {
      code: 'OL_MEMPOOL_NONCE_TOO_LOW',
      nonce: 0n,
      expected: 1n,
    })
    expect((await call(server, 'eth_sendRawTransaction', ['0x01'])).error).toEqual({
      code: -32000,
      message: 'nonce too low',
      data: { code: 'OL_MEMPOOL_NONCE_TOO_LOW' },
    })
  })
})

describe('calls that fail', () => {
  it.each([
    ['reverted without data', '0x', 'execution reverted'],
    ['a panic', `0x4e487b71${'00'.repeat(31)}11`, 'execution reverted: panic code 0x11'],
    [
      'an error text that lies about its size',
      `0x08c379a0${'00'.repeat(31)}20${'ff'.repeat(32)}`,
      'execution reverted',
    ],
  ])('%s', async (_, output, message) => {
    const { server, chain } = await startServer()
    chain.onCall = () => ({ status: 'reverted', output: hexToBytes(output), gasUsed: 1n })
    for (const method of ['eth_call', 'eth_estimateGas']) {
      const { error } = await call(server, method, [{ to: ADDRESS }])
      expect(error).toEqual({ code: 3, message, data: output })
    }
  })

  it('out of gas', async () => {
    const { server, chain } = await startServer()
    chain.onCall = () => ({ status: 'failed', reason: 'out of gas', gasUsed: 1n })
    expect((await call(server, 'eth_call', [{ to: ADDRESS }])).error).toEqual({
      code: -32000,
      message: 'out of gas',
      data: { code: 'OL_RPC_EXECUTION' },
    })
  })
})

describe('filters', () => {
  it('of logs tell each log once, from the next block on', async () => {
    const { server, chain } = await startServer({ limits: { logBlocksMax: 2 } })
    chain.mine([])
    const { result: id } = await call(server, 'eth_newFilter', [{ fromBlock: '0x0' }])
    const { result: blocks } = await call(server, 'eth_newBlockFilter')
    for (let i = 0; i < 3; i++) chain.mine([])
    expect((await call(server, 'eth_getFilterChanges', [id])).result).toEqual([])
    const hashes = (await call(server, 'eth_getFilterChanges', [blocks])).result
    expect(hashes).toHaveLength(3)
    expect((await call(server, 'eth_getFilterChanges', [blocks])).result).toEqual([])
    const { error } = await call(server, 'eth_getFilterLogs', [blocks])
    expect(error.code).toBe(-32602)
    expect((await call(server, 'eth_uninstallFilter', [id])).result).toBe(true)
    expect((await call(server, 'eth_getFilterChanges', [id])).error.message).toBe(
      'filter not found',
    )
  })
})

describe('the receipt of a transaction that waits', () => {
  async function waiting() {
    const key = new Uint8Array(32).fill(7)
    const raw = signTransaction({ chainId: 1_998, nonce: 0, gasLimit: 21_000n, value: 0n }, key)
    const chain = memoryChain({})
    chain.isStalled = true
    const { server } = await startServer({}, chain)
    const { result: hash } = await call(server, 'eth_sendRawTransaction', [bytesToHex(raw)])
    const pending = chain.view.pendingEvmTransaction(hexToBytes(hash))!
    return { server, chain, hash, pending }
  }

  it('is answered when it is mined', async () => {
    const { server, chain, hash, pending } = await waiting()
    const times: (number | undefined)[] = []
    Object.assign(chain.view, {
      waitForReceipt: async (_txId: Uint8Array, timeoutMs: number | undefined) => {
        times.push(timeoutMs)
        chain.mine([pending])
      },
    })
    const { result } = await call(server, 'eth_getTransactionReceipt', [hash])
    expect(result).toMatchObject({ transactionHash: hash, status: '0x1' })
    expect(times).toEqual([RECEIPT_HOLD_MS])
  })

  it('is null when it is not mined in time, and at once when nobody knows it', async () => {
    const { server, hash } = await waiting()
    expect((await call(server, 'eth_getTransactionReceipt', [hash])).result).toBeNull()
    expect((await call(server, 'eth_getTransactionReceipt', [UNKNOWN])).result).toBeNull()
  })
})

describe('eth_sendRawTransactionSync of a transaction that is not mined in time', () => {
  const key = new Uint8Array(32).fill(7)
  const raw = (nonce: number): string =>
    bytesToHex(signTransaction({ chainId: 1_998, nonce, gasLimit: 21_000n, value: 0n }, key))

  it('says so with code 4 and the hash, and with code 5 when a nonce is missing', async () => {
    const chain = memoryChain({})
    chain.isStalled = true
    const { server } = await startServer({}, chain)
    const late = (await call(server, 'eth_sendRawTransactionSync', [raw(0), 5])).error
    expect(late).toMatchObject({ code: 4, data: expect.stringMatching(/^0x[0-9a-f]{64}$/) })
    expect(chain.view.pendingEvmTransaction(hexToBytes(late.data))?.nonce).toBe(0n)
    const early = (await call(server, 'eth_sendRawTransactionSync', [raw(9), 5])).error
    expect(early).toMatchObject({ code: 5, data: expect.stringMatching(/^0x[0-9a-f]{64}$/) })
  })
})
