import {
  BLOCK_BYTES_MAX,
  type Block,
  blockCodec,
  blockHash,
  EXECUTION_LAG_MAX,
  FLAG_EPOCH_CLOSING,
  FLAG_EPOCH_SUFFIX,
  payloadRoot,
} from '@openliquid/primitives'
import { describe, expect, it } from 'vitest'
import { type BlockRules, checkBlockAlone, checkBlockInBranch } from './blockRules.ts'
import { BlockTree } from './blockTree.ts'
import { EMPTY_PAYLOAD, Fixture } from './testing/index.ts'

const fixture = new Fixture([1n, 1n, 1n, 1n])
const rules: BlockRules = {
  version: 1,
  chainId: 1_998n,
  committee: fixture.committee,
  epochEndMs: Number.MAX_SAFE_INTEGER,
  highTip: false,
}
const good = fixture.child(fixture.genesis, 1n)
const change = (header: Partial<Block['header']>): Block => ({
  ...good,
  header: { ...good.header, ...header },
})
const tree = new BlockTree(
  [{ block: fixture.genesis, blockHash: blockHash(fixture.genesis.header) }],
  undefined,
)

describe('validity of a block alone (§3)', () => {
  it('takes a good one', () => {
    expect(checkBlockAlone(good, rules)).toBeUndefined()
  })

  it.each([
    ['B1 version', change({ version: 2 })],
    ['B1 chain', change({ chainId: 999n })],
    ['B1 epoch', change({ epoch: 2n })],
    ['B1 validator set', change({ validatorSetHash: new Uint8Array(32) })],
    ['B2 parent that the QC does not certify', change({ parentHash: new Uint8Array(32) })],
    ['B2 QC of its own view', change({ view: 0n })],
    ['B2 QC of another epoch', change({ qc: { ...good.header.qc, epoch: 2n } })],
    ['B3 proposer beyond the set', change({ proposer: 4 })],
    ['B6 payload root', change({ payloadRoot: new Uint8Array(32) })],
    ['B6 payload', { ...good, payload: { ...EMPTY_PAYLOAD, actions: [Uint8Array.of(1)] } }],
    [
      'B6 evidence',
      fixture.child(fixture.genesis, 1n, {}, { ...EMPTY_PAYLOAD, evidence: [Uint8Array.of(1)] }),
    ],
    [
      'B6 size',
      fixture.child(
        fixture.genesis,
        1n,
        {},
        { ...EMPTY_PAYLOAD, evm: [new Uint8Array(2_097_153)] },
      ),
    ],
    ['B9 both flags', change({ flags: 3 })],
    ['B9 unknown flag', change({ flags: 4 })],
    ['B9 next set', change({ nextValidatorSetHash: new Uint8Array(32) })],
    [
      'B9 payload of a suffix block',
      fixture.child(
        fixture.genesis,
        1n,
        { flags: FLAG_EPOCH_SUFFIX },
        { ...EMPTY_PAYLOAD, evm: [Uint8Array.of(1)] },
      ),
    ],
    ['height 0', change({ height: 0n })],
  ])('refuses %s', (_, block) => {
    expect(checkBlockAlone(block, rules)).toMatchObject({ code: 'OL_CONSENSUS_MALFORMED' })
  })
})

describe('validity of a block in its branch (§3)', () => {
  it('takes a good one', () => {
    expect(checkBlockInBranch(good, tree.root, rules)).toBeUndefined()
  })

  it.each([
    ['B2 height', change({ height: 2n })],
    ['B2 view of the QC', change({ qc: { ...good.header.qc, view: 1n }, view: 2n })],
    ['B5 timestamp of the parent', change({ timestampMs: 1_000 })],
    ['B7 executedHeight other than K(parent)', change({ executedHeight: 1n })],
  ])('refuses %s', (_, block) => {
    expect(checkBlockInBranch(block, tree.root, rules)).toMatchObject({
      code: 'OL_CONSENSUS_INVALID_BLOCK',
    })
  })

  it('B6: beyond EXECUTION_LAG_MAX only empty payloads', () => {
    const payload = { ...EMPTY_PAYLOAD, actions: [Uint8Array.of(1)] }
    let parent = tree.root
    // Every second view fails: nothing is committed, so executedHeight stays 0.
    for (let height = 1n; height <= BigInt(EXECUTION_LAG_MAX) + 1n; height += 1n) {
      const block = fixture.child(parent.block, 2n * height - 1n, {}, EMPTY_PAYLOAD)
      const full = fixture.child(parent.block, 2n * height - 1n, {}, payload)
      expect(full.header.payloadRoot).toEqual(payloadRoot(payload))
      const fault = checkBlockInBranch(full, parent, rules)
      expect(fault === undefined, `height ${height}`).toBe(height <= BigInt(EXECUTION_LAG_MAX))
      expect(checkBlockInBranch(block, parent, rules)).toBeUndefined()
      parent = tree.insert(block, blockHash(block.header))
    }
  })
})

describe('flags (B9, §8)', () => {
  const endMs = good.header.timestampMs + 10
  const ending = { ...rules, epochEndMs: endMs }
  const closing = FLAG_EPOCH_CLOSING
  const suffix = FLAG_EPOCH_SUFFIX

  it.each([
    [0, endMs - 1, true],
    [closing, endMs - 1, false],
    [suffix, endMs - 1, false],
    [0, endMs, false],
    [closing, endMs, true],
  ])('flags %i at the time %i: %s', (flags, timestampMs, isValid) => {
    const block = change({ flags, timestampMs })
    expect(checkBlockInBranch(block, tree.root, ending) === undefined).toBe(isValid)
  })

  it('all descendants of a closing block in its epoch are suffix blocks, and K stops at it', () => {
    const own = new BlockTree(
      [{ block: fixture.genesis, blockHash: blockHash(fixture.genesis.header) }],
      undefined,
    )
    const first = change({ flags: closing, timestampMs: endMs })
    expect(checkBlockAlone({ ...first }, ending)).toBeUndefined()
    let parent = own.insert(first, blockHash(first.header))
    for (let view = 2n; view <= 6n; view += 1n) {
      const executedHeight = parent.committedHeight
      for (const flags of [0, closing]) {
        const block = fixture.child(parent.block, view, { flags, executedHeight })
        expect(checkBlockInBranch(block, parent, ending)).toMatchObject({
          data: { reason: 'flags' },
        })
      }
      const block = fixture.child(parent.block, view, { flags: suffix, executedHeight })
      expect(checkBlockInBranch(block, parent, ending)).toBeUndefined()
      parent = own.insert(block, blockHash(block.header))
    }
    expect(parent.header.height).toBe(6n)
    expect(parent.committedHeight).toBe(1n)
  })
})

describe('block size (B6)', () => {
  it('is that of the encoding: what is taken can be decoded, one byte more is refused', () => {
    const emptySize = blockCodec.encode(fixture.child(fixture.genesis, 1n)).length
    const blockOf = (size: number): Block => {
      // Twenty transactions, each with its offset.
      const each = Math.floor((size - emptySize) / 20) - 4
      const rest = size - emptySize - 20 * (each + 4)
      const evm = Array.from({ length: 20 }, (_, i) => new Uint8Array(each + (i === 0 ? rest : 0)))
      return fixture.child(fixture.genesis, 1n, {}, { ...EMPTY_PAYLOAD, evm })
    }
    const largest = blockOf(BLOCK_BYTES_MAX)
    expect(blockCodec.encode(largest)).toHaveLength(BLOCK_BYTES_MAX)
    expect(checkBlockAlone(largest, rules)).toBeUndefined()
    expect(checkBlockAlone(blockOf(BLOCK_BYTES_MAX + 1), rules)).toBeDefined()
  })
})
