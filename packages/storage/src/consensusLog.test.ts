import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type ConsensusLog, openConsensusLog } from './consensusLog.ts'
import { LOG_BODY_BYTES_MAX, LOG_SEGMENT_BYTES_MAX } from './limits.ts'
import { type LogIo, nodeLogIo } from './logIo.ts'
import type { LogKind, LogRecord } from './logRecord.ts'
import { SEGMENT_HEADER_BYTES } from './logSegment.ts'

let root: string
let path: string
const opened: ConsensusLog[] = []
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'openliquid-wal-'))
  path = join(root, 'wal')
})
afterEach(() => {
  for (const log of opened.splice(0)) closeQuietly(log)
  rmSync(root, { recursive: true, force: true })
})

function open(at: string = path, io?: LogIo): ConsensusLog {
  const log = openConsensusLog({ path: at, ...(io === undefined ? {} : { io }) })
  opened.push(log)
  return log
}

function closeQuietly(log: ConsensusLog): void {
  try {
    log.close()
  } catch {
    // A log with a failed disk says so once more.
  }
}

function record(kind: LogKind, ...body: number[]): LogRecord {
  return { kind, body: Uint8Array.from(body) }
}

/** Kind and first bytes, enough to tell records apart. */
function summary(log: ConsensusLog): string[] {
  return log.recover().map(({ seq, kind, body }) => `${seq} ${kind} ${body.slice(0, 4).join(',')}`)
}

const first = (at: string = path): string => join(at, readdirSync(at).sort()[0] as string)
const last = (at: string = path): string => join(at, readdirSync(at).sort().at(-1) as string)

/** Where the records of a small log end: ten equal records of 25 + 3 bytes. */
const RECORD = 28
const endOf = (count: number): number => SEGMENT_HEADER_BYTES + RECORD * count

function flipBit(file: string, at: number): void {
  const content = readFileSync(file)
  content[at]! ^= 0x10
  writeFileSync(file, content)
}

describe('the consensus log', () => {
  test('is empty when new, and gives back what was appended, in order', () => {
    const log = open()
    expect(log.recover()).toEqual([])
    expect(log.append([record('safety', 1), record('block', 2, 3)], { sync: true })).toBe(2n)
    expect(log.append([record('qc')], { sync: false })).toBe(3n)
    expect(log.syncedSeq).toBe(2n)
    log.close()
    const again = open()
    expect(summary(again)).toEqual(['1 safety 1', '2 block 2,3', '3 qc '])
    expect(again.syncedSeq).toBe(3n)
    expect(again.append([record('tc', 9)], { sync: true })).toBe(4n)
    again.close()
    expect(summary(open())).toEqual(['1 safety 1', '2 block 2,3', '3 qc ', '4 tc 9'])
  })

  test('refuses to be used after it was closed', () => {
    const log = open()
    log.close()
    expect(() => log.append([record('qc')], { sync: true })).toThrow('OL_WAL_CLOSED')
  })

  test('refuses a folder that cannot be made', () => {
    writeFileSync(join(root, 'file'), '')
    expect(() => open(join(root, 'file', 'wal'))).toThrow(
      expect.objectContaining({ code: 'OL_WAL_OPEN' }),
    )
  })
})

/** Two segments of 4 MiB are made and synced for each byte: as slow as the disk. */
const EVERY_BYTE_MS_MAX = 60_000

describe('a crash', () => {
  test('cut at every byte loses whole records from the end and nothing else', {
    timeout: EVERY_BYTE_MS_MAX,
  }, () => {
    const log = open()
    const bodies = [
      [1, 1, 1],
      [2, 2, 2],
      [3, 3, 3],
      [4, 4, 4],
    ]
    for (const body of bodies) log.append([record('block', ...body)], { sync: true })
    log.close()
    const whole = readFileSync(first())
    const copy = join(root, 'cut')
    for (let cut = 0; cut <= endOf(4) + 3; cut++) {
      mkdirSync(copy)
      writeFileSync(join(copy, '00000000.log'), whole.subarray(0, cut))
      const again = openConsensusLog({ path: copy })
      const kept = Math.max(0, Math.min(4, Math.floor((cut - SEGMENT_HEADER_BYTES) / RECORD)))
      expect(again.recover().map(({ body }) => [...body])).toEqual(bodies.slice(0, kept))
      again.append([record('safety', 9, 9, 9)], { sync: true })
      again.close()
      const last = openConsensusLog({ path: copy })
      expect(last.recover().length).toBe(kept + 1)
      expect(last.recover().at(-1)?.kind).toBe('safety')
      last.close()
      rmSync(copy, { recursive: true })
    }
  })

  test('that zeroes any unsynced page is a torn tail, whatever came after the hole', () => {
    const log = open()
    log.append([record('safety', 1, 1, 1)], { sync: true })
    for (let i = 2; i <= 6; i++) log.append([record('block', i, i, i)], { sync: false })
    const torn = readFileSync(first())
    log.close()
    for (let hole = 1; hole < 6; hole++) {
      const copy = join(root, `hole${hole}`)
      mkdirSync(copy)
      const content = Uint8Array.from(torn).fill(0, endOf(hole), endOf(hole) + RECORD)
      writeFileSync(join(copy, '00000000.log'), content)
      expect(summary(open(copy))).toHaveLength(hole)
    }
  })

  test('does not bring records beyond a hole back to life when new ones fill it', () => {
    const log = open()
    log.append([record('safety', 1, 1, 1)], { sync: true })
    for (let i = 2; i <= 5; i++) log.append([record('block', i, i, i)], { sync: false })
    const content = readFileSync(first())
    log.close()
    content.fill(0, endOf(2), endOf(3))
    writeFileSync(first(), content)

    const again = open()
    expect(summary(again)).toHaveLength(2)
    // The same size as the lost third record: the fourth would follow with a fitting number.
    again.append([record('qc', 3, 3, 3)], { sync: true })
    again.close()
    expect(summary(open())).toEqual(['1 safety 1,1,1', '2 block 2,2,2', '3 qc 3,3,3'])
  })

  test('between creation and rename of a segment leaves no trace', () => {
    const log = open()
    log.append([record('safety', 1)], { sync: true })
    log.close()
    writeFileSync(join(path, '00000001.log.tmp'), 'half')
    expect(summary(open())).toEqual(['1 safety 1'])
    expect(readdirSync(path)).toEqual(['00000000.log'])
  })
})

describe('any crash', () => {
  const SECTOR = 512

  /** Keeps what a disk must have after a crash: the synced bytes, and any of the sectors written since. */
  class CrashingDisk implements LogIo {
    readonly #image = new Uint8Array(LOG_SEGMENT_BYTES_MAX)
    #pending: { readonly bytes: Uint8Array; readonly position: number }[] = []

    write(file: number, bytes: Uint8Array, position: number): void {
      nodeLogIo.write(file, bytes, position)
      this.#pending.push({ bytes: bytes.slice(), position })
    }

    sync(): void {
      for (const { bytes, position } of this.#pending) this.#image.set(bytes, position)
      this.#pending = []
    }

    syncFolder(): void {
      // One segment is enough here.
    }

    crash(isKept: () => boolean): Uint8Array {
      const written = this.#image.slice()
      for (const { bytes, position } of this.#pending) written.set(bytes, position)
      const image = this.#image.slice()
      const end = Math.max(
        0,
        ...this.#pending.map(({ bytes, position }) => position + bytes.length),
      )
      const begin = Math.min(end, ...this.#pending.map(({ position }) => position))
      for (let at = begin - (begin % SECTOR); at < end; at += SECTOR) {
        if (isKept()) image.set(written.subarray(at, at + SECTOR), at)
      }
      return image
    }
  }

  test('that keeps any subset of unsynced sectors keeps all synced records, in order', () => {
    const batch = fc.record({
      sizes: fc.array(fc.integer({ min: 0, max: 1_500 }), { minLength: 1, maxLength: 4 }),
      sync: fc.boolean(),
    })
    const scenario = fc.array(batch, { minLength: 1, maxLength: 6 })
    let run = 0
    fc.assert(
      fc.property(scenario, fc.infiniteStream(fc.boolean()), (batches, kept) => {
        const folder = join(root, `run${run++}`)
        const disk = new CrashingDisk()
        const log = openConsensusLog({ path: folder, io: disk })
        const written: number[] = []
        for (const { sizes, sync } of batches) {
          const records = sizes.map((size): LogRecord => {
            written.push(size)
            return { kind: 'block', body: new Uint8Array(size).fill(written.length) }
          })
          log.append(records, { sync })
        }
        const { syncedSeq } = log
        const image = disk.crash(() => kept.next().value === true)
        log.close()
        writeFileSync(first(folder), image)

        const again = openConsensusLog({ path: folder })
        const survivors = again.recover().map(({ body }) => body.length)
        expect(survivors).toEqual(written.slice(0, survivors.length))
        expect(survivors.length).toBeGreaterThanOrEqual(Number(syncedSeq))
        again.append([record('safety', 9)], { sync: true })
        again.close()
        const third = openConsensusLog({ path: folder })
        expect(third.recover()).toHaveLength(survivors.length + 1)
        third.close()
        rmSync(folder, { recursive: true })
      }),
      { numRuns: 40 },
    )
  })
})

describe('damage', () => {
  test('of a record that was on disk is fatal at every bit of it', () => {
    const log = open()
    log.append([record('safety', 1, 1, 1)], { sync: true })
    log.append([record('block', 2, 2, 2)], { sync: true })
    log.append([record('qc', 3, 3, 3)], { sync: true })
    log.close()
    const content = Uint8Array.from(readFileSync(first()))
    for (let at = SEGMENT_HEADER_BYTES; at < endOf(2); at++) {
      const damaged = content.slice()
      damaged[at]! ^= 1 << (at % 8)
      writeFileSync(first(), damaged)
      const seq = at < endOf(1) ? 1n : 2n
      expect(() => openConsensusLog({ path })).toThrow(
        expect.objectContaining({ code: 'OL_WAL_CORRUPT', data: expect.objectContaining({ seq }) }),
      )
    }
  })

  test('in the unsynced tail is a torn tail at every bit of it', () => {
    const log = open()
    log.append([record('safety', 1, 1, 1)], { sync: true })
    log.append([record('block', 2, 2, 2), record('qc', 3, 3, 3)], { sync: false })
    const content = Uint8Array.from(readFileSync(first()))
    log.close()
    for (let at = endOf(1); at < endOf(3); at++) {
      const damaged = content.slice()
      damaged[at]! ^= 1 << (at % 8)
      writeFileSync(first(), damaged)
      const again = openConsensusLog({ path })
      expect(again.recover().length).toBe(at < endOf(2) ? 1 : 2)
      again.close()
    }
  })

  test('of a header is fatal', () => {
    const log = open()
    log.append([record('safety', 1)], { sync: true })
    log.close()
    flipBit(first(), 13)
    expect(() => open()).toThrow('OL_WAL_CORRUPT')
  })

  test('is not faked by a body that looks like a record', () => {
    const other = open(join(root, 'other'))
    for (let i = 0; i < 5; i++) other.append([record('block', 1, 2, 3)], { sync: true })
    other.close()
    const bait = readFileSync(first(join(root, 'other'))).subarray(SEGMENT_HEADER_BYTES, endOf(5))

    const log = open()
    log.append([record('safety', 1)], { sync: true })
    log.append([{ kind: 'block', body: Uint8Array.from(bait) }], { sync: false })
    const content = readFileSync(first())
    log.close()
    content[SEGMENT_HEADER_BYTES + 26 + 3]! ^= 1 // The length of the record that carries the bait.
    writeFileSync(first(), content)
    expect(summary(open())).toEqual(['1 safety 1'])
  })
})

describe('segments', () => {
  const big = (fill: number): LogRecord => ({
    kind: 'block',
    body: new Uint8Array(1_500_000).fill(fill),
  })

  test('rotate, start with the newest safety record and certificates, and are pruned', () => {
    const log = open()
    log.append([record('safety', 1), record('qc', 1), record('tc', 1)], { sync: true })
    log.append([record('safety', 2), record('qc', 2)], { sync: true })
    for (let i = 1; i <= 5; i++) log.append([big(i)], { sync: false })
    expect(log.segmentCount).toBe(3)
    expect(log.lastSeq).toBe(16n)
    log.close()

    const again = open()
    expect(summary(again)).toEqual([
      '1 safety 1',
      '2 qc 1',
      '3 tc 1',
      '4 safety 2',
      '5 qc 2',
      '6 block 1,1,1,1',
      '7 block 2,2,2,2',
      '8 safety 2',
      '9 qc 2',
      '10 tc 1',
      '11 block 3,3,3,3',
      '12 block 4,4,4,4',
      '13 safety 2',
      '14 qc 2',
      '15 tc 1',
      '16 block 5,5,5,5',
    ])
    again.prune(12n)
    expect(again.segmentCount).toBe(2)
    again.prune(17n)
    expect(again.segmentCount).toBe(1)
    again.close()
    expect(readdirSync(path)).toEqual(['00000002.log'])
    const third = open()
    expect(summary(third)).toEqual(['13 safety 2', '14 qc 2', '15 tc 1', '16 block 5,5,5,5'])
    expect(third.append([record('safety', 3)], { sync: true })).toBe(17n)
  })

  test('split a batch that does not fit in one, and take the greatest record', () => {
    const log = open()
    const greatest: LogRecord = { kind: 'commit', body: new Uint8Array(LOG_BODY_BYTES_MAX).fill(7) }
    log.append([record('safety', 1), big(1), greatest, big(2), big(3)], { sync: true })
    log.close()
    const kinds = open()
      .recover()
      .map(({ kind }) => kind)
    expect(kinds).toEqual(['safety', 'block', 'safety', 'commit', 'safety', 'block', 'block'])
  })

  test('refuse a record above the limit', () => {
    const log = open()
    const body = new Uint8Array(LOG_BODY_BYTES_MAX + 1)
    expect(() => log.append([{ kind: 'commit', body }], { sync: true })).toThrow(
      'LOG_BODY_BYTES_MAX',
    )
  })

  test('that lost the end of an old one are damage, not a torn tail', () => {
    const log = open()
    for (let i = 1; i <= 3; i++) log.append([big(i)], { sync: false })
    log.close()
    truncateSync(join(path, '00000000.log'), 2_000_000)
    expect(() => open()).toThrow(expect.objectContaining({ code: 'OL_WAL_CORRUPT' }))
  })

  test('that lost one in the middle are damage', () => {
    const log = open()
    for (let i = 1; i <= 5; i++) log.append([big(i)], { sync: false })
    log.close()
    rmSync(join(path, '00000001.log'))
    expect(() => open()).toThrow('OL_WAL_CORRUPT')
  })

  test('cannot change places', () => {
    const log = open()
    for (let i = 1; i <= 3; i++) log.append([big(i)], { sync: false })
    log.close()
    cpSync(first(), last())
    expect(() => open()).toThrow('OL_WAL_CORRUPT')
  })

  test('have their whole size from the start', () => {
    open().append([record('safety', 1)], { sync: true })
    expect(readFileSync(first()).length).toBe(LOG_SEGMENT_BYTES_MAX)
  })
})

describe('a failing disk', () => {
  function failing(call: 'write' | 'sync', after: number): LogIo {
    let left = after
    const strike = (): void => {
      if (left-- === 0) throw new Error('EIO: i/o error')
    }
    return {
      ...nodeLogIo,
      write(file, bytes, position) {
        if (call === 'write') strike()
        nodeLogIo.write(file, bytes, position)
      },
      sync(file) {
        if (call === 'sync') strike()
        nodeLogIo.sync(file)
      },
    }
  }

  test('fails a sync once and for all: no retry succeeds', () => {
    const log = open(path, failing('sync', 1))
    const failed = expect.objectContaining({ code: 'OL_WAL_SYNC' })
    expect(() => log.append([record('safety', 1)], { sync: true })).toThrow(failed)
    expect(() => log.append([record('safety', 1)], { sync: true })).toThrow(failed)
    expect(() => log.prune(1n)).toThrow(failed)
    expect(log.syncedSeq).toBe(0n)
  })

  test('fails a write once and for all', () => {
    const log = open(path, failing('write', 1))
    const failed = expect.objectContaining({ code: 'OL_WAL_WRITE' })
    expect(() => log.append([record('safety', 1)], { sync: false })).toThrow(failed)
    expect(() => log.append([record('safety', 1)], { sync: false })).toThrow(failed)
  })
})
