/** The header has a codec of its own; SSZ, which reads the header inside of a block, says what is right. */
import { expect, test } from 'vitest'
import { sample } from '../testing/samples.ts'
import { SeededRandom } from '../testing/seededRandom.ts'
import { blockHeaderCodec } from './blockHeaderCodec.ts'
import { concatBytes } from './bytes.ts'
import { blockCodec } from './codecs.ts'

const EMPTY = { actions: [], evm: [], evidence: [] }
/** Offsets of header and payload, then the header. */
const HEADER_AT = 8

/** The bytes of a block whose header these bytes are. */
function blockAround(header: Uint8Array): Uint8Array {
  const payload = Uint8Array.of(12, 0, 0, 0, 12, 0, 0, 0, 12, 0, 0, 0)
  const offsets = new Uint8Array(HEADER_AT)
  const view = new DataView(offsets.buffer)
  view.setUint32(0, HEADER_AT, true)
  view.setUint32(4, HEADER_AT + header.length, true)
  return concatBytes(offsets, header, payload)
}

const outcome = <T>(decode: () => T): T | undefined => {
  try {
    return decode()
  } catch {
    return undefined
  }
}

test('a header is encoded as SSZ encodes it inside of a block', () => {
  const random = new SeededRandom(1)
  for (let i = 0; i < 100; i++) {
    const header = sample.blockHeader(random)
    const bytes = blockHeaderCodec.encode(header)
    expect(blockAround(bytes)).toEqual(blockCodec.encode({ header, payload: EMPTY }))
    expect(blockHeaderCodec.decode(bytes)).toEqual(header)
  }
})

test('it takes and refuses exactly what SSZ takes and refuses', () => {
  const random = new SeededRandom(2)
  const verdicts = { taken: 0, refused: 0 }
  for (let i = 0; i < 1_000; i++) {
    let bytes = blockHeaderCodec.encode(sample.blockHeader(random))
    switch (random.integer(0, 3)) {
      case 0:
        bytes = bytes.slice(0, random.integer(0, bytes.length))
        break
      case 1:
        bytes = concatBytes(bytes, random.bytes(random.integer(1, 120)))
        break
      case 2:
        // Offsets: of the QC, of its signers, of its signature.
        bytes[random.pick([66, 67, 265, 266, 269, 270])] = random.pick([0, 1, 56, 57, 217, 255])
        break
      default:
        bytes[random.integer(0, bytes.length - 1)] = random.integer(0, 255)
    }
    const own = outcome(() => blockHeaderCodec.decode(bytes))
    expect(own).toEqual(outcome(() => blockCodec.decode(blockAround(bytes)).header))
    if (own === undefined) verdicts.refused++
    else {
      verdicts.taken++
      expect(blockHeaderCodec.encode(own)).toEqual(bytes)
    }
  }
  expect(verdicts.taken).toBeGreaterThan(150)
  expect(verdicts.refused).toBeGreaterThan(150)
})

test('what is read does not change with the bytes it was read from', () => {
  const header = sample.blockHeader(new SeededRandom(3))
  const bytes = Buffer.from(blockHeaderCodec.encode(header))
  const decoded = blockHeaderCodec.decode(bytes)
  bytes.fill(0)
  expect(decoded.parentHash).toEqual(header.parentHash)
  expect(decoded.qc.signature).toEqual(header.qc.signature)
})
