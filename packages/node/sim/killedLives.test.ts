import { expect, test } from 'vitest'
import { type Kill, KilledLives } from './killedLives.ts'

// Every write of several blocks: `pnpm sim node.killed`.

/** In the middle of creating a folder, then at each kind of write of a block: the log, its sync, the batch. */
const KILLS: readonly Kill[] = [
  { write: 6, how: 'middle' },
  { kind: 'writeSync', write: 9, how: 'middle' },
  { kind: 'fdatasyncSync', write: 4, how: 'middle' },
  { kind: 'batch_write', write: 4, how: 'middle' },
  { kind: 'batch_write', write: 3, how: 'before' },
]

test('a validator killed at a write opens at the old block or at the new one', {
  timeout: 300_000,
}, async () => {
  using lives = await KilledLives.create()
  let height = 0
  for (const kill of KILLS) {
    const life = await lives.live(kill)
    expect(life.fault, `killed ${kill.how} write ${kill.write}, ${life.killed}`).toBeUndefined()
    if (kill.kind !== undefined) expect(life.killed).toBe(kill.kind)
    height = life.height
  }
  expect(height).toBeGreaterThan(3)
})
