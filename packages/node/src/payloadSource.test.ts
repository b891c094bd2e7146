import type { Payload } from '@openliquid/primitives'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { UntimedInput } from './eventLoop.ts'
import { type PayloadRequest, PayloadSource } from './payloadSource.ts'

const START_MS = 10_000

beforeEach(() => {
  vi.useFakeTimers({ now: START_MS })
})
afterEach(() => {
  vi.useRealTimers()
})

function sourceWith(mempool: Uint8Array[]) {
  const answers: UntimedInput[] = []
  const source = new PayloadSource({
    clock: Date.now,
    build: (): Payload => ({ actions: [...mempool], evm: [], evidence: [] }),
    push: (input) => answers.push(input),
  })
  return { source, answers }
}

function request(fields: Partial<PayloadRequest> = {}): PayloadRequest {
  return {
    kind: 'buildPayload',
    view: 5n,
    timestampMs: START_MS,
    emptyAllowedAtMs: START_MS + 1_000,
    mustBeEmpty: false,
    ...fields,
  } as PayloadRequest
}

const transaction = Uint8Array.of(1)
const empty = { actions: [], evm: [], evidence: [] }

test('answers at once when there is a transaction', () => {
  const { source, answers } = sourceWith([transaction])
  source.request(request())
  expect(answers).toEqual([
    {
      kind: 'payloadBuilt',
      view: 5n,
      timestampMs: START_MS,
      payload: { ...empty, actions: [transaction] },
    },
  ])
})

test('waits for the pace of empty blocks, and dates the block when it answers', () => {
  const { source, answers } = sourceWith([])
  source.request(request())
  vi.advanceTimersByTime(999)
  expect(answers).toEqual([])
  vi.advanceTimersByTime(1)
  expect(answers).toEqual([
    { kind: 'payloadBuilt', view: 5n, timestampMs: START_MS + 1_000, payload: empty },
  ])
  vi.advanceTimersByTime(5_000)
  expect(answers).toHaveLength(1)
})

test('answers with the first transaction that comes while it waits', () => {
  const mempool: Uint8Array[] = []
  const { source, answers } = sourceWith(mempool)
  source.request(request())
  source.wake()
  expect(answers).toEqual([])
  vi.advanceTimersByTime(300)
  mempool.push(transaction)
  source.wake()
  expect(answers).toMatchObject([{ timestampMs: START_MS + 300, view: 5n }])
})

test('is empty at once when the pace allows it', () => {
  const { source, answers } = sourceWith([])
  source.request(request({ emptyAllowedAtMs: START_MS - 1 }))
  expect(answers).toMatchObject([{ payload: empty }])
})

test('never fills a block that must be empty, whatever waits', () => {
  const { source, answers } = sourceWith([transaction])
  source.request(request({ mustBeEmpty: true }))
  source.wake()
  vi.advanceTimersByTime(1_000)
  expect(answers).toMatchObject([{ payload: empty }])
})

test('a later request replaces an earlier one', () => {
  const { source, answers } = sourceWith([])
  source.request(request())
  source.request(request({ view: 6n, emptyAllowedAtMs: START_MS + 2_000 }))
  vi.advanceTimersByTime(2_000)
  expect(answers).toMatchObject([{ view: 6n }])
})
