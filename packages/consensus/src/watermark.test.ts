import { nullScheme } from '@openliquid/crypto/testing'
import { blockHash } from '@openliquid/primitives'
import { describe, expect, it } from 'vitest'
import { decodeSafetyData, encodeSafetyData } from './safetyCodec.ts'
import { SafetyRules } from './safetyRules.ts'
import { Fixture } from './testing/index.ts'
import { compareWatermarks, isWatermark, safetyAt, watermarkOf } from './watermark.ts'

const signature = new Uint8Array(64)
const fixture = new Fixture([1n, 1n, 1n, 1n])

function rulesAt(view: bigint): SafetyRules {
  return new SafetyRules({
    context: fixture.context,
    identity: { voteSecretKey: fixture.secretOf(0), nodeSecretKey: fixture.secretOf(0) },
    index: 0,
    scheme: nullScheme,
    nodeScheme: nullScheme,
    highTip: false,
    data: safetyAt({ epoch: 1n, view }),
  })
}

describe('a mark set by an operator', () => {
  it('lets nothing be signed in views up to it', () => {
    const rules = rulesAt(7n)
    const parent = fixture.child(fixture.genesis, 6n)
    const block = fixture.child(parent, 7n)
    const qc = fixture.verifier.trustQC(block.header.qc)
    expect(
      rules.vote({ currentView: 7n, view: 7n, header: block.header, qc, signature }),
    ).toBeUndefined()
    expect(rules.mayPropose(7n)).toBe(false)
    const highQC = fixture.verifier.trustQC(fixture.qc(5n, blockHash(parent.header), [0, 1, 2]))
    expect(rules.timeout({ currentView: 6n, highQC })).toBeUndefined()
  })

  it('locks on its view: a view is given up only with a QC at or above it, or convicts its author', () => {
    const rules = rulesAt(7n)
    const hash = blockHash(fixture.genesis.header)
    const low = fixture.verifier.trustQC(fixture.qc(6n, hash, [0, 1, 2]))
    const tc = fixture.verifier.trustTC(fixture.tc(8n, low, [[6n, [1, 2, 3]]]))
    expect(rules.timeout({ currentView: 9n, highQC: low, tc })).toBeUndefined()
    const high = fixture.verifier.trustQC(fixture.qc(7n, hash, [0, 1, 2]))
    expect(rules.timeout({ currentView: 8n, highQC: high })?.message.highQC.view).toBe(7n)
  })

  it('gives way to a lock of its own', () => {
    const rules = rulesAt(7n)
    const parent = fixture.child(fixture.genesis, 8n)
    const { header } = fixture.child(parent, 9n)
    const qc = fixture.verifier.trustQC(header.qc)
    expect(isWatermark(rules.data)).toBe(true)
    expect(rules.vote({ currentView: 9n, view: 9n, header, qc, signature })).toBeDefined()
    expect(rules.data).toMatchObject({ lockedView: 8n, lastVotedView: 9n })
    expect(isWatermark(rules.data)).toBe(false)
    expect(watermarkOf(rules.data)).toEqual({ epoch: 1n, view: 9n })
  })

  it('is the same after it was on disk', () => {
    const data = safetyAt({ epoch: 3n, view: 12n })
    expect(decodeSafetyData(encodeSafetyData(data))).toEqual(data)
  })

  it('stands in the order of epochs, then views', () => {
    const mark = (epoch: bigint, view: bigint) => ({ epoch, view })
    expect(compareWatermarks(mark(1n, 9n), mark(2n, 1n))).toBeLessThan(0)
    expect(compareWatermarks(mark(2n, 2n), mark(2n, 1n))).toBeGreaterThan(0)
    expect(compareWatermarks(mark(2n, 2n), mark(2n, 2n))).toBe(0)
  })
})
