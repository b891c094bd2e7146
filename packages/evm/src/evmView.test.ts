import {
  bytesToUint,
  hexToBytes,
  keccak256,
  uintToBytes,
  utf8ToBytes,
} from '@openliquid/primitives'
import { memoryStore } from '@openliquid/storage/testing'
import { beforeAll, describe, expect, test } from 'vitest'
import { CALL_GAS_MAX } from './limits.ts'
import { EvmFixture, FIXTURE_ADDRESSES } from './testing/index.ts'
import { callData, probeContract } from './testing/probeContract.ts'

const [alice, bob, carol] = FIXTURE_ADDRESSES as [Uint8Array, Uint8Array, Uint8Array]
const HYPE = 10n ** 18n
const GWEI = 10n ** 9n
const STORED = keccak256(utf8ToBytes('Stored(address,uint256,uint256)'))

let chain: EvmFixture
let probe: Uint8Array

beforeAll(async () => {
  chain = await EvmFixture.create({ store: memoryStore() })
  const deployed = await chain.block([
    chain.transaction({ data: probeContract().initCode, gasLimit: 3_000_000n }),
  ])
  probe = deployed.receipts[0]!.contractAddress!
  for (let n = 0; n < 4; n++) {
    const data = callData('store(uint256,uint256)', n, n + 1)
    await chain.block([
      chain.transaction({ to: probe, data, maxPriorityFeePerGas: GWEI * BigInt(n + 1) }, n % 2),
      chain.transaction({ to: bob, value: 1n, maxPriorityFeePerGas: GWEI }, 2),
    ])
  }
})

describe('call', () => {
  test('runs a view function without a sender', async () => {
    const result = await chain.executor.view.call({
      to: probe,
      data: callData('values(uint256)', 2),
    })
    expect(result).toMatchObject({ status: 'success', output: uintToBytes(3, 32) })
  })

  test('gives the data of a revert: a reason and a custom error', async () => {
    const { view } = chain.executor
    const reason = await view.call({
      to: probe,
      data: callData('refuse(string)', [utf8ToBytes('no way')]),
    })
    expect(reason).toMatchObject({
      status: 'reverted',
      output: callData('Error(string)', [utf8ToBytes('no way')]),
    })
    const code = await view.call({ to: probe, data: callData('refuseCode(uint256)', 9) })
    expect(code).toMatchObject({ status: 'reverted', output: callData('Refused(uint256)', 9) })
  })

  test('changes nothing', async () => {
    const { view } = chain.executor
    const { evmRoot } = chain.executor
    const data = callData('store(uint256,uint256)', 50, 1)
    expect((await view.call({ from: alice, to: probe, data })).status).toBe('success')
    expect(chain.executor.evmRoot).toEqual(evmRoot)
    expect(await view.call({ to: probe, data: callData('values(uint256)', 50) })).toMatchObject({
      output: new Uint8Array(32),
    })
  })

  test('runs out of the gas it is given, and gets no more than the cap', async () => {
    const { view } = chain.executor
    expect(await view.call({ to: probe, data: callData('spin()'), gas: 100_000n })).toEqual({
      status: 'failed',
      reason: 'out of gas',
      gasUsed: 100_000n,
    })
    expect(CALL_GAS_MAX).toBe(50_000_000n)
  })

  test('sends value only if the sender has it', async () => {
    const { view } = chain.executor
    expect(await view.call({ from: alice, to: bob, value: HYPE })).toMatchObject({
      status: 'success',
    })
    const poor = new Uint8Array(20).fill(0x97)
    expect(await view.call({ from: poor, to: bob, value: 1n })).toMatchObject({
      status: 'refused',
      code: 'OL_EVM_CALL_FUNDS',
    })
  })

  test('with a price it pays and sees the base fee', async () => {
    const { view } = chain.executor
    const data = callData('environment()')
    const free = await view.call({ to: probe, data })
    const paid = await view.call({
      from: alice,
      to: probe,
      data,
      gasPrice: 2n * GWEI,
      gas: 1_000_000n,
    })
    if (free.status !== 'success' || paid.status !== 'success') throw new Error('a call failed')
    expect(bytesToUint(free.output.subarray(128, 160))).toBe(0n)
    expect(bytesToUint(paid.output.subarray(128, 160))).toBe(view.getBaseFee())
    const poor = hexToBytes(`0x${'99'.repeat(20)}`)
    expect(await view.call({ from: poor, to: probe, data, gasPrice: 1n })).toMatchObject({
      status: 'refused',
      code: 'OL_EVM_CALL_FUNDS',
    })
  })

  test('less than the intrinsic gas is refused', async () => {
    expect(await chain.executor.view.call({ to: bob, gas: 20_999n })).toMatchObject({
      status: 'refused',
      code: 'OL_EVM_CALL_GAS',
    })
  })

  test('creates', async () => {
    const result = await chain.executor.view.call({ from: carol, data: probeContract().initCode })
    expect(result).toMatchObject({ status: 'success', output: probeContract().runtimeCode })
  })

  test('may come from a contract', async () => {
    const data = callData('values(uint256)', 2)
    const result = await chain.executor.view.call({ from: probe, to: probe, data })
    expect(result.status).toBe('success')
  })

  test('twice in a row and at once cost the same: nothing stays warm', async () => {
    const { view } = chain.executor
    const request = { to: probe, data: callData('values(uint256)', 2) }
    const results = [await view.call(request), await view.call(request)]
    const both = await Promise.all([view.call(request), view.call(request), view.call(request)])
    for (const result of both) expect(result).toEqual(results[0])
    expect(results[1]).toEqual(results[0])
  })
})

describe('estimateGas', () => {
  test('a transfer is 21000', async () => {
    const estimate = await chain.executor.view.estimateGas({ from: alice, to: bob, value: 1n })
    expect(estimate).toEqual({ status: 'success', gas: 21_000n })
  })

  test.each([
    ['a store', () => ({ data: callData('store(uint256,uint256)', 77, 1) })],
    ['a loop', () => ({ data: callData('count(uint256)', 20) })],
    [
      'a child with refund and 64ths kept back',
      () => ({ data: callData('bearAndEnd()'), value: 5n }),
    ],
    ['a store that gives a refund', () => ({ data: callData('store(uint256,uint256)', 1, 0) })],
  ])('%s: the estimate works and a fiftieth less does not', async (_what, request) => {
    const { view } = chain.executor
    const message = { from: alice, to: probe, ...request() }
    const estimate = await view.estimateGas(message)
    if (estimate.status !== 'success') throw new Error(estimate.status)
    expect((await view.call({ ...message, gas: estimate.gas })).status).toBe('success')
    const less = (estimate.gas * 98n) / 100n
    expect((await view.call({ ...message, gas: less })).status).not.toBe('success')
  })

  test('a creation', async () => {
    const estimate = await chain.executor.view.estimateGas({
      from: alice,
      data: probeContract().initCode,
    })
    expect(estimate.status).toBe('success')
  })

  test('a revert is reported with its data, endless work as out of gas', async () => {
    const { view } = chain.executor
    expect(
      await view.estimateGas({ to: probe, data: callData('refuseCode(uint256)', 9) }),
    ).toMatchObject({
      status: 'reverted',
      output: callData('Refused(uint256)', 9),
    })
    const spinning = { to: probe, data: callData('spin()'), gas: 200_000n }
    expect(await view.estimateGas(spinning)).toMatchObject({
      status: 'failed',
      reason: 'out of gas',
    })
  })

  test('stays within what the sender can pay', async () => {
    const poor = hexToBytes(`0x${'98'.repeat(20)}`)
    const { view } = chain.executor
    expect(await view.estimateGas({ from: poor, to: bob, gasPrice: GWEI })).toMatchObject({
      status: 'refused',
      code: 'OL_EVM_CALL_GAS',
    })
  })
})

describe('blocks, transactions, receipts', () => {
  test('are found by number, hash and place', () => {
    const { view } = chain.executor
    const block = view.getBlockByNumber(2n)!
    expect(view.getBlockByHash(block.hash)).toEqual(block)
    const transactions = view.getTransactions(2n)!
    expect(transactions.map(({ transaction }) => transaction.hash)).toEqual(block.transactionHashes)
    expect(view.getTransaction(block.transactionHashes[1]!)).toEqual(transactions[1])
    expect(transactions[1]).toMatchObject({
      blockNumber: 2n,
      transactionIndex: 1,
      blockHash: block.hash,
    })
    expect(view.getReceipts(2n)?.[1]).toEqual(view.getReceipt(block.transactionHashes[1]!))
  })

  test('are not found where there are none', () => {
    const { view } = chain.executor
    const nowhere = new Uint8Array(32)
    expect(view.getBlockByNumber(6n)).toBeUndefined()
    expect(view.getBlockByNumber(-1n)).toBeUndefined()
    expect(view.getBlockByHash(nowhere)).toBeUndefined()
    expect(view.getTransaction(nowhere)).toBeUndefined()
    expect(view.getTransactions(6n)).toBeUndefined()
    expect(view.getReceipt(nowhere)).toBeUndefined()
    expect(view.getReceipts(6n)).toBeUndefined()
    expect(view.getReceipts(0n)).toEqual([])
  })

  test('a receipt read back is the one that was made', async () => {
    const { receipts } = await chain.block([
      chain.transaction({ to: bob, value: 1n }, 2),
      chain.transaction({ to: probe, data: callData('store(uint256,uint256)', 9, 9) }, 1),
    ])
    expect(chain.executor.view.getReceipts(chain.executor.view.head.header.number)).toEqual(
      receipts,
    )
  })
})

describe('getLogs', () => {
  const all = { fromNumber: 0n, toNumber: 5n }

  test('finds by address, topic and position', () => {
    const { view } = chain.executor
    expect(view.getLogs(all)).toHaveLength(4)
    expect(view.getLogs({ ...all, addresses: [probe] })).toHaveLength(4)
    expect(view.getLogs({ ...all, addresses: [bob] })).toHaveLength(0)
    expect(view.getLogs({ ...all, addresses: [bob, probe] })).toHaveLength(4)
    expect(view.getLogs({ ...all, topics: [[STORED]] })).toHaveLength(4)
    expect(
      view.getLogs({ ...all, topics: [null, [uintToBytes(bytesToUint(bob), 32)]] }),
    ).toHaveLength(2)
    const second = view.getLogs({
      ...all,
      topics: [null, null, [uintToBytes(1, 32), uintToBytes(2, 32)]],
    })
    expect(second.map(({ blockNumber }) => blockNumber)).toEqual([3n, 4n])
    expect(view.getLogs({ ...all, topics: [[uintToBytes(1, 32)]] })).toHaveLength(0)
    expect(view.getLogs({ ...all, topics: [null, null, null, null] })).toHaveLength(0)
    expect(view.getLogs({ ...all, topics: [[]] })).toHaveLength(4)
  })

  test('a log found is the log of its receipt', () => {
    const { view } = chain.executor
    const [log] = view.getLogs({ fromNumber: 2n, toNumber: 2n })
    expect(log).toEqual(view.getReceipts(2n)?.[0]?.logs[0])
  })

  test('one block by its hash; the head without a range', () => {
    const { view } = chain.executor
    const { hash } = view.getBlockByNumber(3n)!
    expect(view.getLogs({ blockHash: hash })).toHaveLength(1)
    expect(view.getLogs({})).toHaveLength(
      view.getReceipts(view.head.header.number)!.flatMap(({ logs }) => logs).length,
    )
  })

  test.each([
    ['reversed', { fromNumber: 3n, toNumber: 2n }, 'OL_EVM_LOGS_FILTER'],
    ['in the future', { fromNumber: 99n, toNumber: 100n }, 'OL_EVM_LOGS_FILTER'],
    ['too wide', { fromNumber: 0n, toNumber: 5n, blocksMax: 5 }, 'OL_EVM_LOGS_RANGE'],
    ['a hash and a range', { blockHash: new Uint8Array(32), fromNumber: 1n }, 'OL_EVM_LOGS_FILTER'],
    ['an unknown hash', { blockHash: new Uint8Array(32) }, 'OL_EVM_LOGS_FILTER'],
    ['five topics', { topics: [null, null, null, null, null] }, 'OL_EVM_LOGS_FILTER'],
  ])('refuses a filter that is %s', (_what, filter, code) => {
    expect(() => chain.executor.view.getLogs(filter)).toThrow(expect.objectContaining({ code }))
  })

  test('a range exactly as wide as allowed is answered', () => {
    expect(
      chain.executor.view.getLogs({ fromNumber: 0n, toNumber: 5n, blocksMax: 6 }),
    ).toHaveLength(4)
  })
})

describe('fee history', () => {
  test('has the fees of each block and of the next', () => {
    const { view } = chain.executor
    const history = view.getFeeHistory({ blockCount: 3, newestNumber: 4n })
    expect(history.oldestNumber).toBe(2n)
    const fees = [2n, 3n, 4n, 5n].map(
      (number) => view.getBlockByNumber(number)!.header.baseFeePerGas,
    )
    expect(history.baseFeePerGas).toEqual(fees)
    expect(history.gas).toHaveLength(3)
    expect(history.reward).toBeUndefined()
  })

  test('the fee after the head is the next block’s', () => {
    const { view } = chain.executor
    const history = view.getFeeHistory({ blockCount: 1, newestNumber: view.head.header.number })
    expect(history.baseFeePerGas[1]).toBe(view.getBaseFee())
  })

  test('rewards are tips by share of gas', () => {
    const { view } = chain.executor
    const { reward } = view.getFeeHistory({
      blockCount: 2,
      newestNumber: 4n,
      rewardPercentiles: [0, 50, 100],
    })
    expect(reward).toHaveLength(2)
    for (const [index, tips] of (reward ?? []).entries()) {
      const stored = BigInt(index + 2) * GWEI
      // The transfer is the cheaper half, by less than half of the gas.
      expect(tips).toEqual([GWEI, stored, stored])
    }
  })

  test('asks for more blocks than there are', () => {
    const { view } = chain.executor
    expect(view.getFeeHistory({ blockCount: 1_000, newestNumber: 2n }).gas).toHaveLength(3)
  })

  test.each([
    { blockCount: 0, newestNumber: 1n },
    { blockCount: 1, newestNumber: 99n },
    { blockCount: 1, newestNumber: 1n, rewardPercentiles: [50, 40] },
    { blockCount: 1, newestNumber: 1n, rewardPercentiles: [101] },
    { blockCount: 1, newestNumber: 1n, rewardPercentiles: new Array(101).fill(1) },
  ])('refuses %o', (request) => {
    expect(() => chain.executor.view.getFeeHistory(request)).toThrow(
      expect.objectContaining({ code: 'OL_EVM_FEE_HISTORY' }),
    )
  })
})
