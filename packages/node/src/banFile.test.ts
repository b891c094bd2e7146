import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { readBans, writeBans } from './banFile.ts'

const folder = mkdtempSync(join(tmpdir(), 'openliquid-bans-'))
const path = join(folder, 'bans.json')
afterAll(() => rmSync(folder, { recursive: true }))

test('bans come back from their file, the newest list as a whole', () => {
  expect(readBans(path)).toEqual([])
  const bans = [{ peer: 'a', untilMs: 5, reason: 'OL_RATE_LIMIT' }]
  writeBans(path, [...bans, { peer: 'b', untilMs: 6, reason: 'x' }])
  writeBans(path, bans)
  expect(readBans(path)).toEqual(bans)
})

test.each(['', '{}', '[1]', '[{"peer":"a"}]', '[{"peer":"a","untilMs":-1,"reason":""}]'])(
  'a file that is no list of bans counts as none: %s',
  (text) => {
    writeFileSync(path, text)
    expect(readBans(path)).toEqual([])
  },
)
