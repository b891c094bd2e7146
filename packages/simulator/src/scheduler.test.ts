import { describe, expect, it } from 'vitest'
import { Prng } from './prng.ts'
import { Scheduler } from './scheduler.ts'

describe('Scheduler', () => {
  it('runs tasks in order of time, then of scheduling', () => {
    const scheduler = new Scheduler(0)
    const prng = new Prng(3)
    const ran: [number, number][] = []
    for (let i = 0; i < 300; i++) {
      const atMs = prng.below(40)
      scheduler.at(atMs, () => ran.push([atMs, i]))
    }
    while (scheduler.runNext(100)) {}
    expect(ran).toHaveLength(300)
    expect(ran).toEqual([...ran].sort((a, b) => a[0] - b[0] || a[1] - b[1]))
  })

  it('stops at the time it is told, and never goes back', () => {
    const scheduler = new Scheduler(100)
    let ran = 0
    scheduler.after(50, () => {
      ran += 1
      scheduler.at(0, () => {
        ran += 1
      })
    })
    expect(scheduler.runNext(149)).toBe(false)
    expect(scheduler.runNext(150)).toBe(true)
    expect(scheduler.runNext(150)).toBe(true)
    expect([ran, scheduler.nowMs]).toEqual([2, 150])
  })
})
