import { median, report } from '../../../bench/figure.ts'
import { type BenchServer, startGanache } from './servers.ts'
import { fundSenders, runTransfers, type SignedTransfer, signedTransfers } from './transferLoad.ts'

/** Ours must mine all in each of them, on a new chain each time. */
const RUNS = 10
const PEER_RUNS = 3

/** Transfers a second of servers of ours over those of ganache, both measured here in turn. @throws {Error} one was not mined */
export async function compareWithGanache(
  id: string,
  target: number,
  start: () => Promise<BenchServer>,
): Promise<void> {
  const transfers = await signedTransfers()
  const peerRuns: number[] = []
  const runs: number[] = []
  for (let run = 0; run < RUNS; run++) {
    if (run < PEER_RUNS) peerRuns.push(await measure(await startGanache(), transfers))
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
