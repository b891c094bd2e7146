import { describe, expect, it } from 'vitest'
import { type MarkState, type Quotes, renewMark } from './markPrice.ts'
import { averageOf, NO_AVERAGE, withSample } from './movingAverage.ts'

const T = 1_700_000_000_000
const fresh: MarkState = { oracleMs: T, perpPx: 0, premium: NO_AVERAGE, book: NO_AVERAGE }
const empty: Quotes = { bid: 0, ask: 0, lastPx: 0 }

describe('moving average over irregular steps: §7.2', () => {
  const at = (timestampMs: number) => ({ timestampMs, decayMs: 150_000, firstMs: 3_000 })

  it('starts at the first sample and forgets with e^(-t/decay)', () => {
    const first = withSample(NO_AVERAGE, 100n, at(T))
    expect(averageOf(first)).toBe(100n)
    const second = withSample(first, 200n, at(T + 150_000))
    // 3,000 ms decayed to 1,103.638 against 150,000 ms.
    expect(second.denominator).toBe(151_103_638_323_514n)
    expect(averageOf(second)).toBe(199n)
  })

  it('stays on a constant whatever the steps', () => {
    let average = NO_AVERAGE
    for (let i = 0, now = T; i < 300; i++, now += 1 + ((i * 7_919) % 40_000)) {
      average = withSample(average, -77n, at(now))
      expect(averageOf(average)).toBe(-77n)
    }
  })

  it('has no value before its first sample', () => {
    expect(averageOf(NO_AVERAGE)).toBeUndefined()
  })
})

describe('mark price: §7.2', () => {
  const mark = (state: MarkState, quotes: Quotes, oraclePx = 1_000): number =>
    renewMark(state, oraclePx, quotes, T).markPx

  it.each([
    ['the oracle alone', fresh, empty, 1_000],
    ['the oracle and other venues: the mean', { ...fresh, perpPx: 1_011 }, empty, 1_006],
    ['one side of a book is no book', fresh, { bid: 0, ask: 1_500, lastPx: 1_400 }, 1_000],
    ['a balanced book', fresh, { bid: 998, ask: 1_002, lastPx: 0 }, 1_000],
    [
      'a last trade outside the touch counts as the touch',
      fresh,
      { bid: 998, ask: 1_002, lastPx: 900 },
      998,
    ],
    [
      'the middle of three',
      { ...fresh, perpPx: 1_001 },
      { bid: 1_100, ask: 1_102, lastPx: 1_101 },
      1_101,
    ],
  ] as const)('%s', (_name, state, quotes, px) => {
    expect(mark(state, quotes)).toBe(px)
  })

  it('carries the average premium of the book on to the next oracle price', () => {
    const { state } = renewMark(fresh, 1_000, { bid: 1_009, ask: 1_011, lastPx: 0 }, T)
    expect(averageOf(state.premium)).toBe(20n)
    // The book is gone: oracle 1,100 and its average premium of 10, beside the book's short average of 1,010.
    const { markPx } = renewMark(state, 1_100, empty, T + 3_000)
    expect(markPx).toBe(1_110)
    expect(renewMark({ ...state, perpPx: 1_050 }, 1_100, empty, T + 3_000).markPx).toBe(1_050)
  })

  it('never falls to nothing', () => {
    const { state } = renewMark(fresh, 1_000_000, { bid: 1, ask: 3, lastPx: 0 }, T)
    expect(renewMark(state, 2, empty, T + 3_000).markPx).toBe(1)
  })
})
