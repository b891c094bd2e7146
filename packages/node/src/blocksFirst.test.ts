import { expect, test } from 'vitest'
import { BlocksFirst } from './blocksFirst.ts'
import { BLOCK_STEP_MS, CALLS_REST_FACTOR } from './limits.ts'

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** A pace on a clock that only pieces of work move on; each takes 20 ms. */
function begin() {
  let nowMs = 1_000
  let pieces = 0
  const rests: { readonly run: () => void; readonly delayMs: number }[] = []
  const blocks = new BlocksFirst({
    now: () => nowMs,
    setTimer: (run, delayMs) => rests.push({ run, delayMs }),
  })
  const goOn = (): void => {
    queueMicrotask(() => {
      nowMs += 20
      pieces += 1
      blocks.pace(goOn)
    })
  }
  blocks.pace(goOn)
  return { blocks, rests, pieces: () => pieces, pass: (ms: number) => (nowMs += ms) }
}

test('while no block is worked on, a piece of a call runs in every turn', async () => {
  const { rests, pieces } = begin()
  for (let n = 0; n < 10; n++) await turn()
  expect(pieces()).toBeGreaterThan(5)
  expect(rests).toEqual([])
})

test('while a block is worked on, calls rest for some times as long as they took, and then go on', async () => {
  const { blocks, rests, pieces } = begin()
  blocks.step()
  for (let n = 0; n < 10; n++) await turn()
  expect(pieces()).toBe(1)
  expect(rests.map(({ delayMs }) => delayMs)).toEqual([20 * CALLS_REST_FACTOR])

  blocks.step()
  rests.shift()?.run()
  for (let n = 0; n < 10; n++) await turn()
  expect(pieces()).toBe(2)
  expect(rests.map(({ delayMs }) => delayMs)).toEqual([20 * CALLS_REST_FACTOR])
})

test('when the next step of a block does not come, calls no longer rest', async () => {
  const { blocks, rests, pieces, pass } = begin()
  blocks.step()
  pass(BLOCK_STEP_MS)
  for (let n = 0; n < 10; n++) await turn()
  expect(pieces()).toBeGreaterThan(5)
  expect(rests).toEqual([])
})
