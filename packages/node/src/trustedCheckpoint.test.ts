import { bytesToHex, sha256, type ValidatorSet } from '@openliquid/primitives'
import { describe, expect, it } from 'vitest'
import { assertOnChain, assertTrusted, parseCheckpoint } from './trustedCheckpoint.ts'

const HOUR_MS = 3_600_000
const UNBONDING_MS = 7 * 24 * HOUR_MS
const PERIOD_MS = 4 * 24 * HOUR_MS + 16 * HOUR_MS
const blockHash = sha256(Uint8Array.of(1))
const head = { height: 7n, blockHash, timestampMs: 1_000 }
const setOf = (count: number): ValidatorSet => ({
  epoch: 1n,
  totalStake: BigInt(count),
  validators: Array.from({ length: count }, (_, index) => ({
    index,
    stake: 1n,
    address: new Uint8Array(20),
    voteKey: new Uint8Array(48),
    nodeKey: new Uint8Array(32),
  })),
})
const trust = {
  unbondingMs: UNBONDING_MS,
  head,
  validatorSet: setOf(4),
  selfIndex: 2,
  checkpoint: undefined,
}
const checkpoint = { height: 9n, blockHash }

describe('the trust period (§8 weak subjectivity)', () => {
  it('is two thirds of the unbonding time: just inside, on and just outside', () => {
    const at = (nowMs: number) => (): void => assertTrusted({ ...trust, nowMs })
    expect(at(1_000 + PERIOD_MS - 1)).not.toThrow()
    expect(at(1_000 + PERIOD_MS)).not.toThrow()
    expect(at(1_000 + PERIOD_MS + 1)).toThrow(/--trusted-checkpoint.*OL_NODE_TRUST_EXPIRED/s)
  })

  it('does not count with a checkpoint, nor for a chain that only this node signs', () => {
    const late = { ...trust, nowMs: 1_000 + 10 * PERIOD_MS }
    expect(() => assertTrusted({ ...late, checkpoint })).not.toThrow()
    expect(() => assertTrusted({ ...late, validatorSet: setOf(1), selfIndex: 0 })).not.toThrow()
    const follower = { ...late, validatorSet: setOf(1), selfIndex: undefined }
    expect(() => assertTrusted(follower)).toThrow('OL_NODE_TRUST_EXPIRED')
  })

  it('names the own newest block, for a network that was stopped as a whole', () => {
    expect(() => assertTrusted({ ...trust, nowMs: 1_001 + PERIOD_MS })).toThrow(
      `7:${bytesToHex(blockHash)}`,
    )
  })
})

describe('a trusted checkpoint', () => {
  it('is a height and a hash', () => {
    expect(parseCheckpoint('')).toBeUndefined()
    expect(parseCheckpoint(`9:${bytesToHex(blockHash)}`)).toEqual(checkpoint)
    const wrong = [
      '9',
      '9:',
      '9:0x12',
      `-1:${bytesToHex(blockHash)}`,
      `9:${bytesToHex(blockHash)}0`,
    ]
    for (const text of wrong) expect(() => parseCheckpoint(text)).toThrow('OL_NODE_CONFIG')
  })

  it('must stand on the chain', () => {
    expect(() => assertOnChain(checkpoint, blockHash)).not.toThrow()
    for (const found of [undefined, sha256(Uint8Array.of(2))]) {
      expect(() => assertOnChain(checkpoint, found)).toThrow('OL_NODE_CHECKPOINT')
    }
  })
})
