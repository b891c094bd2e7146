// Values of accounts over time: so many places each, whoever asks.
import type { ExchangeEvent, ExchangeView } from '@openliquid/exchange'
import { bytesToHex } from '@openliquid/primitives'
import { memoryStore } from '@openliquid/storage/testing'
import { expect, test, vi } from 'vitest'
import { AccountValuer, AccountValues, valuesAfter } from './accountValues.ts'

vi.mock('./limits.ts', async (original) => ({
  ...(await original<typeof import('./limits.ts')>()),
  ACCOUNT_VALUES_PER_BLOCK_MAX: 2,
}))

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const user = (n: number): Uint8Array => new Uint8Array(20).fill(n)

/** What the values are made of, at a time. */
function coreAt(timestampMs: number): ExchangeView {
  return {
    timestampMs,
    clearinghouseState: () => ({ marginSummary: { accountValue: '1000.5' } }),
    spotClearinghouseState: () => ({
      balances: [
        { token: 0, total: '5.0' },
        { token: 1, total: '10.0' },
        { token: 9, total: '10.0' },
      ],
    }),
    spotMeta: () => ({ universe: [{ tokens: [1, 0], name: 'PURR/USDC' }] }),
    spotContexts: () => [{ coin: 'PURR/USDC', markPx: '0.2' }],
    holdingsOf: () => [{ equity: 3_000_000n }],
  } as unknown as ExchangeView
}

test('an account is worth its perps, its spot at last prices, and its part of vaults', () => {
  expect(new AccountValuer(coreAt(7)).valueOf(user(1))).toEqual({
    timeMs: 7,
    perp: 1_000_500_000n,
    all: 1_010_500_000n,
  })
})

test('hours are kept for a week and days for longer, the newest value of each', async () => {
  const store = memoryStore()
  const values = new AccountValues(store)
  const put = async (timeMs: number): Promise<void> => {
    const value = { timeMs, perp: BigInt(timeMs), all: -1n }
    await store.batch(values.writesOf(user(1), value), { sync: false })
  }
  for (let hour = 0; hour < 400; hour++) {
    await put(hour * HOUR_MS + 1)
    await put(hour * HOUR_MS + 2)
  }
  const times = (await values.of(user(1))).map(({ timeMs }) => timeMs)
  const days = Array.from({ length: 16 }, (_, day) => day * DAY_MS + 23 * HOUR_MS + 2)
  const hours = Array.from({ length: 168 }, (_, i) => (232 + i) * HOUR_MS + 2)
  const older = days.filter((time) => time < 232 * HOUR_MS)
  expect(times).toEqual([...older, ...hours])
  for (let day = 17; day < 3_000; day++) await put(day * DAY_MS)
  const kept = await values.of(user(1))
  expect(kept.length).toBeLessThanOrEqual(168 + 1_024)
  expect(kept.at(-1)).toEqual({ timeMs: 2_999 * DAY_MS, perp: BigInt(2_999 * DAY_MS), all: -1n })
  expect(await values.of(user(2))).toEqual([])
})

test('those whom a block cannot value have their turn in the next hours', () => {
  const events = [1, 1, 2, 3, 4, 5].map(
    (n) => ({ kind: n === 2 ? 'ledgerUpdate' : 'funding', user: user(n) }) as ExchangeEvent,
  )
  const other = { kind: 'fill', user: user(6) } as ExchangeEvent
  const valued = (hour: number): string[] =>
    valuesAfter(coreAt(hour * HOUR_MS), [...events, other]).map(([who]) =>
      bytesToHex(who).slice(-1),
    )
  const turns = [valued(0), valued(1), valued(2)]
  for (const turn of turns) expect(turn.length).toBeLessThanOrEqual(2)
  expect(turns.flat().sort()).toEqual(['1', '2', '3', '4', '5'])
  expect(valuesAfter(coreAt(0), [other])).toEqual([])
})
