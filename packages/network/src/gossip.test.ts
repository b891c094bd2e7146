import { type Envelope, type GossipVerdict, MESSAGE_KIND, type Topic } from '@openliquid/primitives'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { joinFrames } from './batcher.ts'
import { encodeFrame, envelopeToFrame, frameBytes } from './frame.ts'
import { Gossip, type GossipOptions } from './gossip.ts'
import { BATCH_BYTES_MAX, GOSSIP_FRAMES_MAX, gossipBytesMax } from './limits.ts'
import type { RawGossip } from './p2pHost.ts'
import { topicNames } from './topics.ts'

const topics = topicNames(new Uint8Array(32).fill(0xab))
const tx = (value: number, size = 100): Envelope => {
  const body = new Uint8Array(size)
  new DataView(body.buffer).setUint32(0, value)
  return { kind: MESSAGE_KIND.transactions, lane: 'transactions', body }
}

let published: { topic: string; data: Uint8Array }[]
let verdicts: GossipVerdict[]
let handled: Envelope[]
let faults: string[]
let verdictOf: (envelope: Envelope) => GossipVerdict
let isAllowed: boolean
let counters: GossipOptions['counters']
let gossip: Gossip

beforeEach(() => {
  vi.useFakeTimers()
  published = []
  verdicts = []
  handled = []
  faults = []
  verdictOf = () => 'accept'
  isAllowed = true
  const zero = { published: 0, delivered: 0, duplicates: 0, rejected: 0, ignored: 0 }
  counters = { blocks: { ...zero }, transactions: { ...zero }, qcs: { ...zero } }
  gossip = new Gossip({
    topics,
    batchDelayMs: 2,
    counters,
    nowMs: () => 0,
    publish: (topic, data) => published.push({ topic, data }),
    report: (_message, verdict) => verdicts.push(verdict),
    allow: () => isAllowed,
    handle: (_from, _topic, envelope) => {
      handled.push(envelope)
      return verdictOf(envelope)
    },
    onFault: (_from, { code }) => faults.push(code),
  })
})

afterEach(() => {
  vi.useRealTimers()
})

async function receive(topic: Topic, data: Uint8Array): Promise<GossipVerdict | undefined> {
  const message: RawGossip = { id: '1', from: 'peer', topic: topics.nameOf(topic), data }
  gossip.onMessage(message)
  await vi.advanceTimersByTimeAsync(0)
  return verdicts.at(-1)
}

function batchOf(...envelopes: Envelope[]): Uint8Array {
  const frames = envelopes.map(envelopeToFrame)
  return joinFrames(
    frames,
    frames.reduce((sum, { body }) => sum + frameBytes(body.length), 0),
  )
}

test('topics carry the first 8 digits of the genesis hash', () => {
  expect(topics.names).toEqual([
    '/openliquid/1/abababab/blocks',
    '/openliquid/1/abababab/transactions',
    '/openliquid/1/abababab/qcs',
  ])
  expect(topics.topicOf('/openliquid/1/00000000/blocks')).toBeUndefined()
})

describe('publishing', () => {
  test('small transactions wait 2 ms and leave as one message', () => {
    for (let i = 0; i < 10; i++) gossip.publish('transactions', tx(i))
    expect(published).toEqual([])
    vi.advanceTimersByTime(2)
    expect(published).toHaveLength(1)
    expect(published[0]?.data).toEqual(batchOf(...Array.from({ length: 10 }, (_, i) => tx(i))))
  })

  test('a batch leaves before it exceeds 64 KiB', () => {
    for (let i = 0; i < 1_000; i++) gossip.publish('transactions', tx(i, 256))
    expect(published).toHaveLength(3)
    for (const { data } of published) expect(data.length).toBeLessThanOrEqual(BATCH_BYTES_MAX)
    vi.advanceTimersByTime(2)
    expect(published).toHaveLength(4)
  })

  test('a batch leaves at its number of frames', () => {
    for (let i = 0; i < GOSSIP_FRAMES_MAX; i++) gossip.publish('transactions', tx(i, 4))
    expect(published).toHaveLength(1)
  })

  test('a large message takes the waiting ones with it at once', () => {
    gossip.publish('transactions', tx(1))
    gossip.publish('transactions', tx(2, 20_000))
    expect(published).toHaveLength(1)
  })

  test('certificates and blocks never wait', () => {
    gossip.publish('qcs', { ...tx(1), kind: MESSAGE_KIND.advanceView, lane: 'consensus' })
    gossip.publish('blocks', { ...tx(1), kind: MESSAGE_KIND.proposal, lane: 'blocks' })
    expect(published.map(({ topic }) => topic)).toEqual([
      topics.nameOf('qcs'),
      topics.nameOf('blocks'),
    ])
  })

  test.each(Object.entries(MESSAGE_KIND))(
    '%s: on the cap is published, above is refused',
    (_, kind) => {
      const max = gossipBytesMax(kind)
      const envelope = (size: number): Envelope => ({
        kind,
        lane: 'blocks',
        body: new Uint8Array(size),
      })
      gossip.publish('blocks', envelope(max))
      expect(() => gossip.publish('blocks', envelope(max + 1))).toThrow('OL_NETWORK_BODY_SIZE')
      expect(published).toHaveLength(1)
    },
  )
})

describe('receiving', () => {
  test('hands out every message of a batch', async () => {
    expect(await receive('transactions', batchOf(tx(1), tx(2), tx(3)))).toBe('accept')
    expect(handled).toEqual([tx(1), tx(2), tx(3)])
  })

  test('a message is handed out once, whatever batch brings it', async () => {
    await receive('transactions', batchOf(tx(1), tx(2)))
    expect(await receive('transactions', batchOf(tx(2), tx(3)))).toBe('accept')
    expect(handled).toEqual([tx(1), tx(2), tx(3)])
    expect(await receive('transactions', batchOf(tx(3), tx(1)))).toBe('ignore')
    expect(counters.transactions).toMatchObject({ delivered: 3, duplicates: 3 })
  })

  test('what we published ourselves is not handed to us', async () => {
    gossip.publish('transactions', tx(1))
    await receive('transactions', batchOf(tx(1)))
    expect(handled).toEqual([])
  })

  test.each([
    ['one rejected', ['accept', 'reject'], 'reject'],
    ['one accepted', ['ignore', 'accept'], 'accept'],
    ['all ignored', ['ignore', 'ignore'], 'ignore'],
  ] as const)('a batch with %s', async (_, answers, verdict) => {
    verdictOf = ({ body }) => answers[body[3] ?? 0] ?? 'ignore'
    expect(await receive('transactions', batchOf(tx(0), tx(1)))).toBe(verdict)
    expect(faults).toEqual(verdict === 'reject' ? ['OL_GOSSIP_REJECTED'] : [])
  })

  test('above the quota it is ignored unread', async () => {
    isAllowed = false
    expect(await receive('blocks', batchOf(tx(1)))).toBe('ignore')
    expect(handled).toEqual([])
  })

  test('of another chain it is left alone', () => {
    gossip.onMessage({ id: '1', from: 'peer', topic: '/other', data: batchOf(tx(1)) })
    expect(verdicts).toEqual([])
  })

  const whole = batchOf(tx(1), tx(2))
  test.each([
    ['nothing', new Uint8Array(0)],
    ['a truncated frame', whole.subarray(0, whole.length - 1)],
    ['a trailing byte', new Uint8Array([...whole, 0])],
    ['a control frame', encodeFrame(0xf0, new Uint8Array(4))],
    ['an oversized body', encodeFrame(MESSAGE_KIND.vote, new Uint8Array(1_025))],
    ['a lane that is none', Uint8Array.of(0, 0, 0, 2, 1, 0b110)],
    [
      'too many frames',
      new Uint8Array(6 * (GOSSIP_FRAMES_MAX + 1)).map((_, i) => [0, 0, 0, 2, 6, 0][i % 6]!),
    ],
    ['more bytes than a message has', new Uint8Array(2 ** 20)],
  ])('%s is rejected', async (_, data) => {
    expect(await receive('transactions', data)).toBe('reject')
    expect(faults).toEqual(['OL_GOSSIP_MALFORMED'])
    expect(handled).toEqual([])
  })
})
