import { LANES, MESSAGE_KIND } from '@openliquid/primitives'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { joinFrames } from './batcher.ts'
import {
  encodeFrame,
  envelopeToFrame,
  FRAME_TYPE,
  type Frame,
  FrameReader,
  frameBytes,
  frameToEnvelope,
} from './frame.ts'
import { channelBytesMax } from './limits.ts'

const NOW = 5

function readAll(chunks: readonly Uint8Array[], reader: FrameReader = openReader()): Frame[] {
  const frames: Frame[] = []
  for (const chunk of chunks) {
    const fault = reader.read(chunk, NOW, (frame) => frames.push(frame))
    if (fault !== undefined) throw new Error(fault.code)
  }
  return frames
}

function openReader(): FrameReader {
  return new FrameReader(() => 2 ** 22)
}

const frameArbitrary = fc.record({
  type: fc.integer({ min: 1, max: 127 }),
  flags: fc.constantFrom(0, 2, 4),
  body: fc.uint8Array({ maxLength: 200 }),
})

test('any frames, cut anywhere, come out as they went in', () => {
  fc.assert(
    fc.property(
      fc.array(frameArbitrary, { maxLength: 8 }),
      fc.array(fc.nat({ max: 2_000 }), { maxLength: 12 }),
      (frames, cuts) => {
        const size = frames.reduce((sum, { body }) => sum + frameBytes(body.length), 0)
        const bytes = joinFrames(frames, size)
        const ends = [...cuts.map((cut) => cut % (size + 1)), size].sort((a, b) => a - b)
        let at = 0
        const chunks = ends.map((end) => {
          const chunk = bytes.subarray(at, end)
          at = end
          return chunk
        })
        expect(readAll(chunks)).toEqual(frames)
      },
    ),
    { numRuns: 300 },
  )
})

test('any bytes end in frames or a fault, never in an exception', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 64 }), { maxLength: 10 }), (chunks) => {
      const reader = new FrameReader((type) => (type < 128 ? 1_024 : undefined))
      for (const chunk of chunks) reader.read(chunk, NOW, () => undefined)
    }),
    { numRuns: 1_000 },
  )
})

describe('limits', () => {
  const header = (bodyBytes: number, type: number): Uint8Array => {
    const length = bodyBytes + 2
    return Uint8Array.of(
      length >>> 24,
      (length >>> 16) & 255,
      (length >>> 8) & 255,
      length & 255,
      type,
      0,
    )
  }
  const capped = (): FrameReader => new FrameReader(channelBytesMax)
  const faultOf = (bytes: Uint8Array): string | undefined =>
    capped().read(bytes, NOW, () => undefined)?.code

  test.each(Object.entries(MESSAGE_KIND))('%s: on the cap is read, above is refused', (_, kind) => {
    const max = channelBytesMax(kind)
    expect(faultOf(header(max, kind))).toBeUndefined()
    expect(faultOf(header(max - 1, kind))).toBeUndefined()
    expect(faultOf(header(max + 1, kind))).toBe('OL_FRAME_SIZE')
  })

  test('a length of 4 GiB is refused at its fourth byte', () => {
    const reader = capped()
    expect(reader.read(Uint8Array.of(255, 255, 255), NOW, () => undefined)).toBeUndefined()
    expect(reader.read(Uint8Array.of(255), NOW, () => undefined)?.code).toBe('OL_FRAME_SIZE')
  })

  test('a length below its own type and flags is refused', () => {
    expect(faultOf(Uint8Array.of(0, 0, 0, 1))).toBe('OL_FRAME_SIZE')
  })

  test('unknown flags are refused', () => {
    expect(faultOf(Uint8Array.of(0, 0, 0, 2, 1, 1))).toBe('OL_FRAME_FLAGS')
    expect(faultOf(Uint8Array.of(0, 0, 0, 2, 1, 8))).toBe('OL_FRAME_FLAGS')
  })

  test('a type that must not come is refused', () => {
    const reader = new FrameReader(() => undefined)
    const fault = reader.read(encodeFrame(FRAME_TYPE.ping, new Uint8Array(0)), NOW, () => undefined)
    expect(fault?.code).toBe('OL_FRAME_TYPE')
  })
})

test('after a fault nothing more comes out', () => {
  const reader = new FrameReader(() => 10)
  const frames: Frame[] = []
  const good = encodeFrame(1, new Uint8Array(5))
  const bad = encodeFrame(1, new Uint8Array(11))
  expect(reader.read(bad, NOW, (frame) => frames.push(frame))?.code).toBe('OL_FRAME_SIZE')
  expect(reader.read(good, NOW, (frame) => frames.push(frame))).toBeUndefined()
  expect(frames).toEqual([])
})

test('tells since when a frame is incomplete', () => {
  const reader = openReader()
  const frame = encodeFrame(1, new Uint8Array(5))
  expect(reader.partialSinceMs).toBeUndefined()
  reader.read(frame.subarray(0, 3), 10, () => undefined)
  reader.read(frame.subarray(3, 8), 20, () => undefined)
  expect(reader.partialSinceMs).toBe(10)
  reader.read(frame.subarray(8), 30, () => undefined)
  expect(reader.partialSinceMs).toBeUndefined()
})

test('a body does not share memory with the chunk it came in', () => {
  const chunk = encodeFrame(1, Uint8Array.of(1, 2, 3))
  const [frame] = readAll([chunk])
  chunk.fill(0)
  expect(frame?.body).toEqual(Uint8Array.of(1, 2, 3))
  expect(frame?.body.buffer.byteLength).toBe(3)
})

test.each(LANES)('the %s lane survives the flags', (lane) => {
  const envelope = { kind: 2, lane, body: Uint8Array.of(1) }
  expect(frameToEnvelope(envelopeToFrame(envelope))).toEqual(envelope)
})

test('flags that name no lane make no envelope', () => {
  expect(frameToEnvelope({ type: 1, flags: 0b110, body: new Uint8Array(0) })).toBeUndefined()
})
