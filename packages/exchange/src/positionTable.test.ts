import { expect, it } from 'vitest'
import { AccountTable } from './accountTable.ts'
import { ExactSum } from './exactSum.ts'
import { Journal } from './journal.ts'
import { marginTiers } from './marginTiers.ts'
import { PositionTable } from './positionTable.ts'
import type { Position } from './records.ts'
import { testUserHex } from './testing/index.ts'

const PERP = 3
const TIERS = marginTiers({ description: '', tiers: [{ lowerBound: 0n, maxLeverage: 20 }] })

const open: Position = {
  size: 10,
  entryNtl: 1_000n,
  leverage: 7,
  isIsolated: false,
  isolatedRawUsd: 0n,
  cumFunding: { allTime: 0n, sinceOpen: 0n, sinceChange: 0n },
}

it.each([
  ['without funding', open.cumFunding],
  ['that paid funding', { allTime: 5n, sinceOpen: 4n, sinceChange: 3n }],
  ['whose funding adds up to nothing', { allTime: 0n, sinceOpen: -4n, sinceChange: -3n }],
])('fills of a position %s are taken back whole, with the sums', (_, cumFunding) => {
  const journal = new Journal()
  const accounts = new AccountTable(journal, new ExactSum())
  const positions = new PositionTable(journal, accounts, {
    rawUsd: new ExactSum(),
    defaultsOf: () => ({ leverage: 20, isIsolated: false }),
    tiersOf: () => TIERS,
  })
  const user = testUserHex(1)
  const position = { ...open, cumFunding }
  positions.set(user, PERP, position)
  const told = () => [
    positions.get(user, PERP),
    positions.sizes.get(PERP)?.value,
    positions.openInterest.get(PERP)?.value,
    positions.margin.initialMarginOf(accounts.handleOf(user)),
  ]
  positions.margin.setMarkPx(PERP, 100)
  const before = told()
  const row = positions.find(accounts.handleOf(user), PERP)
  journal.begin()
  positions.fill(row, true, 4, 110)
  positions.fill(row, false, 30, 120)
  expect(positions.get(user, PERP)).toMatchObject({ size: -16, entryNtl: 1_920n })
  expect(told()).not.toEqual(before)
  journal.rollback()
  expect(told()).toEqual(before)
})
