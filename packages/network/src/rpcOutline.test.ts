import { concatBytes } from '@openliquid/primitives'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { GOSSIP_TURN_MESSAGES_MAX, RPC_MESSAGES_MAX, RPC_SUBSCRIPTIONS_MAX } from './limits.ts'
import { outlineOf } from './rpcOutline.ts'

const entry = (field: number, body: Uint8Array = Uint8Array.of(7, 7)): Uint8Array =>
  concatBytes(Uint8Array.of((field << 3) | 2, body.length), body)
const entries = (field: number, count: number): Uint8Array =>
  concatBytes(...Array.from({ length: count }, () => entry(field)))

test('the pieces of an RPC are the RPC, in order, with few messages each', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.constantFrom(1, 2, 2, 2, 5), fc.uint8Array({ maxLength: 100 }))),
      (list) => {
        fc.pre(list.filter(([field]) => field === 1).length <= RPC_SUBSCRIPTIONS_MAX)
        const rpc = concatBytes(...list.map(([field, body]) => entry(field, body)))
        const outline = outlineOf(rpc)!
        expect(concatBytes(...outline.pieces.map(({ bytes }) => bytes))).toEqual(rpc)
        expect(outline.messages).toBe(list.filter(([field]) => field === 2).length)
        for (const { bytes, messages } of outline.pieces) {
          expect(messages).toBeLessThanOrEqual(GOSSIP_TURN_MESSAGES_MAX)
          expect(outlineOf(bytes)?.messages).toBe(messages)
        }
      },
    ),
  )
})

test('an RPC has at most so many messages and subscriptions, and one control', () => {
  expect(outlineOf(entries(2, RPC_MESSAGES_MAX))?.messages).toBe(RPC_MESSAGES_MAX)
  expect(outlineOf(entries(2, RPC_MESSAGES_MAX + 1))).toBeUndefined()
  expect(outlineOf(entries(1, RPC_SUBSCRIPTIONS_MAX))?.messages).toBe(0)
  expect(outlineOf(entries(1, RPC_SUBSCRIPTIONS_MAX + 1))).toBeUndefined()
  expect(outlineOf(entries(3, 1))?.pieces).toHaveLength(1)
  expect(outlineOf(entries(3, 2))).toBeUndefined()
})

test('fields that are not known pass, whatever their type; what ends within an entry does not', () => {
  const unknown = [
    [0x40, 0x96, 1],
    [0x41, ...Array(8).fill(0)],
    [0x45, 0, 0, 0, 0],
    [0x42, 1, 9],
  ]
  expect(outlineOf(Uint8Array.from(unknown.flat()))).toMatchObject({ messages: 0 })
  for (const field of unknown) {
    expect(outlineOf(Uint8Array.from(field.slice(0, -1)))).toBeUndefined()
  }
  // A group, which protobuf gave up; a length above 32 bits.
  expect(outlineOf(Uint8Array.of(0x43, 0x44))).toBeUndefined()
  expect(outlineOf(Uint8Array.of(0x12, 255, 255, 255, 255, 127))).toBeUndefined()
  expect(outlineOf(new Uint8Array(0))).toEqual({ messages: 0, pieces: [] })
})
