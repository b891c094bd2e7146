import {
  type Block,
  type BlocksAnswer,
  blockCodec,
  blockHash,
  equalBytes,
  type GetBlocks,
  type Hash,
  type Height,
  type QuorumCertificate,
  SYNC_BLOCKS_MAX,
  SYNC_BYTES_MAX,
} from '@openliquid/primitives'

/** Bytes of an answer left for its frame and its certificate. */
const RESERVED_BYTES = 65_536

/** Where blocks to serve come from: the core above, the store below. */
export interface BlockSource {
  uncommitted(blockHash: Hash): Block | undefined
  certificateOf(blockHash: Hash): QuorumCertificate | undefined
  readonly executedHeight: Height
  executedAt(height: Height): Block | undefined
}

/**
 * Answers a peer that lacks blocks: contiguous ones from `fromHeight` towards `toHash`, as many as fit, with a
 * certificate for the last. An empty answer means that there is nothing to offer.
 *
 * @see docs/spec/consensus.md §8 block sync
 */
export function answerGetBlocks(request: GetBlocks, source: BlockSource): BlocksAnswer {
  const { toHash } = request
  const isWanted = ({ header }: Block): boolean =>
    toHash !== undefined && equalBytes(blockHash(header), toHash)
  const blockAt = branchOf(request, source)
  const bytesMax = Math.min(request.bytesMax, SYNC_BYTES_MAX) - RESERVED_BYTES
  const blocks: Block[] = []
  let bytes = 0
  for (let height = request.fromHeight; blocks.length < SYNC_BLOCKS_MAX; height += 1n) {
    const block = blockAt(height)
    if (block === undefined) break
    // A batch is certified by one epoch: the next begins another batch.
    if (blocks[0] !== undefined && block.header.epoch !== blocks[0].header.epoch) break
    bytes += blockCodec.encode(block).length
    // One block at least: the largest one fits the largest answer.
    if (blocks.length > 0 && bytes > bytesMax) break
    blocks.push(block)
    if (isWanted(block)) break
  }
  const last = blocks.at(-1)
  if (last === undefined) return { blocks }
  const next = blockAt(last.header.height + 1n)
  const certified = next?.header.epoch === last.header.epoch ? next.header.qc : undefined
  const qc = certified ?? source.certificateOf(blockHash(last.header))
  if (qc !== undefined) return { blocks, qc }
  // Whoever asks for a block holds its certificate.
  if (isWanted(last)) return { blocks }
  // The header of the last block certifies the one before.
  return blocks.length === 1 ? { blocks: [] } : { blocks: blocks.slice(0, -1), qc: last.header.qc }
}

/** One branch by height: the wanted one as far as it is known, the executed chain where that is below or alone. */
function branchOf(
  { fromHeight, toHash }: GetBlocks,
  source: BlockSource,
): (height: Height) => Block | undefined {
  const above = new Map<Height, Block>()
  let lowest: Block | undefined
  for (let at = toHash; at !== undefined; ) {
    const block = source.uncommitted(at)
    if (block === undefined) break
    above.set(block.header.height, block)
    lowest = block
    const isEnough =
      block.header.height <= fromHeight || block.header.height <= source.executedHeight
    at = isEnough ? undefined : block.header.parentHash
  }
  if (lowest === undefined) return (height) => source.executedAt(height)
  const { height: lowestHeight, parentHash } = lowest.header
  if (lowestHeight <= fromHeight) return (height) => above.get(height)

  const below = source.executedAt(lowestHeight - 1n)
  const isLinked = below !== undefined && equalBytes(blockHash(below.header), parentHash)
  return (height) => (isLinked ? above.get(height) : undefined) ?? source.executedAt(height)
}
