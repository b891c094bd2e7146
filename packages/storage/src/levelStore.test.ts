import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ClassicLevel } from 'classic-level'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { metaKey } from './keyspace.ts'
import { openStore, STORE_SCHEMA } from './levelStore.ts'
import { faultyStore } from './testing/faultyStore.ts'
import { memoryStore } from './testing/memoryStore.ts'
import { storeCompliance } from './testing/storeCompliance.ts'

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values)

let path: string
beforeEach(() => {
  path = mkdtempSync(join(tmpdir(), 'openliquid-store-'))
})
afterEach(() => rmSync(path, { recursive: true, force: true }))

function raw(): ClassicLevel<Uint8Array, Uint8Array> {
  return new ClassicLevel(path, { keyEncoding: 'view', valueEncoding: 'view' })
}

describe('every store', () => {
  for (const { title, run } of storeCompliance) {
    test(`in memory ${title}`, () => run(memoryStore()))
    test(`with faults that do not strike ${title}`, () => run(faultyStore(memoryStore())))
    test(`on LevelDB ${title}`, async () => {
      const store = await openStore(path)
      try {
        // The schema record is the one key of a fresh database.
        await store.batch([[metaKey('schema'), undefined]], { sync: false })
        await run(store)
      } finally {
        await store.close()
      }
    })
  }
})

describe('the LevelDB store', () => {
  test('keeps what a synced batch wrote over a restart', async () => {
    const store = await openStore(path)
    await store.batch([[bytes(99, 1), bytes(1, 2, 3)]], { sync: true })
    await store.close()
    const again = await openStore(path)
    expect(again.get(bytes(99, 1))).toEqual(bytes(1, 2, 3))
    expect((await again.scrub()).entries).toBe(2)
    await again.close()
  })

  test('hands out plain arrays, never Buffers', async () => {
    const store = await openStore(path)
    await store.batch([[bytes(1), bytes(2)]], { sync: false })
    expect(store.get(bytes(1))?.constructor).toBe(Uint8Array)
    expect((await store.getMany([bytes(1)]))[0]?.constructor).toBe(Uint8Array)
    for await (const [key, value] of store.entries({ lt: bytes(2) })) {
      expect(key.constructor).toBe(Uint8Array)
      expect(value.constructor).toBe(Uint8Array)
    }
    await store.close()
  })

  test.each([
    [
      'a flipped bit in the value',
      (value: Uint8Array) => value.map((b, i) => (i === 0 ? b ^ 1 : b)),
    ],
    [
      'a flipped bit in the checksum',
      (value: Uint8Array) => value.map((b, i) => (i === value.length - 1 ? b ^ 128 : b)),
    ],
    ['a cut value', (value: Uint8Array) => value.slice(0, 2)],
  ])('notices %s on every way of reading', async (_, damage) => {
    const store = await openStore(path)
    await store.batch([[bytes(7), bytes(1, 2, 3)]], { sync: true })
    await store.close()
    const database = raw()
    await database.put(bytes(7), damage((await database.get(bytes(7))) as Uint8Array))
    await database.close()

    const again = await openStore(path)
    const corrupt = { code: 'OL_STORE_CORRUPT', data: { key: '0x07' } }
    expect(() => again.get(bytes(7))).toThrow(expect.objectContaining(corrupt))
    await expect(again.getMany([bytes(7)])).rejects.toMatchObject(corrupt)
    await expect(again.scrub()).rejects.toMatchObject(corrupt)
    await again.close()
  })

  test('notices a value that lies under the key of another', async () => {
    const store = await openStore(path)
    await store.batch(
      [
        [bytes(7), bytes(1)],
        [bytes(8), bytes(2)],
      ],
      { sync: true },
    )
    await store.close()
    const database = raw()
    await database.put(bytes(7), (await database.get(bytes(8))) as Uint8Array)
    await database.close()
    const again = await openStore(path)
    expect(() => again.get(bytes(7))).toThrow('OL_STORE_CORRUPT')
    await again.close()
  })

  test('refuses a folder in use, and opens it when it is free again', async () => {
    const store = await openStore(path)
    await expect(openStore(path)).rejects.toMatchObject({ code: 'OL_STORE_LOCKED' })
    await store.close()
    await (await openStore(path)).close()
  })

  test('refuses a database of another program and leaves it unlocked', async () => {
    const database = raw()
    await database.put(bytes(1), bytes(1))
    await database.close()
    await expect(openStore(path)).rejects.toMatchObject({
      code: 'OL_STORE_SCHEMA',
      data: { found: 'foreign' },
    })
    await database.open()
    await database.close()
  })

  test('refuses the schema of a newer program', async () => {
    const store = await openStore(path)
    await store.batch([[metaKey('schema'), bytes(0, 0, 0, 9)]], { sync: true })
    await store.close()
    await expect(openStore(path)).rejects.toMatchObject({
      code: 'OL_STORE_SCHEMA',
      data: { found: 9, wanted: STORE_SCHEMA },
    })
  })

  test('refuses a path that is a file', async () => {
    const file = join(path, 'file')
    writeFileSync(file, 'x')
    await expect(openStore(file)).rejects.toMatchObject({ code: 'OL_STORE_OPEN' })
  })

  test('refuses a damaged manifest', async () => {
    await (await openStore(path)).close()
    const manifest = readdirSync(path).find((name) => name.startsWith('MANIFEST')) as string
    const content = readFileSync(join(path, manifest))
    writeFileSync(join(path, manifest), content.fill(0xff, 0, 12))
    await expect(openStore(path)).rejects.toMatchObject({
      code: expect.stringMatching(/^OL_STORE_(CORRUPT|OPEN)$/),
    })
  })

  test('answers a coded error after it was closed', async () => {
    const store = await openStore(path)
    await store.close()
    const closed = { code: 'OL_STORE_CLOSED' }
    expect(() => store.get(bytes(1))).toThrow(expect.objectContaining(closed))
    await expect(store.getMany([bytes(1)])).rejects.toMatchObject(closed)
    await expect(store.batch([], { sync: true })).rejects.toMatchObject(closed)
    await expect(store.scrub()).rejects.toMatchObject(closed)
  })
})

describe('the store with faults', () => {
  test('loses a batch, or writes it and fails', async () => {
    const store = faultyStore(memoryStore())
    store.failNext('lost')
    await expect(store.batch([[bytes(1), bytes(1)]], { sync: true })).rejects.toMatchObject({
      code: 'OL_STORE_WRITE',
    })
    expect(store.get(bytes(1))).toBeUndefined()
    store.failNext('writtenThenCrash')
    await expect(store.batch([[bytes(1), bytes(1)]], { sync: true })).rejects.toThrow()
    expect(store.get(bytes(1))).toEqual(bytes(1))
  })
})
