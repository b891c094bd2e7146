// Removes dist before packing: `tsc -b` never deletes outputs whose source is gone.
import { spawnSync } from 'node:child_process'
import { rmSync } from 'node:fs'

rmSync('dist', { recursive: true, force: true })
const tsc = new URL('../node_modules/typescript/bin/tsc', import.meta.url).pathname
process.exit(spawnSync('node', [tsc, '-b'], { stdio: 'inherit' }).status ?? 1)
