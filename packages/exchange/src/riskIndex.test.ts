// Finding accounts below maintenance margin: nobody is missed, and few others are looked at. docs/spec/hyperliquid.md §6.5.
import type { GenesisBalance } from '@openliquid/primitives'
import { expect, it } from 'vitest'
import { CoreState } from './coreState.ts'
import { CoreTree } from './coreTree.ts'
import { EntryWriter } from './entryRows.ts'
import { applyGenesis } from './genesis.ts'
import { bandOf } from './markBands.ts'
import { LinkedOrderBook } from './orderBook.ts'
import type { User } from './records.ts'
import { prng, testGenesis, testUserHex } from './testing/index.ts'
import { failingUnits } from './underwater.ts'

const PERPS = 3
const MARGIN_TABLES = [
  {
    id: 56,
    description: 'three tiers',
    marginTiers: [
      { lowerBound: '0', maxLeverage: 40 },
      { lowerBound: '10000', maxLeverage: 25 },
      { lowerBound: '50000', maxLeverage: 10 },
    ],
  },
]

type Prng = ReturnType<typeof prng>

function stateOf(users: number): { readonly state: CoreState; readonly users: readonly User[] } {
  const balances = Array.from(
    { length: users },
    (_, i): GenesisBalance => ({ address: testUserHex(i + 1), perp: '1000' }),
  )
  const state = new CoreState(new CoreTree(), (arena) => new LinkedOrderBook(arena))
  applyGenesis(state, testGenesis(0, { balances, marginTables: MARGIN_TABLES }))
  return { state, users: balances.map(({ address }) => address) }
}

/** A position worth so many USDC at the mark; an isolated one has a tenth of that behind it. */
function take(state: CoreState, user: User, perp: number, usd: number, isIsolated = false): void {
  const { markPx } = state.pricesOf(perp)
  const size = Math.sign(usd) * Math.max(1, Math.round((Math.abs(usd) * 1e6) / markPx))
  const value = BigInt(size) * BigInt(markPx)
  const before = state.account(user)
  state.accounts.set(user, { ...before, rawUsd: before.rawUsd - (isIsolated ? 0n : value) })
  state.positions.set(user, perp, {
    size,
    entryNtl: value < 0n ? -value : value,
    leverage: 10,
    isIsolated,
    isolatedRawUsd: isIsolated ? -value + (value < 0n ? -value : value) / 10n : 0n,
    cumFunding: { allTime: 0n, sinceOpen: 0n, sinceChange: 0n },
  })
}

function moveMark(state: CoreState, perp: number, permille: number): void {
  const prices = state.pricesOf(perp)
  const markPx = Math.max(1, Math.round((prices.markPx * permille) / 1_000))
  state.prices.set(perp, { ...prices, markPx })
}

function isBelow(state: CoreState, user: User): boolean {
  const units = failingUnits(state, [user], (margin) => margin.accountValue < margin.maintenance)
  return units.length > 0
}

function randomChange(state: CoreState, users: readonly User[], next: Prng): void {
  const user = users[next(users.length)] as User
  if (next(3) === 0) {
    const account = state.account(user)
    state.accounts.set(user, { ...account, rawUsd: account.rawUsd + BigInt(next(2e8) - 1e8) })
    return
  }
  const usd = (next(2) === 0 ? 1 : -1) * 10 * 5 ** next(6)
  if (next(4) === 0) state.positions.set(user, next(PERPS), undefined)
  else take(state, user, next(PERPS), usd, next(4) === 0)
}

it.each([1, 2, 3])('nobody below maintenance margin is missed, seed %i', (seed) => {
  const { state, users } = stateOf(60)
  const next = prng(seed)
  let below = 0
  for (let round = 0; round < 250; round++) {
    for (let i = next(4); i > 0; i--) randomChange(state, users, next)
    const permille = next(12) === 0 ? 500 + next(1_001) : 992 + next(17)
    moveMark(state, next(PERPS), permille)
    const suspects = new Set(state.positions.suspects())
    for (const user of users) {
      if (!isBelow(state, user)) continue
      below += 1
      expect(suspects.has(user), `${user} in round ${round}`).toBe(true)
    }
    // Rows go to other accounts.
    if (next(10) === 0) for (const table of state.tables) table.drain(new EntryWriter())
  }
  expect(below).toBeGreaterThan(100)
})

it('changes that are taken back leave nobody unwatched', () => {
  const { state, users } = stateOf(1)
  const [user] = users as [User]
  take(state, user, 1, 5_000)
  expect(state.positions.suspects()).toEqual([])
  state.journal.begin()
  state.positions.set(user, 1, undefined)
  state.journal.rollback()
  moveMark(state, 1, 700)
  expect(state.positions.suspects()).toEqual([user])
})

it('an amount that no double holds is looked at by whoever counts with bigint', () => {
  const { state, users } = stateOf(1)
  const [user] = users as [User]
  take(state, user, 1, 5_000)
  state.accounts.set(user, { ...state.account(user), rawUsd: 1n << 60n })
  expect(state.positions.suspects()).toEqual([user])
  expect(isBelow(state, user)).toBe(false)
})

it('a move of the marks costs a look at those whom it brings into danger, and at those who changed', () => {
  const { state, users } = stateOf(2_000)
  // A thousand USDC behind 2,000 to 6,000.
  for (const [i, user] of users.entries()) {
    take(state, user, i % PERPS, (i % 2 === 0 ? 1 : -1) * (2_000 + 2 * i))
  }
  const looksOf = (change: () => void): number => {
    const before = state.positions.risk.looks
    change()
    state.positions.suspects()
    return state.positions.risk.looks - before
  }
  // And the accounts of the exchange itself.
  expect(looksOf(() => undefined)).toBeGreaterThanOrEqual(2_000)
  expect(looksOf(() => undefined)).toBe(0)
  const steps = [999, 1_002, 998, 1_001, 1_000]
  for (const permille of steps) expect(looksOf(() => moveMark(state, 1, permille))).toBe(0)
  expect(looksOf(() => take(state, users[7] as User, 1, 10))).toBe(1)
  // A sixth is all that those with the greatest leverage have.
  const called = looksOf(() => moveMark(state, 1, 840))
  expect(called).toBeGreaterThan(0)
  expect(called).toBeLessThan(200)
})

it('bands rise with the price and are narrower than a hundredth of it', () => {
  for (const px of [1, 127, 128, 255, 256, 999_999, 2 ** 31 - 1, 2 ** 31, 2 ** 32, 2 ** 50]) {
    expect(bandOf(px)).toBeGreaterThanOrEqual(bandOf(px - 1))
    expect(bandOf(px + 1)).toBeGreaterThanOrEqual(bandOf(px))
    expect(bandOf(Math.ceil(px * 1.01))).toBeGreaterThan(bandOf(px - 1))
  }
  expect(bandOf(2 ** 53 - 1)).toBeLessThan(8_192)
})
