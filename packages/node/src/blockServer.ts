import {
  type Block,
  type BlocksAnswer,
  blockCodec,
  blockHash,
  blocksAnswerCodec,
  bytesToHex,
  DecodeError,
  equalBytes,
  type GetBlocks,
  getBlocksCodec,
  type Hash,
  MESSAGE_KIND,
  type QuorumCertificate,
  SYNC_BLOCKS_MAX,
} from '@openliquid/primitives'
import type { BlockStore } from '@openliquid/storage'
import { BLOCK_REQUESTS_MAX, SERVED_BLOCKS_BYTES_MAX } from './limits.ts'

const HASH_BYTES = 32

/** Where blocks are served from. */
export interface BlockSource {
  readonly store: Pick<BlockStore, 'blockAt' | 'heightOf' | 'headHeight' | 'certificateAt'>
  /** A block above the newest committed one. */
  uncommitted(hash: Hash): Block | undefined
  /** The QC of such a block, where one is known. */
  certificateOf(hash: Hash): QuorumCertificate | undefined
  /** A block that was announced and is on its way here. */
  awaited(hash: Hash): Promise<Block | undefined>
}

/** Answers block requests of other nodes; a few at a time, so that serving never slows voting. */
export class BlockServer {
  readonly #source: BlockSource
  #busy = 0

  constructor(source: BlockSource) {
    this.#source = source
  }

  /** @returns undefined to refuse: unknown kind, malformed, too busy, or nothing to give */
  async answer(kind: number, body: Uint8Array): Promise<Uint8Array | undefined> {
    if (kind === MESSAGE_KIND.getBlockByHash) return this.#byHash(body)
    if (kind !== MESSAGE_KIND.getBlocks || this.#busy >= BLOCK_REQUESTS_MAX) return undefined
    this.#busy += 1
    try {
      // Each answer waits for its own turn, behind the timers and sockets that are due.
      await new Promise(setImmediate)
      const answer = this.#blocks(getBlocksCodec.decode(body))
      return answer === undefined ? undefined : blocksAnswerCodec.encode(answer)
    } catch (error) {
      if (error instanceof DecodeError) return undefined
      throw error
    } finally {
      this.#busy -= 1
    }
  }

  /** Who forwards an announcement is asked for the body before it may have it. */
  async #byHash(hash: Hash): Promise<Uint8Array | undefined> {
    const { uncommitted, store, awaited } = this.#source
    if (hash.length !== HASH_BYTES) return undefined
    const height = store.heightOf(hash)
    const committed = height === undefined ? undefined : store.blockAt(height)
    const block = uncommitted(hash) ?? committed ?? (await awaited(hash))
    return block === undefined ? undefined : blockCodec.encode(block)
  }

  #blocks({ fromHeight, toHash, bytesMax }: GetBlocks): BlocksAnswer | undefined {
    const limit = Math.min(bytesMax, SERVED_BLOCKS_BYTES_MAX)
    const branch = toHash === undefined ? [] : this.#uncommittedBranch(toHash)
    const lowest = branch[0]
    const { store } = this.#source
    const committedTo =
      lowest !== undefined
        ? lowest.header.height - 1n
        : toHash === undefined
          ? store.headHeight()
          : store.heightOf(toHash)
    if (committedTo === undefined) return undefined
    const blocks: Block[] = []
    let bytes = 0
    const take = (block: Block): boolean => {
      bytes += blockCodec.encode(block).length
      if (blocks.length > 0 && (bytes > limit || blocks.length >= SYNC_BLOCKS_MAX)) return false
      blocks.push(block)
      return true
    }
    let isFull = false
    for (let height = fromHeight; height <= committedTo && !isFull; height += 1n) {
      const block = store.blockAt(height)
      if (block === undefined) return undefined
      // A batch is certified by one epoch: the next begins another batch.
      isFull = isOfOtherEpoch(block, blocks[0]) || !take(block)
    }
    for (const block of branch) {
      if (isFull || block.header.height < fromHeight) continue
      isFull = isOfOtherEpoch(block, blocks[0]) || !take(block)
    }
    const last = blocks.at(-1)
    if (last === undefined) return undefined
    const qc = this.#certificateOf(last, branch)
    return qc === undefined ? { blocks } : { blocks, qc }
  }

  /** From the first uncommitted ancestor to the block with that hash; empty when the hash is not of such a block. */
  #uncommittedBranch(toHash: Hash): Block[] {
    const branch: Block[] = []
    const seen = new Set<string>()
    for (let hash = toHash; ; ) {
      const block = this.#source.uncommitted(hash)
      if (block === undefined || seen.has(bytesToHex(hash))) break
      seen.add(bytesToHex(hash))
      branch.unshift(block)
      hash = block.header.parentHash
    }
    return branch
  }

  /** Over a block that is sent last: its child's in the branch, or the store's. */
  #certificateOf({ header }: Block, branch: readonly Block[]): QuorumCertificate | undefined {
    const hash = blockHash(header)
    for (const child of branch) {
      if (equalBytes(child.header.parentHash, hash)) return child.header.qc
    }
    return this.#source.certificateOf(hash) ?? this.#source.store.certificateAt(header.height)
  }
}

function isOfOtherEpoch({ header }: Block, first: Block | undefined): boolean {
  return first !== undefined && first.header.epoch !== header.epoch
}
