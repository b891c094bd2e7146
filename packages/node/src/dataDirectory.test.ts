import { mkdirSync, mkdtempSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import {
  checkDataDirectory,
  createDataDirectory,
  dataDirectoryAt,
  readPid,
  removePid,
  writePid,
} from './dataDirectory.ts'
import { exitCodeOf } from './exitCodes.ts'

const HASH = `0x${'11'.repeat(32)}` as const
const OTHER = `0x${'22'.repeat(32)}` as const

function fresh() {
  return dataDirectoryAt(join(mkdtempSync(join(tmpdir(), 'openliquid-dir-')), 'node'))
}

function exitCodeFrom(call: () => void): number {
  try {
    call()
  } catch (error) {
    return exitCodeOf(error)
  }
  return 0
}

test('creates a folder for its owner only and recognises it', () => {
  const directory = fresh()
  createDataDirectory(directory, HASH)
  expect(statSync(directory.root).mode & 0o777).toBe(0o700)
  expect(exitCodeFrom(() => checkDataDirectory(directory, HASH))).toBe(0)
})

test('refuses a missing folder with 3', () => {
  expect(exitCodeFrom(() => checkDataDirectory(fresh(), HASH))).toBe(3)
})

test('refuses a folder of something else with 12 and leaves it alone', () => {
  const directory = fresh()
  mkdirSync(directory.root)
  writeFileSync(join(directory.root, 'holiday.jpg'), '')
  expect(exitCodeFrom(() => createDataDirectory(directory, HASH))).toBe(12)
  expect(exitCodeFrom(() => checkDataDirectory(directory, HASH))).toBe(12)
})

test('refuses a folder of a newer program with 12', () => {
  const directory = fresh()
  createDataDirectory(directory, HASH)
  writeFileSync(directory.version, `openliquid 2\ngenesis ${HASH}\n`)
  expect(exitCodeFrom(() => checkDataDirectory(directory, HASH))).toBe(12)
})

test('refuses a damaged marker with 13', () => {
  const directory = fresh()
  createDataDirectory(directory, HASH)
  writeFileSync(directory.version, 'openliquid 1')
  expect(exitCodeFrom(() => checkDataDirectory(directory, HASH))).toBe(13)
})

test('refuses another genesis with 14', () => {
  const directory = fresh()
  createDataDirectory(directory, HASH)
  expect(exitCodeFrom(() => checkDataDirectory(directory, OTHER))).toBe(14)
})

test('keeps the process id while it runs', () => {
  const directory = fresh()
  createDataDirectory(directory, HASH)
  writePid(directory)
  expect(readPid(directory)).toBe(process.pid)
  removePid(directory)
  expect(readPid(directory)).toBeUndefined()
})
