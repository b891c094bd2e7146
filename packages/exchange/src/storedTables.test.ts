// One machine that has an entry in every table there is: what holds for stored entries holds for all kinds of them.
import {
  type Action,
  type Address,
  bytesToHex,
  concatBytes,
  type Hex,
} from '@openliquid/primitives'
import { expect, it, vi } from 'vitest'
import { CoreState } from './coreState.ts'
import { CoreTree } from './coreTree.ts'
import { ExchangeMachine, verifyCoreProof } from './index.ts'
import { LinkedOrderBook } from './orderBook.ts'
import {
  ASSETS,
  TestExchange,
  testContext,
  testCore,
  testGenesis,
  testUser,
  testUserHex,
} from './testing/index.ts'

// So that the sweep of dust and the settlement of an hour are still on their way.
vi.mock('./limits.ts', async (original) => ({
  ...(await original<typeof import('./limits.ts')>()),
  DUST_BALANCES_PER_BLOCK_MAX: 1,
  FUNDING_POSITIONS_PER_BLOCK_MAX: 0,
}))

const [alice, bob, carol, dave] = [1, 2, 3, 4].map(testUser) as [Address, Address, Address, Address]
const { btc, eth, hypePerp } = ASSETS
const SIGNED = { signatureChainId: '0x1', hyperliquidChain: 'Testnet', nonce: 0 } as const
const TAGS = new Set(
  new CoreState(new CoreTree(), (arena) => new LinkedOrderBook(arena)).tables.map(({ tag }) => tag),
)

/** Rules of all kinds in the genesis, then a little of everything. */
function busyExchange(): TestExchange {
  const core = testCore(0)
  const perps = core.perps.map((perp) => ({
    ...perp,
    openInterestIncrease: '900000000',
    isHyperp: perp.name === 'HYPE',
  }))
  perps.push({ ...perps[1]!, name: 'OLD', isDelisted: true } as (typeof perps)[number])
  const fees = {
    ...core.fees,
    tiers: [{ ...core.fees, volume: '1000000' }],
    makerRebates: [{ sharePpm: 5_000, rebatePpm: 10 }],
    stakingDiscounts: [{ stake: '10', discountPpm: 50_000 }],
    referral: {
      discountPpm: 40_000,
      discountVolume: '300000',
      sharePpm: 100_000,
      shareVolume: '500000',
      codeVolume: '10',
    },
  }
  const x = new TestExchange(
    testGenesis(6, {
      perps,
      fees,
      staking: { selfDelegationMin: '0', futureEmissions: '10' },
      limits: { addressLimits: true, openOrdersMax: 1_000 },
      balances: [1, 2, 3, 4, 5, 6].map((n) => ({
        address: testUserHex(n),
        perp: n === 6 ? '10000' : '1000000',
        spot: { USDC: '1000000', PURR: '1000', HYPE: '100000' },
      })),
    }),
  )
  x.evm = { baseFee: 1_000_000_000n, slot: () => new Uint8Array(32) }
  // A day begins.
  x.endBlock(7_200_000)
  const ok = (user: Address, action: Action, meta: Parameters<TestExchange['act']>[2] = {}) => {
    const receipt = x.act(user, action, meta)
    expect(receipt, JSON.stringify(action)).toMatchObject({ status: 'ok' })
    return receipt.status === 'ok' && 'data' in receipt.response ? receipt.response.data : undefined
  }
  trade(x, ok)
  connect(ok)
  deploy(x, ok)
  stake(x, ok)
  wait(x, ok)
  x.endBlock(100, { misbehavior: [{ kind: 'duplicateVote', validator: 0, epoch: 1n, view: 7n }] })
  x.endBlock()
  return x
}

type Ok = (user: Address, action: Action, meta?: Parameters<TestExchange['act']>[2]) => unknown

/** Positions, prices, funding samples, a liquidation that leaves a cooldown. */
function trade(x: TestExchange, ok: Ok): void {
  ok(testUser(6), { type: 'updateLeverage', asset: eth, isCross: true, leverage: 25 })
  x.order(bob, eth, 'sell', { px: '4000', size: '50' })
  x.order(testUser(6), eth, 'buy', { px: '4000', size: '50' })
  x.order(alice, btc, 'buy', { px: '100000', size: '0.1' })
  x.order(dave, btc, 'sell', { px: '100000', size: '0.1' })
  x.order(carol, eth, 'buy', { px: '3850', size: '100' })
  x.order(carol, hypePerp, 'buy', { px: '39', size: '1000' })
  x.order(dave, hypePerp, 'sell', { px: '41', size: '1000' })
  x.order(alice, ASSETS.purr, 'buy', { px: '0.19', size: '1000' })
  x.moveOracle({ [eth]: '3860', [btc]: '100000' })
  x.endBlock(6_000)
  x.endBlock(3_600_000)
  x.moveOracle({ [eth]: '3860', [btc]: '100000' })
}

/** Agents, sub-accounts, profiles. */
function connect(ok: Ok): void {
  ok(alice, { type: 'approveAgent', ...SIGNED, agentAddress: testUserHex(50), agentName: '' })
  ok(alice, { type: 'createSubAccount', name: 'sub' })
  ok(alice, { type: 'approveBuilderFee', ...SIGNED, maxFeeRate: '0.05%', builder: testUserHex(2) })
  ok(alice, { type: 'registerReferrer', code: 'ALICE' })
  ok(bob, { type: 'setReferrer', code: 'ALICE' })
  ok(alice, { type: 'setDisplayName', displayName: 'Alice' })
  ok(alice, { type: 'spotUser', toggleSpotDusting: { optOut: true } })
  const signers = JSON.stringify({ authorizedUsers: [testUserHex(1)], threshold: 1 })
  ok(testUser(5), { type: 'convertToMultiSigUser', ...SIGNED, signers })
}

/** A token that is quoted, one half way, and transfers to the EVM. */
function deploy(x: TestExchange, ok: Ok): void {
  const step = (fields: object): void => void ok(alice, { type: 'spotDeploy', ...fields } as Action)
  const register = (name: string): void =>
    step({ registerToken2: { spec: { name, szDecimals: 0, weiDecimals: 8 }, maxGas: 1e12 } })
  const gifts = (token: number, holder: Hex): void =>
    step({ userGenesis: { token, userAndWei: [[holder, '1000000000']], existingTokenAndWei: [] } })
  register('NEW')
  gifts(3, `0x${'ff'.repeat(20)}`)
  step({ genesis: { token: 3, maxSupply: '1000000000' } })
  step({ registerSpot: { tokens: [3, 0] } })
  step({ registerHyperliquidity: { spot: 2, startPx: '10', orderSz: '1', nOrders: 10 } })
  const address = testUserHex(0xcc)
  step({ requestEvmContract: { token: 3, address, evmExtraWeiDecimals: 10 } })
  register('HALF')
  gifts(4, testUserHex(3))
  const destination = `0x${'22'.repeat(20)}` as const
  const token = `HYPE:0x${'02'.repeat(16)}`
  ok(alice, { type: 'spotSend', ...SIGNED, destination, token, amount: '1', time: 0 } as Action)
  x.machine.applyCoreWriterAction(
    bob,
    {
      type: 'limitOrder',
      asset: btc,
      isBuy: true,
      limitPx: 90_000n * 100_000_000n,
      size: 1_000_000n,
      reduceOnly: false,
      timeInForce: 'gtc',
      clientOrderId: 1n,
    },
    { evmTxHash: new Uint8Array(32), logIndex: 0 },
  )
}

/** Stake, votes, vaults. */
function stake(x: TestExchange, ok: Ok): void {
  const wei = 100_000_000_000
  ok(alice, { type: 'cDeposit', ...SIGNED, wei: 2 * wei })
  const validator = testUserHex(2001)
  ok(alice, { type: 'tokenDelegate', ...SIGNED, validator, wei, isUndelegate: false })
  ok(alice, { type: 'cWithdraw', ...SIGNED, wei: wei / 2 })
  ok(bob, { type: 'linkStakingUser', ...SIGNED, user: testUserHex(1), isFinalize: false })
  ok(testUser(1001), { type: 'validatorL1Vote', D: 'BTC' })
  const nonce = x.timestampMs
  const vault = ok(
    alice,
    { type: 'createVault', name: 'v', description: '', initialUsd: 100_000_000, nonce },
    { nonce },
  )
  x.machine.applyCoreWriterAction(
    bob,
    {
      type: 'vaultTransfer',
      vault: Uint8Array.from(Buffer.from(String(vault).slice(2), 'hex')),
      isDeposit: true,
      usd: 10_000_000n,
    },
    { evmTxHash: new Uint8Array(32), logIndex: 1 },
  )
}

/** What waits for a time or a price. */
function wait(x: TestExchange, ok: Ok): void {
  const trigger = { isMarket: true, triggerPx: '3000', tpsl: 'sl' } as const
  const stop = { a: eth, b: true, p: '4500', s: '1', r: true } as const
  ok(bob, {
    type: 'order',
    orders: [{ ...stop, t: { trigger: { ...trigger, triggerPx: '4500' } } }],
    grouping: 'na',
  })
  ok(alice, { type: 'scheduleCancel', time: x.timestampMs + 60_000 })
  ok(alice, {
    type: 'twapOrder',
    twap: { a: btc, b: true, s: '0.1', r: false, m: 5, t: false },
    details: { t: { p: '110000', a: true }, s: '120000' },
  })
  ok(testUser(1001), {
    type: 'validatorOracle',
    bucket: Math.floor(x.timestampMs / 3_000),
    prices: [[eth, '3860', null]],
  })
}

const x = busyExchange()
const entries = [...x.store.values()]
const { root } = x

it('every table has an entry', () => {
  const found = new Set(entries.map(([key]) => key[1]))
  const missing = [...TAGS].filter((tag) => !found.has(tag)).map((tag) => tag.toString(16))
  expect(missing).toEqual([])
})

it('each proves itself against the root, also after a restart', () => {
  const restored = ExchangeMachine.load(entries)
  const stored = new Map(entries.map(([key, value]) => [key.join(), value]))
  const read = (key: Uint8Array) => stored.get(key.join())!
  for (const [key, value] of entries) {
    const proof = restored.prove(key, read)!
    expect(verifyCoreProof(root, key, proof), bytesToHex(key)).toEqual({ value })
  }
})

it('none that is cut or extended is read', () => {
  const byTag = new Map(entries.map((entry) => [entry[0][1], entry]))
  for (const [key, value] of byTag.values()) {
    const rest = entries.filter(([other]) => other !== key)
    const load = (k: Uint8Array, v: Uint8Array) => () => ExchangeMachine.load([...rest, [k, v]])
    for (const size of [0, value.length >> 1, value.length - 1]) {
      if (size === value.length) continue
      expect(load(key, value.subarray(0, size)), bytesToHex(key)).toThrow('OL_CORE_STATE_CORRUPT')
    }
    expect(load(key, concatBytes(value, Uint8Array.of(0)))).toThrow('OL_CORE_STATE_CORRUPT')
    expect(load(key.subarray(0, -1), value)).toThrow('OL_CORE_STATE_CORRUPT')
  }
})

it('a machine that is restored from them goes on as the one that wrote them', () => {
  const restored = ExchangeMachine.load([...entries].reverse())
  for (const afterMs of [100, 3_000, 60_000, 3_600_000, 86_400_000, 8 * 86_400_000, 100]) {
    // The block that is open in the one begins in the other.
    const { view, epoch } = x.machine
    restored.beginBlock({ ...testContext(view.height, x.timestampMs), epoch }, x.evm)
    const [left, right] = [restored.endBlock(), x.endBlock(afterMs)]
    expect(left.coreRoot).toEqual(right.coreRoot)
    expect(left.events).toEqual(right.events)
    expect(left.writes).toEqual(right.writes)
  }
})
