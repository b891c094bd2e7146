import { textBytes } from './byteText.ts'
import { parseNode } from './trie.ts'
import type { TrieNode } from './trieNode.ts'

/** What a node costs in memory, about: a branch with its 16 hashes, anything else. */
const BRANCH_BYTES = 1_000
const OTHER_BYTES = 700

/**
 * Trie nodes of the newest state, read once and kept ready to use; those that were written or read longest ago go first. The
 * top of a trie is written in every block, so it stays.
 *
 * Only the executor uses it: readers of older states would see nodes of newer ones.
 */
export class NodeCache {
  readonly #bytesMax: number
  readonly #nodes = new Map<string, TrieNode>()
  #bytes: number = 0

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  /** The node under a key of the store. @param read - called with the key if it is not in memory */
  get(text: string, read: (key: Uint8Array) => Uint8Array | undefined): TrieNode | undefined {
    const known = this.#nodes.get(text)
    if (known !== undefined) return known
    const encoded = read(textBytes(text))
    if (encoded === undefined) return undefined
    const node = parseNode(encoded)
    this.set(text, node)
    return node
  }

  /** A node that was written; `undefined` for one that is gone. */
  set(text: string, node: TrieNode | undefined): void {
    const old = this.#nodes.get(text)
    if (old !== undefined) {
      this.#nodes.delete(text)
      this.#bytes -= sizeOf(old)
    }
    if (node === undefined) return
    this.#nodes.set(text, node)
    this.#bytes += sizeOf(node)
    if (this.#bytes <= this.#bytesMax) return
    for (const [oldest, value] of this.#nodes) {
      if (this.#bytes <= this.#bytesMax) break
      this.#nodes.delete(oldest)
      this.#bytes -= sizeOf(value)
    }
  }
}

function sizeOf({ kind }: TrieNode): number {
  return kind === 'branch' ? BRANCH_BYTES : OTHER_BYTES
}
