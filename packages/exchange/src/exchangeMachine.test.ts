import { type Action, concatBytes } from '@openliquid/primitives'
import { describe, expect, it } from 'vitest'
import { verifyCoreProof } from './coreProof.ts'
import { ExchangeMachine } from './exchangeMachine.ts'
import { oracleBucketOf } from './oracleBucket.ts'
import { accountKey, spotBalanceKey } from './stateKeys.ts'
import {
  ASSETS,
  applyStep,
  NaiveOrderBook,
  NaiveTriggerBook,
  prng,
  randomStep,
  TestExchange,
  testCore,
  testGenesis,
  testUser,
  testUserHex,
} from './testing/index.ts'

const USERS = 6
/** Accounts that a few of the random orders are too much for. */
const poor = Array.from({ length: USERS }, (_, i) => ({
  address: testUserHex(i + 1),
  perp: String(50 * (i + 1)),
  spot: { USDC: '1000', PURR: '1000', HYPE: '10' },
}))

describe.each([1, 2, 3])('random history, seed %i', (seed) => {
  it('runs the same on fast books and columns, on naive books the general way, and across reloads with room', () => {
    const next = prng(seed)
    const limits = { addressLimits: seed === 2, openOrdersMax: 50 }
    const perps = testCore(0).perps.map((perp) => ({ ...perp, isHyperp: seed === 3 }))
    const tokens = testCore(0).tokens.map((token) => ({ ...token, isQuote: token.index !== 1 }))
    const genesis = testGenesis(USERS, { limits, perps, tokens })
    const fast = new TestExchange(genesis)
    const naive = new TestExchange(genesis, {
      createBook: (arena) => new NaiveOrderBook(arena),
      createTriggerBook: () => new NaiveTriggerBook(),
      generalOnly: true,
    })
    const reloaded = new TestExchange(genesis, { room: 100 })
    const reloads = prng(seed + 1000)
    for (let i = 0; i < 1_200; i++) {
      const step = randomStep(next, USERS)
      const expected = applyStep(fast, step, false)
      expect(applyStep(naive, step, false), `step ${i}`).toEqual(expected)
      expect(applyStep(reloaded, step, reloads(3) === 0), `step ${i}`).toEqual(expected)
    }
    expect(reloaded.root).toEqual(fast.root)
    expect(naive.root).toEqual(fast.root)
  })
})

describe('nothing that a user can cause throws', () => {
  const uints = [0, 1, 2, 10_000, 10_001, 19_999, 100_000, 2 ** 32 - 1]
  const decimals = ['0', '1', '0.00000001', '9'.repeat(60), `0.${'0'.repeat(29)}1`, '100000', '40']

  it('with actions of extreme values', () => {
    const x = new TestExchange(testGenesis(2))
    const next = prng(21)
    const uint = () => uints[next(uints.length)]!
    const decimal = () => decimals[next(decimals.length)]!
    for (let i = 0; i < 1_500; i++) {
      const user = testUser(1 + next(2))
      x.act(user, {
        type: 'order',
        orders: [
          {
            a: uint(),
            b: next(2) === 0,
            p: decimal(),
            s: decimal(),
            r: next(4) === 0,
            t: { limit: { tif: next(2) === 0 ? 'Gtc' : 'Ioc' } },
          },
        ],
        grouping: 'na',
      })
      const cancels = [{ a: uint(), o: [0, 5, Number.MAX_SAFE_INTEGER][next(3)]! }]
      x.act(user, { type: 'cancel', cancels })
      x.act(user, { type: 'updateLeverage', asset: uint(), isCross: true, leverage: uint() })
      x.act(testUser(1001 + next(4)), {
        type: 'validatorOracle',
        bucket: [0, Number.MAX_SAFE_INTEGER, oracleBucketOf(x.timestampMs)][next(3)]!,
        prices: [[uint(), decimal(), null]],
      })
      const signed = {
        signatureChainId: '0x1',
        hyperliquidChain: 'Testnet',
        amount: decimal(),
      } as const
      x.act(user, { type: 'usdClassTransfer', ...signed, toPerp: next(2) === 0, nonce: 0 })
      x.machine.applyCoreWriterAction(
        user,
        {
          type: 'limitOrder',
          asset: uint(),
          isBuy: next(2) === 0,
          limitPx: [0n, 1n, 40_00000000n, 2n ** 64n - 1n][next(4)]!,
          size: [0n, 1n, 1_00000000n, 2n ** 64n - 1n][next(4)]!,
          reduceOnly: next(4) === 0,
          timeInForce: 'gtc',
          clientOrderId: [0n, 2n ** 128n - 1n][next(2)]!,
        },
        { evmTxHash: new Uint8Array(32), logIndex: 2 ** 32 - 1 },
      )
      if (i % 20 === 0) x.endBlock(1_000)
    }
    x.reload()
  })

  it('with nonces and expiries of extreme values', () => {
    const x = new TestExchange(testGenesis(1))
    for (const nonce of [0, 1, Number.MAX_SAFE_INTEGER]) {
      expect(x.act(testUser(1), { type: 'noop' }, { nonce })).toMatchObject({
        response: 'Invalid nonce: out of range',
      })
    }
    const expiresAfter = Number.MAX_SAFE_INTEGER
    expect(x.act(testUser(1), { type: 'noop' }, { expiresAfter })).toMatchObject({ status: 'ok' })
  })
})

it.each([31, 32])(
  'no fill makes anyone liquidatable while the mark stands still, seed %i',
  (seed) => {
    const x = new TestExchange(testGenesis(USERS, { balances: poor }))
    const next = prng(seed)
    let positions = 0
    for (let i = 0; i < 1_200; i++) {
      const step = randomStep(next, USERS)
      if (step.kind === 'action' && step.action.type === 'validatorOracle') continue
      applyStep(x, step, false)
      if (step.kind !== 'endBlock') continue
      for (let user = 1; user <= USERS; user++) {
        const state = x.machine.view.clearinghouseState(testUser(user))
        const value = Number(state.marginSummary.accountValue)
        expect(value).toBeGreaterThanOrEqual(Number(state.crossMaintenanceMarginUsed))
        positions += state.assetPositions.length
      }
    }
    expect(positions).toBeGreaterThan(100)
  },
)

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
    // The clocks of the chain and of the epoch, the nonces of the sender, and who voted for the block.
    expect(writes.map(([key]) => key[1])).toEqual([0x01, 0x13, 0x75, 0x76])
    expect(events).toEqual([])
  })

  it('uses its nonce up: §3.5', () => {
    const x = new TestExchange(testGenesis(2))
    const nonce = x.timestampMs
    const action: Action = { type: 'validatorL1Stream', riskFreeRate: '0.04' }
    expect(x.act(testUser(1), action, { nonce })).toMatchObject({
      status: 'err',
      code: 'OL_ACTION_UNSUPPORTED',
      response: 'Action not supported: validatorL1Stream',
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
      code: 'OL_ACTION_VAULT',
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
  for (let i = 0; i < 300; i++) applyStep(full, randomStep(next, USERS), false)
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
      funding: '0.0000125',
      premium: null,
      impactPxs: null,
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
