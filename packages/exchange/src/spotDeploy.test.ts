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

  it('answers not supported to hyperliquidity and other quote tokens', () => {
    ok(deployer, register())
    for (const step of [
      { genesis: { token: TOKEN, maxSupply: '1' } },
      { enableQuoteToken: { token: TOKEN } },
    ]) {
      expect(x.act(deployer, deploy(step))).toMatchObject({ code: 'OL_ACTION_UNSUPPORTED' })
    }
  })
})
