import { type Hash, Sha256Lanes, sha256, type Write } from '@openliquid/primitives'
import { type CoreProof, type CoreProofStep, EMPTY_ROOT } from './coreProof.ts'
import { type EntryRows, entryRows, REMOVED } from './entryRows.ts'
import { grown, grownLength } from './growth.ts'
import { bitAt, KeyStore } from './keyStore.ts'

/** No node. Branches are numbered from 0 up, leaves from -2 down. */
const NONE = -1
const FIRST_LEAF = -2
const HASH_WORDS = 8
const LANES = 4
/** 1,024 hashes a page. */
const PAGE_BITS = 10
const PAGE_WORDS = HASH_WORDS << PAGE_BITS
/** Depth of any path: a key of 255 bytes has 2,040 bits. */
const PATH_MAX = 2_048
/** What longer leaves have beyond eight blocks is hashed alone. */
const LANE_BYTES_MAX = 8 * 64 - 9
/** `SHA-256(1 ‖ bit ‖ zero ‖ one)`: 67 bytes in two blocks. */
const BRANCH_BLOCKS = 2
const BRANCH_BITS = 67 * 8

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

  /** Nodes on the way to the key searched last, from the top. */
  readonly #path = new Int32Array(PATH_MAX + 1)
  #pathLength = 0
  #soiledCount = 0
  /** Soiled branches, from the top down. */
  #order: Int32Array = new Int32Array(64)
  readonly #groups: (LeafGroup | undefined)[] = []
  readonly #message = new Uint8Array(LANE_BYTES_MAX)
  /** Of the entries applied last. */
  #isChanged: Uint8Array = new Uint8Array(0)

  /** Number of entries. */
  get size(): number {
    return this.#size
  }

  /** Takes the memory of so many entries now, and not when they come; that of keys is left out, whose lengths differ. */
  reserve(entries: number): void {
    if (entries > this.#leafKeys.length) this.#growLeaves(entries)
    if (entries > this.#bits.length) this.#growBranches(entries)
    for (const column of [this.#leafKeys, this.#leafKeySizes]) column.fill(0, this.#leafCount)
    for (const column of [this.#bits, this.#zeros, this.#ones, this.#soiled]) {
      column.fill(0, this.#branchCount)
    }
    for (const pages of [this.#leafHashes, this.#branchHashes]) {
      while (pages.length << PAGE_BITS < entries) pages.push(new Int32Array(PAGE_WORDS).fill(0))
    }
  }

  /** Sets an entry; `false` when it was there with this value. */
  put(key: Uint8Array, value: Uint8Array): boolean {
    return this.#applyOne(key, value)
  }

  /** Removes an entry; `false` when it was not there. */
  delete(key: Uint8Array): boolean {
    return this.#applyOne(key, undefined)
  }

  /** Sets and removes entries, each key once; says of each with 1 or 0 whether that was a change. */
  apply(rows: EntryRows): Uint8Array {
    const { count, memory, starts, keyEnds, ends } = rows
    if (this.#isChanged.length < count) this.#isChanged = new Uint8Array(grownLength(count))
    this.#isChanged.fill(0, 0, count)
    for (let i = 0; i < count; i++) {
      const from = starts[i] as number
      const keyEnd = keyEnds[i] as number
      const end = ends[i] as number
      if (end !== REMOVED) this.#set(memory, from, keyEnd, end, i)
      else if (this.#remove(memory, from, keyEnd)) this.#isChanged[i] = 1
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
    const leaf = FIRST_LEAF - this.#search(key, 0, key.length)
    const steps: CoreProofStep[] = []
    for (let i = this.#pathLength - 1; i >= 0; i--) {
      const branch = this.#path[i] as number
      const bit = this.#bits[branch] as number
      const sibling =
        bitAt(key, 0, key.length, bit) === 1 ? this.#zeros[branch] : this.#ones[branch]
      steps.push({ bit, sibling: this.#hashOf(sibling as number) })
    }
    const found = this.#keyOf(leaf)
    return { key: found, value: readValue(found), steps }
  }

  /** The keys of the entries that follow a key, present or not, in key order: so many at most. */
  keysAfter(key: Uint8Array, countMax: number): Uint8Array[] {
    const keys: Uint8Array[] = []
    if (this.#top === NONE) return keys
    const leaf = FIRST_LEAF - this.#search(key, 0, key.length)
    const bit = this.#firstDifference(key, 0, key.length, leaf)
    /** Subtrees whose keys all follow, the last one first. */
    const later: number[] = []
    let depth = 0
    for (; depth < this.#pathLength; depth++) {
      const branch = this.#path[depth] as number
      const own = this.#bits[branch] as number
      if (bit !== NONE && own > bit) break
      if (bitAt(key, 0, key.length, own) === 0) later.push(this.#ones[branch] as number)
    }
    // Below the first bit in which the key is on its own, all others are on one side of it.
    if (bit !== NONE && bitAt(key, 0, key.length, bit) === 0) {
      later.push(this.#path[depth] as number)
    }
    for (let node = later.pop(); node !== undefined && keys.length < countMax; node = later.pop()) {
      if (node < 0) keys.push(this.#keyOf(FIRST_LEAF - node))
      else later.push(this.#ones[node] as number, this.#zeros[node] as number)
    }
    return keys
  }

  #applyOne(key: Uint8Array, value: Uint8Array | undefined): boolean {
    const change: Write = [key, value]
    return this.apply(entryRows([change]))[0] === 1
  }

  #firstDifference(bytes: Uint8Array, from: number, end: number, leaf: number): number {
    const size = this.#leafKeySizes[leaf] as number
    return this.#keys.firstDifference(bytes, from, end, size, this.#leafKeys[leaf] as number)
  }

  /** Sets the entry whose key stands in an array from `from` on, and its value from `keyEnd` up to `end`. */
  #set(bytes: Uint8Array, from: number, keyEnd: number, end: number, place: number): void {
    const node = this.#top === NONE ? NONE : this.#search(bytes, from, keyEnd)
    let leaf = FIRST_LEAF - node
    if (node === NONE) {
      leaf = this.#takeLeaf(bytes, from, keyEnd)
      this.#top = FIRST_LEAF - leaf
      this.#size = 1
    } else {
      const bit = this.#firstDifference(bytes, from, keyEnd, leaf)
      if (bit === NONE) this.#soil(this.#pathLength)
      else {
        leaf = this.#takeLeaf(bytes, from, keyEnd)
        this.#insert(leaf, bit, bitAt(bytes, from, keyEnd, bit) === 1)
      }
    }
    this.#hashLeaf(bytes, from, keyEnd, end, leaf, place)
  }

  /** Puts a leaf where the search for its key, which filled `#path`, should have ended. */
  #insert(leaf: number, bit: number, isOne: boolean): void {
    let depth = this.#pathLength
    while (depth > 0 && (this.#bits[this.#path[depth - 1] as number] as number) > bit) depth -= 1
    const below = this.#path[depth] as number
    const branch = this.#takeBranch()
    const node = FIRST_LEAF - leaf
    this.#bits[branch] = bit
    this.#zeros[branch] = isOne ? below : node
    this.#ones[branch] = isOne ? node : below
    this.#replaceChild(depth, branch)
    this.#soil(depth)
    this.#soiled[branch] = 1
    this.#soiledCount += 1
    this.#size += 1
  }

  #remove(bytes: Uint8Array, from: number, end: number): boolean {
    if (this.#top === NONE) return false
    const node = this.#search(bytes, from, end)
    const leaf = FIRST_LEAF - node
    const size = this.#leafKeySizes[leaf] as number
    if (size !== end - from || this.#firstDifference(bytes, from, end, leaf) !== NONE) return false
    this.#size -= 1
    const depth = this.#pathLength
    if (depth === 0) this.#top = NONE
    else {
      const parent = this.#path[depth - 1] as number
      const sibling = this.#zeros[parent] === node ? this.#ones[parent] : this.#zeros[parent]
      this.#replaceChild(depth - 1, sibling as number)
      this.#soil(depth - 1)
      if (this.#soiled[parent] === 1) this.#soiledCount -= 1
      this.#soiled[parent] = 0
      this.#freeBranches.push(parent)
    }
    this.#keys.release(size, this.#leafKeys[leaf] as number)
    const at = placeOf(leaf)
    pageOf(this.#leafHashes, leaf).fill(0, at, at + HASH_WORDS)
    this.#freeLeaves.push(leaf)
    return true
  }

  /** The leaf that a search for a key ends at; `#path` has the nodes passed, from the top down to the leaf. */
  #search(bytes: Uint8Array, from: number, end: number): number {
    let node = this.#top
    let depth = 0
    while (node >= 0) {
      this.#path[depth] = node
      depth += 1
      const isOne = bitAt(bytes, from, end, this.#bits[node] as number) === 1
      node = (isOne ? this.#ones[node] : this.#zeros[node]) as number
    }
    this.#path[depth] = node
    this.#pathLength = depth
    return node
  }

  /** Puts a node in the place of the one at a depth of `#path`. */
  #replaceChild(depth: number, node: number): void {
    const child = this.#path[depth] as number
    const parent = depth === 0 ? NONE : (this.#path[depth - 1] as number)
    if (parent === NONE) this.#top = node
    else if (this.#zeros[parent] === child) this.#zeros[parent] = node
    else this.#ones[parent] = node
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
  #hashLeaf(
    bytes: Uint8Array,
    from: number,
    keyEnd: number,
    end: number,
    leaf: number,
    place: number,
  ): void {
    const size = 2 + end - from
    const entry = bytes.subarray(from, end)
    if (size > LANE_BYTES_MAX) {
      const digest = sha256(Uint8Array.of(0, keyEnd - from), entry)
      const view = new DataView(digest.buffer, digest.byteOffset, digest.byteLength)
      for (let i = 0; i < HASH_WORDS; i++) this.#setLeafWord(leaf, i, view.getInt32(4 * i), place)
      return
    }
    const message = this.#message
    message[0] = 0
    message[1] = keyEnd - from
    message.set(entry, 2)
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

  #takeLeaf(bytes: Uint8Array, from: number, end: number): number {
    let leaf = this.#freeLeaves.pop()
    if (leaf === undefined) {
      leaf = this.#leafCount
      if (leaf === this.#leafKeys.length) this.#growLeaves(grownLength(leaf))
      this.#leafCount += 1
      addPageOf(this.#leafHashes, leaf)
    }
    this.#leafKeys[leaf] = this.#keys.add(bytes, from, end)
    this.#leafKeySizes[leaf] = end - from
    return leaf
  }

  #takeBranch(): number {
    const free = this.#freeBranches.pop()
    if (free !== undefined) return free
    const branch = this.#branchCount
    if (branch === this.#bits.length) this.#growBranches(grownLength(branch))
    this.#branchCount += 1
    addPageOf(this.#branchHashes, branch)
    return branch
  }

  #growLeaves(length: number): void {
    this.#leafKeys = grown(this.#leafKeys, length)
    this.#leafKeySizes = grown(this.#leafKeySizes, length)
  }

  #growBranches(length: number): void {
    this.#bits = grown(this.#bits, length)
    this.#zeros = grown(this.#zeros, length)
    this.#ones = grown(this.#ones, length)
    this.#soiled = grown(this.#soiled, length)
  }
}

/** The page of hashes that a node's is in. Hashes are the most of a tree: in pages they never move when it grows. */
function pageOf(pages: readonly Int32Array[], id: number): Int32Array {
  return pages[id >>> PAGE_BITS] as Int32Array
}

/** Adds the page of a node that is the first in it, unless it is there. */
function addPageOf(pages: Int32Array[], id: number): void {
  if (id >>> PAGE_BITS === pages.length) pages.push(new Int32Array(PAGE_WORDS))
}

/** Where in its page the hash of a node starts. */
function placeOf(id: number): number {
  return (id & ((1 << PAGE_BITS) - 1)) * HASH_WORDS
}
