// A process that restores a snapshot and is killed in the middle: after some pieces while the next is being written, or
// while the last batch is. `killedRestore <store> <file with genesis, target and chunks> <pieces before the kill>`.
import { readFileSync } from 'node:fs'
import { deserialize } from 'node:v8'
import type { Genesis } from '@openliquid/primitives'
import { openStore } from '@openliquid/storage'
import { type RestoreTarget, StateRestorer } from '../src/index.ts'

const [path = '', file = '', pieces = ''] = process.argv.slice(2)
const { chunks, genesis, target } = deserialize(readFileSync(file)) as {
  readonly genesis: Genesis
  readonly target: RestoreTarget
  readonly chunks: readonly Uint8Array[]
}
const store = await openStore(path)
const restorer = await StateRestorer.open(store, genesis, target)
const done = new Set(restorer.restored)
const kill = (): void => {
  process.kill(process.pid, 'SIGKILL')
}
let left = Number(pieces)
for (const [index, bytes] of chunks.entries()) {
  if (done.has(index)) continue
  const written = restorer.put(index, bytes)
  if (left === 0) kill()
  await written
  left -= 1
}
setImmediate(kill)
await restorer.finish()
kill()
