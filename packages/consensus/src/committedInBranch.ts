import { assert, type BlockHeader, type Height } from '@openliquid/primitives'

/**
 * K(X): the newest height that the certificates inside X's branch commit, X's own QC included. O(1), from two headers.
 *
 * All replicas agree on it whatever they have seen, which is why a header's executedHeight is K of its parent.
 *
 * @param parent - header of X's parent; only the genesis block has none
 * @param closingHeight - height of the epoch's closing block, if it is below X in the branch
 * @see docs/spec/consensus.md §3.1
 */
export function committedInBranch(
  header: BlockHeader,
  parent: BlockHeader | undefined,
  closingHeight?: Height,
): Height {
  if (parent === undefined) {
    assert(header.height === 0n, 'only the genesis block has no parent')
    return 0n
  }
  assert(header.height === parent.height + 1n, 'the parent is one below')
  if (header.qc.view === 0n) return parent.height
  if (parent.qc.view + 1n === header.qc.view) {
    // X's QC certifies the parent in the view after the grandparent's: the grandparent is committed.
    const height = header.height - 2n
    // A suffix block is never committed, however many pairs stand on it.
    return closingHeight !== undefined && closingHeight < height ? closingHeight : height
  }
  return header.executedHeight
}
