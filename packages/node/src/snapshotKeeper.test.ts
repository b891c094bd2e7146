import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Fixture } from '@openliquid/consensus/testing'
import { makeSnapshot } from '@openliquid/execution'
import {
  type Block,
  blockHash,
  type Height,
  type SnapshotManifest,
  type StoreSnapshot,
  sha256,
  snapshotOffersCodec,
} from '@openliquid/primitives'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { SNAPSHOTS_HELD_MAX } from './limits.ts'
import { silentLogger } from './logger.ts'
import { mayBeHeld, SnapshotKeeper, type SnapshotKeeperOptions } from './snapshotKeeper.ts'

// What a state is cut into is tested in `execution`; here it is two pieces that say the height.
vi.mock('@openliquid/execution', () => ({ makeSnapshot: vi.fn() }))

const INTERVAL = 10
const CLOSING_HEIGHT = 42n
const fixture = new Fixture([1n, 1n, 1n, 1n])
const chain: Block[] = [fixture.genesis]
for (let height = 1n; height <= 60n; height += 1n) {
  const flags = height === CLOSING_HEIGHT ? 1 : 0
  const executedHeight = height > 3n ? height - 3n : 0n
  chain.push(fixture.child(chain.at(-1)!, height, { executedHeight, flags }))
}

let root = ''
let path = ''
let snapshots: { readonly height: Height; isClosed: boolean }[] = []
let executed: Height = 0n

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'snapshots-'))
  path = join(root, 'snapshots')
  snapshots = []
  executed = 0n
  vi.mocked(makeSnapshot).mockImplementation(async (snapshot, { reputation, put }) => {
    const height = (snapshot as unknown as { readonly height: Height }).height
    const pieces = [0, 1].map((index) => Uint8Array.of(Number(height), index))
    for (const [index, bytes] of pieces.entries()) await put(index, bytes)
    return manifestOf(height, pieces, reputation)
  })
})

afterEach(() => {
  rmSync(root, { recursive: true, force: true })
})

function manifestOf(
  height: Height,
  pieces: readonly Uint8Array[],
  reputation: Uint8Array,
): SnapshotManifest {
  const chunks = pieces.map((bytes) => sha256(bytes))
  return { height, stateRoot: sha256(), parts: Uint8Array.of(1), reputation, chunks }
}

function keeperWith(options: Partial<SnapshotKeeperOptions> = {}): SnapshotKeeper {
  return new SnapshotKeeper({
    path,
    interval: INTERVAL,
    kept: 2,
    logger: silentLogger,
    store: {
      snapshot: () => {
        const held = { height: executed, isClosed: false }
        snapshots.push(held)
        return {
          height: held.height,
          get: () => undefined,
          entries: async function* () {},
          close: async () => {
            held.isClosed = true
          },
        } as unknown as StoreSnapshot
      },
    },
    headerAt: (height) => chain[Number(height)]?.header,
    commitProofAt: (height) => {
      const child = chain[Number(height) + 1]?.header
      const header = chain[Number(height)]?.header
      if (header === undefined || child === undefined) return undefined
      return { path: [header, child], qc: fixture.qc(child.view, blockHash(child), [0, 1, 2]) }
    },
    reputationAt: () => Uint8Array.of(7),
    ...options,
  })
}

/** Executes up to a height; every snapshot that is due is on disk then. */
async function execute(keeper: SnapshotKeeper, upTo: Height): Promise<void> {
  while (executed < upTo) {
    executed += 1n
    keeper.onExecuted(executed)
    await vi.waitFor(() => expect(keeper.isMaking).toBe(false), { interval: 1 })
  }
}

const heights = (keeper: SnapshotKeeper): Height[] =>
  keeper.offers.map(({ manifest }) => manifest.height)

describe('SnapshotKeeper', () => {
  it('makes one of the first height at each multiple that a committed header names', async () => {
    const keeper = keeperWith()
    await execute(keeper, 12n)
    expect(heights(keeper)).toEqual([])
    await execute(keeper, 13n)
    expect(heights(keeper)).toEqual([10n])
    await execute(keeper, 25n)
    expect(heights(keeper)).toEqual([20n, 10n])
    const { certified, headers } = keeper.offers[0]!
    expect(headers.map(({ height }) => height)).toEqual([18n, 19n, 20n, 21n, 22n])
    expect(certified.path[0]).toBe(chain[23]!.header)
    expect(await keeper.chunk(20n, 1)).toEqual(Buffer.from([20, 1]))
    await keeper.stop()
  })

  it('lets go of what it held as soon as one of them is named, and when it stops', async () => {
    const keeper = keeperWith()
    await execute(keeper, 13n)
    expect(snapshots.map(({ height }) => height)).toEqual([10n, 11n, 12n])
    expect(snapshots.every(({ isClosed }) => isClosed)).toBe(true)
    await execute(keeper, 21n)
    expect(snapshots.slice(3).every(({ isClosed }) => !isClosed)).toBe(true)
    await keeper.stop()
    expect(snapshots.every(({ isClosed }) => isClosed)).toBe(true)
    executed += 1n
    keeper.onExecuted(executed)
    expect(snapshots).toHaveLength(5)
  })

  it('keeps as many as it was told, on disk too', async () => {
    const keeper = keeperWith({ kept: 2 })
    await execute(keeper, 35n)
    expect(heights(keeper)).toEqual([30n, 20n])
    expect(readdirSync(path).sort()).toEqual(['20', '30'])
    expect(await keeper.chunk(10n, 0)).toBeUndefined()
    await keeper.stop()
  })

  it('makes none where an epoch ends, and goes on at the next multiple', async () => {
    const keeper = keeperWith({ interval: 20, kept: 8 })
    await execute(keeper, 59n)
    expect(heights(keeper)).toEqual([20n])
    await keeper.stop()
  })

  it.each([
    { interval: 0, kept: 2 },
    { interval: INTERVAL, kept: 0 },
  ])('holds nothing when it is off: %o', async (options) => {
    const keeper = keeperWith(options)
    await execute(keeper, 25n)
    expect(snapshots).toEqual([])
    expect(existsSync(path)).toBe(false)
  })

  it('holds no more than SNAPSHOTS_HELD_MAX when no header names a height', async () => {
    const far = chain.map(({ header }) => ({ ...header, executedHeight: 0n }))
    const keeper = keeperWith({
      interval: 1_000,
      headerAt: (height) => far[Number(height % 50n)],
    })
    for (executed = 1_000n; executed < 1_200n; executed += 1n) keeper.onExecuted(executed)
    expect(snapshots).toHaveLength(SNAPSHOTS_HELD_MAX)
    expect(mayBeHeld(1_000n + BigInt(SNAPSHOTS_HELD_MAX), 1_000)).toBe(false)
    expect(mayBeHeld(999n, 1_000)).toBe(false)
    await keeper.stop()
  })

  it('goes on without one that cannot be made', async () => {
    const error = vi.fn()
    const keeper = keeperWith({ logger: { ...silentLogger, error } })
    vi.mocked(makeSnapshot).mockRejectedValueOnce(new Error('no space left'))
    await execute(keeper, 13n)
    expect(error).toHaveBeenCalledTimes(1)
    expect(snapshots.every(({ isClosed }) => isClosed)).toBe(true)
    await execute(keeper, 23n)
    expect(heights(keeper)).toEqual([20n])
    await keeper.stop()
  })

  it('offers after a restart what is whole on disk, and makes that one not again', async () => {
    const first = keeperWith()
    await execute(first, 25n)
    await first.stop()
    // What a crash, a bad disk and a stranger may leave behind.
    mkdirSync(join(path, 'unfinished'))
    mkdirSync(join(path, '30'))
    mkdirSync(join(path, '40'))
    writeFileSync(join(path, '40', 'offer'), Uint8Array.of(1, 2, 3))
    const warn = vi.fn()
    const second = keeperWith({ logger: { ...silentLogger, warn } })
    expect(heights(second)).toEqual([20n, 10n])
    const bytesOf = (keeper: SnapshotKeeper) =>
      snapshotOffersCodec.encode({ offers: keeper.offers })
    expect(bytesOf(second)).toEqual(bytesOf(first))
    expect(warn).toHaveBeenCalledTimes(1)
    expect(await second.chunk(20n, 0)).toEqual(Buffer.from([20, 0]))
    executed = 24n
    await execute(second, 29n)
    expect(heights(second)).toEqual([20n, 10n])
    await second.stop()
  })

  it.each([
    ['a height that it has not', 11n, 0],
    ['an index above the last', 10n, 2],
    ['a piece that is gone', 10n, 1],
  ])('answers nothing for %s', async (_, height, index) => {
    const keeper = keeperWith()
    await execute(keeper, 13n)
    rmSync(join(path, '10', '1'))
    expect(await keeper.chunk(10n, 0)).toBeDefined()
    expect(await keeper.chunk(height, index)).toBeUndefined()
    await keeper.stop()
  })
})
