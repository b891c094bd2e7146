// Deployment of a token against docs/spec/hyperliquid.md §9: auction, genesis, pair, the deployer's share of fees.
import type { Action, Address, SpotDeployAction } from '@openliquid/primitives'
import { beforeEach, describe, expect, it } from 'vitest'
import {
  ASSETS,
  TestExchange,
  TOKENS,
  testGenesis,
  testUser,
  testUserHex,
} from './testing/index.ts'

const [deployer, alice, bob] = [testUser(1), testUser(2), testUser(3)]
const HYPE = 100_000_000
const TOKEN = 3
/** Pair 2, the first free one. */
const PAIR = 10_002

let x: TestExchange
beforeEach(() => {
  x = new TestExchange(testGenesis(3))
})

type Step = Omit<SpotDeployAction, 'type'>
const deploy = (step: Step): Action => ({ type: 'spotDeploy', ...step })
const register = (changes: object = {}, maxGas = 500 * HYPE): Action =>
  deploy({
    registerToken2: { spec: { name: 'NEW', szDecimals: 2, weiDecimals: 7, ...changes }, maxGas },
  })
const allocate = (...userAndWei: [number, string][]): Action =>
  deploy({
    userGenesis: {
      token: TOKEN,
      userAndWei: userAndWei.map(([user, wei]) => [testUserHex(user), wei]),
      existingTokenAndWei: [],
    },
  })
const open = (maxSupply: string): Action =>
  deploy({ genesis: { token: TOKEN, maxSupply, noHyperliquidity: true } })
const pair = (quote: number = TOKENS.usdc): Action =>
  deploy({ registerSpot: { tokens: [TOKEN, quote] } })
const share = (text: string): Action =>
  deploy({ setDeployerTradingFeeShare: { token: TOKEN, share: text } })

function ok(user: Address, action: Action): void {
  expect(x.act(user, action)).toMatchObject({ status: 'ok' })
}
function refused(user: Address, action: Action, text: string): void {
  expect(x.act(user, action)).toMatchObject({ status: 'err', response: text })
}
const supply = (token: number): bigint => x.machine.reader(0n).tokenSupplyOf(token)!.totalSupply
const balance = (user: Address, token = TOKEN): bigint =>
  x.machine.reader(0n).spotBalanceOf(user, token)?.total ?? 0n

/** One million whole tokens, half of them bob's, with a book. */
function launch(feeShare = '0%'): void {
  ok(deployer, register())
  ok(deployer, share(feeShare))
  ok(deployer, allocate([2, '5000000000000'], [3, '5000000000000']))
  ok(deployer, open('10000000000000'))
  ok(deployer, pair())
}

describe('spotDeploy: §9', () => {
  it('registers a token for the price of the auction, which is burned and falls over 31 hours', () => {
    const before = supply(TOKENS.hype)
    ok(deployer, register())
    expect(before - supply(TOKENS.hype)).toBe(BigInt(500 * HYPE))
    expect(x.machine.reader(0n).tokenInfoOf(TOKEN)).toMatchObject({
      name: 'NEW',
      szDecimals: 2,
      weiDecimals: 7,
      deployer,
    })
    refused(deployer, register({ name: 'TWO' }), 'Deploy gas is above the maximum given.')
    ok(deployer, register({ name: 'TWO' }, 1_000 * HYPE))
    x.endBlock((31 * 3_600_000) / 2)
    refused(
      deployer,
      register({ name: 'THREE' }, 1_249 * HYPE),
      'Deploy gas is above the maximum given.',
    )
    ok(deployer, register({ name: 'THREE' }, 1_250 * HYPE))
    x.endBlock(31 * 3_600_000)
    ok(deployer, register({ name: 'FOUR' }))
  })

  it.each<[string, () => Action]>([
    ['Invalid token name.', () => register({ name: 'TOOLONG' })],
    ['Invalid token name.', () => register({ name: '' })],
    ['Token name is taken.', () => register({ name: 'PURR' })],
    ['Invalid token decimals.', () => register({ szDecimals: 3 })],
    ['Invalid token decimals.', () => register({ szDecimals: 9, weiDecimals: 18 })],
    ['Deploy gas is above the maximum given.', () => register({}, 500 * HYPE - 1)],
    ['Token is not being deployed.', () => allocate([2, '1'])],
    ['Token is not being deployed.', () => open('1')],
    ['Token is not being deployed.', () => pair()],
  ])('refuses: %s', (text, action) => {
    refused(deployer, action(), text)
  })

  it('gives the holders what was allocated, all of it and nothing else', () => {
    ok(deployer, register())
    refused(alice, allocate([2, '5']), 'Only the deployer of the token may do this.')
    refused(deployer, allocate([2, '0']), 'Invalid amount.')
    refused(deployer, allocate([2, '1.5']), 'Invalid amount.')
    refused(deployer, allocate([2, '9223372036854775808']), 'Token supply is too large.')
    ok(deployer, allocate([2, '30'], [3, '12']))
    ok(deployer, allocate([2, '8'], [900, '50']))
    refused(deployer, open('99'), 'Max supply is not what was allocated.')
    refused(deployer, pair(), 'Token has had no genesis.')
    x.reload()
    ok(deployer, open('100'))
    expect([balance(alice), balance(bob), balance(testUser(900))]).toEqual([38n, 12n, 50n])
    expect(x.machine.view.userExists(testUser(900))).toBe(true)
    expect(supply(TOKEN)).toBe(100n)
    refused(deployer, open('100'), 'Token already had its genesis.')
    refused(deployer, allocate([2, '1']), 'Token already had its genesis.')
    x.reload()
  })

  it('opens a book against USDC that trades, also on a machine that was loaded', () => {
    launch()
    refused(deployer, pair(), 'Spot pair already exists.')
    refused(deployer, pair(TOKENS.purr), 'Token is not a quote token.')
    x.reload()
    expect(x.order(bob, PAIR, 'sell', { px: '2', size: '10' })).toHaveProperty('resting')
    expect(x.order(alice, PAIR, 'buy', { px: '2', size: '10' })).toHaveProperty('filled')
    expect(x.machine.view.l2Book('@2')).toBeDefined()
    const fee = 70_000n
    expect(balance(alice)).toBe(5_000_000_000_000n + 100_000_000n - fee)
    expect(supply(TOKEN)).toBe(10_000_000_000_000n - fee)
    x.reload()
    expect(x.order(bob, ASSETS.purr, 'sell', { px: '0.2', size: '100' })).toHaveProperty('resting')
  })

  it('gives the deployer its share of the fees in the token, and burns the rest', () => {
    launch('25.5%')
    refused(deployer, share('26%'), 'Fee share can only fall.')
    refused(deployer, share('101%'), 'Invalid fee share.')
    refused(deployer, share('7'), 'Invalid fee share.')
    x.order(bob, PAIR, 'sell', { px: '2', size: '10' })
    x.order(alice, PAIR, 'buy', { px: '2', size: '10' })
    expect(balance(deployer)).toBe(17_850n)
    expect(supply(TOKEN)).toBe(10_000_000_000_000n - 70_000n + 17_850n)
    expect(x.machine.view.spotMeta().tokens[TOKEN]?.deployerTradingFeeShare).toBe('0.255')
    ok(deployer, share('1%'))
    x.reload()
  })
})

describe('the holders of another token at genesis', () => {
  const byHolders = (
    existingTokenAndWei: [number, string][],
    blacklistUsers: [`0x${string}`, boolean][] = [],
  ): Action =>
    deploy({ userGenesis: { token: TOKEN, userAndWei: [], existingTokenAndWei, blacklistUsers } })
  const system = `0x20${'00'.repeat(18)}01` as const

  it('get what they hold is of all, and the greatest what rounding leaves', () => {
    const balances = [
      { address: testUserHex(1), spot: { USDC: '10', PURR: '1', HYPE: '600' } },
      { address: testUserHex(2), spot: { PURR: '1' } },
      { address: testUserHex(3), spot: { PURR: '2' } },
      { address: system, spot: { PURR: '96' } },
    ]
    x = new TestExchange(testGenesis(0, { balances }))
    ok(deployer, register())
    ok(deployer, byHolders([[TOKENS.purr, '1001']]))
    ok(deployer, open('1001'))
    expect([1, 2, 3].map((user) => balance(testUser(user)))).toEqual([250n, 250n, 501n])
    x.reload()
  })

  it('are no more in one action, however often their token is named, than a block can bear', () => {
    x = new TestExchange(testGenesis(6))
    ok(deployer, register())
    const named = (times: number): Action =>
      byHolders(Array.from({ length: times }, () => [TOKENS.purr, '100'] as [number, string]))
    refused(deployer, named(1_000), 'Too many gifts in one action.')
    ok(deployer, named(100))
  })

  it('get nothing when they were left out, until they are let in again', () => {
    ok(deployer, register())
    ok(
      deployer,
      byHolders(
        [],
        [
          [testUserHex(1), true],
          [testUserHex(2), true],
        ],
      ),
    )
    ok(deployer, byHolders([[TOKENS.purr, '1000']], [[testUserHex(1), false]]))
    x.reload()
    ok(deployer, open('1000'))
    expect([1, 2, 3].map((user) => balance(testUser(user)))).toEqual([500n, 0n, 500n])
  })

  it.each<[string, Action, string]>([
    ['of a token that nobody holds', byHolders([[77, '1']]), 'Nobody holds the existing token.'],
    ['of nothing', byHolders([[TOKENS.purr, '0']]), 'Invalid amount.'],
    [
      'too many users left out',
      byHolders(
        [],
        Array.from({ length: 1_001 }, (_, i) => [testUserHex(i + 10), true]),
      ),
      'Too many users left out.',
    ],
  ])('are refused: %s', (_, action, text) => {
    ok(deployer, register())
    refused(deployer, action, text)
  })
})

it('the state of a deployment is told with who gets what, and what the next one costs', () => {
  ok(deployer, register())
  ok(deployer, allocate([2, '7'], [3, '3']))
  const state = () => x.machine.view.spotDeployState(deployer)
  expect(state()).toMatchObject({
    states: [
      {
        token: TOKEN,
        spec: { name: 'NEW', szDecimals: 2, weiDecimals: 7 },
        maxSupply: null,
        totalGenesisBalanceWei: '10',
        userGenesisBalances: [
          [testUserHex(2), '7'],
          [testUserHex(3), '3'],
        ],
        spots: [],
      },
    ],
    gasAuction: { startGas: '1000.0', currentGas: '1000.0', endGas: '500.0' },
  })
  ok(deployer, open('10'))
  ok(deployer, pair())
  x.endBlock(31 * 3_600_000)
  expect(state()).toMatchObject({
    states: [{ maxSupply: '10', userGenesisBalances: [], spots: [2] }],
    gasAuction: { currentGas: null },
  })
  expect(x.machine.view.spotDeployState(alice).states).toEqual([])
})

describe('a quote token beside USDC', () => {
  const quote = (isOn: boolean): Action =>
    deploy(isOn ? { enableQuoteToken: { token: TOKEN } } : { disableQuoteToken: { token: TOKEN } })

  it('is one that its deployer made so, and others are then traded against it', () => {
    ok(deployer, register({ name: 'USDX', szDecimals: 2, weiDecimals: 8 }))
    refused(deployer, quote(true), 'Token has had no genesis.')
    ok(deployer, allocate([2, '500000000000'], [3, '500000000000']))
    ok(deployer, open('1000000000000'))
    refused(alice, quote(true), 'Only the deployer of the token may do this.')
    refused(deployer, quote(false), 'Token is not a quote token.')
    ok(deployer, quote(true))
    refused(deployer, quote(true), 'Token is already a quote token.')

    x.endBlock(31 * 3_600_000)
    ok(
      deployer,
      deploy({
        registerToken2: {
          spec: { name: 'GEM', szDecimals: 0, weiDecimals: 5 },
          maxGas: 600 * HYPE,
        },
      }),
    )
    const gem = TOKEN + 1
    ok(
      deployer,
      deploy({
        userGenesis: {
          token: gem,
          userAndWei: [[testUserHex(3), '10000000']],
          existingTokenAndWei: [],
        },
      }),
    )
    ok(deployer, deploy({ genesis: { token: gem, maxSupply: '10000000', noHyperliquidity: true } }))
    const pairWith = (other: number): Action => deploy({ registerSpot: { tokens: [gem, other] } })
    refused(deployer, pairWith(TOKENS.purr), 'Token is not a quote token.')
    refused(deployer, pairWith(gem), 'Token is not a quote token.')
    ok(deployer, pairWith(TOKEN))
    x.order(bob, PAIR, 'sell', { px: '20', size: '10' })
    expect(x.order(alice, PAIR, 'buy', { px: '20', size: '0.4' })).toEqual({
      error: 'Order has invalid size.',
    })
    expect(x.order(alice, PAIR, 'buy', { px: '2', size: '1' })).toEqual({
      error: 'Order must have minimum value of 10 USDX.',
    })
    expect(x.order(alice, PAIR, 'buy', { px: '20', size: '10' })).toHaveProperty('filled')
    // 200 USDX less 0.04 % for bob, the maker; 10 GEM less 0.07 % for alice.
    expect(balance(bob)).toBe(500_000_000_000n + 20_000_000_000n - 8_000_000n)
    expect(balance(alice, gem)).toBe(1_000_000n - 700n)
    x.reload()
    // Pairs that are there stay; new ones are refused.
    ok(deployer, quote(false))
    expect(x.order(bob, PAIR, 'sell', { px: '20', size: '10' })).toHaveProperty('resting')
  })

  it('holds the unit of spot prices', () => {
    ok(deployer, register())
    ok(deployer, allocate([2, '100']))
    ok(deployer, open('100'))
    refused(deployer, quote(true), 'Token is too coarse to be a quote token.')
  })
})
