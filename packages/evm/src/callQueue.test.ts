import { expect, test } from 'vitest'
import { CallQueue } from './callQueue.ts'
import { CALLS_RUNNING_MAX, CALLS_WAITING_MAX } from './limits.ts'

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** Work that goes on until it is told to end. */
function endless(): { readonly work: () => Promise<string>; readonly end: () => void } {
  let end = (): void => undefined
  const ended = new Promise<string>((resolve) => {
    end = () => resolve('done')
  })
  return { work: () => ended, end: () => end() }
}

test('a single piece of work begins at once', async () => {
  const queue = new CallQueue()
  let hasBegun = false
  const running = queue.run(async () => {
    hasBegun = true
  }, undefined)
  expect(hasBegun).toBe(true)
  await running
})

test('of many one begins in each turn of the event loop', async () => {
  const queue = new CallQueue()
  let begun = 0
  const all = Array.from({ length: 5 }, () =>
    queue.run(async () => {
      begun += 1
    }, undefined),
  )
  const counts: number[] = []
  for (let n = 0; n < 5; n++) {
    counts.push(begun)
    await turn()
  }
  await Promise.all(all)
  for (const [index, count] of counts.slice(1).entries()) {
    expect(count - counts[index]!).toBeLessThanOrEqual(1)
  }
  expect(begun).toBe(5)
})

test('so many run, so many wait, and one more is refused', async () => {
  const queue = new CallQueue()
  const works = Array.from({ length: CALLS_RUNNING_MAX + CALLS_WAITING_MAX }, endless)
  const results = works.map(({ work }) => queue.run(work, undefined))
  expect(await queue.run(async () => 'done', undefined)).toBe('full')
  works[0]!.end()
  expect(await results[0]).toBe('done')
  // A place in line is free again.
  const late = queue.run(async () => 'late', undefined)
  for (const { end } of works) end()
  expect(new Set(await Promise.all(results))).toEqual(new Set(['done']))
  expect(await late).toBe('late')
})

test('work whose time is over before it begins is not done', async () => {
  const queue = new CallQueue()
  const works = Array.from({ length: CALLS_RUNNING_MAX }, endless)
  const results = works.map(({ work }) => queue.run(work, undefined))
  const controller = new AbortController()
  let isDone = false
  const late = queue.run(async () => {
    isDone = true
  }, controller.signal)
  controller.abort()
  for (const { end } of works) end()
  expect(await late).toBe('stopped')
  expect(isDone).toBe(false)
  await Promise.all(results)
})

test('work that fails gives its place on', async () => {
  const queue = new CallQueue()
  const failing = Array.from({ length: 3 * CALLS_RUNNING_MAX }, () =>
    queue.run(() => Promise.reject(new Error('broken')), undefined),
  )
  const settled = await Promise.allSettled(failing)
  expect(settled.every(({ status }) => status === 'rejected')).toBe(true)
  expect(await queue.run(async () => 'done', undefined)).toBe('done')
})
