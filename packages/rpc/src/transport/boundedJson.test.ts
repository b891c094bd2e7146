import { describe, expect, it } from 'vitest'
import { JSON_DEPTH_MAX } from '../limits.ts'
import { parseBoundedJson } from './boundedJson.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth)

describe('parseBoundedJson', () => {
  it('reads what JSON.parse reads', () => {
    expect(parseBoundedJson(bytes('{"a":[1,"ü",null,{}]}'))).toEqual({ a: [1, 'ü', null, {}] })
  })

  it.each([
    [JSON_DEPTH_MAX - 1, true],
    [JSON_DEPTH_MAX, true],
    [JSON_DEPTH_MAX + 1, false],
    [10_000, false],
    [2_000_000, false],
  ])('nesting of %i is accepted: %s', (depth, accepted) => {
    const parse = (): unknown => parseBoundedJson(bytes(nested(depth)))
    if (accepted) expect(parse).not.toThrow()
    else expect(parse).toThrow(expect.objectContaining({ code: 'OL_RPC_DEPTH' }))
  })

  it('does not count brackets inside strings', () => {
    const text = JSON.stringify([`${'['.repeat(1_000)}\\"${'{'.repeat(1_000)}`, '\\'])
    expect(parseBoundedJson(bytes(text))).toHaveLength(2)
  })

  it.each([
    ['nothing', new Uint8Array()],
    ['a word', bytes('nul')],
    ['an unterminated string', bytes('["a')],
    ['a trailing comma', bytes('[1,]')],
    ['unbalanced closing brackets', bytes(']]]]')],
    ['invalid UTF-8', Uint8Array.of(0x22, 0xff, 0xfe, 0x22)],
    ['UTF-16', Uint8Array.of(0xff, 0xfe, 0x5b, 0x00, 0x5d, 0x00)],
  ])('refuses %s', (_, body) => {
    expect(() => parseBoundedJson(body)).toThrow(expect.objectContaining({ code: 'OL_RPC_PARSE' }))
  })

  it('never throws anything but a coded error on random bytes', () => {
    let state = 1
    for (let round = 0; round < 500; round++) {
      const body = Uint8Array.from({ length: round % 60 }, () => {
        state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
        return state >>> 24
      })
      try {
        parseBoundedJson(body)
      } catch (error) {
        expect(error).toMatchObject({ code: expect.stringMatching(/^OL_RPC_(PARSE|DEPTH)$/) })
      }
    }
  })
})
