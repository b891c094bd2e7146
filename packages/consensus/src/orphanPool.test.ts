import { type Block, blockHash } from '@openliquid/primitives'
import { describe, expect, it } from 'vitest'
import { FetchTargets } from './fetchTargets.ts'
import { FETCH_TARGETS_MAX, ORPHAN_BLOCKS_MAX, ORPHAN_BYTES_MAX } from './limits.ts'
import { OrphanPool } from './orphanPool.ts'
import { EMPTY_PAYLOAD, Fixture } from './testing/index.ts'

const fixture = new Fixture([1n, 1n, 1n, 1n])
const orphan = (block: Block) => ({ block, blockHash: blockHash(block.header) })

describe('OrphanPool', () => {
  it('hands out the children of a block once', () => {
    const pool = new OrphanPool()
    const parent = fixture.child(fixture.genesis, 1n)
    const children = [fixture.child(parent, 2n), fixture.child(parent, 3n)].map(orphan)
    for (const child of children) pool.add(child)
    pool.add(orphan(fixture.child(children[0]!.block, 4n)))
    expect(pool.takeChildrenOf(blockHash(parent.header))).toEqual(children)
    expect(pool.takeChildrenOf(blockHash(parent.header))).toEqual([])
    expect(pool.size).toBe(1)
    pool.forgetUpTo(4n)
    expect(pool.size).toBe(0)
  })

  it('stays within ORPHAN_BLOCKS_MAX and ORPHAN_BYTES_MAX', () => {
    const pool = new OrphanPool()
    for (let i = 0; i < ORPHAN_BLOCKS_MAX + 5; i++)
      pool.add(orphan(fixture.child(fixture.genesis, BigInt(i + 1))))
    expect(pool.size).toBe(ORPHAN_BLOCKS_MAX)
    const payload = { ...EMPTY_PAYLOAD, evm: [new Uint8Array(ORPHAN_BYTES_MAX - 1)] }
    pool.add(
      orphan(fixture.child(fixture.genesis, 500n, { payloadRoot: new Uint8Array(32) }, payload)),
    )
    expect(pool.size).toBe(ORPHAN_BLOCKS_MAX)
    pool.add(
      orphan(
        fixture.child(fixture.genesis, 501n, {}, { ...EMPTY_PAYLOAD, evm: [new Uint8Array(2)] }),
      ),
    )
    expect(pool.size).toBe(1)
  })
})

describe('FetchTargets', () => {
  it('keeps the targets of the greatest views, within FETCH_TARGETS_MAX', () => {
    const targets = new FetchTargets()
    const hashOf = (view: number): Uint8Array => new Uint8Array(32).fill(view)
    for (const view of [9, 3, 8, 7, 6]) {
      targets.want(fixture.verifier.trustQC(fixture.qc(BigInt(view), hashOf(view), [0, 1, 2])))
    }
    const views = (): bigint[] => [...targets.all()].map(({ qc }) => qc.view)
    expect(views()).toEqual([9n, 8n, 7n, 6n])
    expect(views()).toHaveLength(FETCH_TARGETS_MAX)
    targets.forgetUpTo(7n)
    targets.remove(hashOf(9))
    expect(views()).toEqual([8n])
    expect(targets.qcOf(hashOf(8))?.view).toBe(8n)
  })
})
