import { assert, type Hash, Sha256Lanes, sha256 } from '@openliquid/primitives'
import { type CoreProof, type CoreProofStep, EMPTY_ROOT } from './coreProof.ts'
import { grown, grownLength } from './growth.ts'

/** No node. Branches are numbered from 0 up, leaves from -2 down. */
const NONE = -1
const FIRST_LEAF = -2
const HASH_WORDS = 8
const LANES = 4
/** 1,024 hashes a page. */
const PAGE_BITS = 10
const PAGE_WORDS = HASH_WORDS << PAGE_BITS
/** 256 keys a page: many lengths have few keys. */
const KEY_PAGE_BITS = 8
/** Depth of any path: a key of 255 bytes has 2,040 bits. */
const PATH_MAX = 2_048
/** What longer leaves have beyond eight blocks is hashed alone. */
const LANE_BYTES_MAX = 8 * 64 - 9
/** `SHA-256(1 ‖ bit ‖ zero ‖ one)`: 67 bytes in two blocks. */
const BRANCH_BLOCKS = 2
const BRANCH_BITS = 67 * 8

/** An entry to set, or to remove. */
export type TreeChange = readonly [key: Uint8Array, value: Uint8Array | undefined]

/**
 * Memory to hash in, by the number of blocks, and for branches: shared by all trees of the process, for making one costs
 * more than a small tree. Nothing stays in it from call to call.
 */
const SCRATCH: (Sha256Lanes | undefined)[] = []

function scratch(blocks: number): Sha256Lanes {
  const known = SCRATCH[blocks]
  if (known !== undefined) return known
  const lanes = new Sha256Lanes()
  SCRATCH[blocks] = lanes
  return lanes
}

/** Leaves whose messages wait in the lanes for others of so many blocks. */
interface LeafGroup {
  readonly lanes: Sha256Lanes
  readonly leaves: Int32Array
  /** Places of their changes in the list that is applied. */
  readonly places: Int32Array
  count: number
}

/**
 * The Merkle structure under the core root: a binary trie over the bits of the keys, without nodes that have one child.
 *
 * Its shape follows from the set of keys alone, never from their history, so a machine that loads the entries has the
 * same root as the one that wrote them. A root costs one hash per changed entry and one per branch above it.
 * Neighbours in key order are neighbours in the tree, so a range of keys can be proven by its two edges.
 * No key may be a prefix of another.
 *
 * Nodes are rows of columns and hashes are words; hashes that do not depend on each other are made four at a time.
 */
export class CoreTree {
  readonly #keys = new KeyStore()
  #top = NONE
  #size = 0

  readonly #leafHashes: Int32Array[] = []
  #leafKeys: Int32Array = new Int32Array(64)
  #leafKeySizes: Uint8Array = new Uint8Array(64)
  #leafCount = 0
  readonly #freeLeaves: number[] = []

  readonly #branchHashes: Int32Array[] = []
  /** First bit, counted from the most significant one of byte 0, in which the two sides differ. */
  #bits: Uint16Array = new Uint16Array(64)
  #zeros: Int32Array = new Int32Array(64)
  #ones: Int32Array = new Int32Array(64)
  /** 1 while something below changed since the last root; then everything above is, too. */
  #soiled: Uint8Array = new Uint8Array(64)
  #branchCount = 0
  readonly #freeBranches: number[] = []

  /** Branches on the way to the key searched last, from the top. */
  readonly #path = new Int32Array(PATH_MAX)
  #pathLength = 0
  #soiledCount = 0
  /** Soiled branches, from the top down. */
  #order: Int32Array = new Int32Array(64)
  readonly #groups: (LeafGroup | undefined)[] = []
  readonly #message = new Uint8Array(LANE_BYTES_MAX)
  #isChanged = new Uint8Array(0)

  /** Number of entries. */
  get size(): number {
    return this.#size
  }

  /** Sets an entry; `false` when it was there with this value. */
  put(key: Uint8Array, value: Uint8Array): boolean {
    return this.apply([[key, value]])[0] === 1
  }

  /** Removes an entry; `false` when it was not there. */
  delete(key: Uint8Array): boolean {
    return this.apply([[key, undefined]])[0] === 1
  }

  /** Sets and removes entries, each key once; says of each change with 1 or 0 whether it was one. */
  apply(changes: readonly TreeChange[]): Uint8Array {
    this.#isChanged = new Uint8Array(changes.length)
    for (let i = 0; i < changes.length; i++) {
      const [key, value] = changes[i] as TreeChange
      if (value === undefined) this.#isChanged[i] = this.#remove(key) ? 1 : 0
      else this.#set(key, value, i)
    }
    for (const group of this.#groups) if (group !== undefined) this.#flush(group)
    return this.#isChanged
  }

  /** Root of the present entries; 32 zero bytes for none. */
  root(): Hash {
    if (this.#top === NONE) return EMPTY_ROOT
    this.#hashBranches()
    return this.#hashOf(this.#top)
  }

  /** Shows that the entry of a key is, or is not, under the root; `undefined` for the empty tree. */
  prove(key: Uint8Array, readValue: (key: Uint8Array) => Uint8Array): CoreProof | undefined {
    if (this.#top === NONE) return undefined
    this.#hashBranches()
    const leaf = FIRST_LEAF - this.#search(key)
    const steps: CoreProofStep[] = []
    for (let i = this.#pathLength - 1; i >= 0; i--) {
      const branch = this.#path[i] as number
      const bit = this.#bits[branch] as number
      const sibling = bitAt(key, bit) === 1 ? this.#zeros[branch] : this.#ones[branch]
      steps.push({ bit, sibling: this.#hashOf(sibling as number) })
    }
    const found = this.#keyOf(leaf)
    return { key: found, value: readValue(found), steps }
  }

  /** The keys of the entries that follow a key, present or not, in key order: so many at most. */
  keysAfter(key: Uint8Array, countMax: number): Uint8Array[] {
    const keys: Uint8Array[] = []
    if (this.#top === NONE) return keys
    const leaf = FIRST_LEAF - this.#search(key)
    const size = this.#leafKeySizes[leaf] as number
    const bit = this.#keys.firstDifference(key, size, this.#leafKeys[leaf] as number)
    /** Subtrees whose keys all follow, the last one first. */
    const later: number[] = []
    let depth = 0
    for (; depth < this.#pathLength; depth++) {
      const branch = this.#path[depth] as number
      const own = this.#bits[branch] as number
      if (bit !== NONE && own > bit) break
      if (bitAt(key, own) === 0) later.push(this.#ones[branch] as number)
    }
    // Below the first bit in which the key is on its own, all others are on one side of it.
    if (bit !== NONE && bitAt(key, bit) === 0) {
      later.push((depth < this.#pathLength ? this.#path[depth] : FIRST_LEAF - leaf) as number)
    }
    for (let node = later.pop(); node !== undefined && keys.length < countMax; node = later.pop()) {
      if (node < 0) keys.push(this.#keyOf(FIRST_LEAF - node))
      else later.push(this.#ones[node] as number, this.#zeros[node] as number)
    }
    return keys
  }

  #set(key: Uint8Array, value: Uint8Array, place: number): void {
    const node = this.#top === NONE ? NONE : this.#search(key)
    let leaf = FIRST_LEAF - node
    if (node === NONE) {
      leaf = this.#takeLeaf(key)
      this.#top = FIRST_LEAF - leaf
      this.#size = 1
    } else {
      const bit = this.#keys.firstDifference(
        key,
        this.#leafKeySizes[leaf] as number,
        this.#leafKeys[leaf] as number,
      )
      if (bit === NONE) this.#soil(this.#pathLength)
      else {
        leaf = this.#takeLeaf(key)
        this.#insert(key, leaf, bit)
      }
    }
    this.#hashLeaf(key, value, leaf, place)
  }

  #insert(key: Uint8Array, leaf: number, bit: number): void {
    let depth = this.#pathLength
    while (depth > 0 && (this.#bits[this.#path[depth - 1] as number] as number) > bit) depth -= 1
    const parent = depth === 0 ? NONE : (this.#path[depth - 1] as number)
    const below = depth === this.#pathLength ? this.#lastNode(key) : (this.#path[depth] as number)
    const branch = this.#takeBranch()
    const node = FIRST_LEAF - leaf
    this.#bits[branch] = bit
    const isOne = bitAt(key, bit) === 1
    this.#zeros[branch] = isOne ? below : node
    this.#ones[branch] = isOne ? node : below
    this.#replaceChild(key, parent, branch)
    this.#soil(depth)
    this.#soiled[branch] = 1
    this.#soiledCount += 1
    this.#size += 1
  }

  #remove(key: Uint8Array): boolean {
    if (this.#top === NONE) return false
    const node = this.#search(key)
    const leaf = FIRST_LEAF - node
    const slot = this.#leafKeys[leaf] as number
    if (!this.#keys.equals(key, this.#leafKeySizes[leaf] as number, slot)) return false
    this.#size -= 1
    const depth = this.#pathLength
    if (depth === 0) this.#top = NONE
    else {
      const parent = this.#path[depth - 1] as number
      const isOne = bitAt(key, this.#bits[parent] as number) === 1
      const sibling = (isOne ? this.#zeros[parent] : this.#ones[parent]) as number
      this.#replaceChild(key, depth === 1 ? NONE : (this.#path[depth - 2] as number), sibling)
      this.#soil(depth - 1)
      if (this.#soiled[parent] === 1) this.#soiledCount -= 1
      this.#soiled[parent] = 0
      this.#freeBranches.push(parent)
    }
    this.#keys.release(key.length, slot)
    const from = placeOf(leaf)
    pageOf(this.#leafHashes, leaf).fill(0, from, from + HASH_WORDS)
    this.#freeLeaves.push(leaf)
    return true
  }

  /** The leaf that a search for the key ends at; the branches passed are in `#path`. */
  #search(key: Uint8Array): number {
    let node = this.#top
    let depth = 0
    while (node >= 0) {
      this.#path[depth] = node
      depth += 1
      node =
        bitAt(key, this.#bits[node] as number) === 1
          ? (this.#ones[node] as number)
          : (this.#zeros[node] as number)
    }
    this.#pathLength = depth
    return node
  }

  /** The child that the search which filled `#path` went to last. */
  #lastNode(key: Uint8Array): number {
    if (this.#pathLength === 0) return this.#top
    const branch = this.#path[this.#pathLength - 1] as number
    const isOne = bitAt(key, this.#bits[branch] as number) === 1
    return (isOne ? this.#ones[branch] : this.#zeros[branch]) as number
  }

  /** Puts a node where the way to the key goes on from a branch, or at the top. */
  #replaceChild(key: Uint8Array, branch: number, node: number): void {
    if (branch === NONE) this.#top = node
    else if (bitAt(key, this.#bits[branch] as number) === 1) this.#ones[branch] = node
    else this.#zeros[branch] = node
  }

  /** Forgets the hashes of the first branches of the path. */
  #soil(depth: number): void {
    for (let i = depth - 1; i >= 0; i--) {
      const branch = this.#path[i] as number
      if (this.#soiled[branch] === 1) return
      this.#soiled[branch] = 1
      this.#soiledCount += 1
    }
  }

  /** SHA-256(0 ‖ key length ‖ key ‖ value), when its group is full. */
  #hashLeaf(key: Uint8Array, value: Uint8Array, leaf: number, place: number): void {
    const size = 2 + key.length + value.length
    if (size > LANE_BYTES_MAX) {
      const digest = sha256(Uint8Array.of(0, key.length), key, value)
      const view = new DataView(digest.buffer, digest.byteOffset, digest.byteLength)
      for (let i = 0; i < HASH_WORDS; i++) this.#setLeafWord(leaf, i, view.getInt32(4 * i), place)
      return
    }
    const message = this.#message
    message[0] = 0
    message[1] = key.length
    message.set(key, 2)
    message.set(value, 2 + key.length)
    const blocks = Sha256Lanes.blocksOf(size)
    let group = this.#groups[blocks]
    if (group === undefined) {
      const [leaves, places] = [new Int32Array(LANES), new Int32Array(LANES)]
      group = { lanes: scratch(blocks), leaves, places, count: 0 }
      this.#groups[blocks] = group
    }
    group.lanes.setMessage(group.count, message, size)
    group.leaves[group.count] = leaf
    group.places[group.count] = place
    group.count += 1
    if (group.count === LANES) this.#flush(group)
  }

  #flush(group: LeafGroup): void {
    if (group.count === 0) return
    const { lanes, leaves, places } = group
    lanes.hash(this.#groups.indexOf(group))
    for (let lane = 0; lane < group.count; lane++) {
      const leaf = leaves[lane] as number
      const place = places[lane] as number
      for (let i = 0; i < HASH_WORDS; i++) {
        this.#setLeafWord(leaf, i, lanes.output[LANES * i + lane] as number, place)
      }
    }
    group.count = 0
  }

  #setLeafWord(leaf: number, i: number, word: number, place: number): void {
    const page = pageOf(this.#leafHashes, leaf)
    const at = placeOf(leaf) + i
    if (page[at] === word) return
    page[at] = word
    this.#isChanged[place] = 1
  }

  /** Makes the hashes of all soiled branches, the deepest first. */
  #hashBranches(): void {
    if (this.#top < 0 || this.#soiled[this.#top] === 0) return
    if (this.#order.length < this.#soiledCount) {
      this.#order = new Int32Array(grownLength(this.#soiledCount))
    }
    this.#soiledCount = 0
    const order = this.#order
    const soiled = this.#soiled
    const zeros = this.#zeros
    const ones = this.#ones
    const starts = [0]
    order[0] = this.#top
    let end = 1
    for (let begin = 0; begin < end; ) {
      const levelEnd = end
      for (; begin < levelEnd; begin++) {
        const branch = order[begin] as number
        const zero = zeros[branch] as number
        const one = ones[branch] as number
        if (zero >= 0 && soiled[zero] === 1) order[end++] = zero
        if (one >= 0 && soiled[one] === 1) order[end++] = one
      }
      starts.push(levelEnd)
    }
    const lanes = scratch(BRANCH_BLOCKS)
    lanes.input.fill(0)
    lanes.input.fill(BRANCH_BITS, LANES * (16 * BRANCH_BLOCKS - 1), LANES * 16 * BRANCH_BLOCKS)
    for (let level = starts.length - 2; level >= 0; level--) {
      this.#hashLevel(lanes, starts[level] as number, starts[level + 1] as number)
    }
  }

  /** Hashes branches that lie at the same depth. */
  #hashLevel(lanes: Sha256Lanes, begin: number, end: number): void {
    const { input, output } = lanes
    const hashes = this.#branchHashes
    for (let first = begin; first < end; first += LANES) {
      const count = Math.min(LANES, end - first)
      for (let lane = 0; lane < count; lane++) {
        const branch = this.#order[first + lane] as number
        const zero = this.#zeros[branch] as number
        const one = this.#ones[branch] as number
        let at = lane
        // Three bytes stand before the first side: every word takes its upper byte from the one before.
        let carry = (1 << 16) | (this.#bits[branch] as number)
        for (let side = 0; side < 2; side++) {
          const node = side === 0 ? zero : one
          const id = node >= 0 ? node : FIRST_LEAF - node
          const words = pageOf(node >= 0 ? hashes : this.#leafHashes, id)
          const from = placeOf(id)
          for (let i = from; i < from + HASH_WORDS; i++) {
            const word = words[i] as number
            input[at] = (carry << 8) | (word >>> 24)
            carry = word
            at += LANES
          }
        }
        input[at] = (carry << 8) | 0x80
      }
      lanes.hash(BRANCH_BLOCKS)
      for (let lane = 0; lane < count; lane++) {
        const branch = this.#order[first + lane] as number
        const page = pageOf(hashes, branch)
        const to = placeOf(branch)
        for (let i = 0; i < HASH_WORDS; i++) page[to + i] = output[LANES * i + lane] as number
        this.#soiled[branch] = 0
      }
    }
  }

  #hashOf(node: number): Hash {
    const id = node >= 0 ? node : FIRST_LEAF - node
    const words = pageOf(node >= 0 ? this.#branchHashes : this.#leafHashes, id)
    const from = placeOf(id)
    const bytes = new Uint8Array(4 * HASH_WORDS)
    const view = new DataView(bytes.buffer)
    for (let i = 0; i < HASH_WORDS; i++) view.setInt32(4 * i, words[from + i] as number)
    return bytes
  }

  #keyOf(leaf: number): Uint8Array {
    return this.#keys.read(this.#leafKeySizes[leaf] as number, this.#leafKeys[leaf] as number)
  }

  #takeLeaf(key: Uint8Array): number {
    let leaf = this.#freeLeaves.pop()
    if (leaf === undefined) {
      if (this.#leafCount === this.#leafKeys.length) {
        const length = grownLength(this.#leafCount)
        this.#leafKeys = grown(this.#leafKeys, length)
        this.#leafKeySizes = grown(this.#leafKeySizes, length)
      }
      leaf = this.#leafCount
      this.#leafCount += 1
      if (placeOf(leaf) === 0) this.#leafHashes.push(new Int32Array(PAGE_WORDS))
    }
    this.#leafKeys[leaf] = this.#keys.add(key)
    this.#leafKeySizes[leaf] = key.length
    return leaf
  }

  #takeBranch(): number {
    const free = this.#freeBranches.pop()
    if (free !== undefined) return free
    if (this.#branchCount === this.#bits.length) {
      const length = grownLength(this.#branchCount)
      this.#bits = grown(this.#bits, length)
      this.#zeros = grown(this.#zeros, length)
      this.#ones = grown(this.#ones, length)
      this.#soiled = grown(this.#soiled, length)
    }
    const branch = this.#branchCount
    this.#branchCount += 1
    if (placeOf(branch) === 0) this.#branchHashes.push(new Int32Array(PAGE_WORDS))
    return branch
  }
}

/** The page of hashes that a node's is in. Hashes are the most of a tree: in pages they never move when it grows. */
function pageOf(pages: readonly Int32Array[], id: number): Int32Array {
  return pages[id >>> PAGE_BITS] as Int32Array
}

/** Where in its page the hash of a node starts. */
function placeOf(id: number): number {
  return (id & ((1 << PAGE_BITS) - 1)) * HASH_WORDS
}

/** Keys of one length after another in pages, so that a key costs its bytes and never moves. */
class KeyStore {
  readonly #pages: (Uint8Array[] | undefined)[] = []
  readonly #counts: number[] = []
  readonly #free: number[][] = []

  /** Keeps a key; returns its slot among those of its length. */
  add(key: Uint8Array): number {
    const size = key.length
    assert(size > 0 && size < 256, 'a key whose length does not fit a byte')
    const free = this.#free[size]?.pop()
    const slot = free ?? this.#counts[size] ?? 0
    let pages = this.#pages[size]
    if (pages === undefined) {
      pages = []
      this.#pages[size] = pages
    }
    if (free === undefined) {
      this.#counts[size] = slot + 1
      if (slot >>> KEY_PAGE_BITS === pages.length) pages.push(new Uint8Array(size << KEY_PAGE_BITS))
    }
    this.#page(size, slot).set(key, keyPlaceOf(size, slot))
    return slot
  }

  release(size: number, slot: number): void {
    const free = this.#free[size]
    if (free === undefined) this.#free[size] = [slot]
    else free.push(slot)
  }

  read(size: number, slot: number): Uint8Array {
    const from = keyPlaceOf(size, slot)
    return this.#page(size, slot).slice(from, from + size)
  }

  equals(key: Uint8Array, size: number, slot: number): boolean {
    return key.length === size && this.firstDifference(key, size, slot) === NONE
  }

  /** The first bit in which a key differs from a kept one; -1 when they are equal. */
  firstDifference(key: Uint8Array, size: number, slot: number): number {
    const bytes = this.#page(size, slot)
    const from = keyPlaceOf(size, slot)
    const shared = Math.min(key.length, size)
    for (let i = 0; i < shared; i++) {
      const difference = (key[i] as number) ^ (bytes[from + i] as number)
      if (difference !== 0) return 8 * i + Math.clz32(difference) - 24
    }
    assert(key.length === size, 'a key is a prefix of another')
    return NONE
  }

  #page(size: number, slot: number): Uint8Array {
    return (this.#pages[size] as Uint8Array[])[slot >>> KEY_PAGE_BITS] as Uint8Array
  }
}

/** Where in its page a key of a length starts. */
function keyPlaceOf(size: number, slot: number): number {
  return (slot & ((1 << KEY_PAGE_BITS) - 1)) * size
}

/** Bits beyond the end read as zero: a search may ask for them, an insertion never decides by them. */
function bitAt(key: Uint8Array, bit: number): number {
  const byte = bit >>> 3
  return byte < key.length ? ((key[byte] as number) >>> (7 - (bit & 7))) & 1 : 0
}
