import {
  bytesToUint,
  type KeyRange,
  type KeyValueStore,
  OpenLiquidError,
  type StoreSnapshot,
  uintToBytes,
  type Write,
} from '@openliquid/primitives'
import { ClassicLevel, type Iterator } from 'classic-level'
import { openValue, sealValue } from './checksum.ts'
import { StoreError } from './errors.ts'
import { metaKey } from './keyspace.ts'

/** Layout of the database. A program opens its own number only. */
export const STORE_SCHEMA = 2

const SCHEMA_KEY = metaKey('schema')

type Database = ClassicLevel<Uint8Array, Uint8Array>
type EntryIterator = Iterator<Database, Uint8Array, Uint8Array>

/** Which state of the database a read is of; the newest without a snapshot. */
interface ReadOf {
  readonly snapshot?: ReturnType<Database['snapshot']>
}

/** The node's database: a KeyValueStore on disk. */
export interface LevelStore extends KeyValueStore {
  readonly path: string
  /** What the store holds now, to be read while it goes on; cheap to take, and to be closed. */
  snapshot(): StoreSnapshot
  /** Reads every value and checks it. */
  scrub(): Promise<{ readonly entries: number; readonly bytes: number }>
}

/**
 * Opens or creates the LevelDB database in a folder and holds its lock until `close()` or the end of the process.
 *
 * Values carry a CRC-32 over key and payload, checked on every read. `get` is synchronous, so state code never yields.
 *
 * @throws {StoreError} OL_STORE_LOCKED, OL_STORE_SCHEMA, OL_STORE_CORRUPT, OL_STORE_OPEN
 */
export async function openStore(path: string): Promise<LevelStore> {
  const database: Database = new ClassicLevel(path, {
    keyEncoding: 'view',
    valueEncoding: 'view',
  })
  let usable = false
  try {
    await database.open()
    await checkSchema(database, path)
    usable = true
  } catch (cause) {
    throw openFailure(cause, path)
  } finally {
    // An instance that failed to open keeps the folder locked for this process until it is closed.
    if (!usable) await database.close()
  }
  return new ClassicLevelStore(database, path)
}

class ClassicLevelStore implements LevelStore {
  readonly path: string
  readonly #database: Database

  constructor(database: Database, path: string) {
    this.#database = database
    this.path = path
  }

  get(key: Uint8Array): Uint8Array | undefined {
    return this.#get(key, {})
  }

  #get(key: Uint8Array, of: ReadOf): Uint8Array | undefined {
    let sealed: Uint8Array | undefined
    try {
      sealed = this.#database.getSync(key, of)
    } catch (cause) {
      throw readFailure(cause)
    }
    return sealed === undefined ? undefined : openValue(key, sealed)
  }

  async getMany(keys: readonly Uint8Array[]): Promise<(Uint8Array | undefined)[]> {
    let values: (Uint8Array | undefined)[]
    try {
      values = await this.#database.getMany([...keys])
    } catch (cause) {
      throw readFailure(cause)
    }
    return values.map((sealed, i) =>
      sealed === undefined ? undefined : openValue(keys[i] as Uint8Array, sealed),
    )
  }

  entries(range: KeyRange): AsyncGenerator<readonly [Uint8Array, Uint8Array]> {
    return this.#entries(range)
  }

  snapshot(): StoreSnapshot {
    const snapshot = this.#database.snapshot()
    return {
      get: (key) => this.#get(key, { snapshot }),
      entries: (range) => this.#entries(range, { snapshot }),
      close: () => snapshot.close(),
    }
  }

  async *#entries(
    range: KeyRange,
    of: ReadOf = {},
  ): AsyncGenerator<readonly [Uint8Array, Uint8Array]> {
    const iterator = this.#iterator(range, of)
    try {
      for (;;) {
        const batch = await iterator.nextv(ITERATOR_BATCH)
        if (batch.length === 0) return
        for (const [key, sealed] of batch) {
          const plainKey = new Uint8Array(key.buffer, key.byteOffset, key.length)
          yield [plainKey, openValue(plainKey, sealed)]
        }
      }
    } catch (cause) {
      throw readFailure(cause)
    } finally {
      await iterator.close()
    }
  }

  #iterator({ gte, lt, reverse = false, limit = -1 }: KeyRange, of: ReadOf): EntryIterator {
    const bounds = { ...(gte === undefined ? {} : { gte }), ...(lt === undefined ? {} : { lt }) }
    try {
      return this.#database.iterator({ reverse, limit, ...bounds, ...of })
    } catch (cause) {
      throw readFailure(cause)
    }
  }

  async batch(writes: readonly Write[], { sync }: { readonly sync: boolean }): Promise<void> {
    try {
      // Filled entry by entry: a third of the CPU time of handing over one array of operations.
      const batch = this.#database.batch()
      try {
        for (const [key, value] of writes) {
          if (value === undefined) batch.del(key)
          else batch.put(key, sealValue(key, value))
        }
        await batch.write({ sync })
      } finally {
        await batch.close()
      }
    } catch (cause) {
      throw writeFailure(cause)
    }
  }

  async scrub(): Promise<{ entries: number; bytes: number }> {
    let entries = 0
    let bytes = 0
    for await (const [key, value] of this.entries({})) {
      entries += 1
      bytes += key.length + value.length
    }
    return { entries, bytes }
  }

  close(): Promise<void> {
    return this.#database.close()
  }
}

/** Entries that cross from native code at once. */
const ITERATOR_BATCH = 256

/** A fresh folder gets our schema number; any other content must already carry it. */
async function checkSchema(database: Database, path: string): Promise<void> {
  const sealed = database.getSync(SCHEMA_KEY)
  if (sealed !== undefined) {
    const found = Number(bytesToUint(openValue(SCHEMA_KEY, sealed)))
    if (found === STORE_SCHEMA) return
    throw new StoreError(
      `the database in ${path} has schema ${found}, this program has ${STORE_SCHEMA}; use the program that wrote it or another data folder`,
      { code: 'OL_STORE_SCHEMA', path, found, wanted: STORE_SCHEMA },
    )
  }
  const iterator = database.keys({ limit: 1 })
  try {
    if ((await iterator.next()) !== undefined) {
      throw new StoreError(
        `the database in ${path} was not written by this program; choose another data folder`,
        { code: 'OL_STORE_SCHEMA', path, found: 'foreign', wanted: STORE_SCHEMA },
      )
    }
  } finally {
    await iterator.close()
  }
  const value = sealValue(SCHEMA_KEY, uintToBytes(STORE_SCHEMA, 4)).slice()
  await database.batch([{ type: 'put', key: SCHEMA_KEY, value }], { sync: true })
}

function openFailure(cause: unknown, path: string): Error {
  if (cause instanceof OpenLiquidError) return cause
  if (codesOf(cause).includes('LEVEL_LOCKED')) {
    return new StoreError(
      `the database in ${path} is in use by another process; stop that one or choose another data folder`,
      { code: 'OL_STORE_LOCKED', path },
      { cause },
    )
  }
  if (codesOf(cause).includes('LEVEL_CORRUPTION')) {
    return new StoreError(
      `the database in ${path} is damaged; restore the data folder or sync again`,
      { code: 'OL_STORE_CORRUPT', key: '' },
      { cause },
    )
  }
  return new StoreError(
    `the database in ${path} cannot be opened: ${reasonOf(cause)}; check that the folder exists and is writable`,
    { code: 'OL_STORE_OPEN', path },
    { cause },
  )
}

function readFailure(cause: unknown): Error {
  if (cause instanceof OpenLiquidError) return cause
  if (isClosed(cause)) return new StoreError('the database is closed', { code: 'OL_STORE_CLOSED' })
  return new StoreError(
    `the database cannot be read: ${reasonOf(cause)}`,
    { code: 'OL_STORE_READ' },
    { cause },
  )
}

function writeFailure(cause: unknown): Error {
  if (isClosed(cause)) return new StoreError('the database is closed', { code: 'OL_STORE_CLOSED' })
  return new StoreError(
    `the database cannot be written: ${reasonOf(cause)}; check free space and the disk`,
    { code: 'OL_STORE_WRITE' },
    { cause },
  )
}

function isClosed(cause: unknown): boolean {
  const codes = codesOf(cause)
  return codes.includes('LEVEL_DATABASE_NOT_OPEN') || codes.includes('LEVEL_ITERATOR_NOT_OPEN')
}

/** Codes of an error and of what caused it, outermost first. */
function codesOf(error: unknown): string[] {
  const codes: string[] = []
  let current = error
  for (let depth = 0; depth < 4 && current instanceof Error; depth++) {
    if ('code' in current && typeof current.code === 'string') codes.push(current.code)
    current = current.cause
  }
  return codes
}

function reasonOf(error: unknown): string {
  let current = error
  while (current instanceof Error && current.cause instanceof Error) current = current.cause
  return current instanceof Error ? current.message : String(current)
}
