// Time between blocks of one validator while its RPC port is attacked, against the same node in peace. The node runs in
// this process, the attack in another.
import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { median, percentile, report } from '../../../bench/figure.ts'
import { createNode } from '../src/index.ts'

const seconds = Number(process.env['ATTACK_SECONDS'] ?? 40)
const CLIENT = fileURLToPath(new URL('attackClient.mjs', import.meta.url))
const TARGET = 1.2

const node = await createNode({ settings: { 'log.level': 'error' } })
await node.start()
if (node.rpcUrl === undefined) throw new Error('the node serves RPC')

/** Milliseconds between the blocks of a while. */
async function intervalsOf(durationMs: number): Promise<number[]> {
  const times: number[] = []
  const stop = node.view.onBlock(() => times.push(performance.now()))
  await new Promise((resolve) => setTimeout(resolve, durationMs))
  stop()
  return times.slice(1).map((time, i) => time - (times[i] ?? time))
}

const shown = (name: string, intervals: readonly number[]): void => {
  const [p50, p99] = [median(intervals), percentile(intervals, 0.99)]
  console.log(
    `${name}: ${intervals.length} blocks, interval ${p50.toFixed(0)} ms, p99 ${p99.toFixed(0)} ms`,
  )
}

await intervalsOf(3_000)
const quiet = await intervalsOf(seconds * 1_000)
shown('in peace', quiet)
const rssBefore = process.memoryUsage.rss()
const attacker = spawn(process.execPath, [CLIENT, node.rpcUrl], {
  stdio: ['ignore', 'pipe', 'inherit'],
})
const told = text(attacker.stdout)
await intervalsOf(3_000)
const attacked = await intervalsOf(seconds * 1_000)
attacker.kill('SIGTERM')
shown('attacked', attacked)
const grownMiB = (process.memoryUsage.rss() - rssBefore) / 2 ** 20
console.log(`memory grew by ${grownMiB.toFixed(0)} MiB`)
for (const [what, times] of JSON.parse(await told) as [string, number][])
  console.log(`  ${what}: ${times}`)
await node.stop()

const [quietP99, attackedP99] = [percentile(quiet, 0.99), percentile(attacked, 0.99)]
report({
  id: 'rpc.attack',
  value: attackedP99 / quietP99,
  unit: '× p99 block interval in peace',
  op: '<=',
  target: TARGET,
  baseline: { name: 'p99 in peace', value: quietP99, unit: 'ms' },
  runs: [attackedP99 / quietP99],
})
process.exit(0)
