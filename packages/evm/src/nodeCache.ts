import { byteText } from './byteText.ts'
import { parseNode } from './trie.ts'
import type { TrieNode } from './trieNode.ts'

/** What a node costs in memory, about: a branch with its 16 hashes, anything else. */
const BRANCH_BYTES = 2_600
const OTHER_BYTES = 600

/**
 * Trie nodes of the newest state, read once and kept ready to use; the least recently used go first.
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

  /** The node under a key of the store. @param read - called if it is not in memory */
  get(key: Uint8Array, read: () => Uint8Array | undefined): TrieNode | undefined {
    const text = byteText(key)
    const known = this.#nodes.get(text)
    if (known !== undefined) {
      this.#nodes.delete(text)
      this.#nodes.set(text, known)
      return known
    }
    const encoded = read()
    if (encoded === undefined) return undefined
    const node = parseNode(encoded)
    this.set(key, node)
    return node
  }

  /** A node that was written; `undefined` for one that is gone. */
  set(key: Uint8Array, node: TrieNode | undefined): void {
    const text = byteText(key)
    const old = this.#nodes.get(text)
    if (old !== undefined) {
      this.#nodes.delete(text)
      this.#bytes -= sizeOf(old)
    }
    if (node === undefined) return
    this.#nodes.set(text, node)
    this.#bytes += sizeOf(node)
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
