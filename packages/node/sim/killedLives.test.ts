import { expect, test } from 'vitest'
import { type Kill, KilledLives } from './killedLives.ts'

// Every write of several blocks: `pnpm sim node.killed`.

/** In the middle of creating a folder, of the first block, and of the three writes of a block after a restart. */
const KILLS: readonly Kill[] = [
  { write: 6, how: 'middle' },
  { write: 17, how: 'middle' },
  { write: 19, how: 'middle' },
  { write: 20, how: 'middle' },
  { write: 21, how: 'before' },
]

test('a validator killed at a write opens at the old block or at the new one', {
  timeout: 300_000,
}, async () => {
  using lives = await KilledLives.create()
  const killed = new Set<string>()
  let height = 0
  for (const kill of KILLS) {
    const life = await lives.live(kill)
    expect(life.fault, `killed ${kill.how} write ${kill.write}, ${life.killed}`).toBeUndefined()
    killed.add(life.killed)
    height = life.height
  }
  // A block is one synced append to the log and one batch of the database.
  for (const kind of ['writeSync', 'fdatasyncSync', 'batch_write']) expect(killed).toContain(kind)
  expect(height).toBeGreaterThan(3)
})
