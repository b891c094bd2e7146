import { expect, test } from 'vitest'
import { sample } from '../testing/samples.ts'
import { SeededRandom } from '../testing/seededRandom.ts'
import { DecodeError } from '../types/errors.ts'
import { ANNOUNCEMENT_BYTES_MAX } from '../types/limits.ts'
import type { Announcement } from '../types/messages.ts'
import { announcementCodec } from './announcementCodec.ts'
import { proposalCodec } from './codecs.ts'

const full = sample.proposal(new SeededRandom(1))
const { header, payload } = full.block
const announcement: Announcement = {
  proposal: { ...full, block: { header, payload: { ...payload, actions: [], evm: [] } } },
  actionIds: new Uint8Array(24).fill(1),
  evmIds: new Uint8Array(8).fill(2),
}

test('an announcement comes back from its bytes; cut or lengthened it is refused, or another', () => {
  const bytes = announcementCodec.encode(announcement)
  expect(announcementCodec.decode(bytes)).toEqual(announcement)
  for (let size = 0; size < bytes.length; size++) {
    // The last field is a list: with a whole id less it is the announcement of another block.
    if (bytes.length - size === announcement.evmIds.length) continue
    expect(() => announcementCodec.decode(bytes.subarray(0, size))).toThrow(DecodeError)
  }
  expect(() => announcementCodec.decode(Uint8Array.of(...bytes, 0))).toThrow(DecodeError)
})

test('ids are whole, transactions are not in it, and its size has a limit', () => {
  const cut = { ...announcement, evmIds: new Uint8Array(9) }
  expect(() => announcementCodec.decode(announcementCodec.encode(cut))).toThrow('an id is cut')
  const block = { header, payload: { ...payload, evm: [], actions: [Uint8Array.of(1)] } }
  const holding = { ...announcement, proposal: { ...full, block } }
  expect(
    proposalCodec.decode(proposalCodec.encode(holding.proposal)).block.payload.actions,
  ).toHaveLength(1)
  expect(() => announcementCodec.decode(announcementCodec.encode(holding))).toThrow(
    'it holds transactions',
  )
  expect(() => announcementCodec.decode(new Uint8Array(ANNOUNCEMENT_BYTES_MAX + 1))).toThrow(
    'OL_DECODE_SIZE',
  )
})
