// Both kinds of EVM blocks at the pace and with the gas of the profile `mainnet-shaped`.
import { type Action, bytesToHex, type GenesisLane, type Transaction } from '@openliquid/primitives'
import { describe, expect, test } from 'vitest'
import type { BlockResult } from '../src/index.ts'
import { bridgeGenesis, initCode, LINKED_TOKEN_ARGUMENTS, toEvm } from './bridgeChain.ts'
import { alice, bob, evmTransactionOf, stranger, type User } from './chain.ts'
import { TwoNodes } from './twoNodes.ts'

const SMALL = 0
const BIG = 1
/** docs/spec/hyperliquid.md §14. */
const MAINNET_LANES: readonly GenesisLane[] = [
  { periodMs: 1_000, gasLimit: 3_000_000, baseFee: '1000000000', baseFeeMin: '100000000' },
  { periodMs: 60_000, gasLimit: 30_000_000, baseFee: '1000000000', baseFeeMin: '100000000' },
]
const useBig = (usingBigBlocks: boolean): Action => ({ type: 'evmUserModify', usingBigBlocks })
const pay = (user: User, nonce: number): Transaction =>
  evmTransactionOf(user, { nonce, to: stranger.address, value: 1n })
const lanesOf = ({ evmBlocks }: BlockResult): (readonly [lane: number, transactions: number])[] =>
  evmBlocks.map(({ block }) => [block.lane, block.transactionHashes.length] as const)

/** The genesis stands 20 s before a minute ends; a first block aligns the chain to a second. */
async function open(): Promise<TwoNodes> {
  const chain = await TwoNodes.open(bridgeGenesis({ lanes: MAINNET_LANES }))
  expect(chain.node.head.timestampMs % 60_000).toBe(20_000)
  return chain
}

describe('lanes', () => {
  test('the first block of a new second makes a small block, even an empty one', async () => {
    const chain = await open()
    expect(lanesOf(await chain.block([], 999))).toEqual([])
    expect(lanesOf(await chain.block([], 1))).toEqual([[SMALL, 0]])
    expect(lanesOf(await chain.block([], 1))).toEqual([])
    expect(lanesOf(await chain.block([pay(alice, 0)], 5_000))).toEqual([[SMALL, 1]])
  })

  test('the first block of a new minute makes a small and then a big one, of one time and numbers in a row', async () => {
    const chain = await open()
    await chain.block([chain.action(bob, useBig(true))], 100)
    const both = await chain.block([pay(bob, 0), pay(alice, 0)], 40_000)
    expect(lanesOf(both)).toEqual([
      [SMALL, 1],
      [BIG, 1],
    ])
    const [small, big] = both.evmBlocks.map(({ block }) => block)
    expect(small?.header.gasLimit).toBe(3_000_000n)
    expect(big?.header.gasLimit).toBe(30_000_000n)
    expect(big?.header.number).toBe((small?.header.number ?? 0n) + 1n)
    expect(big?.header.timestamp).toBe(small?.header.timestamp)
    expect(bytesToHex(big?.header.parentHash ?? new Uint8Array(0))).toBe(
      bytesToHex(small?.hash ?? new Uint8Array(1)),
    )
    expect(big?.height).toBe(small?.height)
  })

  test('the flag of the sender picks the lane, and takes effect in its own block', async () => {
    const chain = await open()
    const transaction = pay(bob, 0)
    expect(chain.node.mempool.admit(transaction)).toBeDefined()
    const modified = await chain.block([chain.action(bob, useBig(true)), transaction], 1_000)
    expect(lanesOf(modified)).toEqual([[SMALL, 0]])
    // Not due is no failure: it waits in the mempool for its lane.
    expect(chain.node.view.mempool().transactions).toBe(1)
    expect(lanesOf(await chain.block([transaction], 39_000))).toEqual([
      [SMALL, 0],
      [BIG, 1],
    ])
    expect(chain.node.view.mempool().transactions).toBe(0)
    await chain.block([chain.action(bob, useBig(false))], 100)
    expect(lanesOf(await chain.block([pay(bob, 1)], 1_000))).toEqual([[SMALL, 1]])
  })

  test('a payload is built for the lanes that are due', async () => {
    const chain = await open()
    await chain.block([chain.action(bob, useBig(true))], 100)
    for (const transaction of [pay(alice, 0), pay(bob, 0)]) chain.node.mempool.admit(transaction)
    const { height, timestampMs } = chain.node.head
    const header = chain.node.blocks.headerAt(height)
    if (header === undefined) throw new Error('the head is stored')
    const count = (afterMs: number): number =>
      chain.node.buildPayload({
        timestampMs: timestampMs + afterMs,
        parent: { header },
        ancestors: [],
        mustBeEmpty: false,
      }).evm.length
    expect([count(100), count(1_000), count(40_000)]).toEqual([0, 1, 2])
  })

  test('what needs more gas than a small block has goes into a big one', async () => {
    const chain = await open()
    const data = initCode('bridge', 'LinkedToken', ...LINKED_TOKEN_ARGUMENTS)
    const deploy = evmTransactionOf(bob, { nonce: 0, data, gasLimit: 4_000_000 })
    const tooBig = await chain.block([deploy], 1_000)
    expect(lanesOf(tooBig)).toEqual([[SMALL, 0]])
    await chain.block([chain.action(bob, useBig(true))], 100)
    expect(lanesOf(await chain.block([deploy], 40_000))).toEqual([
      [SMALL, 0],
      [BIG, 1],
    ])
  })

  test('transfers to the EVM go with whatever block is next, and base fees have their own tracks', async () => {
    const chain = await open()
    await chain.block([chain.action(alice, toEvm('HYPE', '1'))], 100)
    expect(chain.node.view.evm.head.header.number).toBe(0n)
    const both = await chain.block([], 40_000)
    expect(both.evmBlocks.map(({ systemReceipts }) => systemReceipts.length)).toEqual([1, 0])
    await chain.block([], 1_000)
    const { evm } = chain.node.view
    expect(evm.getBaseFee(SMALL)).toBeLessThan(evm.getBaseFee(BIG))
  })
})
