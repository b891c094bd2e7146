import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  decodeSafetyData,
  encodeSafetyData,
  type SafetyData,
  safetyAt,
} from '@openliquid/consensus'
import { schemeOf } from '@openliquid/crypto'
import { bytesToHex, type Vote } from '@openliquid/primitives'
import { openConsensusLog, openStore } from '@openliquid/storage'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type DataDirectory, dataDirectoryAt } from './dataDirectory.ts'
import { readGenesisFile } from './genesisFile.ts'
import { initDevDirectory } from './initDirectory.ts'
import { readKeyFiles } from './keyFiles.ts'
import { SlashingProtection } from './slashingProtection.ts'

const root = mkdtempSync(join(tmpdir(), 'slashing-'))
const directory: DataDirectory = dataDirectoryAt(join(root, 'node'))
let pubkey = ''
let genesisHash = ''

beforeAll(async () => {
  await initDevDirectory(directory, { genesisTimeMs: 1_700_000_000_000 })
  const { genesis, hash } = readGenesisFile(directory.genesis)
  const { voteSecret } = await readKeyFiles(directory)
  if (voteSecret === undefined) throw new Error('a validator has a vote key')
  pubkey = bytesToHex(schemeOf(genesis.consensus.scheme).publicKeyOf(voteSecret))
  genesisHash = bytesToHex(hash)
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

function log(data: SafetyData | undefined): void {
  rmSync(directory.wal, { recursive: true, force: true })
  if (data === undefined) return
  const wal = openConsensusLog({ path: directory.wal })
  wal.append([{ kind: 'safety', body: encodeSafetyData(data) }], { sync: true })
  wal.close()
}

function logged(): SafetyData | undefined {
  const wal = openConsensusLog({ path: directory.wal })
  const record = wal.recover().findLast(({ kind }) => kind === 'safety')
  wal.close()
  return record === undefined ? undefined : decodeSafetyData(record.body)
}

const vote: Vote = {
  epoch: 2n,
  view: 9n,
  blockHash: new Uint8Array(32).fill(7),
  signer: 0,
  signature: new Uint8Array(96),
}

function fileWith(data: unknown, metadata: Record<string, unknown> = {}): string {
  const whole = {
    interchange_format_version: '5',
    genesis_validators_root: genesisHash,
    ...metadata,
  }
  return JSON.stringify({ metadata: whole, data })
}

const entry = (change: Record<string, unknown> = {}) => ({
  pubkey,
  epoch: '2',
  signed_blocks: [{ slot: '30' }],
  signed_attestations: [{ source_epoch: '20', target_epoch: '25' }],
  ...change,
})

describe('slashing protection', () => {
  it('exports what was signed in the form of EIP-3076, and takes it over elsewhere', async () => {
    log({ ...safetyAt({ epoch: 2n, view: 9n }), lockedView: 8n, lastVote: vote })
    const protection = new SlashingProtection(directory)
    const exported = await protection.export()
    expect(exported.metadata).toEqual({
      interchange_format_version: '5',
      genesis_validators_root: genesisHash,
    })
    expect(exported.data).toMatchObject([
      {
        pubkey,
        epoch: '2',
        signed_blocks: [],
        signed_attestations: [
          {
            source_epoch: '8',
            target_epoch: '9',
            signing_root: expect.stringMatching(/^0x[0-9a-f]{64}$/),
          },
        ],
      },
    ])
    log(undefined)
    const text = JSON.stringify(exported)
    expect(await protection.import({ path: 'x', text })).toEqual({
      before: undefined,
      now: { epoch: 2n, view: 9n },
    })
    expect(logged()).toEqual(safetyAt({ epoch: 2n, view: 9n }))
  })

  it('raises mark and lock to the highest number of a file, and never lowers them', async () => {
    const protection = new SlashingProtection(directory)
    const take = (text: string, epoch?: bigint) =>
      protection.import({ path: 'x', text, ...(epoch === undefined ? {} : { epoch }) })
    log(safetyAt({ epoch: 2n, view: 10n }))
    expect((await take(fileWith([entry()]))).now).toEqual({ epoch: 2n, view: 30n })
    expect(logged()).toEqual(safetyAt({ epoch: 2n, view: 30n }))
    expect((await take(fileWith([entry({ signed_blocks: [] })]))).now.view).toBe(30n)
    expect((await take(fileWith([entry({ epoch: '1' })]))).now).toEqual({ epoch: 2n, view: 30n })
    const foreign = entry({ pubkey: `0x${'ab'.repeat(48)}`, epoch: '9' })
    expect(
      (await take(fileWith([foreign, entry({ signed_blocks: [{ slot: '31' }] })]))).now.view,
    ).toBe(31n)
    expect((await take(fileWith([entry({ epoch: undefined })]), 3n)).now).toEqual({
      epoch: 3n,
      view: 30n,
    })
    // A lock at a lower view goes up with the mark, though nothing was signed above it here.
    log({ ...safetyAt({ epoch: 2n, view: 40n }), lockedView: 3n })
    await take(fileWith([entry()]))
    expect(logged()).toEqual(safetyAt({ epoch: 2n, view: 40n }))
  })

  it('sets a mark where the log is lost, with the lock, and refuses one below what was signed', async () => {
    const protection = new SlashingProtection(directory)
    log(undefined)
    await expect(protection.export()).rejects.toMatchObject({ code: 'OL_NODE_SLASHING' })
    expect((await protection.reset({ epoch: 1n, view: 100n })).now.view).toBe(100n)
    expect(logged()).toEqual(safetyAt({ epoch: 1n, view: 100n }))
    for (const mark of [
      { epoch: 1n, view: 99n },
      { epoch: 0n, view: 500n },
    ]) {
      await expect(protection.reset(mark)).rejects.toMatchObject({ code: 'OL_NODE_SLASHING' })
    }
    expect(logged()).toEqual(safetyAt({ epoch: 1n, view: 100n }))
    expect((await protection.reset({ epoch: 2n, view: 1n })).before).toEqual({
      epoch: 1n,
      view: 100n,
    })
  })

  it('takes the same file again and again, in any order with lower ones', async () => {
    const protection = new SlashingProtection(directory)
    const take = (slot: string) =>
      protection.import({ path: 'x', text: fileWith([entry({ signed_blocks: [{ slot }] })]) })
    log(undefined)
    for (const slot of ['50', '50', '41', '50']) {
      expect((await take(slot)).now).toEqual({ epoch: 2n, view: 50n })
      expect(logged()).toEqual(safetyAt({ epoch: 2n, view: 50n }))
    }
    expect((await take('51')).before).toEqual({ epoch: 2n, view: 50n })
  })

  it('shows what was signed last', async () => {
    const protection = new SlashingProtection(directory)
    log(undefined)
    await expect(protection.show()).rejects.toMatchObject({ code: 'OL_NODE_SLASHING' })
    log({ ...safetyAt({ epoch: 2n, view: 9n }), lockedView: 8n, lastVote: vote })
    const shown = await protection.show()
    expect(bytesToHex(shown.voteKey)).toBe(pubkey)
    expect(shown).toMatchObject({ epoch: 2n, lastVotedView: 9n, lockedView: 8n })
    expect(shown).toMatchObject({ vote: 9n, timeout: 0n, proposal: 0n })
  })

  it('leaves the folder of a running node alone', async () => {
    const store = await openStore(directory.db)
    try {
      const reset = new SlashingProtection(directory).reset({ epoch: 9n, view: 9n })
      await expect(reset).rejects.toMatchObject({ code: 'OL_STORE_LOCKED' })
    } finally {
      await store.close()
    }
  })
})

describe('an interchange file is refused', () => {
  it.each<[string, () => string]>([
    ['that is no JSON', () => '{'],
    ['that is a list', () => '[]'],
    ['without metadata', () => '{"data":[]}'],
    ['of another version', () => fileWith([entry()], { interchange_format_version: '4' })],
    ['of a version that is a number', () => fileWith([entry()], { interchange_format_version: 5 })],
    [
      'of another chain',
      () => fileWith([entry()], { genesis_validators_root: `0x${'00'.repeat(32)}` }),
    ],
    ['without data', () => fileWith({})],
    ['with an entry that is no object', () => fileWith([null])],
    ['with a key that is no key', () => fileWith([entry({ pubkey: '0xzz' })])],
    ['with a key that is no text', () => fileWith([entry({ pubkey: 7 })])],
    ['that says nothing of this key', () => fileWith([entry({ pubkey: `0x${'ab'.repeat(48)}` })])],
    ['without an epoch', () => fileWith([entry({ epoch: undefined })])],
    ['with a negative slot', () => fileWith([entry({ signed_blocks: [{ slot: '-1' }] })])],
    ['with a slot that is a number', () => fileWith([entry({ signed_blocks: [{ slot: 7 }] })])],
    [
      'with a slot of 65 bits',
      () => fileWith([entry({ signed_blocks: [{ slot: String(2n ** 64n) }] })]),
    ],
    [
      'with a slot with a zero in front',
      () => fileWith([entry({ signed_blocks: [{ slot: '07' }] })]),
    ],
    ['without blocks', () => fileWith([entry({ signed_blocks: undefined })])],
    [
      'with an attestation without target',
      () => fileWith([entry({ signed_attestations: [{ source_epoch: '1' }] })]),
    ],
    [
      'with an attestation without source',
      () => fileWith([entry({ signed_attestations: [{ target_epoch: '1' }] })]),
    ],
    [
      'with too many items',
      () => fileWith([entry({ signed_blocks: new Array(250_001).fill({ slot: '1' }) })]),
    ],
    ['that is too large', () => ' '.repeat(16_777_217)],
  ])('%s', async (_, text) => {
    log(safetyAt({ epoch: 2n, view: 10n }))
    const refused = new SlashingProtection(directory).import({ path: 'x', text: text() })
    await expect(refused).rejects.toMatchObject({ code: 'OL_NODE_SLASHING' })
    expect(logged()).toEqual(safetyAt({ epoch: 2n, view: 10n }))
  })
})
