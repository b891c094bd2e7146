import {
  assert,
  type Block,
  type BlockHeader,
  type Epoch,
  equalBytes,
  FLAG_EPOCH_CLOSING,
  type Hash,
  type Height,
  type QuorumCertificate,
  type Verified,
  type View,
} from '@openliquid/primitives'
import { committedInBranch } from './committedInBranch.ts'
import { UNCERTIFIED_PER_VIEW_MAX, UNVOTED_BLOCKS_MAX } from './limits.ts'

/** A valid block whose branch is known down to the last committed block. */
export interface BlockNode {
  readonly block: Block
  readonly header: BlockHeader
  readonly blockHash: Hash
  /** K of this block, §3.1. */
  readonly committedHeight: Height
  /** Height of the block that closes the epoch, if it is this one or below it in the same epoch. */
  readonly closingHeight: Height | undefined
  /** Absent at and below the lowest block that is still needed. */
  readonly parent: BlockNode | undefined
  /** Certifies this block; the highest known if there are several (§12). */
  readonly qc: Verified<QuorumCertificate> | undefined
  /** This replica voted for it: others may have nobody else to get it from. */
  readonly isVoted: boolean
  /** A BLOCK record of it is in the log. */
  readonly isLogged: boolean
}

type MutableNode = { -readonly [K in keyof BlockNode]: BlockNode[K] } & {
  parent: MutableNode | undefined
}

/**
 * The last committed block and all known branches above it. Below it, blocks stay reachable through `parent` down to
 * K of the last committed one: whether a transaction stands twice is judged from there (B6).
 */
export class BlockTree {
  /** The root and its descendants; a parent stands before its children. Few, and asked for are the newest. */
  #nodes: MutableNode[]
  #root: MutableNode

  /**
   * @param recent - committed blocks, ascending; the last one is the root
   * @param parentHeader - of the parent of the first; absent if that is the genesis block
   */
  constructor(
    recent: readonly { readonly block: Block; readonly blockHash: Hash }[],
    parentHeader: BlockHeader | undefined,
  ) {
    let parent: MutableNode | undefined
    for (const { block, blockHash } of recent) {
      const { header } = block
      const committedHeight = committedInBranch(header, parent?.header ?? parentHeader)
      assert(
        parent === undefined || equalBytes(header.parentHash, parent.blockHash),
        'committed blocks are linked',
      )
      parent = {
        block,
        header,
        blockHash,
        committedHeight,
        closingHeight: header.flags === FLAG_EPOCH_CLOSING ? header.height : undefined,
        parent,
        qc: undefined,
        isVoted: true,
        isLogged: true,
      }
    }
    assert(parent !== undefined, 'a tree has a root')
    this.#root = parent
    this.#nodes = [parent]
    this.#forgetBelow(parent)
  }

  /** The last committed block. */
  get root(): BlockNode {
    return this.#root
  }

  /** Blocks at and above the root. */
  get size(): number {
    return this.#nodes.length
  }

  /** The root and its descendants; a parent stands before its children. */
  get nodes(): Iterable<BlockNode> {
    return this.#nodes
  }

  get(blockHash: Hash): BlockNode | undefined {
    return this.#find(blockHash)
  }

  /** Adds a valid block; its parent must be here. */
  insert(block: Block, blockHash: Hash): BlockNode {
    const { header } = block
    const parent = this.#find(header.parentHash)
    assert(parent !== undefined, 'the parent is in the tree')
    assert(this.#find(blockHash) === undefined, 'the block is new')
    const closingHeight =
      header.flags === FLAG_EPOCH_CLOSING
        ? header.height
        : header.epoch === parent.header.epoch
          ? parent.closingHeight
          : undefined
    const node: MutableNode = {
      block,
      header,
      blockHash,
      committedHeight: committedInBranch(header, parent.header, closingHeight),
      closingHeight,
      parent,
      qc: undefined,
      isVoted: false,
      isLogged: false,
    }
    this.#nodes.push(node)
    this.#dropUnvoted()
    return node
  }

  /** Whether another uncertified block of this view is still taken. */
  hasRoomInView(epoch: Epoch, view: View): boolean {
    let count = 0
    for (const { header, qc } of this.#nodes) {
      if (header.epoch === epoch && header.view === view && qc === undefined) count += 1
    }
    return count < UNCERTIFIED_PER_VIEW_MAX
  }

  certify(node: BlockNode, qc: Verified<QuorumCertificate>): void {
    const own = this.#own(node)
    assert(equalBytes(qc.blockHash, node.blockHash), 'the QC names the block')
    // §12: a block that is proposed again may be certified again.
    assert(own.qc === undefined || own.qc.view < qc.view, 'a QC gives way to a higher one only')
    own.qc = qc
  }

  markVoted(node: BlockNode): void {
    this.#own(node).isVoted = true
  }

  markLogged(node: BlockNode): void {
    this.#own(node).isLogged = true
  }

  /** Blocks of the node's branch above `height`, ascending, the node itself last. */
  branchAbove(node: BlockNode, height: Height): Block[] {
    const blocks: Block[] = []
    for (let at: BlockNode | undefined = node; at !== undefined; at = at.parent) {
      if (at.header.height <= height) break
      blocks.push(at.block)
    }
    blocks.reverse()
    const lowest = blocks[0]
    assert(
      lowest === undefined || lowest.header.height === height + 1n,
      'the branch is kept down to the height asked for',
    )
    return blocks
  }

  /** Nodes between the root and `node`, ascending, the node included. */
  pathFromRoot(node: BlockNode): BlockNode[] {
    // Nearly always: one block is committed, or asked about, at a time.
    if (node.parent === this.#root) return [node]
    const path: BlockNode[] = []
    for (let at: BlockNode = node; at !== this.#root; ) {
      path.push(at)
      assert(at.parent !== undefined, 'every node descends from the root')
      at = at.parent
    }
    return path.reverse()
  }

  /** Makes `node` the last committed block and drops all that does not descend from it. */
  commit(node: BlockNode): void {
    const root = this.#own(node)
    assert(root.header.height > this.#root.header.height, 'commits go upwards')
    let count = 0
    for (const node of this.#nodes) {
      const { parent } = node
      const isKept = node === root || (parent !== undefined && this.#isAmong(parent, count))
      if (isKept) this.#nodes[count++] = node
    }
    while (this.#nodes.length > count) this.#nodes.pop()
    this.#root = root
    this.#forgetBelow(root)
  }

  /** Drops all above the last committed block: what an epoch's end leaves undecided is dead. */
  dropUncommitted(): void {
    this.#nodes = [this.#root]
  }

  /** Whether a node is one of the first ones. */
  #isAmong(node: BlockNode, count: number): boolean {
    const i = this.#nodes.indexOf(node as MutableNode)
    return i >= 0 && i < count
  }

  #find(blockHash: Hash): MutableNode | undefined {
    for (let i = this.#nodes.length - 1; i >= 0; i--) {
      const node = this.#nodes[i]
      if (node !== undefined && equalBytes(node.blockHash, blockHash)) return node
    }
    return undefined
  }

  #own(node: BlockNode): MutableNode {
    const own = this.#find(node.blockHash)
    assert(own === node, 'the node is of this tree')
    return own
  }

  /** Cuts the chain below what any descendant of the root can ask for: their executedHeight is at least K(root). */
  #forgetBelow(root: MutableNode): void {
    let lowest = root
    while (lowest.parent !== undefined && lowest.parent.header.height > root.committedHeight) {
      lowest = lowest.parent
    }
    lowest.parent = undefined
  }

  /** Leaves without vote and QC can be had again, if they ever matter, from those who voted for them. */
  #dropUnvoted(): void {
    if (this.#nodes.length <= UNVOTED_BLOCKS_MAX) return
    const parents = new Set<BlockNode>()
    for (const { parent } of this.#nodes) if (parent !== undefined) parents.add(parent)
    const droppable = this.#nodes.filter(
      (node) => !node.isVoted && node.qc === undefined && !parents.has(node),
    )
    const dropped = droppable.slice(0, Math.max(0, droppable.length - UNVOTED_BLOCKS_MAX))
    this.#nodes = this.#nodes.filter((node) => !dropped.includes(node))
  }
}
