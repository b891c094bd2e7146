import {
  type Block,
  type BlockHeader,
  blockHash,
  type CommitProof,
  payloadRoot,
  type QuorumCertificate,
} from '@openliquid/primitives'
import { expect, test } from 'vitest'
import { BlockStore } from './blockStore.ts'
import { memoryStore } from './testing/memoryStore.ts'

function qcOver(hash: Uint8Array, view: bigint): QuorumCertificate {
  const signature = new Uint8Array(96).fill(1)
  return { epoch: 1n, view, blockHash: hash, signers: Uint8Array.of(7), signature }
}

function blockOn(parent: BlockHeader | undefined): Block {
  const parentHash = parent === undefined ? new Uint8Array(32) : blockHash(parent)
  const height = parent === undefined ? 0n : parent.height + 1n
  const payload = { actions: [Uint8Array.of(Number(height))], evm: [], evidence: [] }
  const header: BlockHeader = {
    version: 1,
    chainId: 1998n,
    epoch: 1n,
    view: height,
    height,
    parentHash,
    qc: qcOver(parentHash, height === 0n ? 0n : height - 1n),
    proposer: 0,
    timestampMs: Number(height) * 100,
    payloadRoot: payloadRoot(payload),
    executedHeight: 0n,
    stateRoot: new Uint8Array(32),
    validatorSetHash: new Uint8Array(32),
    nextValidatorSetHash: new Uint8Array(32),
    flags: 0,
  }
  return { header, payload }
}

function chainOf(count: number): Block[] {
  const chain: Block[] = []
  for (let i = 0; i < count; i++) chain.push(blockOn(chain.at(-1)?.header))
  return chain
}

test('finds blocks by height and hash, and the head, after the batch that holds their writes', async () => {
  const store = memoryStore()
  const blocks = new BlockStore(store)
  expect(blocks.head()).toBeUndefined()
  const chain = chainOf(3)
  for (const block of chain) {
    await store.batch(blocks.putBlocks([{ block, blockHash: blockHash(block.header) }]), {
      sync: true,
    })
  }
  const [genesis, , tip] = chain as [Block, Block, Block]
  expect(blocks.headHeight()).toBe(2n)
  expect(blocks.head()?.header).toEqual(tip.header)
  expect(blocks.head()?.blockHash).toEqual(blockHash(tip.header))
  expect(blocks.blockAt(0n)).toEqual(genesis)
  expect(blocks.headerAt(2n)).toEqual(tip.header)
  expect(blocks.blockByHash(blockHash(genesis.header))).toEqual(genesis)
  expect(blocks.heightOf(blockHash(tip.header))).toBe(2n)
  expect(blocks.blockAt(3n)).toBeUndefined()
  expect(blocks.blockByHash(new Uint8Array(32).fill(9))).toBeUndefined()
})

test('builds the commit proof of a block below the one that has one', async () => {
  const store = memoryStore()
  const blocks = new BlockStore(store)
  const chain = chainOf(6)
  // One commit brought blocks 1 to 3; its proof is that of block 3, over blocks 4 and their certificate.
  const proof: CommitProof = {
    path: [chain[3]!.header, chain[4]!.header],
    qc: chain[5]!.header.qc,
  }
  for (const block of chain.slice(0, 4)) {
    const { height } = block.header
    await store.batch(
      blocks.putBlocks([
        { block, blockHash: blockHash(block.header), ...(height === 3n ? { proof } : {}) },
      ]),
      { sync: true },
    )
  }
  expect(blocks.commitProofAt(3n)).toEqual(proof)
  expect(blocks.commitProofAt(1n)).toEqual({
    path: chain.slice(1, 5).map(({ header }) => header),
    qc: proof.qc,
  })
  expect(blocks.commitProofAt(4n)).toBeUndefined()
  // The certificate of a block stands in its child, and of the newest in the proof.
  expect(blocks.certificateAt(2n)).toEqual(chain[3]!.header.qc)
  expect(blocks.certificateAt(3n)).toEqual(chain[4]!.header.qc)
  expect(blocks.certificateAt(4n)).toBeUndefined()
})
