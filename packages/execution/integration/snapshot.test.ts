import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { serialize } from 'node:v8'
import {
  type Block,
  blockHash,
  bytesToHex,
  type SnapshotChunk,
  type SnapshotManifest,
  sha256,
  snapshotChunkCodec,
  snapshotPartsCodec,
  uintToBytes,
} from '@openliquid/primitives'
import { type LevelStore, metaKey, openStore } from '@openliquid/storage'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Application, type RestoreTarget, StateRestorer } from '../src/index.ts'
import {
  actionOf,
  alice,
  apply,
  bob,
  evmTransactionOf,
  limitOrder,
  nextBlock,
  run,
  testGenesis,
  trader,
} from './chain.ts'
import { snapshotOf } from './snapshotOf.ts'

const SLOTS = 5_000
const STORE = '60015f5560026001556000'
const sample = testGenesis()
/** A contract with more storage than one piece holds, and accounts for several pieces. */
const genesis = testGenesis({
  alloc: {
    ...sample.evm.alloc,
    [bytesToHex(new Uint8Array(20).fill(0xdd))]: {
      balance: '1',
      code: `0x${STORE}`,
      storage: Object.fromEntries(
        Array.from({ length: SLOTS }, (_, i) => [
          bytesToHex(uintToBytes(i + 1, 32)),
          bytesToHex(uintToBytes(i + 7, 32)),
        ]),
      ),
    },
    ...Object.fromEntries(
      Array.from({ length: 3_000 }, (_, i) => [
        bytesToHex(uintToBytes(i + 1_000_000, 20)),
        { balance: String(i + 1) },
      ]),
    ),
  },
})
const clock = (): number => genesis.genesisTimeMs + 1_000
const folder = mkdtempSync(join(tmpdir(), 'openliquid-snapshot-'))
const stores: LevelStore[] = []
let application: Application
let manifest: SnapshotManifest
let target: RestoreTarget
let chunks: readonly Uint8Array[] = []
let fresh = 0

async function openFolder(name = `fresh${fresh++}`): Promise<LevelStore> {
  const store = await openStore(join(folder, name))
  stores.push(store)
  return store
}

beforeAll(async () => {
  const store = await openFolder('served')
  application = await Application.create({ store, genesis, clock })
  const now = genesis.genesisTimeMs
  await run(application, [
    actionOf(alice, limitOrder({ isBuy: true, px: '90', sz: '2' }), now),
    actionOf(bob, limitOrder({ isBuy: false, px: '110', sz: '3' }), now),
    evmTransactionOf(alice, { nonce: 0, to: bob.address, value: 5n }),
  ])
  await run(application, [evmTransactionOf(bob, { nonce: 0, to: trader, gasLimit: 1_000_000 })])
  for (let i = 0; i < 4; i++) await run(application, [])
  const { height, stateRoot } = application.head
  const order = actionOf(bob, limitOrder({ isBuy: false, px: '95', sz: '1' }), now + 1)
  // The chain goes on while the pieces are made.
  const snapshot = await snapshotOf(application, store, () => run(application, [order]))
  manifest = snapshot.manifest
  target = snapshot.target
  chunks = snapshot.chunks
  expect(manifest).toMatchObject({ height, stateRoot })
}, 60_000)

afterAll(async () => {
  for (const store of stores) await store.close()
  rmSync(folder, { recursive: true, force: true })
})

const kinds = (): string[] => chunks.map((bytes) => snapshotChunkCodec.decode(bytes).kind)

describe('a snapshot', () => {
  it('has several pieces of accounts, pieces of a large storage, and all of bounded size', () => {
    expect(new Set(kinds())).toEqual(new Set(['core', 'accounts', 'slots', 'evmBlocks']))
    expect(kinds().filter((kind) => kind === 'accounts').length).toBeGreaterThan(1)
    expect(kinds().filter((kind) => kind === 'slots').length).toBeGreaterThan(1)
    for (const bytes of chunks) expect(bytes.length).toBeLessThan(400_000)
    expect(manifest.chunks).toEqual(chunks.map((bytes) => sha256(bytes)))
  })

  it('restores, in any order and through a crash, a state that goes on as the original', async () => {
    let store = await openFolder('restored')
    let restorer = await StateRestorer.open(store, genesis, target)
    const order = [...chunks.keys()].reverse()
    for (const index of order.slice(0, 3)) await restorer.put(index, chunks[index]!)
    await store.close()
    stores.splice(stores.indexOf(store), 1)

    store = await openFolder('restored')
    restorer = await StateRestorer.open(store, genesis, target)
    expect(restorer.restored).toEqual(order.slice(0, 3).sort((a, b) => a - b))
    // One that is in already may come again.
    for (const index of order) await restorer.put(index, chunks[index]!)
    await restorer.finish()
    const restored = await Application.create({ store, genesis, clock })
    expect(restored.head.height).toBe(manifest.height)
    expect(restored.head.stateRoot).toEqual(manifest.stateRoot)
    expect(blockHash(restored.genesisBlock.header)).toEqual(
      blockHash(application.genesisBlock.header),
    )
    await apply(restored, application.blocks.blockAt(manifest.height + 1n) as Block)
    for (let i = 0; i < 3; i++) {
      const block = nextBlock(application, [
        actionOf(
          alice,
          limitOrder({ isBuy: true, px: '96', sz: '1' }),
          genesis.genesisTimeMs + 9 + i,
        ),
        evmTransactionOf(alice, { nonce: i + 1, to: trader, gasLimit: 1_000_000 }),
      ])
      const [one, two] = [await apply(application, block), await apply(restored, block)]
      expect(bytesToHex(two.stateRoot)).toBe(bytesToHex(one.stateRoot))
      expect(two.events).toEqual(one.events)
    }
  }, 60_000)
})

it('goes on after kill -9 at any point, and is no state before it is whole', async () => {
  const file = join(folder, 'killed.bin')
  writeFileSync(file, serialize({ genesis, target, chunks: chunks.map((bytes) => bytes.slice()) }))
  const path = join(folder, 'killed')
  const script = fileURLToPath(new URL('killedRestore.ts', import.meta.url))
  for (const pieces of [0, 2, 100]) {
    const child = spawn(
      process.execPath,
      ['--conditions=openliquid:source', '--import', 'tsx', script, path, file, String(pieces)],
      { stdio: ['ignore', 'inherit', 'inherit'] },
    )
    const [, signal] = (await once(child, 'exit')) as [number | null, string | null]
    expect(signal).toBe('SIGKILL')
    const store = await openFolder('killed')
    const isWhole = store.get(metaKey('executed')) !== undefined
    // Either all of it, or nothing that an application would open.
    if (!isWhole) {
      const restorer = await StateRestorer.open(store, genesis, target)
      expect(restorer.restored.length).toBeGreaterThanOrEqual(
        pieces === 100 ? chunks.length : pieces,
      )
      if (pieces === 100) await restorer.finish()
    }
    if (pieces === 100) {
      const restored = await Application.create({ store, genesis, clock })
      expect(restored.head.stateRoot).toEqual(manifest.stateRoot)
    }
    stores.splice(stores.indexOf(store), 1)
    await store.close()
  }
}, 120_000)

describe('a piece that is not of the state is refused with a code:', () => {
  /** Puts a forged piece whose hash the manifest names, as a liar would. */
  async function putForged(index: number, bytes: Uint8Array): Promise<unknown> {
    const named = manifest.chunks.map((hash, i) => (i === index ? sha256(bytes) : hash))
    const forged = { ...target, manifest: { ...manifest, chunks: named } }
    const restorer = await StateRestorer.open(await openFolder(), genesis, forged)
    return restorer.put(index, bytes).then(
      () => 'taken',
      (error: { code?: string; data?: { what: string } }) => `${error.code} ${error.data?.what}`,
    )
  }
  const first = (kind: SnapshotChunk['kind']): number => kinds().indexOf(kind)

  it('another hash', async () => {
    const restorer = await StateRestorer.open(await openFolder(), genesis, target)
    await expect(restorer.put(0, chunks[1]!)).rejects.toMatchObject({ data: { what: 'hash' } })
    await expect(restorer.put(999, chunks[1]!)).rejects.toMatchObject({ data: { what: 'hash' } })
  })

  it.each(['core', 'accounts', 'slots', 'evmBlocks'] as const)('%s cut anywhere', async (kind) => {
    const bytes = chunks[first(kind)]!
    for (const length of [0, 1, 16, 17, 40, bytes.length >> 1, bytes.length - 1]) {
      expect(await putForged(first(kind), bytes.slice(0, length))).toMatch('OL_EXECUTION_SNAPSHOT')
    }
  })

  it('core entries left out, changed, swapped or mixed with others', async () => {
    const chunk = snapshotChunkCodec.decode(chunks[first('core')]!)
    if (chunk.kind !== 'core') throw new Error('core')
    const { entries } = chunk.core
    const changes = [
      entries.slice(1),
      entries.slice(0, -1),
      entries.filter((_, i) => i !== 3),
      [...entries].reverse(),
      entries.map(({ key, value }, i) => ({ key, value: i === 2 ? uintToBytes(1, 3) : value })),
    ]
    for (const forged of changes) {
      const bytes = snapshotChunkCodec.encode({
        kind: 'core',
        core: { ...chunk.core, entries: forged },
      })
      expect(await putForged(first('core'), bytes)).toBe('OL_EXECUTION_SNAPSHOT proof')
    }
  })

  it('accounts left out, changed, without their code or with a foreign one', async () => {
    const chunk = snapshotChunkCodec.decode(chunks[first('accounts')]!)
    if (chunk.kind !== 'accounts') throw new Error('accounts')
    const { accounts, codes } = chunk.accounts
    const changes = [
      { accounts: accounts.slice(1) },
      { accounts: accounts.slice(0, -1) },
      { accounts: accounts.filter((_, i) => i !== 5) },
      { accounts: [...accounts].reverse() },
      { accounts: accounts.map((one, i) => (i === 5 ? { ...one, nonce: one.nonce + 1n } : one)) },
      { codes: codes.slice(1) },
      { codes: [...codes, Uint8Array.of(1)] },
      { left: [Uint8Array.of(0xc0)] },
      { right: chunk.accounts.right.slice(1) },
      { right: [] },
    ]
    for (const change of changes) {
      const forged = { kind: 'accounts', accounts: { ...chunk.accounts, ...change } } as const
      const bytes = snapshotChunkCodec.encode(forged)
      expect(await putForged(first('accounts'), bytes)).toBe('OL_EXECUTION_SNAPSHOT proof')
    }
  })

  it('slots left out, changed, or of another account', async () => {
    const chunk = snapshotChunkCodec.decode(chunks[first('slots')]!)
    if (chunk.kind !== 'slots') throw new Error('slots')
    const { account, slots } = chunk.slots
    const changes = [
      { slots: slots.slice(1) },
      { slots: slots.filter((_, i) => i !== 9) },
      { slots: slots.map((one, i) => (i === 9 ? { ...one, value: Uint8Array.of(1) } : one)) },
      { account: { ...account, address: alice.address } },
      { proof: [] },
    ]
    for (const change of changes) {
      const forged = { kind: 'slots', slots: { ...chunk.slots, ...change } } as const
      const bytes = snapshotChunkCodec.encode(forged)
      expect(await putForged(first('slots'), bytes)).toBe('OL_EXECUTION_SNAPSHOT proof')
    }
  })

  it('blocks that are not the ancestors of the newest', async () => {
    const chunk = snapshotChunkCodec.decode(chunks[first('evmBlocks')]!)
    if (chunk.kind !== 'evmBlocks') throw new Error('blocks')
    const { blocks: all } = chunk
    const changes = [[...all].reverse(), all.slice(1), all.slice(0, -1), [Uint8Array.of(1)], []]
    for (const blocks of changes) {
      const bytes = snapshotChunkCodec.encode({ kind: 'evmBlocks', blocks })
      expect(await putForged(first('evmBlocks'), bytes)).toBe('OL_EXECUTION_SNAPSHOT proof')
    }
  })

  it('a manifest whose parts do not add up, and a store in use', async () => {
    const parts = snapshotPartsCodec.decode(manifest.parts)
    const forged = snapshotPartsCodec.encode({ ...parts, coreRoot: new Uint8Array(32) })
    const open = async (changed: SnapshotManifest, store: LevelStore): Promise<StateRestorer> =>
      StateRestorer.open(store, genesis, { ...target, manifest: changed })
    for (const wrong of [forged, parts.coreRoot]) {
      await expect(open({ ...manifest, parts: wrong }, await openFolder())).rejects.toMatchObject({
        code: 'OL_EXECUTION_SNAPSHOT',
        data: { what: 'manifest' },
      })
    }
    const used = await openFolder()
    await Application.create({ store: used, genesis, clock })
    await expect(open(manifest, used)).rejects.toMatchObject({ data: { what: 'store' } })
  })

  it('an end before all pieces are in', async () => {
    for (const missing of ['core', 'accounts', 'slots'] as const) {
      const restorer = await StateRestorer.open(await openFolder(), genesis, target)
      for (const [index, bytes] of chunks.entries()) {
        if (index !== first(missing)) await restorer.put(index, bytes)
      }
      await expect(restorer.finish()).rejects.toMatchObject({ data: { what: 'root' } })
    }
  }, 60_000)
})
