import { answerGetBlocks } from '@openliquid/consensus'
import {
  type Block,
  type BlocksAnswer,
  blockCodec,
  blocksAnswerCodec,
  DecodeError,
  type GetBlocks,
  getBlocksCodec,
  type Hash,
  MESSAGE_KIND,
  type QuorumCertificate,
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

  #blocks(request: GetBlocks): BlocksAnswer | undefined {
    const { store, uncommitted, certificateOf } = this.#source
    const bytesMax = Math.min(request.bytesMax, SERVED_BLOCKS_BYTES_MAX)
    const answer = answerGetBlocks(
      { ...request, bytesMax },
      {
        uncommitted,
        executedHeight: store.headHeight() ?? 0n,
        executedAt: (height) => store.blockAt(height),
        certificateOf: (hash) => certificateOf(hash) ?? storedCertificate(store, hash),
      },
    )
    return answer.blocks.length === 0 ? undefined : answer
  }
}

function storedCertificate(store: BlockSource['store'], hash: Hash): QuorumCertificate | undefined {
  const height = store.heightOf(hash)
  return height === undefined ? undefined : store.certificateAt(height)
}
