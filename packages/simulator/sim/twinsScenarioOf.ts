import type { Prng, TwinsScenario } from '../src/index.ts'

/** A random scenario of so many views. */
export function twinsScenarioOf(prng: Prng, views: number): TwinsScenario {
  return {
    firstLeader: prng.below(4),
    views: Array.from({ length: views }, () => ({
      sides: prng.below(16) << 1,
      nextLeader: prng.below(4),
    })),
  }
}
