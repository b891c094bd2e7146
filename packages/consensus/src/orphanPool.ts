import { type Block, bytesToHex, type Hash, type Hex, type View } from '@openliquid/primitives'
import { payloadBytes } from './blockRules.ts'
import { ORPHAN_BLOCKS_MAX, ORPHAN_BYTES_MAX } from './limits.ts'

/** A proposed block whose parent is certified but not here yet. */
export interface Orphan {
  readonly block: Block
  readonly blockHash: Hash
}

const NONE: readonly Orphan[] = []

/** Proposed blocks that wait for an ancestor, bounded in number and bytes; the oldest leaves first. */
export class OrphanPool {
  readonly #orphans = new Map<Hex, Orphan>()
  #bytes = 0

  get size(): number {
    return this.#orphans.size
  }

  /** Oldest first. */
  get all(): Iterable<Orphan> {
    return this.#orphans.values()
  }

  /** Bytes of the payloads of all. */
  get bytes(): number {
    return this.#bytes
  }

  add(orphan: Orphan): void {
    const key = bytesToHex(orphan.blockHash)
    if (this.#orphans.has(key)) return
    this.#orphans.set(key, orphan)
    this.#bytes += payloadBytes(orphan.block.payload)
    while (this.#orphans.size > ORPHAN_BLOCKS_MAX || this.#bytes > ORPHAN_BYTES_MAX) {
      const [oldest] = this.#orphans.keys()
      if (oldest === undefined) break
      this.#remove(oldest)
    }
  }

  /** Takes out the children of a block. */
  takeChildrenOf(parentHash: Hash): readonly Orphan[] {
    if (this.#orphans.size === 0) return NONE
    const parentKey = bytesToHex(parentHash)
    const children: Orphan[] = []
    for (const [key, orphan] of this.#orphans) {
      if (bytesToHex(orphan.block.header.parentHash) !== parentKey) continue
      children.push(orphan)
      this.#remove(key)
    }
    return children
  }

  /** Forgets blocks of views that are decided. */
  forgetUpTo(view: View): void {
    for (const [key, { block }] of this.#orphans) if (block.header.view <= view) this.#remove(key)
  }

  #remove(key: Hex): void {
    const orphan = this.#orphans.get(key)
    if (orphan === undefined) return
    this.#orphans.delete(key)
    this.#bytes -= payloadBytes(orphan.block.payload)
  }
}
