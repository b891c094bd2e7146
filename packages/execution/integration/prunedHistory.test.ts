// What a node answers of blocks that were before it: its state came from others, and with it the records of the last
// blocks, but no transactions, receipts and logs.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { EvmView } from '@openliquid/evm'
import type { Block } from '@openliquid/primitives'
import { openStore } from '@openliquid/storage'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Application, StateRestorer } from '../src/index.ts'
import { alice, apply, bob, evmTransactionOf, nextBlock, stranger, testGenesis } from './chain.ts'
import { snapshotOf } from './snapshotOf.ts'

/** More EVM blocks than records travel with a state. */
const BLOCKS = 300
const genesis = testGenesis({
  lanes: [
    { periodMs: 1_000, gasLimit: 30_000_000, baseFee: '1000000000', baseFeeMin: '100000000' },
  ],
})
const clock = (): number => genesis.genesisTimeMs + 1_000
const folder = mkdtempSync(join(tmpdir(), 'openliquid-pruned-'))
const closing: (() => Promise<void>)[] = []

async function open(name: string) {
  const store = await openStore(join(folder, name))
  closing.push(() => store.close())
  return store
}

let whole: EvmView
let pruned: EvmView
/** Number of the block that the state was restored at. It has a transaction. */
let head: bigint
let follow: () => Promise<void>

beforeAll(async () => {
  const store = await open('whole')
  const application = await Application.create({ store, genesis, clock })
  whole = application.view.evm
  const next = (transactions: Parameters<typeof nextBlock>[1] = []): Block =>
    nextBlock(application, transactions, 1_000)
  for (let n = 1; n < BLOCKS; n++) await apply(application, next())
  await apply(
    application,
    next([evmTransactionOf(alice, { nonce: 0, to: bob.address, value: 5n })]),
  )
  head = whole.number
  const { target, chunks } = await snapshotOf(application, store)

  const other = await open('pruned')
  const restorer = await StateRestorer.open(other, genesis, target)
  for (const [index, bytes] of chunks.entries()) await restorer.put(index, bytes)
  await restorer.finish()
  const restored = await Application.create({ store: other, genesis, clock })
  pruned = restored.view.evm
  let nonce = 1
  follow = async () => {
    const block = next([evmTransactionOf(alice, { nonce: nonce++, to: bob.address, value: 5n })])
    await apply(application, block)
    await apply(restored, block)
  }
}, 60_000)
afterAll(async () => {
  for (const close of closing) await close()
  rmSync(folder, { recursive: true, force: true })
})

const PRUNED = expect.objectContaining({
  code: 'OL_EVM_PRUNED',
  message: expect.stringContaining('pruned history unavailable'),
})

test('a chain that was here from its start keeps every block', () => {
  expect(whole.oldestBlock).toBe(0n)
  expect(whole.getBlockByNumber(0n)?.header.number).toBe(0n)
})

test('a restored chain keeps whole blocks from the next one on, and records of those that BLOCKHASH reaches', () => {
  expect(pruned.oldestBlock).toBe(head + 1n)
  expect(pruned.head.hash).toEqual(whole.head.hash)
  expect(pruned.getBlockByNumber(head - 255n)?.hash).toEqual(
    whole.getBlockByNumber(head - 255n)?.hash,
  )
  for (const number of [0n, 1n, head - 256n]) {
    expect(() => pruned.getBlockByNumber(number)).toThrow(PRUNED)
  }
  expect(pruned.getBlockByNumber(head + 1n)).toBeUndefined()
})

test('what was in the blocks before is refused by a code, not told as nothing', async () => {
  expect(() => pruned.getTransactions(head)).toThrow(PRUNED)
  expect(() => pruned.getReceipts(head)).toThrow(PRUNED)
  expect(() => pruned.getSystemTransactions(head - 1n)).toThrow(PRUNED)
  expect(() => pruned.getSystemReceipts(head - 1n)).toThrow(PRUNED)
  expect(() => pruned.getLogs({ fromNumber: head - 1n })).toThrow(PRUNED)
  await expect(pruned.findLogs({ fromNumber: 0n, toNumber: head })).rejects.toThrow(PRUNED)
  await expect(pruned.findLogs({ blockHash: pruned.head.hash })).rejects.toThrow(PRUNED)
  // A block without transactions is whole when its record is there.
  expect(pruned.getTransactions(head - 1n)).toEqual([])
})

test('states begin with the restored one, and its calls see the hashes of the blocks before', async () => {
  expect(pruned.oldestState).toBe(head)
  expect(() => pruned.at(head - 1n)).toThrow(expect.objectContaining({ code: 'OL_EVM_HISTORY' }))
  // BLOCKHASH(calldata[0..32]) as the answer of init code.
  const hashOf = async (view: EvmView, number: bigint, at?: bigint) => {
    const word = number.toString(16).padStart(4, '0')
    const data = Uint8Array.from(Buffer.from(`61${word}405f5260205ff3`, 'hex'))
    const from = stranger.address
    const result = await view.call({
      data,
      from,
      ...(at === undefined ? {} : { blockOverrides: { number: at } }),
    })
    return result.status === 'success' ? result.output : result.status
  }
  for (const number of [head - 1n, head - 255n, head - 256n, 0n]) {
    expect(await hashOf(pruned, number)).toEqual(await hashOf(whole, number))
  }
  expect(await hashOf(pruned, head - 1n)).toEqual(whole.getBlockByNumber(head - 1n)?.hash)
  // Blocks that there are not have no hash, wherever the call is put.
  expect(await hashOf(whole, head + 9n, head + 10n)).toEqual(new Uint8Array(32))
})

test('fee history begins with the oldest block', async () => {
  const request = { blockCount: 10, newestNumber: head }
  expect(pruned.getFeeHistory(request)).toMatchObject({ oldestNumber: head })
  expect(() => pruned.getFeeHistory({ ...request, rewardPercentiles: [50] })).toThrow(PRUNED)
  await follow()
  await follow()
  const later = { blockCount: 10, newestNumber: head + 2n, rewardPercentiles: [50] }
  const { oldestNumber, baseFeePerGas, gas, reward } = pruned.getFeeHistory(later)
  expect(oldestNumber).toBe(head + 1n)
  const same = whole.getFeeHistory({ ...later, blockCount: 2 })
  expect({ baseFeePerGas, gas, reward }).toEqual({
    baseFeePerGas: same.baseFeePerGas,
    gas: same.gas,
    reward: same.reward,
  })
  expect(pruned.getReceipts(head + 1n)).toEqual(whole.getReceipts(head + 1n))
})
