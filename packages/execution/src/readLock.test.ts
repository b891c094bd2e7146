import { expect, test } from 'vitest'
import { ReadLock } from './readLock.ts'

function gate(): { readonly opened: Promise<void>; open(): void } {
  let open: () => void = () => undefined
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  return { opened, open }
}

test('lets readers run side by side and a writer alone, in the order they came', async () => {
  const lock = new ReadLock()
  const [first, second, write] = [gate(), gate(), gate()]
  const log: string[] = []
  const run = (name: string, until: Promise<void>) => async () => {
    log.push(`${name} in`)
    await until
    log.push(`${name} out`)
    return name
  }
  const done = Promise.all([
    lock.read(run('a', first.opened)),
    lock.read(run('b', second.opened)),
    lock.write(run('w', write.opened)),
    lock.read(run('c', Promise.resolve())),
    lock.write(run('x', Promise.resolve())),
    lock.read(run('d', Promise.resolve())),
  ])
  expect(log).toEqual(['a in', 'b in'])
  second.open()
  first.open()
  await Promise.resolve()
  write.open()
  expect(await done).toEqual(['a', 'b', 'w', 'c', 'x', 'd'])
  expect(log.slice(2, 4).sort()).toEqual(['a out', 'b out'])
  expect(log.slice(4)).toEqual(['w in', 'w out', 'c in', 'c out', 'x in', 'x out', 'd in', 'd out'])
})

test('goes on after a reader or a writer that failed', async () => {
  const lock = new ReadLock()
  const fail = (): never => {
    throw new Error('no')
  }
  await expect(lock.read(fail)).rejects.toThrow('no')
  await expect(lock.write(fail)).rejects.toThrow('no')
  expect(await lock.read(() => 1)).toBe(1)
  expect(await lock.write(() => 2)).toBe(2)
})
