import { readFileSync } from 'node:fs'
import type { Hex } from '@openliquid/primitives'
import { Cluster, Trace } from '../src/index.ts'

/** What a trace is made from, and what must come of it on every machine. */
export interface GoldenTrace {
  readonly seed: number
  readonly highTip: boolean
  /** By the views at which it is taken: SHA-256 over all that all nodes have sent and written when one enters that view. */
  readonly effectsHashes: Readonly<Record<string, Hex>>
}

/** Where the traces stand; `consensus.golden.sim.ts --write` makes them anew. */
export const GOLDEN_PATH: URL = new URL('../vectors/goldenTraces.json', import.meta.url)

export function goldenTraces(): readonly GoldenTrace[] {
  return JSON.parse(readFileSync(GOLDEN_PATH, 'utf8')) as readonly GoldenTrace[]
}

/**
 * Replays a trace: four validators over links that delay, lose and repeat messages, all from one seed.
 *
 * @param views - at which the hash is taken, ascending
 */
export function effectsHashesOf(
  { seed, highTip }: Pick<GoldenTrace, 'seed' | 'highTip'>,
  views: readonly number[],
): GoldenTrace['effectsHashes'] {
  const trace = new Trace()
  const hashes: Record<string, Hex> = {}
  let taken = 0
  const cluster = new Cluster({
    seed,
    stakes: [1n, 1n, 1n, 1n],
    links: { delayMsMin: 1, delayMsMax: 40, lossPermille: 5, duplicatePermille: 10 },
    executionMs: 2,
    params: { highTip },
    hasWork: (height) => height % 4n === 0n,
    observe: (node, effect, nowMs) => {
      const next = views[taken]
      if (next === undefined) return
      trace.add(node, effect, nowMs)
      if (effect.kind !== 'enterView' || effect.view < BigInt(next)) return
      hashes[next] = trace.hash
      taken += 1
    },
  })
  cluster.start()
  while (taken < views.length) cluster.runFor(1_000)
  return hashes
}
