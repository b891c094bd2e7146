// `pnpm bench [ID…]` and `pnpm sim [ID…]`: runs each figure's file in a process of its own, prints a table and writes
// the results, anew after every file so that a run cut short keeps what it measured. A file is called `<id>.bench.ts` or `<id>.sim.ts`; it may report figures whose ids begin with its own.
// A figure that was not run is absent, never copied from an earlier run.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { createInterface } from 'node:readline'

const [kind, ...ids] = process.argv.slice(2)
if (kind !== 'bench' && kind !== 'sim') {
  console.error('usage: figures.mjs bench|sim [ID…]')
  process.exit(2)
}
const root = new URL('..', import.meta.url)
const suffix = `.${kind}.ts`
const machine = `${cpus().length} × ${cpus()[0]?.model.trim()}, Node ${process.versions.node}`

const files = readdirSync(new URL('packages', root)).flatMap((name) => {
  try {
    const folder = `packages/${name}/${kind}`
    return readdirSync(new URL(folder, root))
      .filter((file) => file.endsWith(suffix))
      .map((file) => ({ id: file.slice(0, -suffix.length), path: `${folder}/${file}` }))
  } catch {
    return []
  }
})
// An id that no file has is a figure of the file whose name it goes on from.
const isServedBy = (wanted, { id }) =>
  wanted === id || (wanted.startsWith(`${id}.`) && !files.some((file) => file.id === wanted))
const isWanted = (file) => ids.length === 0 || ids.some((wanted) => isServedBy(wanted, file))
const wanted = files.filter(isWanted).sort((a, b) => (a.id < b.id ? -1 : 1))
const unknown = ids.filter((id) => !files.some((file) => isServedBy(id, file)))
if (unknown.length > 0) {
  console.error(
    `no figure ${unknown.join(', ')}; there are ${files.map(({ id }) => id).join(', ')}`,
  )
  process.exit(2)
}

// A bench that has not ended by then hangs; a simulation may take as long as it likes.
const limitMs = kind === 'bench' ? 600_000 : 0
const results = new URL(`bench/results/${kind === 'bench' ? 'latest' : 'latest-sim'}.json`, root)
mkdirSync(new URL('.', results), { recursive: true })

const figures = []
let failed = 0
for (const { id, path } of wanted) {
  process.stdout.write(`${id} …\n`)
  const child = spawn(
    process.execPath,
    ['--expose-gc', '--conditions=openliquid:source', '--import', 'tsx', path],
    {
      cwd: root,
      stdio: ['ignore', 'pipe', 'inherit'],
      timeout: limitMs,
      killSignal: 'SIGKILL',
    },
  )
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (!line.startsWith('{"figure":')) {
      process.stdout.write(`  ${line}\n`)
      return
    }
    const { figure } = JSON.parse(line)
    const pass = figure.op === '<=' ? figure.value <= figure.target : figure.value >= figure.target
    figures.push({ ...figure, pass, machine })
  })
  const [code, signal] = await once(child, 'close')
  if (code !== 0) {
    failed += 1
    process.stdout.write(`  ended with ${code ?? signal}\n`)
  }
  writeFileSync(results, `${JSON.stringify(figures, null, 2)}\n`)
}

const rows = figures.map(({ id, value, unit, op, target, pass, baseline }) => [
  id,
  `${round(value)} ${unit}`,
  `${op} ${target}`,
  pass ? 'yes' : 'NO',
  baseline === undefined ? '' : `${baseline.name} ${round(baseline.value)} ${baseline.unit}`,
])
printTable([['id', 'value', 'target', 'met', 'baseline'], ...rows])
process.exit(failed === 0 ? 0 : 1)

function round(value) {
  return Number.isInteger(value) ? value : Number(value.toPrecision(4))
}

function printTable(table) {
  const widths = table[0].map((_, column) =>
    Math.max(...table.map((row) => `${row[column]}`.length)),
  )
  for (const row of table) {
    console.log(
      row
        .map((cell, column) => `${cell}`.padEnd(widths[column]))
        .join('  ')
        .trimEnd(),
    )
  }
}
