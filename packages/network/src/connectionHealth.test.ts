import { expect, test } from 'vitest'
import { ConnectionHealth } from './connectionHealth.ts'

const BEAT = 640
const LATE_MS = 680
const SUSPECT_MS = 760
const DOWN_MS = 1_520

function connected(): ConnectionHealth {
  const health = new ConnectionHealth(BEAT)
  health.onUp(0)
  return health
}

test('a peer that is heard stays connected', () => {
  const health = connected()
  for (let nowMs = BEAT; nowMs < 20 * BEAT; nowMs += BEAT) {
    expect(health.judge(nowMs)).toBeUndefined()
    health.onSeen(nowMs)
  }
})

test.each([
  ['just before a beat and a sixteenth', LATE_MS - 1, undefined],
  ['a beat and a sixteenth', LATE_MS, 'late'],
  ['just before a beat and three sixteenths', SUSPECT_MS - 1, 'late'],
  ['a beat and three sixteenths', SUSPECT_MS, 'suspect'],
] as const)('after %s of silence', (_, silentMs, state) => {
  expect(connected().judge(silentMs)).toBe(state)
})

test('one that is late is told once a silence, and then judged when it would be suspect', () => {
  const health = connected()
  expect(health.nextJudgementMs).toBe(LATE_MS)
  expect(health.judge(LATE_MS)).toBe('late')
  expect(health.judge(LATE_MS)).toBeUndefined()
  expect(health.state).toBe('connected')
  expect(health.nextJudgementMs).toBe(SUSPECT_MS)
  expect(health.judge(SUSPECT_MS)).toBe('suspect')
  expect(health.judge(SUSPECT_MS)).toBeUndefined()
  health.onSeen(SUSPECT_MS)
  expect(health.judge(SUSPECT_MS)).toBe('connected')
  expect(health.judge(SUSPECT_MS + LATE_MS)).toBe('late')
})

test('a suspect is down after twice that, and nobody is down who was not suspect', () => {
  const health = connected()
  expect(health.judge(SUSPECT_MS)).toBe('suspect')
  expect(health.judge(DOWN_MS - 1)).toBeUndefined()
  expect(health.judge(DOWN_MS)).toBe('down')
  const late = connected()
  expect(late.judge(100 * BEAT)).toBe('suspect')
  expect(late.judge(100 * BEAT + 1)).toBe('down')
})

test('a suspect that is heard is connected again, and told once', () => {
  const health = connected()
  expect(health.judge(2 * BEAT)).toBe('suspect')
  expect(health.judge(2 * BEAT)).toBeUndefined()
  health.onSeen(2 * BEAT)
  expect(health.judge(2 * BEAT + 1)).toBe('connected')
  expect(health.state).toBe('connected')
})

test('goes down, recovers and counts the failure', () => {
  const health = connected()
  health.onDown()
  health.onDown()
  expect(health.state).toBe('down')
  expect(health.failures).toBe(1)
  expect(health.judge(100 * BEAT)).toBeUndefined()
  health.onRecovering()
  expect(health.state).toBe('recovering')
  health.onUp(100 * BEAT)
  expect(health.state).toBe('connected')
  expect(health.judge(101 * BEAT)).toBeUndefined()
})

test('a peer that never was up has not failed', () => {
  const health = new ConnectionHealth(BEAT)
  health.onDown()
  expect(health.failures).toBe(0)
})

test('the round trip is the mean that forgets', () => {
  const health = connected()
  health.onAnswer(health.nextBeat(0), 10)
  expect(health.rttMs).toBe(10)
  health.onAnswer(health.nextBeat(100), 120)
  expect(health.rttMs).toBeCloseTo(12)
})

test('answers to beats never sent, answered before or long ago count for nothing', () => {
  const health = connected()
  health.onAnswer(99n, 10)
  expect(health.rttMs).toBeUndefined()
  const first = health.nextBeat(0)
  for (let i = 0; i < 10; i++) health.nextBeat(i)
  health.onAnswer(first, 10)
  expect(health.rttMs).toBeUndefined()
  const last = health.nextBeat(100)
  health.onAnswer(last, 105)
  health.onAnswer(last, 900)
  expect(health.rttMs).toBe(5)
})
