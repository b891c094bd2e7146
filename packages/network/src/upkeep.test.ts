import { expect, test } from 'vitest'
import { Upkeep } from './upkeep.ts'

test('every beat beats links, gossip and sentries; the rest is done when it is due', () => {
  const log: string[] = []
  const note = (what: string) => () => void log.push(what)
  const state = { nowMs: 100_000, isDiscovering: true }
  const upkeep = new Upkeep({
    links: { beat: note('links') },
    swept: [{ sweep: note('sweep') }],
    relay: { beat: note('relay') },
    discovery: { tick: async () => void log.push('discovery') },
    report: { setGauges: note('gauges') },
    discoveryMs: 10_000,
    host: () => ({ beatGossip: note('gossip') }),
    isDiscovering: () => state.isDiscovering,
    nowMs: () => state.nowMs,
  })
  const count = (what: string): number => log.filter((entry) => entry === what).length
  for (let second = 0; second < 120; second++) {
    upkeep.beat()
    state.nowMs += 1_000
    if (second === 60) state.isDiscovering = false
  }
  expect(['links', 'gossip', 'relay'].map(count)).toEqual([120, 120, 120])
  expect(['sweep', 'discovery', 'gauges'].map(count)).toEqual([2, 6, 24])
})
