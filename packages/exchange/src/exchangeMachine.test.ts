import { concatBytes } from '@openliquid/primitives'
import { describe, expect, it } from 'vitest'
import { verifyCoreProof } from './coreProof.ts'
import { ExchangeMachine } from './exchangeMachine.ts'
import { oracleBucketOf } from './oracle.ts'
import { accountKey, spotBalanceKey } from './stateKeys.ts'
import {
  ASSETS,
  NaiveOrderBook,
  prng,
  type RandomStep,
  randomStep,
  TestExchange,
  testGenesis,
  testUser,
} from './testing/index.ts'

const USERS = 6

/** Does one step and returns what it said. */
function apply(exchange: TestExchange, step: RandomStep, reload: boolean): unknown {
  switch (step.kind) {
    case 'endBlock': {
      const { coreRoot, events } = reload ? exchange.reload() : exchange.endBlock(100)
      return { coreRoot, events }
    }
    case 'action': {
      const action =
        step.action.type === 'validatorOracle'
          ? { ...step.action, bucket: oracleBucketOf(exchange.timestampMs) }
          : step.action
      return exchange.act(testUser(step.user), action)
    }
    case 'coreWriter':
      exchange.machine.applyCoreWriterAction(testUser(step.user), step.action, {
        evmTxHash: new Uint8Array(32).fill(7),
        logIndex: 3,
      })
      return undefined
  }
}

describe.each([1, 2, 3])('random history, seed %i', (seed) => {
  it('runs the same on the linked book, on the naive book, and across reloads', () => {
    const next = prng(seed)
    const fast = new TestExchange(testGenesis(USERS))
    const naive = new TestExchange(testGenesis(USERS), { createBook: () => new NaiveOrderBook() })
    const reloaded = new TestExchange(testGenesis(USERS))
    const reloads = prng(seed + 1000)
    for (let i = 0; i < 1_200; i++) {
      const step = randomStep(next, USERS)
      const expected = apply(fast, step, false)
      expect(apply(naive, step, false), `step ${i}`).toEqual(expected)
      expect(apply(reloaded, step, reloads(3) === 0), `step ${i}`).toEqual(expected)
    }
    expect(reloaded.root).toEqual(fast.root)
    expect(naive.root).toEqual(fast.root)
  })
})

describe('an action that fails', () => {
  it('changes nothing but the nonce', () => {
    const x = new TestExchange(testGenesis(2))
    x.endBlock()
    const send = (amount: string) =>
      x.act(testUser(1), {
        type: 'usdSend',
        signatureChainId: '0x66eee',
        hyperliquidChain: 'Testnet',
        destination: `0x${'77'.repeat(20)}`,
        amount,
        time: 0,
      })
    expect(send('99999999')).toMatchObject({ status: 'err' })
    const { writes, events } = x.endBlock()
    // The clock and the nonces of the sender.
    expect(writes.map(([key]) => key[1])).toEqual([0x01, 0x13])
    expect(events).toEqual([])
  })

  it('uses its nonce up: §3.5', () => {
    const x = new TestExchange(testGenesis(2))
    const nonce = x.timestampMs
    expect(x.act(testUser(1), { type: 'claimRewards' }, { nonce })).toMatchObject({
      status: 'err',
      code: 'OL_ACTION_UNSUPPORTED',
      response: 'Action not supported: claimRewards',
    })
    expect(x.act(testUser(1), { type: 'noop' }, { nonce })).toMatchObject({
      code: 'OL_ACTION_NONCE',
      response: 'Invalid nonce: duplicate nonce',
    })
    expect(x.act(testUser(2), { type: 'noop' }, { nonce })).toMatchObject({ status: 'ok' })
  })

  it('is refused after expiresAfter, for another account, by a stranger', () => {
    const x = new TestExchange(testGenesis(2))
    const { timestampMs } = x
    const noop = { type: 'noop' } as const
    expect(x.act(testUser(1), noop, { expiresAfter: timestampMs })).toMatchObject({ status: 'ok' })
    expect(x.act(testUser(1), noop, { expiresAfter: timestampMs - 1 })).toMatchObject({
      code: 'OL_ACTION_EXPIRED',
    })
    expect(x.act(testUser(1), noop, { vaultAddress: testUser(2) })).toMatchObject({
      code: 'OL_ACTION_UNSUPPORTED',
    })
    const entries = x.store.size
    expect(x.act(testUser(50), noop)).toMatchObject({
      code: 'OL_ACTION_UNKNOWN_SIGNER',
      response: `User or API Wallet 0x${'32'.padStart(40, '0')} does not exist.`,
    })
    x.endBlock()
    // Only the nonces of user 1: strangers leave nothing behind.
    expect(x.store.size).toBe(entries + 1)
  })
})

describe('stored entries', () => {
  const full = new TestExchange(testGenesis(USERS))
  const next = prng(9)
  for (let i = 0; i < 300; i++) apply(full, randomStep(next, USERS), false)
  full.order(testUser(1), ASSETS.hypePerp, 'buy', { px: '20', size: '1' })
  full.machine.applyCoreWriterAction(
    testUser(1),
    {
      type: 'limitOrder',
      asset: 0,
      isBuy: true,
      limitPx: 1n,
      size: 1n,
      reduceOnly: false,
      timeInForce: 'gtc',
      clientOrderId: 1n,
    },
    { evmTxHash: new Uint8Array(32), logIndex: 0 },
  )
  full.endBlock()
  const entries = [...full.store.values()]

  it('are of every table', () => {
    const tags = new Set(entries.map(([key]) => key[1]))
    expect([...tags].sort((a, b) => a! - b!)).toEqual([
      1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 16, 17, 18, 19, 20, 21,
    ])
  })

  it('prove themselves against the core root', () => {
    const read = (key: Uint8Array) => full.store.get(key.join())![1]
    for (const [key, value] of entries) {
      const proof = full.machine.prove(key, read)!
      expect(verifyCoreProof(full.root, key, proof)).toEqual({ value })
    }
    const absent = spotBalanceKey(testUser(99), 0)
    expect(verifyCoreProof(full.root, absent, full.machine.prove(absent, read)!)).toBe('absent')
    expect(full.store.has(accountKey(testUser(1)).join())).toBe(true)
  })

  it('that are cut, extended or of another world are refused with a code', () => {
    const byTag = new Map(entries.map((entry) => [entry[0][1], entry]))
    for (const [key, value] of byTag.values()) {
      const rest = entries.filter(([other]) => other !== key)
      const load = (k: Uint8Array, v: Uint8Array) => () => ExchangeMachine.load([...rest, [k, v]])
      for (let size = 0; size < value.length; size++) {
        expect(load(key, value.subarray(0, size))).toThrow('OL_CORE_STATE_CORRUPT')
      }
      expect(load(key, concatBytes(value, Uint8Array.of(0)))).toThrow('OL_CORE_STATE_CORRUPT')
      expect(load(key.subarray(0, -1), value)).toThrow('OL_CORE_STATE_CORRUPT')
      expect(load(Uint8Array.of(0x64, ...key.subarray(1)), value)).toThrow('OL_CORE_STATE_CORRUPT')
    }
    expect(() => ExchangeMachine.load([])).toThrow('OL_CORE_STATE_CORRUPT')
    expect(() =>
      ExchangeMachine.load([...entries, [Uint8Array.of(0x63, 0xff), new Uint8Array()]]),
    ).toThrow('OL_CORE_STATE_CORRUPT')
  })

  it('whose money does not add up are refused: §6.8', () => {
    const key = accountKey(testUser(1))
    const others = entries.filter(([other]) => other.join() !== key.join())
    expect(() => ExchangeMachine.load(others)).toThrow('token 0 is not conserved')
  })
})

describe('reads', () => {
  it('print the books and accounts of §10.1', () => {
    const x = new TestExchange(testGenesis(2))
    const { view } = x.machine
    x.order(testUser(1), ASSETS.purr, 'buy', { px: '0.19', size: '1000' })
    x.order(testUser(1), ASSETS.purr, 'buy', { px: '0.19', size: '500', tif: 'Alo' })
    x.order(testUser(2), ASSETS.purr, 'sell', {
      px: '0.21',
      size: '700',
      cloid: `0x${'aa'.repeat(16)}`,
    })
    expect(view.l2Book('PURR/USDC')).toEqual({
      coin: 'PURR/USDC',
      time: x.timestampMs,
      levels: [[{ px: '0.19', sz: '1500.0', n: 2 }], [{ px: '0.21', sz: '700.0', n: 1 }]],
    })
    expect(view.l2Book('NONE')).toBeUndefined()
    expect(view.openOrders(testUser(2))).toEqual([
      {
        coin: 'PURR/USDC',
        side: 'A',
        limitPx: '0.21',
        sz: '700.0',
        oid: 3,
        timestamp: x.timestampMs,
        origSz: '700.0',
        cloid: `0x${'aa'.repeat(16)}`,
      },
    ])
    expect(view.frontendOpenOrders(testUser(1)).map(({ oid, tif }) => [oid, tif])).toEqual([
      [2, 'Alo'],
      [1, 'Gtc'],
    ])
    expect(view.openOrderByOid(3)?.user).toEqual(testUser(2))
    expect(view.allMids()).toEqual({
      BTC: '100000.0',
      ETH: '4000.0',
      HYPE: '40.0',
      'PURR/USDC': '0.2',
      '@1': '40.0',
    })
    expect(view.meta().universe[0]).toEqual({
      szDecimals: 5,
      name: 'BTC',
      maxLeverage: 40,
      marginTableId: 56,
    })
    expect(view.meta().marginTables[0]?.[1].marginTiers[1]).toEqual({
      lowerBound: '150000000.0',
      maxLeverage: 20,
    })
    expect(view.spotMeta().universe.map(({ name, tokens }) => [name, tokens])).toEqual([
      ['PURR/USDC', [1, 0]],
      ['@1', [2, 0]],
    ])
    expect(view.perpContexts()[1]).toEqual({
      coin: 'ETH',
      markPx: '4000.0',
      oraclePx: '4000.0',
      midPx: null,
      openInterest: '0.0',
    })
  })

  it('are empty for who does not exist, undefined for what does not exist: §11', () => {
    const x = new TestExchange(testGenesis(1))
    const nobody = testUser(77)
    const reader = x.machine.reader(5n)
    expect(reader.height).toBe(5n)
    expect(reader.positionOf(nobody, ASSETS.btc)).toEqual({
      size: 0n,
      entryNotional: 0n,
      isolatedRawUsd: 0n,
      leverage: 20,
      isIsolated: false,
    })
    expect(reader.positionOf(nobody, ASSETS.hypePerp)?.leverage).toBe(10)
    expect(reader.spotBalanceOf(nobody, 0)).toEqual({ total: 0n, hold: 0n, entryNotional: 0n })
    expect(reader.userExists(nobody)).toBe(false)
    expect(reader.positionOf(nobody, 3)).toBeUndefined()
    expect(reader.positionOf(nobody, ASSETS.purr)).toBeUndefined()
    expect(reader.spotBalanceOf(nobody, 3)).toBeUndefined()
    expect(reader.markPriceOf(3)).toBeUndefined()
    expect(reader.oraclePriceOf(ASSETS.purr)).toBeUndefined()
    const { view } = x.machine
    expect(view.clearinghouseState(nobody).assetPositions).toEqual([])
    expect(view.spotClearinghouseState(nobody).balances).toEqual([])
    expect(view.isSigner(testUser(1001))).toBe(true)
    expect(view.isSigner(nobody)).toBe(false)
    expect(view.checkNonce(nobody, x.timestampMs, x.timestampMs)).toBe('ok')
  })

  it('show the kind of EVM block a user chose: §14', () => {
    const x = new TestExchange(testGenesis(1))
    expect(x.machine.view.usingBigBlocks(testUser(1))).toBe(false)
    x.act(testUser(1), { type: 'evmUserModify', usingBigBlocks: true })
    x.reload()
    expect(x.machine.view.usingBigBlocks(testUser(1))).toBe(true)
  })
})
