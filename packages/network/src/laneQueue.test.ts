import { type Envelope, equalBytes, LANES } from '@openliquid/primitives'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { FRAME_TYPE, type Frame, FrameReader, frameBytes } from './frame.ts'
import { LaneQueue } from './laneQueue.ts'
import { LANE_LIMITS, PART_BYTES_MAX } from './limits.ts'

function envelope(value: number, changes: Partial<Envelope> = {}): Envelope {
  return { kind: 1, lane: 'consensus', body: Uint8Array.of(value), ...changes }
}

function takeAll(queue: LaneQueue): number[] {
  const values: number[] = []
  for (;;) {
    const taken = queue.takeChunk(64)
    if (taken === undefined) return values
    const reader = new FrameReader(() => 2 ** 22)
    const fault = reader.read(taken.chunk, 0, ({ body }: Frame) => values.push(body[0] ?? -1))
    expect(fault).toBeUndefined()
  }
}

test('hands out the urgent lane first and keeps the order inside a lane', () => {
  const queue = new LaneQueue()
  queue.push(envelope(5, { lane: 'transactions' }))
  queue.push(envelope(3, { lane: 'blocks' }))
  queue.push(envelope(1))
  queue.push(envelope(4, { lane: 'blocks' }))
  queue.push(envelope(2))
  expect(takeAll(queue)).toEqual([1, 2, 3, 4, 5])
  expect(queue.frames).toBe(0)
  expect(queue.bytes).toBe(0)
})

test('a newer message with the same key stands where the older one stood', () => {
  const queue = new LaneQueue()
  expect(queue.push(envelope(1, { replaceKey: 'a' }))).toBe('queued')
  expect(queue.push(envelope(2))).toBe('queued')
  expect(queue.push(envelope(3, { replaceKey: 'a', body: Uint8Array.of(3, 0, 0) }))).toBe(
    'replaced',
  )
  expect(queue.bytes).toBe(frameBytes(3) + frameBytes(1))
  expect(takeAll(queue)).toEqual([3, 2])
  expect(queue.push(envelope(4, { replaceKey: 'a' }))).toBe('queued')
})

test.each(LANES)('the %s lane is full at its limit of frames, not before', (lane) => {
  const queue = new LaneQueue()
  const { frames } = LANE_LIMITS[lane]
  for (let i = 0; i < frames; i++) expect(queue.push(envelope(1, { lane }))).toBe('queued')
  expect(queue.push(envelope(1, { lane }))).toBe('full')
  expect(queue.frames).toBe(frames)
})

test.each(LANES)('the %s lane is full at its limit of bytes', (lane) => {
  const queue = new LaneQueue()
  const { bytes } = LANE_LIMITS[lane]
  const half = new Uint8Array(bytes / 2 - frameBytes(0))
  expect(queue.push(envelope(0, { lane, body: half, replaceKey: 'half' }))).toBe('queued')
  expect(queue.push(envelope(0, { lane, body: half }))).toBe('queued')
  expect(queue.push(envelope(1, { lane }))).toBe('full')
  const larger = new Uint8Array(half.length + 1)
  expect(queue.push(envelope(0, { lane, body: larger, replaceKey: 'half' }))).toBe('full')
  expect(queue.bytes).toBe(bytes)
})

test('a full lane leaves the others alone', () => {
  const queue = new LaneQueue()
  for (let i = 0; i < LANE_LIMITS.blocks.frames; i++) queue.push(envelope(1, { lane: 'blocks' }))
  expect(queue.push(envelope(1, { lane: 'blocks' }))).toBe('full')
  expect(queue.push(envelope(2))).toBe('queued')
})

test('counts stay right over any sequence', () => {
  const step = fc.oneof(
    fc.record({
      lane: fc.constantFrom(...LANES),
      size: fc.nat({ max: 300 }),
      replaceKey: fc.constantFrom(undefined, 'a', 'b'),
    }),
    fc.constant('take' as const),
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const queue = new LaneQueue()
      let queued = 0
      for (const next of steps) {
        if (next === 'take') {
          queued -= queue.takeChunk(100)?.frames ?? 0
        } else {
          const { lane, size, replaceKey } = next
          const key = replaceKey === undefined ? {} : { replaceKey }
          if (queue.push(envelope(1, { lane, body: new Uint8Array(size), ...key })) === 'queued') {
            queued++
          }
        }
        expect(queue.frames).toBe(queued)
      }
      let bytes = 0
      const waiting = queue.bytes
      for (let taken = queue.takeChunk(64); taken !== undefined; taken = queue.takeChunk(64)) {
        bytes += taken.chunk.length
      }
      expect(bytes).toBe(waiting)
    }),
  )
})

test('a vote that comes while a block leaves waits for a piece, not for the block', () => {
  const queue = new LaneQueue()
  const block = new Uint8Array(2 ** 20).map((_, i) => i * 7)
  queue.push(envelope(0, { lane: 'blocks', body: block }))
  queue.push(envelope(9, { lane: 'blocks' }))
  const types: number[] = []
  const inner = new FrameReader(() => 2 ** 22)
  const outer = new FrameReader(() => 2 ** 22)
  const blocks: Uint8Array[] = []
  const take = (): boolean => {
    const taken = queue.takeChunk(1)
    if (taken === undefined) return false
    outer.read(taken.chunk, 0, ({ type, flags, body }) => {
      types.push(type)
      if (type !== FRAME_TYPE.part) return
      expect(flags).toBe(0b010)
      expect(body.length).toBeLessThanOrEqual(PART_BYTES_MAX)
      inner.read(body, 0, (frame) => blocks.push(frame.body))
    })
    return true
  }
  take()
  queue.push(envelope(1, { kind: 2 }))
  take()
  expect(types).toEqual([FRAME_TYPE.part, 2])
  while (take());
  expect(types.at(-1)).toBe(1)
  expect(blocks.map((bytes) => equalBytes(bytes, block))).toEqual([true])
  expect([queue.frames, queue.bytes]).toEqual([0, 0])
})
