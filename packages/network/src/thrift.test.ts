import fc from 'fast-check'
import { expect, test } from 'vitest'
import { thriftyDecoder } from './thrift.ts'

interface Inner {
  decode(data: object): Iterable<Uint8Array>
}

const listOf = (bytes: Uint8Array): object => ({
  byteLength: bytes.length,
  subarray: () => bytes,
  consume: () => undefined,
})

const thrifty = (): Inner => {
  const decoder = { buffer: listOf(new Uint8Array(0)), decode: () => [] } as unknown as Inner
  thriftyDecoder({ decoder }, {})
  return decoder
}

const packet = (body: Uint8Array): number[] => [body.length >> 8, body.length & 255, ...body]

test('packets come out whole however the socket cuts them, empty ones not at all', () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 12 }),
      fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 20 }),
      (bodies, sizes) => {
        const bytes = Uint8Array.from(bodies.flatMap(packet))
        const decoder = thrifty()
        const out: Uint8Array[] = []
        for (let at = 0, i = 0; at < bytes.length; i++) {
          const size = sizes[i % sizes.length]!
          for (const one of decoder.decode(listOf(bytes.slice(at, at + size)))) out.push(one)
          at += size
        }
        expect(out).toEqual(bodies.filter(({ length }) => length > 0))
      },
    ),
  )
})

test('a decoder without the fields that are known is left alone', () => {
  const decoder = {}
  thriftyDecoder({ decoder }, {})
  thriftyDecoder({}, {})
  expect(decoder).toEqual({})
})
