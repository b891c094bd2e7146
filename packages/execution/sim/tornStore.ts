import { createHash } from 'node:crypto'
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Hex, KeyValueStore } from '@openliquid/primitives'
import { openStore } from '@openliquid/storage'
import {
  actionOf,
  alice,
  bob,
  coreWriterOrder,
  evmTransactionOf,
  limitOrder,
  run,
  stranger,
  testGenesis,
  trader,
} from '../integration/chain.ts'
import { Application } from '../src/index.ts'

const genesis = testGenesis()
const clock = (): number => genesis.genesisTimeMs + 1_000
const LOG = /^\d+\.log$/

/** The state of a database between two batches. */
export interface Boundary {
  /** Length of the database's log file. */
  readonly logBytes: number
  /** Of every key and value. */
  readonly digest: string
  readonly height: bigint
  readonly stateRoot: Hex
}

/** The folder of a database as the disk has it while a chain runs, and what it held after each of its batches. */
export class TornStore {
  /** After the genesis, then after each block. */
  readonly boundaries: readonly Boundary[]
  readonly #image: string
  readonly #log: string
  readonly #bytes: Uint8Array
  readonly #scratch: string

  private constructor(root: string, log: string, boundaries: readonly Boundary[]) {
    this.boundaries = boundaries
    this.#image = join(root, 'image')
    this.#log = log
    this.#bytes = readFileSync(join(this.#image, log))
    this.#scratch = join(root, 'torn')
  }

  /** Runs blocks with transfers, orders, calls of CoreWriter and what comes of them, on a database below `root`. */
  static async record(root: string, blocks: number): Promise<TornStore> {
    const path = join(root, 'live')
    const store = await openStore(path)
    try {
      const application = await Application.create({ store, genesis, clock })
      const boundaries = [await boundaryOf(path, store, application)]
      for (let index = 0; index < blocks; index++) {
        await run(application, transactionsOf(index), 1_000)
        boundaries.push(await boundaryOf(path, store, application))
      }
      const image = join(root, 'image')
      mkdirSync(image)
      for (const name of readdirSync(path)) copyFileSync(join(path, name), join(image, name))
      return new TornStore(root, logOf(path), boundaries)
    } finally {
      await store.close()
    }
  }

  /** The boundary that a database with so much of its log has to open at: the newest that is whole. */
  expected(logBytes: number): Boundary {
    const whole = this.boundaries.filter((boundary) => boundary.logBytes <= logBytes)
    return whole.at(-1) as Boundary
  }

  /** Opens the database as it is when only the first bytes of its log are on disk, and `tail` instead of the rest. */
  async open<T>(
    logBytes: number,
    look: (store: KeyValueStore) => Promise<T>,
    tail: Uint8Array = new Uint8Array(0),
  ): Promise<T> {
    rmSync(this.#scratch, { recursive: true, force: true })
    mkdirSync(this.#scratch)
    for (const name of readdirSync(this.#image)) {
      if (name !== this.#log) copyFileSync(join(this.#image, name), join(this.#scratch, name))
    }
    const kept = Buffer.concat([this.#bytes.subarray(0, logBytes), tail])
    writeFileSync(join(this.#scratch, this.#log), kept)
    const store = await openStore(this.#scratch)
    try {
      return await look(store)
    } finally {
      await store.close()
    }
  }

  /** The application on a torn database: where it stands, and where one more block brings it. */
  async resume(store: KeyValueStore): Promise<{ height: bigint; stateRoot: Hex; nextRoot: Hex }> {
    const application = await Application.create({ store, genesis, clock })
    const { height, stateRoot } = application.head
    await run(application, transactionsOf(Number(height)), 1_000)
    return { height, stateRoot: hex(stateRoot), nextRoot: hex(application.head.stateRoot) }
  }
}

/** Of all that a database holds. */
export async function digestOf(store: KeyValueStore): Promise<string> {
  const hash = createHash('sha256')
  for await (const [key, value] of store.entries({})) {
    hash.update(`${key.length} ${value.length} `).update(key).update(value)
  }
  return hash.digest('hex')
}

async function boundaryOf(
  path: string,
  store: KeyValueStore,
  { head }: Application,
): Promise<Boundary> {
  return {
    logBytes: readFileSync(join(path, logOf(path))).length,
    digest: await digestOf(store),
    height: head.height,
    stateRoot: hex(head.stateRoot),
  }
}

/** The log that the database writes to; a second one would mean that it has grown out of the first. */
function logOf(path: string): string {
  const [log, ...others] = readdirSync(path).filter((name) => LOG.test(name))
  if (log === undefined || others.length > 0) throw new Error('the database has one log')
  return log
}

/** Work of every kind, so that each table of the database changes. */
function transactionsOf(index: number): ReturnType<typeof evmTransactionOf>[] {
  const nonce = genesis.genesisTimeMs + index + 1
  const isBuy = index % 2 === 0
  return [
    evmTransactionOf(alice, { nonce: index, to: stranger.address, value: 5n }),
    evmTransactionOf(bob, {
      nonce: index,
      to: trader,
      data: coreWriterOrder({ isBuy, px: 60_000_00000000n, size: 1_000_000n }),
      gasLimit: 300_000,
    }),
    actionOf(alice, limitOrder({ isBuy: !isBuy, px: '60000', sz: '0.01' }), nonce),
  ]
}

function hex(bytes: Uint8Array): Hex {
  return `0x${Buffer.from(bytes).toString('hex')}`
}
