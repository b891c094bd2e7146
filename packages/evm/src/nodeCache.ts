import { textBytes } from './byteText.ts'
import { decodeNodeRecord, type TrieNode } from './trieNode.ts'

/** What a node costs in memory, about, and each of its children. */
const NODE_BYTES = 400
const CHILD_BYTES = 300

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
    const record = read(textBytes(text))
    if (record === undefined) return undefined
    const node = decodeNodeRecord(record)
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

function sizeOf(node: TrieNode): number {
  if (node.kind === 'leaf') return NODE_BYTES
  let bytes = NODE_BYTES
  for (const child of node.children) if (child !== undefined) bytes += CHILD_BYTES
  return bytes
}
