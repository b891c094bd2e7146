// One random history on Node 20 and Node 24, in several time zones and locales: one root. Node 24 comes from npm.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const script = fileURLToPath(new URL('historyRoot.ts', import.meta.url))
const root = fileURLToPath(new URL('../../..', import.meta.url))
const CONDITION = '--conditions=openliquid:source'
const RUNTIMES: readonly (readonly [name: string, command: readonly string[]])[] = [
  [process.version, ['npx', 'tsx', CONDITION, script]],
  ['24', ['npx', '-y', '-p', 'node@24', 'node', CONDITION, script]],
]
const PLACES = [
  { TZ: 'UTC', LC_ALL: 'C' },
  { TZ: 'Asia/Kathmandu', LC_ALL: 'tr_TR.UTF-8' },
  { TZ: 'America/St_Johns', LC_ALL: 'de_DE.UTF-8' },
]

const results = new Map<string, string>()
for (const [name, [file = '', ...args]] of RUNTIMES) {
  for (const place of PLACES) {
    const { status, stdout, stderr } = spawnSync(file, args, {
      cwd: root,
      encoding: 'utf8',
      env: { ...process.env, ...place, LANG: place.LC_ALL },
    })
    if (status !== 0) throw new Error(`node ${name} in ${place.TZ}: ${stderr}`)
    const where = `node ${name}, ${place.TZ}, ${place.LC_ALL}`
    results.set(where, stdout.trim())
    process.stdout.write(`${where}: ${stdout.slice(0, 64)}\n`)
  }
}
if (new Set(results.values()).size !== 1) throw new Error('the same history has several roots')
process.stdout.write(`${results.size} runs, one root\n`)
