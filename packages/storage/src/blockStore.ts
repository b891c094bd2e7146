import {
  type Block,
  type BlockHeader,
  blockHash,
  blockHeaderCodec,
  bytesToUint,
  COMMIT_PROOF_HEADERS_MAX,
  type CommitProof,
  commitProofCodec,
  type Hash,
  type Height,
  type KeyValueStore,
  payloadCodec,
  type QuorumCertificate,
  type Write,
} from '@openliquid/primitives'
import {
  commitProofKey,
  headerKey,
  heightOfHashKey,
  heightToBytes,
  metaKey,
  payloadKey,
} from './keyspace.ts'

const HEAD_KEY = metaKey('head')

/** A committed block on its way into the one batch of its height. */
export interface CommittedBlock {
  readonly block: Block
  readonly blockHash: Hash
  /** Of this very block; absent where only a later block of the same commit has one. */
  readonly proof?: CommitProof
}

/** Committed blocks by height and hash. Reads are synchronous; writes are handed out to join the block's batch. */
export class BlockStore {
  readonly #store: KeyValueStore

  constructor(store: KeyValueStore) {
    this.#store = store
  }

  /** Height of the newest block whose batch is on disk; undefined in an empty store. */
  headHeight(): Height | undefined {
    const stored = this.#store.get(HEAD_KEY)
    return stored === undefined ? undefined : bytesToUint(stored)
  }

  /** Newest block whose batch is on disk. */
  head(): { readonly header: BlockHeader; readonly blockHash: Hash } | undefined {
    const height = this.headHeight()
    const header = height === undefined ? undefined : this.headerAt(height)
    return header === undefined ? undefined : { header, blockHash: blockHash(header) }
  }

  headerAt(height: Height): BlockHeader | undefined {
    const stored = this.#store.get(headerKey(height))
    return stored === undefined ? undefined : blockHeaderCodec.decode(stored)
  }

  blockAt(height: Height): Block | undefined {
    const header = this.headerAt(height)
    const stored = header === undefined ? undefined : this.#store.get(payloadKey(height))
    if (header === undefined || stored === undefined) return undefined
    return { header, payload: payloadCodec.decode(stored) }
  }

  heightOf(hash: Hash): Height | undefined {
    const stored = this.#store.get(heightOfHashKey(hash))
    return stored === undefined ? undefined : bytesToUint(stored)
  }

  blockByHash(hash: Hash): Block | undefined {
    const height = this.heightOf(hash)
    return height === undefined ? undefined : this.blockAt(height)
  }

  /**
   * Shows that the block of a height was committed: the stored proof of the nearest height at or above it, with the
   * headers between in front. Cost follows that distance, which is the number of blocks one commit brought.
   */
  commitProofAt(height: Height): CommitProof | undefined {
    const path: BlockHeader[] = []
    for (let at = height; path.length < COMMIT_PROOF_HEADERS_MAX; at += 1n) {
      const stored = this.#store.get(commitProofKey(at))
      if (stored !== undefined) {
        const proof = commitProofCodec.decode(stored)
        const whole = [...path, ...proof.path]
        return whole.length > COMMIT_PROOF_HEADERS_MAX ? undefined : { path: whole, qc: proof.qc }
      }
      const header = this.headerAt(at)
      if (header === undefined) return undefined
      path.push(header)
    }
    return undefined
  }

  /** A QC over the block of a height: what a block-sync answer ends with. */
  certificateAt(height: Height): QuorumCertificate | undefined {
    const child = this.headerAt(height + 1n)
    if (child !== undefined) return child.qc
    return this.commitProofAt(height)?.path[1]?.qc
  }

  /** What a block's batch must hold so that the reads above find it, and the head moves to the last of them. */
  putBlocks(blocks: readonly CommittedBlock[]): Write[] {
    const writes: Write[] = []
    for (const { block, blockHash: hash, proof } of blocks) {
      const { height } = block.header
      const heightBytes = heightToBytes(height)
      writes.push(
        [headerKey(height), blockHeaderCodec.encode(block.header)],
        [payloadKey(height), payloadCodec.encode(block.payload)],
        [heightOfHashKey(hash), heightBytes],
        [HEAD_KEY, heightBytes],
      )
      if (proof !== undefined) writes.push([commitProofKey(height), commitProofCodec.encode(proof)])
    }
    return writes
  }
}
