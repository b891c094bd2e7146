import { describe, expect, it } from 'vitest'
import { JSON_DEPTH_MAX, JSON_VALUES_MAX } from '../limits.ts'
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

  it('counts the calls of a batch, not the values in them', () => {
    const parse = (text: string, max: number) => () => parseBoundedJson(bytes(text), max)
    expect(parse('[{"a":[1,2,3]},2]', 2)()).toHaveLength(2)
    expect(parse('[1,2,3]', 2)).toThrow(expect.objectContaining({ code: 'OL_RPC_BATCH_SIZE' }))
    expect(parse('{"a":1,"b":2,"c":3}', 2)()).toEqual({ a: 1, b: 2, c: 3 })
  })

  it('refuses more names and values than the limit before it parses them', () => {
    const list = (values: number): Uint8Array => bytes(`{"":[${'1,'.repeat(values - 2)}1]}`)
    expect(() => parseBoundedJson(list(JSON_VALUES_MAX))).not.toThrow()
    const tooMany = expect.objectContaining({ code: 'OL_RPC_VALUES' })
    expect(() => parseBoundedJson(list(JSON_VALUES_MAX + 1))).toThrow(tooMany)
    // What comes after the value too many is not looked at.
    const broken = bytes(`[${'"",'.repeat(JSON_VALUES_MAX)}nonsense`)
    expect(() => parseBoundedJson(broken)).toThrow(tooMany)
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
