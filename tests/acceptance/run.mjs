// Runs the read and write part of the acceptance tests against a network that runs: --rpc URL[,URL…].
import { spawnSync } from 'node:child_process'
import { parseArgs } from 'node:util'

const { values } = parseArgs({ options: { rpc: { type: 'string' } }, strict: true })
const root = new URL('../..', import.meta.url)
const vitest = ['node_modules/vitest/vitest.mjs', 'run', '--project', 'acceptance']
const only = values.rpc === undefined ? [] : ['tests/acceptance/worlds.test.ts']
const { status } = spawnSync(process.execPath, [...vitest, ...only], {
  cwd: root,
  stdio: 'inherit',
  env: { ...process.env, ACCEPTANCE_RPC: values.rpc ?? '' },
})
process.exit(status ?? 1)
