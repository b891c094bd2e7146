import type { LogRecord } from '@openliquid/consensus'
import { expect, it } from 'vitest'
import { Prng } from './prng.ts'
import { VirtualDisk } from './virtualDisk.ts'

const record = (value: number): LogRecord => ({ kind: 'qc', body: Uint8Array.of(value) })

it('a crash keeps all that was synced and a prefix of the rest', () => {
  const lengths = new Set<number>()
  for (let seed = 0; seed < 50; seed++) {
    const disk = new VirtualDisk()
    disk.append([record(0), record(1)], { sync: true })
    disk.append([record(2), record(3)], { sync: false })
    expect(disk.lastDurable(() => true)?.body[0]).toBe(1)
    disk.crash(new Prng(seed))
    expect(disk.records.map(({ body }) => body[0])).toEqual(
      [0, 1, 2, 3].slice(0, disk.records.length),
    )
    lengths.add(disk.records.length)
  }
  expect([...lengths].sort()).toEqual([2, 3, 4])
})
