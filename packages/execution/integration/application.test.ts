import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { FillEvent } from '@openliquid/exchange'
import {
  bytesToHex,
  bytesToUint,
  type KeyValueStore,
  type Transaction,
  transactionId,
} from '@openliquid/primitives'
import { type LevelStore, openStore } from '@openliquid/storage'
import { faultyStore, memoryStore } from '@openliquid/storage/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Application, isEmptyPayload } from '../src/index.ts'
import {
  actionOf,
  alice,
  apply,
  bob,
  contextOf,
  coreWriterOrder,
  evmHashOf,
  evmTransactionOf,
  limitOrder,
  nextBlock,
  run,
  stranger,
  testGenesis,
  trader,
} from './chain.ts'

const genesis = testGenesis()
const clock = (): number => genesis.genesisTimeMs + 1_000

let folder: string
const stores: LevelStore[] = []
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'openliquid-execution-'))
})
afterEach(async () => {
  for (const store of stores.splice(0)) await store.close()
  rmSync(folder, { recursive: true, force: true })
})

async function openDisk(): Promise<{ store: LevelStore; application: Application }> {
  const store = await openStore(join(folder, 'db'))
  stores.push(store)
  return { store, application: await Application.create({ store, genesis, clock }) }
}

async function reopen(store: LevelStore): Promise<{ store: LevelStore; application: Application }> {
  stores.splice(stores.indexOf(store), 1)
  await store.close()
  return openDisk()
}

const open = (store: KeyValueStore = memoryStore()): Promise<Application> =>
  Application.create({ store, genesis, clock })

const idOf = ({ kind, bytes }: Transaction): Uint8Array => transactionId(kind, bytes)

/** Time of the genesis plus some milliseconds: a nonce. */
const nonce = (offset: number): number => genesis.genesisTimeMs + offset

describe('a chain on disk', () => {
  test('runs transfers, orders, precompiles and CoreWriter, over a restart', async () => {
    const opened = await openDisk()
    let { application } = opened
    const { view } = application
    const results: bigint[] = []
    view.onBlock(({ height }) => results.push(height))

    // Block 1: a transfer, a resting order, and the contract, which reads the oracle and orders through CoreWriter.
    const transfer = evmTransactionOf(alice, { nonce: 0, to: stranger.address, value: 5n })
    const trade = evmTransactionOf(bob, {
      nonce: 0,
      to: trader,
      data: coreWriterOrder({ isBuy: true, px: 60_000_00000000n, size: 1_000_000n }),
      gasLimit: 300_000,
    })
    const ask = actionOf(alice, limitOrder({ isBuy: false, px: '59000', sz: '0.01' }), nonce(1))
    for (const transaction of [transfer, trade, ask]) application.mempool.admit(transaction)
    const payload = application.buildPayload({
      timestampMs: genesis.genesisTimeMs + 100,
      parent: { header: application.genesisBlock.header },
      ancestors: [],
      mustBeEmpty: false,
    })
    expect([payload.actions.length, payload.evm.length]).toEqual([1, 2])
    const waiting = view.waitForReceipt(idOf(transfer))
    const first = nextBlock(application, [
      ask,
      ...payload.evm.map((bytes) => ({ kind: 1, bytes }) as const),
    ])
    expect(application.checkPayload({ block: first, ancestors: [] })).toEqual({ ok: true })
    const one = await apply(application, first)

    expect(one.receipts).toMatchObject([{ status: 'ok' }])
    expect(one.evmBlocks).toHaveLength(1)
    expect(one.evmBlocks[0]?.receipts.map(({ status }) => status)).toEqual([1, 1])
    expect(await waiting).toMatchObject({ kind: 'evm', height: 1n, receipt: { status: 1 } })
    expect(view.mempool().transactions).toBe(0)
    expect(view.evm.getBalance(stranger.address) % 10n).toBe(5n)
    expect(bytesToUint(view.evm.getStorage(trader, new Uint8Array(32)))).toBe(600_000n)
    expect(view.core.l2Book('BTC')?.levels[1]).toMatchObject([{ px: '59000.0', sz: '0.01' }])
    expect(view.core.clearinghouseState(trader).assetPositions).toEqual([])

    // The contract's order waits: not after 2.9 s of block time, over a restart, but after 3 s.
    await run(application, [], 2_900)
    const before = { root: application.head.stateRoot, height: application.executedHeight }
    const again = await reopen(opened.store)
    application = again.application
    expect(application.executedHeight).toBe(before.height)
    expect(application.head.stateRoot).toEqual(before.root)
    expect(application.stateRootAt(1n)).toEqual(one.stateRoot)
    expect(application.view.core.clearinghouseState(trader).assetPositions).toEqual([])

    const matured = await run(application, [], 100)
    const fills = matured.events.filter((event): event is FillEvent => event.kind === 'fill')
    expect(fills.map(({ user, fill }) => [bytesToHex(user), fill.px, fill.sz]).sort()).toEqual(
      [alice.address, trader].map((user) => [bytesToHex(user), '59000.0', '0.01']).sort(),
    )
    const [position] = application.view.core.clearinghouseState(trader).assetPositions
    expect(position?.position.szi).toBe('0.01')
    expect(await application.view.userFills(trader)).toEqual(
      fills.filter(({ user }) => bytesToHex(user) === bytesToHex(trader)),
    )
    expect(application.history.eventsAt(matured.height)).toEqual(matured.events)

    // All of it is found again after another restart.
    const third = (await reopen(again.store)).application
    expect(third.view.outcomeOf(idOf(ask))).toMatchObject({
      kind: 'action',
      height: 1n,
      receipt: one.receipts[0],
    })
    expect(third.view.outcomeOf(idOf(trade))).toMatchObject({ kind: 'evm', height: 1n })
    expect(third.view.blockAt(1n)).toEqual(first)
    expect(third.view.evm.getReceipt(evmHashOf(transfer))?.status).toBe(1)
    expect(third.head.stateRoot).toEqual(matured.stateRoot)
    expect(results).toEqual([1n, 2n])
  })

  test('refuses a folder of another chain', async () => {
    const { store } = await openDisk()
    const other = { ...genesis, genesisTimeMs: genesis.genesisTimeMs + 1 }
    await expect(Application.create({ store, genesis: other, clock })).rejects.toMatchObject({
      code: 'OL_EXECUTION_GENESIS',
    })
  })
})

describe('two applications', () => {
  test('fed the same blocks have the same roots, one of them restarted after each block', async () => {
    const steady = await open()
    const store = memoryStore()
    let restarted = await open(store)
    expect(restarted.head).toEqual(steady.head)
    const batches: Transaction[][] = [
      [actionOf(alice, limitOrder({ isBuy: true, px: '58000', sz: '0.1' }), nonce(1))],
      [
        evmTransactionOf(alice, { nonce: 0, to: bob.address, value: 7n }),
        actionOf(bob, limitOrder({ isBuy: false, px: '57000', sz: '0.05', tif: 'Ioc' }), nonce(2)),
      ],
      [],
      [
        evmTransactionOf(bob, {
          nonce: 0,
          to: trader,
          data: coreWriterOrder({ isBuy: false, px: 57_000_00000000n, size: 1_000_000n }),
          gasLimit: 300_000,
        }),
      ],
      [actionOf(alice, { type: 'noop' }, nonce(3)), actionOf(alice, { type: 'noop' }, nonce(3))],
      [],
    ]
    const roots = new Set<string>()
    for (const batch of batches) {
      const block = nextBlock(steady, batch, 1_500)
      const expected = await apply(steady, block)
      const actual = await apply(restarted, block)
      expect(actual).toEqual(expected)
      roots.add(bytesToHex(actual.stateRoot))
      restarted = await open(store)
      expect(restarted.head).toEqual(steady.head)
    }
    expect(roots.size).toBe(batches.length)
    expect(steady.view.core.clearinghouseState(trader).assetPositions).toHaveLength(1)
  })
})

describe('a crash', () => {
  test.each([
    ['before the batch reaches the disk reopens at the old block', 'lost', 1n],
    ['after it reopens at the new block', 'writtenThenCrash', 2n],
  ] as const)('%s', async (_, fault, height) => {
    const inner = memoryStore()
    const store = faultyStore(inner)
    const application = await open(store)
    await run(application, [
      actionOf(alice, limitOrder({ isBuy: true, px: '58000', sz: '0.1' }), nonce(1)),
    ])
    const second = nextBlock(application, [
      actionOf(bob, limitOrder({ isBuy: false, px: '58000', sz: '0.1' }), nonce(2)),
      evmTransactionOf(alice, { nonce: 0, to: bob.address, value: 7n }),
    ])
    const oldRoot = application.head.stateRoot
    const waiting = application.view.waitForReceipt(new Uint8Array(32))
    store.failNext(fault)
    await expect(apply(application, second)).rejects.toMatchObject({ code: 'OL_STORE_WRITE' })
    // Memory is ahead of the disk now: nothing is executed any more.
    await expect(waiting).rejects.toMatchObject({ code: 'OL_EXECUTION_STOPPED' })
    await expect(apply(application, second)).rejects.toMatchObject({ code: 'OL_EXECUTION_STOPPED' })

    const reopened = await open(inner)
    expect(reopened.executedHeight).toBe(height)
    if (height === 1n) {
      expect(reopened.head.stateRoot).toEqual(oldRoot)
      await apply(reopened, second)
    }
    const fills = await reopened.view.userFills(alice.address)
    expect(fills).toHaveLength(1)
    expect(reopened.view.evm.getNonce(alice.address)).toBe(1n)
    // Both ways lead to the same state.
    const clean = await open()
    await run(clean, [
      actionOf(alice, limitOrder({ isBuy: true, px: '58000', sz: '0.1' }), nonce(1)),
    ])
    await apply(clean, second)
    expect(reopened.head).toEqual(clean.head)
  })

  test('in the middle of the first start leaves a folder that starts', async () => {
    const inner = memoryStore()
    const store = faultyStore(inner)
    const expected = (await open()).head
    let lost = 0
    for (;;) {
      // Every batch of the first start is lost once, the first one first.
      let seen = 0
      const flaky: KeyValueStore = {
        ...store,
        batch(writes, options) {
          if (seen++ === lost) store.failNext('lost')
          return store.batch(writes, options)
        },
      }
      try {
        expect((await open(flaky)).head).toEqual(expected)
        break
      } catch {
        lost += 1
      }
    }
    expect(lost).toBeGreaterThan(0)
    expect((await open(inner)).head).toEqual(expected)
  })

  test('never makes a height execute twice', async () => {
    const application = await open()
    const block = nextBlock(application, [])
    const context = contextOf(application, block)
    await application.applyBlock(context, block.payload, { header: block.header })
    await expect(
      application.applyBlock(context, block.payload, { header: block.header }),
    ).rejects.toMatchObject({ code: 'OL_EXECUTION_HEIGHT' })
    const skipped = { ...context, height: 3n }
    await expect(
      application.applyBlock(skipped, block.payload, { header: block.header }),
    ).rejects.toMatchObject({ code: 'OL_EXECUTION_HEIGHT', data: { expected: 2n } })
    // A refused height is no failure: the next one goes on.
    await run(application, [])
    expect(application.executedHeight).toBe(2n)
  })

  test('is noticed when stored state does not have the stored root', async () => {
    const store = memoryStore()
    const application = await open(store)
    await run(application, [
      actionOf(alice, limitOrder({ isBuy: true, px: '58000', sz: '0.1' }), nonce(1)),
    ])
    const marker = new TextEncoder().encode('mexecuted')
    const value = store.get(marker)!
    value[value.length - 1]! ^= 1
    await store.batch([[marker, value]], { sync: true })
    await expect(open(store)).rejects.toMatchObject({ code: 'OL_EXECUTION_STATE' })
  })
})

test('the history keeps what accounts with positions were worth when funding was settled', async () => {
  const application = await open()
  await run(application, [
    actionOf(bob, limitOrder({ isBuy: false, px: '60000', sz: '0.1' }), nonce(1)),
    actionOf(alice, limitOrder({ isBuy: true, px: '60000', sz: '0.1', tif: 'Ioc' }), nonce(2)),
  ])
  expect(await application.history.accountValues(alice.address)).toEqual([])
  await run(application, [], 3_600_000)
  const [value] = await application.history.accountValues(alice.address)
  const { marginSummary } = application.view.core.clearinghouseState(alice.address)
  expect(value?.timeMs).toBe(application.head.timestampMs)
  expect(Number(value?.perp) / 1e6).toBe(Number(marginSummary.accountValue))
  expect(Number(value?.all) / 1e6).toBeGreaterThan(Number(marginSummary.accountValue))
  expect(await application.history.accountValues(stranger.address)).toEqual([])
})

describe('a payload', () => {
  test('goes on after unexecuted ancestors and repeats none of their transactions', async () => {
    const application = await open()
    const transfers = [0, 1, 2].map((i) => evmTransactionOf(alice, { nonce: i, to: bob.address }))
    const noops = [1, 2].map((i) => actionOf(alice, { type: 'noop' }, nonce(i)))
    for (const transaction of [...transfers, ...noops]) application.mempool.admit(transaction)
    const ancestor = nextBlock(application, [transfers[0]!, noops[0]!])
    const payload = application.buildPayload({
      timestampMs: ancestor.header.timestampMs + 1,
      parent: ancestor,
      ancestors: [ancestor],
      mustBeEmpty: false,
    })
    expect(payload.evm).toEqual([transfers[1]!.bytes, transfers[2]!.bytes])
    expect(payload.actions).toEqual([noops[1]!.bytes])

    const { header } = ancestor
    const child = {
      header: {
        ...nextBlock(application, [...transfers.slice(1), noops[1]!]).header,
        height: 2n,
        executedHeight: 0n,
      },
      payload,
    }
    expect(application.checkPayload({ block: child, ancestors: [ancestor] })).toEqual({ ok: true })
    const twice = nextBlock(application, [transfers[0]!])
    const repeated = { ...twice, header: { ...twice.header, height: 2n, executedHeight: 0n } }
    expect(application.checkPayload({ block: repeated, ancestors: [ancestor] })).toMatchObject({
      ok: false,
      fault: { code: 'OL_PAYLOAD_DUPLICATE' },
    })
    expect(header.height).toBe(1n)
    const forced = application.buildPayload({
      timestampMs: header.timestampMs + 1,
      parent: ancestor,
      ancestors: [ancestor],
      mustBeEmpty: true,
    })
    expect(isEmptyPayload(forced)).toBe(true)
  })

  test('that does not hold all actions is shared by what addresses gave to the books', async () => {
    const rates = { perpTakerPpm: 400, perpMakerPpm: 100, spotTakerPpm: 600, spotMakerPpm: 300 }
    const fees = { ...genesis.core.fees, tiers: [{ volume: '1000000', ...rates }] }
    const application = await Application.create({
      store: memoryStore(),
      genesis: { ...genesis, core: { ...genesis.core, fees } },
      clock,
    })
    // Bob's order rests and alice's takes it: a day later all maker volume is his.
    await run(application, [
      actionOf(bob, limitOrder({ isBuy: false, px: '60000', sz: '0.1' }), nonce(1)),
      actionOf(alice, limitOrder({ isBuy: true, px: '60000', sz: '0.1', tif: 'Ioc' }), nonce(2)),
    ])
    await run(application, [], 86_400_000)
    const waiting = [alice, alice, alice, bob, bob].map((user, i) =>
      actionOf(user, { type: 'noop' }, nonce(86_400_000 + i)),
    )
    for (const transaction of waiting) application.mempool.admit(transaction)
    const { height, timestampMs } = application.head
    const payload = application.buildPayload({
      timestampMs: timestampMs + 100,
      parent: { header: application.blocks.headerAt(height)! },
      ancestors: [],
      mustBeEmpty: false,
      limits: { transactionsMax: 3 },
    })
    // One of hers in any case, and both of his, though two more of hers came before.
    expect(payload.actions).toEqual([waiting[0], waiting[3], waiting[4]].map((one) => one?.bytes))
  })

  test.each<[string, () => Transaction, string]>([
    [
      'an action with a signature of nobody',
      () => ({
        kind: 0,
        bytes: actionOf(alice, { type: 'noop' }, nonce(1)).bytes.map((b, i, all) =>
          i >= all.length - 60 && i < all.length - 20 ? 0xff : b,
        ),
      }),
      'OL_TRANSACTION_SIGNATURE',
    ],
    [
      'an action that is cut',
      () => ({ kind: 0, bytes: actionOf(alice, { type: 'noop' }, nonce(1)).bytes.slice(0, -1) }),
      'OL_DECODE_MALFORMED',
    ],
    [
      'an Ethereum transaction of another chain',
      () => evmTransactionOf(alice, { nonce: 0, to: bob.address, chainId: 1 }),
      'OL_EVM_TX_CHAIN_ID',
    ],
    [
      'an Ethereum transaction with a byte too many',
      () => {
        const { kind, bytes } = evmTransactionOf(alice, { nonce: 0, to: bob.address })
        return { kind, bytes: Uint8Array.from([...bytes, 0]) }
      },
      'OL_EVM_TX_MALFORMED',
    ],
  ])('with %s is not valid, and does nothing where a quorum let it in', async (_, make, reason) => {
    const application = await open()
    const bad = make()
    const block = nextBlock(application, [bad])
    expect(application.checkPayload({ block, ancestors: [] })).toMatchObject({
      ok: false,
      fault: { code: 'OL_PAYLOAD_TRANSACTION', reason },
    })
    expect(() => application.mempool.admit(bad)).toThrow(/OL_MEMPOOL_(MALFORMED|SIGNATURE)/)
    const good = evmTransactionOf(alice, { nonce: 0, to: bob.address })
    const result = await run(application, [bad, good, actionOf(alice, { type: 'noop' }, nonce(1))])
    expect(result.receipts).toMatchObject([{ status: 'ok' }])
    expect(result.evmBlocks[0]?.receipts).toHaveLength(1)
  })

  test('signed for the main net is the action of an unknown user here', async () => {
    const application = await open()
    const foreign = actionOf(alice, { type: 'noop' }, nonce(1), 'Mainnet')
    expect(() => application.mempool.admit(foreign)).toThrow('OL_MEMPOOL_UNKNOWN_SIGNER')
    const before = application.head.stateRoot
    const result = await run(application, [foreign])
    expect(result.receipts).toMatchObject([{ status: 'err', code: 'OL_ACTION_UNKNOWN_SIGNER' }])
    expect(result.stateRoot).not.toEqual(before)
  })
})

describe('a reader', () => {
  test('sees a block whole or not at all', async () => {
    const application = await open()
    const { view } = application
    const heights = (): bigint[] => [view.core.height, view.head.height]
    const block = nextBlock(application, [
      evmTransactionOf(alice, { nonce: 0, to: bob.address }),
      actionOf(alice, { type: 'noop' }, nonce(1)),
    ])
    const before = view.call(heights)
    const executing = apply(application, block)
    const during = view.call(heights)
    expect(await before).toEqual([0n, 0n])
    expect(await during).toEqual([1n, 1n])
    await executing
  })

  test('is answered when the action was executed before it asked', async () => {
    const application = await open()
    const noop = actionOf(alice, { type: 'noop' }, nonce(1))
    await application.view.submit(noop)
    await run(application, [noop])
    expect(await application.view.waitForReceipt(idOf(noop))).toMatchObject({
      kind: 'action',
      height: 1n,
      receipt: { status: 'ok', response: { type: 'default' } },
    })
  })

  test('learns why its transaction left the mempool', async () => {
    const application = await open()
    const mine = evmTransactionOf(alice, { nonce: 0, to: bob.address })
    await application.view.submit(mine)
    const waiting = application.view.waitForReceipt(idOf(mine))
    await run(application, [evmTransactionOf(alice, { nonce: 0, to: bob.address, value: 1n })])
    await expect(waiting).rejects.toMatchObject({
      code: 'OL_MEMPOOL_NONCE_TOO_LOW',
      reason: 'nonce too low',
    })
  })
})

describe('EVM blocks of two lanes', () => {
  const lanes = [
    { periodMs: 1_000, gasLimit: 3_000_000, baseFee: '1000000000', baseFeeMin: '100000000' },
    { periodMs: 60_000, gasLimit: 30_000_000, baseFee: '1000000000', baseFeeMin: '100000000' },
  ]

  test('come with each period, small before big, and carry who chose them', async () => {
    const shaped = testGenesis({ lanes, nonceWindow: 8 })
    const application = await Application.create({ store: memoryStore(), genesis: shaped, clock })
    const inside = await run(application, [], 10)
    expect(inside.evmBlocks).toEqual([])
    await run(
      application,
      [actionOf(bob, { type: 'evmUserModify', usingBigBlocks: true }, nonce(1))],
      10,
    )
    const small = await run(
      application,
      [
        evmTransactionOf(alice, { nonce: 0, to: stranger.address }),
        evmTransactionOf(bob, { nonce: 0, to: stranger.address }),
      ],
      1_000,
    )
    expect(small.evmBlocks.map(({ block }) => block.lane)).toEqual([0])
    expect(small.evmBlocks[0]?.receipts).toHaveLength(1)
    const both = await run(
      application,
      [
        evmTransactionOf(alice, { nonce: 1, to: stranger.address }),
        evmTransactionOf(bob, { nonce: 0, to: stranger.address }),
      ],
      60_000,
    )
    expect(both.evmBlocks.map(({ block, receipts }) => [block.lane, receipts.length])).toEqual([
      [0, 1],
      [1, 1],
    ])
    expect(both.evmBlocks.map(({ block }) => block.header.number)).toEqual([2n, 3n])
    expect(application.view.evm.getNonce(bob.address)).toBe(1n)
  })
})
