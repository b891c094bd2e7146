// A bounded slice of `npm run sim exchange.invariants`: 220,000 actions, every block checked.
import { describe, expect, it } from 'vitest'
import { prng } from '../src/testing/index.ts'
import { runRiskHistory } from './riskHistory.ts'

const ACTIONS = 20_000

describe('random histories with gaps of ± 50 %: §6.5, §6.6, §6.8', () => {
  it.each([1000, 1001, 1003, 1004, 1006, 1007])(
    'nobody ends in debt and nothing is lost, seed %i',
    (seed) => {
      const result = runRiskHistory({
        seed,
        next: prng(seed),
        actions: ACTIONS,
        users: 6 + (seed % 15),
        reloadBlocks: 101,
      })
      expect(result.actions).toBeGreaterThanOrEqual(ACTIONS)
      expect(result.marketLiquidations).toBeGreaterThan(0)
      expect(result.backstops).toBeGreaterThan(0)
      expect(result.deleveraged).toBeGreaterThan(0)
      expect(result.fundings).toBeGreaterThan(0)
    },
  )

  it.each([1002, 1005, 1008])(
    'nor where users stake and put their money into vaults, seed %i',
    (seed) => {
      const { actions, root, accepted, blocks, ...happened } = runRiskHistory({
        seed,
        next: prng(seed),
        actions: ACTIONS,
        users: 6 + (seed % 15),
        reloadBlocks: 101,
      })
      expect(actions).toBeGreaterThanOrEqual(ACTIONS)
      const { marketLiquidations, backstops, ...rest } = happened
      for (const [what, count] of Object.entries(rest)) expect(count, what).toBeGreaterThan(0)
    },
  )

  it('a machine that is loaded again and again ends where one that never was ends', () => {
    const run = (reloadBlocks: number) =>
      runRiskHistory({ seed: 9, next: prng(9), actions: ACTIONS, users: 9, reloadBlocks })
    const { reloads, ...loaded } = run(7)
    const { reloads: none, ...kept } = run(0)
    expect(reloads).toBeGreaterThan(50)
    expect(none).toBe(0)
    expect(loaded).toEqual(kept)
  })
})
