import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { finishSwap, swapDatabase } from './databaseSwap.ts'
import { dataDirectoryAt } from './dataDirectory.ts'

const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

function prepared(): ReturnType<typeof dataDirectoryAt> {
  const root = mkdtempSync(join(tmpdir(), 'openliquid-swap-'))
  folders.push(root)
  const directory = dataDirectoryAt(root)
  for (const [path, text] of [
    [directory.db, 'old'],
    [directory.dbSync, 'new'],
  ] as const) {
    mkdirSync(path)
    writeFileSync(join(path, 'content'), text)
  }
  return directory
}

const contentOf = (path: string): string => readFileSync(join(path, 'content'), 'utf8')

it('a swap puts the new database in the place of the old one', () => {
  const directory = prepared()
  swapDatabase(directory)
  expect(contentOf(directory.db)).toBe('new')
  expect(existsSync(directory.dbOld)).toBe(false)
  expect(existsSync(directory.dbSync)).toBe(false)
})

it('a swap that was cut off after each of its steps ends with one whole database', () => {
  for (const steps of [0, 1, 2]) {
    const directory = prepared()
    if (steps > 0) renameSync(directory.db, directory.dbOld)
    if (steps > 1) renameSync(directory.dbSync, directory.db)
    finishSwap(directory)
    expect(contentOf(directory.db)).toBe(steps === 0 ? 'old' : 'new')
    expect(existsSync(directory.dbOld)).toBe(false)
    // One that is not swapped in yet may be half: it is left to the restore.
    expect(existsSync(directory.dbSync)).toBe(steps === 0)
  }
})
