// docs/spec/hyperliquid.md §9: dust is swept daily at 00:00 UTC.
import type { Address } from '@openliquid/primitives'
import { beforeEach, expect, it } from 'vitest'
import {
  ASSETS,
  TestExchange,
  TOKENS,
  testGenesis,
  testUser,
  testUserHex,
} from './testing/index.ts'

const DAY_MS = 86_400_000
const [alice, bob, carol, maker] = [1, 2, 3, 4].map(testUser) as [
  Address,
  Address,
  Address,
  Address,
]
const ESCROW = new Uint8Array(20).fill(0xfb)

let x: TestExchange
/** A lot of HYPE is 0.01, worth 0.4 USDC. */
beforeEach(() => {
  const hype = (address: number, amount: string) => ({
    address: testUserHex(address),
    spot: { HYPE: amount },
  })
  const balances = [
    hype(1, '0.008'),
    hype(2, '0.009'),
    hype(3, '0.01'),
    { address: testUserHex(4), spot: { USDC: '1000' } },
  ]
  x = new TestExchange(testGenesis(0, { balances }))
})

const have = (user: Address, token: number): bigint =>
  x.machine.reader(0n).spotBalanceOf(user, token)?.total ?? 0n
const nextDay = () => x.endBlock(DAY_MS)

it('sells it together, and holders share the proceeds and what is left of it', () => {
  x.order(maker, ASSETS.hype, 'buy', { px: '39', size: '1' })
  nextDay()
  // One lot of 1.7 at 39, less 0.07 %: 0.389727 USDC; 0.007 HYPE go back.
  expect(have(alice, TOKENS.usdc) + have(bob, TOKENS.usdc)).toBe(38_972_700n)
  expect(have(bob, TOKENS.usdc)).toBe((38_972_700n * 9n) / 17n)
  expect(have(alice, TOKENS.hype) + have(bob, TOKENS.hype)).toBe(700_000n)
  expect(have(maker, TOKENS.hype)).toBe(1_000_000n - 400n)
  // A whole lot is no dust, and nothing stays behind.
  expect(have(carol, TOKENS.hype)).toBe(1_000_000n)
  expect(have(ESCROW, TOKENS.usdc) + have(ESCROW, TOKENS.hype)).toBe(0n)
  x.reload()
})

it('leaves who opted out, and comes again when told', () => {
  x.order(maker, ASSETS.hype, 'buy', { px: '39', size: '1' })
  const opt = (optOut: boolean) =>
    x.act(alice, { type: 'spotUser', toggleSpotDusting: { optOut } }).status
  expect(opt(true)).toBe('ok')
  x.reload()
  nextDay()
  // Bob alone has less than a lot.
  expect(have(alice, TOKENS.hype)).toBe(800_000n)
  expect(have(bob, TOKENS.hype)).toBe(900_000n)
  expect(opt(false)).toBe('ok')
  nextDay()
  expect(have(alice, TOKENS.usdc)).toBeGreaterThan(0n)
})

it('does nothing without a bid near the last price, and once a day only', () => {
  nextDay()
  x.order(maker, ASSETS.hype, 'buy', { px: '30', size: '1' })
  nextDay()
  expect([alice, bob].map((user) => have(user, TOKENS.hype))).toEqual([800_000n, 900_000n])
  x.order(maker, ASSETS.hype, 'buy', { px: '39', size: '1' })
  x.endBlock(1_000)
  expect([alice, bob].map((user) => have(user, TOKENS.hype))).toEqual([800_000n, 900_000n])
})
