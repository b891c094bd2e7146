// docs/spec/hyperliquid.md §8.1, §9: what referrals and stake take off fees, and who gets a share.
import type { Action, Address, GenesisFees } from '@openliquid/primitives'
import { beforeEach, describe, expect, it } from 'vitest'
import type { FillEvent } from '../events.ts'
import {
  ASSETS,
  TestExchange,
  testCore,
  testGenesis,
  testUser,
  testUserHex,
} from '../testing/index.ts'

const [alice, bob, carol, dave] = [1, 2, 3, 4].map(testUser) as [Address, Address, Address, Address]
const { btc, eth, hype } = ASSETS
const SIGNED = { signatureChainId: '0x1', hyperliquidChain: 'Testnet' } as const
const VALIDATOR = testUserHex(2001)
const ESCROW = new Uint8Array(20).fill(0xfc)

const fees: GenesisFees = {
  ...testCore(0).fees,
  stakingDiscounts: [
    { stake: '10', discountPpm: 50_000 },
    { stake: '100', discountPpm: 100_000 },
  ],
  referral: {
    discountPpm: 40_000,
    discountVolume: '300000',
    sharePpm: 100_000,
    shareVolume: '500000',
    codeVolume: '10000',
  },
}

let x: TestExchange
beforeEach(() => {
  x = new TestExchange(testGenesis(4, { fees, staking: { selfDelegationMin: '0' } }))
})

/** `buyer` takes what `seller` offers; the fees of the buyer's and the seller's fill. */
function trade(
  buyer: Address,
  seller: Address,
  { asset = btc as number, px = '100000', size = '1' } = {},
  vaultAddress?: Address,
): readonly [buyer: string, seller: string] {
  x.order(seller, asset, 'sell', { px, size })
  const order = {
    a: asset,
    b: true,
    p: px,
    s: size,
    r: false,
    t: { limit: { tif: 'Ioc' } },
  } as const
  const action: Action = { type: 'order', orders: [order], grouping: 'na' }
  x.act(buyer, action, vaultAddress === undefined ? {} : { vaultAddress })
  const fills = x.events().filter((event): event is FillEvent => event.kind === 'fill')
  expect(fills).toHaveLength(2)
  const feeOf = (isTaker: boolean): string =>
    fills.find(({ fill }) => fill.crossed === isTaker)?.fill.fee ?? ''
  return [feeOf(true), feeOf(false)]
}

const rawUsd = (user: Address): string => x.machine.view.clearinghouseState(user).withdrawable

/** Alice has a code, and bob was referred by it. */
function refer(): void {
  trade(alice, dave)
  expect(x.act(alice, { type: 'registerReferrer', code: 'ALICE' }).status).toBe('ok')
  expect(x.act(bob, { type: 'setReferrer', code: 'ALICE' }).status).toBe('ok')
}

function stake(user: Address, hypeAmount: number): void {
  const wei = hypeAmount * 100_000_000
  expect(x.act(user, { type: 'cDeposit', ...SIGNED, wei, nonce: 0 }).status).toBe('ok')
  const delegate: Action = {
    type: 'tokenDelegate',
    ...SIGNED,
    validator: VALIDATOR,
    wei,
    isUndelegate: false,
    nonce: 0,
  }
  expect(x.act(user, delegate).status).toBe('ok')
}

describe('a referral', () => {
  it('takes 4 % off the fees of who was referred, as taker, as maker and on spot', () => {
    expect(trade(bob, carol)).toEqual(['45.0', '15.0'])
    refer()
    expect(trade(bob, carol)).toEqual(['43.2', '15.0'])
    expect(trade(carol, bob)).toEqual(['45.0', '14.4'])
    // 10 HYPE at 0.07 % are 0.007, less 4 %.
    expect(trade(bob, carol, { asset: hype, px: '40', size: '10' })[0]).toBe('0.00672')
  })

  it('takes nothing off any more above its volume, and less on sub-accounts either', () => {
    refer()
    trade(bob, carol)
    x.act(bob, { type: 'createSubAccount', name: 'sub' })
    const sub = x.machine.view.subAccounts(bob)?.[0]?.subAccountUser ?? '0x'
    const subUser = Uint8Array.from(Buffer.from(sub.slice(2), 'hex'))
    x.act(bob, {
      type: 'subAccountTransfer',
      subAccountUser: sub as `0x${string}`,
      isDeposit: true,
      usd: 100_000_000_000,
    })
    expect(trade(bob, carol, {}, subUser)).toEqual(['43.2', '15.0'])
    // The sub-account's volume counts for its master: 200,000 of 300,000.
    expect(trade(bob, carol)[0]).toBe('43.2')
    expect(trade(bob, carol)[0]).toBe('45.0')
  })

  it('gives who referred 10 % of the perp fees up to a volume, to claim', () => {
    refer()
    trade(bob, carol)
    x.endBlock()
    expect(rawUsd(ESCROW)).toBe('4.32')
    const before = Number(rawUsd(alice))
    expect(x.act(alice, { type: 'claimRewards' }).status).toBe('ok')
    expect(x.events()).toContainEqual(
      expect.objectContaining({ delta: { type: 'rewardsClaim', amount: '4.32' } }),
    )
    expect(Number(rawUsd(alice)) - before).toBeCloseTo(4.32, 6)
    expect(rawUsd(ESCROW)).toBe('0.0')
    expect(x.act(alice, { type: 'claimRewards' }).response).toBe('No rewards to claim.')
    // Spot shares nothing; and nothing is shared above 500,000.
    trade(bob, carol, { asset: hype, px: '40', size: '10' })
    expect(rawUsd(ESCROW)).toBe('0.0')
    for (let i = 0; i < 4; i++) trade(bob, carol)
    const { referralStates = [] } = x.machine.view.referral(bob).referrer ?? {}
    expect(referralStates).toEqual([])
    const [state] = x.machine.view.referral(alice).referrer?.referralStates ?? []
    expect(state).toMatchObject({ user: testUserHex(2), volume: '500400.0' })
    const shared = rawUsd(ESCROW)
    trade(bob, carol)
    expect(rawUsd(ESCROW)).toBe(shared)
  })

  it.each<[string, Address, Action, string]>([
    [
      'a code of nobody',
      bob,
      { type: 'setReferrer', code: 'NONE' },
      'Referral code does not exist.',
    ],
    ['oneself', alice, { type: 'setReferrer', code: 'ALICE' }, 'Cannot refer oneself.'],
    ['a second time', bob, { type: 'setReferrer', code: 'ALICE' }, 'Referrer is already set.'],
    [
      'a second code',
      alice,
      { type: 'registerReferrer', code: 'OTHER' },
      'User already has a referral code.',
    ],
    ['a taken code', dave, { type: 'registerReferrer', code: 'ALICE' }, 'Referral code is taken.'],
    [
      'a code before 10,000 USDC of volume',
      carol,
      { type: 'registerReferrer', code: 'CAROL' },
      'User has traded too little to refer others.',
    ],
    ['an empty code', dave, { type: 'registerReferrer', code: '' }, 'Invalid referral code.'],
    [
      'a code of 21 characters',
      dave,
      { type: 'registerReferrer', code: 'A'.repeat(21) },
      'Invalid referral code.',
    ],
  ])('is refused: %s', (_, user, action, text) => {
    refer()
    if (text.startsWith('Referral code does not')) {
      expect(x.act(carol, action).response).toBe(text)
    } else expect(x.act(user, action).response).toBe(text)
  })

  it('is the same after a restart', () => {
    refer()
    x.reload()
    expect(trade(bob, carol)).toEqual(['43.2', '15.0'])
    expect(rawUsd(ESCROW)).toBe('4.32')
    expect(x.act(dave, { type: 'registerReferrer', code: 'ALICE' }).response).toContain('taken')
  })
})

describe('stake', () => {
  it('takes 5 % off above 10 HYPE, 10 % above 100, and goes with the delegation', () => {
    stake(bob, 10)
    expect(trade(bob, carol)[0]).toBe('45.0')
    stake(bob, 1)
    expect(trade(bob, carol)[0]).toBe('42.75')
    stake(bob, 90)
    expect(trade(bob, carol)[0]).toBe('40.5')
  })

  it('and a referral count one after the other', () => {
    refer()
    stake(bob, 11)
    // 45 less 5 %, less 4 %.
    expect(trade(bob, carol)[0]).toBe('41.04')
  })

  it('counts for a trading account that is linked, and then not for its own', () => {
    stake(bob, 101)
    const ask: Action = {
      type: 'linkStakingUser',
      ...SIGNED,
      user: testUserHex(2),
      isFinalize: false,
      nonce: 0,
    }
    const finalize: Action = { ...ask, user: testUserHex(3), isFinalize: true }
    expect(x.act(bob, finalize).response).toBe('No staking link was asked for.')
    expect(x.act(carol, ask).status).toBe('ok')
    expect(trade(carol, dave)[0]).toBe('45.0')
    expect(x.act(bob, finalize).status).toBe('ok')
    expect(trade(carol, dave)[0]).toBe('40.5')
    expect(trade(bob, dave)[0]).toBe('45.0')
    expect(x.machine.view.stakingLink(carol)).toEqual({
      type: 'tradingUser',
      stakingUser: testUserHex(2),
    })
    expect(x.machine.view.stakingLink(bob)).toEqual({
      type: 'stakingUser',
      tradingUser: testUserHex(3),
    })
    // For ever, and one to one.
    expect(x.act(carol, { ...ask, user: testUserHex(4) }).response).toBe('Already linked.')
    expect(x.act(dave, ask).status).toBe('ok')
    expect(x.act(bob, { ...finalize, user: testUserHex(4) }).response).toBe('Already linked.')
    x.reload()
    expect(trade(carol, dave)[0]).toBe('40.5')
    expect(trade(bob, dave)[0]).toBe('45.0')
  })

  it.each<[string, `0x${string}`]>([
    ['itself', testUserHex(1)],
    ['somebody without account', testUserHex(99)],
  ])('is not linked with %s', (_, user) => {
    const ask: Action = { type: 'linkStakingUser', ...SIGNED, user, isFinalize: false, nonce: 0 }
    expect(x.act(alice, ask).response).toBe('Invalid staking link.')
  })
})

it('a display name is kept, replaced and taken away', () => {
  const name = (displayName: string): Action => ({ type: 'setDisplayName', displayName })
  expect(x.act(alice, name('Alice in Chains')).status).toBe('ok')
  expect(x.machine.view.displayName(alice)).toBe('Alice in Chains')
  expect(x.act(alice, name('x'.repeat(21))).response).toBe('Display name too long.')
  x.reload()
  expect(x.machine.view.displayName(alice)).toBe('Alice in Chains')
  expect(x.act(alice, name(' ')).status).toBe('ok')
  expect(x.machine.view.displayName(alice)).toBeNull()
})

it('trades of nobody special go the same way as ever', () => {
  expect(trade(alice, carol, { asset: eth, px: '4000', size: '1' })).toEqual(['1.8', '0.6'])
})
