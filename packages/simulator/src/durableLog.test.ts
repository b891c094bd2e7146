import { encodeSafetyData, type SafetyData } from '@openliquid/consensus'
import { expect, test } from 'vitest'
import { DiskLog } from './durableLog.ts'
import { VirtualDisk } from './virtualDisk.ts'

const recordOf = (data: SafetyData) => ({ kind: 'safety', body: encodeSafetyData(data) }) as const

test('what binds every vote is read as all of the safety data says it, from the newest record on disk', () => {
  const disk = new VirtualDisk()
  const log = new DiskLog(disk)
  expect([log.marks, log.safety]).toEqual([undefined, undefined])
  const data = { epoch: 2n, lastVotedView: 2n ** 40n + 3n, lockedView: 0x0102030405060708n }
  disk.append([recordOf({ ...data, epoch: 1n }), recordOf(data)], { sync: true })
  expect(log.marks).toEqual(data)
  expect(log.safety).toEqual(data)
  disk.append([recordOf({ ...data, epoch: 3n })], { sync: false })
  expect(log.marks).toEqual(data)
})
