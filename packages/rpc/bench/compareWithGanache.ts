import { median, report } from '../../../bench/figure.ts'
import { type BenchServer, startGanache } from './servers.ts'
import { fundSenders, runTransfers, type SignedTransfer, signedTransfers } from './transferLoad.ts'

/** How often each is measured, on a new chain each time; ours must mine all in each of its runs. */
export interface Rounds {
  readonly ours: number
  readonly peer: number
  /** Fewer of them on a machine that is slow, one at least. */
  readonly isBounded: boolean
}

/** After this a bounded comparison begins no further round. */
const BEGIN_MS_MAX = 80_000

/** Transfers a second of servers of ours over those of ganache, both measured here in turn. @throws {Error} one was not mined */
export async function compareWithGanache(
  id: string,
  target: number,
  rounds: Rounds,
  start: () => Promise<BenchServer>,
): Promise<void> {
  const endMs = performance.now() + BEGIN_MS_MAX
  const transfers = signedTransfers()
  const peerRuns: number[] = []
  const runs: number[] = []
  for (let round = 0; round < rounds.ours; round++) {
    if (round > 0 && rounds.isBounded && performance.now() > endMs) break
    if (round < rounds.peer) peerRuns.push(await measure(await startGanache(), transfers))
    runs.push(await measure(await start(), transfers))
  }
  const baseline = median(peerRuns)
  console.log(`ganache: ${peerRuns.map(Math.round).join(', ')} tx/s`)
  console.log(`ours: ${runs.map(Math.round).join(', ')} tx/s, all mined`)
  report({
    id,
    value: median(runs) / baseline,
    unit: '× ganache',
    op: '>=',
    target,
    baseline: { name: 'ganache 7.9.2', value: baseline, unit: 'tx/s' },
    runs: runs.map((rate) => rate / baseline),
  })
}

async function measure(server: BenchServer, transfers: readonly SignedTransfer[]): Promise<number> {
  try {
    await fundSenders(server.urls)
    return await runTransfers(server.urls, transfers)
  } finally {
    await server.stop()
  }
}
