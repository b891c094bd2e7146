import type { GenesisEvm } from '@openliquid/primitives'
import { describe, expect, test } from 'vitest'
import { isLaneDue, laneOf, mayCarryEvm } from './evmLanes.ts'

const fees = { baseFee: '1', baseFeeMin: '1' }
const always = { periodMs: 0, gasLimit: 30_000_000, ...fees }
const small = { periodMs: 1_000, gasLimit: 3_000_000, ...fees }
const big = { periodMs: 60_000, gasLimit: 30_000_000, ...fees }
const genesis = (...lanes: GenesisEvm['lanes']): GenesisEvm => ({
  alloc: {},
  lanes,
  nonceWindow: 8,
})

describe('an EVM block is due', () => {
  test.each([
    ['not inside a period', small, 1_000, 1_999, 5, false],
    ['in the first block of the next period', small, 1_999, 2_000, 5, true],
    ['then also without a transaction', small, 1_999, 2_000, 0, true],
    ['once when periods were missed', small, 1_999, 9_500, 0, true],
    ['not for the big lane with every second', big, 1_999, 2_000, 5, false],
    ['for the big lane with the minute', big, 59_999, 60_000, 0, true],
    ['without period when there is a transaction', always, 1_000, 1_001, 1, true],
    ['without period never without one', always, 1_000, 9_000, 0, false],
  ])('%s', (_, lane, parentTimestampMs, timestampMs, count, expected) => {
    expect(isLaneDue(lane, { parentTimestampMs, timestampMs }, count)).toBe(expected)
  })
})

test('a payload may carry Ethereum transactions when any lane is due', () => {
  const inside = { parentTimestampMs: 1_000, timestampMs: 1_999 }
  const next = { parentTimestampMs: 1_999, timestampMs: 2_000 }
  expect(mayCarryEvm(genesis(small, big), inside)).toBe(false)
  expect(mayCarryEvm(genesis(small, big), next)).toBe(true)
  expect(mayCarryEvm(genesis(always), inside)).toBe(true)
})

test('the flag of big blocks picks the lane where there are two', () => {
  expect(laneOf(genesis(small, big), false)).toBe(0)
  expect(laneOf(genesis(small, big), true)).toBe(1)
  expect(laneOf(genesis(always), true)).toBe(0)
})
