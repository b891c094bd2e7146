import { describe, expect, it } from 'vitest'
import { dispatchAction } from './actions/dispatch.ts'
import { CoreState } from './coreState.ts'
import { CoreTree } from './coreTree.ts'
import { applyGenesis } from './genesis.ts'
import { Journal } from './journal.ts'
import { LinkedOrderBook } from './orderBook.ts'
import { prng, randomStep, testGenesis, testUserHex } from './testing/index.ts'

/** Everything that can be seen of a state. */
function picture(state: CoreState): unknown {
  const tables = [
    [...state.counters.entries()],
    [...state.prices.entries()],
    [...state.accounts.entries()],
    [...state.orders.entries()],
    [...state.triggers.entries()],
    [...state.agents.entries()],
    [...state.subAccounts.entries()],
    [...state.builderApprovals.entries()],
    [...state.twaps.entries()],
    [...state.scheduledCancels.entries()],
    [...state.activities.entries()],
    [...state.delayedOrders.entries()],
  ].map((entries) => new Map<unknown, unknown>(entries))
  const owned = [new Map(state.positions.owners()), new Map(state.spotBalances.owners())]
  const books = [...state.markets.values()].map(({ book }) => [
    book.rows(true).map((row) => state.orders.read(row)),
    book.rows(false).map((row) => state.orders.read(row)),
    book.levels(true, 9_999),
    book.levels(false, 9_999),
  ])
  const users = [1, 2, 3].map(testUserHex).map((user) => ({
    named: state.ordersOf(user),
    oids: new Set(state.orders.oidsOf(user)),
    count: state.orders.countOf(user),
    opening: [0, 1, 2].map((perp) => state.positions.openingOf(user, perp)),
    initial: state.positions.margin.initialMarginOf(state.accounts.handleOf(user)),
  }))
  const holders = [0, 1, 2].map((token) => new Set(state.tokenHolders.of(token)))
  const { rawUsd, ...sums } = state.totals
  const byPerp = [state.positions.sizes, state.positions.openInterest].map((all) =>
    [...all].filter(([, sum]) => !sum.isZero).map(([perp, sum]) => [perp, sum.value]),
  )
  const totals = { ...sums, rawUsd: rawUsd.value, byPerp }
  return structuredClone({ tables, owned, books, users, holders, totals })
}

describe('undo', () => {
  it('takes every change of an action back, in tables, books, indexes and sums', () => {
    const state = new CoreState(new CoreTree(), (arena) => new LinkedOrderBook(arena))
    applyGenesis(state, testGenesis(3))
    const next = prng(3)
    const act = (): void => {
      const step = randomStep(next, 3)
      if (step.kind !== 'action' || step.action.type === 'validatorOracle') return
      dispatchAction(state, testUserHex(step.user), step.action, 0)
    }
    for (let i = 0; i < 200; i++) {
      state.journal.begin()
      act()
      state.journal.commit()
      const before = picture(state)
      state.journal.begin()
      for (let j = 0; j < 6; j++) act()
      state.journal.rollback()
      expect(picture(state)).toEqual(before)
    }
  })

  it('undoes the last change first, and nothing outside an action', () => {
    const journal = new Journal()
    const seen: number[] = []
    journal.record(() => seen.push(0))
    journal.begin()
    for (const n of [1, 2, 3]) journal.record(() => seen.push(n))
    journal.rollback()
    expect(seen).toEqual([3, 2, 1])
    journal.begin()
    journal.record(() => seen.push(4))
    journal.commit()
    expect(seen).toEqual([3, 2, 1])
    expect(() => journal.commit()).toThrow('no action')
    journal.begin()
    expect(() => journal.begin()).toThrow('inside an action')
  })
})
