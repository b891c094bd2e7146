// Ten thousand mutants of each kind of message against a replica of a living cluster; `pnpm sim consensus.fuzz` throws a
// million of each.
import { DecodeError, equalBytes } from '@openliquid/primitives'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fuzz } from './messageFuzz.ts'
import { MESSAGE_CODECS, MESSAGE_KINDS } from './messageMutants.ts'

describe.each(MESSAGE_KINDS)('a %s', (kind) => {
  it('that is a mutant is refused with a code, and the chain goes on', () => {
    const tally = fuzz(kind, 10_000, 1)
    expect(tally.findings).toEqual([])
    expect(tally.mutants).toBe(10_000)
    // The mutants get past the decoder, and past the first check of a replica.
    const codes = [...tally.codes.keys()].filter((code) => code.startsWith('OL_CONSENSUS_'))
    expect(codes.length).toBeGreaterThan(1)
    expect(tally.reported).toBeGreaterThan(1_000)
  })

  it('of any bytes is refused with a code, or its own encoding', () => {
    const codec = MESSAGE_CODECS[kind]
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 1_024, size: 'max' }), (bytes) => {
        try {
          return equalBytes(codec.encode(codec.decode(bytes)), bytes)
        } catch (error) {
          return error instanceof DecodeError && error.code.startsWith('OL_DECODE_')
        }
      }),
      { numRuns: 2_000 },
    )
  })
})
