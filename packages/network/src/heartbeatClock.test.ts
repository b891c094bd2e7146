import { expect, test, vi } from 'vitest'
import { HeartbeatClock, msUntilBeat } from './heartbeatClock.ts'

test('beats fall on multiples of the interval, never two at once and never two intervals apart', () => {
  expect(msUntilBeat(9_000, 450)).toBe(450)
  expect(msUntilBeat(9_001, 450)).toBe(449)
  expect(msUntilBeat(9_225, 450)).toBe(225)
  // Fired early or just before the mark: the mark is taken for done.
  expect(msUntilBeat(9_226, 450)).toBe(674)
  expect(msUntilBeat(9_449, 450)).toBe(451)
})

test('two clocks that start at different times beat together', () => {
  vi.useFakeTimers({ now: 1_000_100 })
  try {
    const beats: [string, number][] = []
    const first = new HeartbeatClock(450, () => beats.push(['first', Date.now()]))
    const second = new HeartbeatClock(450, () => beats.push(['second', Date.now()]))
    first.start()
    vi.advanceTimersByTime(777)
    second.start()
    vi.advanceTimersByTime(2_000)
    first.stop()
    const firsts = beats.filter(([name]) => name === 'first').map(([, atMs]) => atMs)
    const seconds = beats.filter(([name]) => name === 'second').map(([, atMs]) => atMs)
    expect(seconds.length).toBeGreaterThan(2)
    expect(firsts.slice(-seconds.length)).toEqual(seconds)
    const count = beats.length
    vi.advanceTimersByTime(450)
    expect(beats.length).toBe(count + 1)
    second.stop()
  } finally {
    vi.useRealTimers()
  }
})
