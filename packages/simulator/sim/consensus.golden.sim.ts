// Recorded traces, one of each stage of the protocol, that this Node or Node 24 replays to other effects than recorded.
// `consensus.golden --write` records them anew, at the same views, after a change of behaviour that is meant.
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { report } from '../../../bench/figure.ts'
import { effectsHashesOf, GOLDEN_PATH, type GoldenTrace, goldenTraces } from './goldenTrace.ts'

const [mode] = process.argv.slice(2)
if (mode === '--write') write()
else if (mode === '--print') console.log(JSON.stringify(replayed()))
else compare()

function write(): void {
  writeFileSync(GOLDEN_PATH, `${JSON.stringify(replayed(), null, 2)}\n`)
}

function compare(): void {
  const expected = JSON.stringify(goldenTraces())
  const here = JSON.stringify(replayed())
  const there = onNode24()
  const differing = [here, there].filter((traces) => traces !== expected).length
  if (here !== expected) console.log(`Node ${process.versions.node}: ${here}`)
  if (there !== expected) console.log(`Node 24: ${there}`)
  report({
    id: 'consensus.golden',
    value: differing,
    unit: `versions of Node that differ, ${goldenTraces().length} traces`,
    op: '<=',
    target: 0,
    runs: [differing],
  })
}

function onNode24(): string {
  const args = ['--yes', '-p', 'node@24', 'node', ...process.execArgv]
  const script = fileURLToPath(import.meta.url)
  const { stdout, stderr } = spawnSync('npx', [...args, script, '--print'], { encoding: 'utf8' })
  if (stdout === '') throw new Error(`Node 24 did not run: ${stderr}`)
  return stdout.trim()
}

function replayed(): readonly GoldenTrace[] {
  return goldenTraces().map(hashed)
}

function hashed({ seed, highTip, effectsHashes }: GoldenTrace): GoldenTrace {
  const views = Object.keys(effectsHashes).map(Number)
  return { seed, highTip, effectsHashes: effectsHashesOf({ seed, highTip }, views) }
}
