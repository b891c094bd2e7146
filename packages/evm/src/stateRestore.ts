import {
  bytesToUint,
  equalBytes,
  type GenesisEvm,
  type Hash,
  InvariantError,
  type KeyValueStore,
  type SnapshotAccount,
  type SnapshotAccountChunk,
  type SnapshotSlot,
  type SnapshotSlotChunk,
  uintToBytes,
  type Write,
} from '@openliquid/primitives'
import { decodeAccount, EMPTY_CODE_HASH, encodeAccount } from './account.ts'
import { archiveWrites, type EvmHead } from './blockArchive.ts'
import { textBytes } from './byteText.ts'
import { decodeEvmBlock, type EvmBlock } from './evmBlock.ts'
import { readGenesis } from './genesis.ts'
import { keccak256 } from './keccak.ts'
import { accountKey, blockKey, blockNumberKey, codeKey, metaKey, slotKey } from './keys.ts'
import { EVM_SNAPSHOT_ANCESTORS_MAX, EVM_SNAPSHOT_INLINE_SLOTS_MAX } from './limits.ts'
import { trieRootOf } from './orderedTrie.ts'
import { encodeRlp } from './rlp.ts'
import { accountLeaf } from './stateSnapshot.ts'
import {
  accountTrie,
  type StateTrie,
  storageTrie,
  type TrieState,
  trieStateOf,
} from './stateTries.ts'
import { EMPTY_TRIE_ROOT, storedRoot, type TrieChange, updateTrie } from './trie.ts'
import { isTrieRange } from './trieRange.ts'

/** All storages that a restored state has begin here. */
const INCARNATION = 0
const NOTHING = new Uint8Array(0)

/**
 * Puts the pieces of an EVM state into an empty store, each verified against the root first.
 *
 * A piece that was put in before may be put in again: a restore goes on after a crash where it does not know.
 */
export class EvmRestorer {
  readonly #state: TrieState
  readonly #head: EvmHead
  readonly #root: Hash

  /** @param head - of the state to be restored, whose root is certified */
  constructor(store: Pick<KeyValueStore, 'get'>, head: EvmHead) {
    this.#state = trieStateOf({ read: (key) => store.get(key) })
    this.#head = head
    this.#root = head.block.header.stateRoot
  }

  /** The writes that put the piece in; undefined if it is not a piece of this state. */
  accounts({ accounts, codes, left, right }: SnapshotAccountChunk): Write[] | undefined {
    const entries = accounts.map((one) => [keccak256(one.address), accountLeaf(one)] as const)
    if (!isTrieRange(this.#root, { entries, left, right })) return undefined
    const byHash = new Map(codes.map((code) => [keccak256(code).join(), code]))
    const writes: Write[] = codes.map((code) => [codeKey(keccak256(code)), code])
    const used = new Set<string>()
    for (const account of accounts) {
      const { address, codeHash, nonce, storageRoot } = account
      if (!equalBytes(codeHash, EMPTY_CODE_HASH)) {
        if (!byHash.has(codeHash.join())) return undefined
        used.add(codeHash.join())
      }
      const balance = bytesToUint(account.balance)
      const record = { nonce, balance, storageRoot, codeHash, incarnation: INCARNATION }
      writes.push([accountKey(address), encodeAccount(record)])
      const storage = this.#wholeStorage(account)
      if (storage === undefined) return undefined
      writes.push(...storage)
    }
    if (used.size !== byHash.size || byHash.size !== codes.length) return undefined
    const leaves = accounts.map((one): TrieChange => [one.address, accountLeaf(one)])
    writes.push(...grow(accountTrie(this.#state), leaves))
    return writes
  }

  slots({ account, proof, slots, left, right }: SnapshotSlotChunk): Write[] | undefined {
    const leaf = [keccak256(account.address), accountLeaf(account)] as const
    const isOfState = isTrieRange(this.#root, { entries: [leaf], left: proof, right: proof })
    if (!isOfState || proof.length === 0 || slots.length === 0) return undefined
    const entries = entriesOf(slots)
    if (entries === undefined) return undefined
    if (!isTrieRange(account.storageRoot, { entries, left, right })) return undefined
    const { address } = account
    return [
      ...flatSlots(account, slots),
      ...grow(storageTrie(this.#state, address, INCARNATION), leavesOf(slots)),
    ]
  }

  blocks(records: readonly Uint8Array[]): Write[] | undefined {
    if (records.length > EVM_SNAPSHOT_ANCESTORS_MAX) return undefined
    const writes: Write[] = []
    let above: EvmBlock = this.#head.block
    for (const record of [...records].reverse()) {
      const block = readEvmBlock(record)
      const isParent = block !== undefined && equalBytes(block.hash, above.header.parentHash)
      if (!isParent || block.header.number + 1n !== above.header.number) return undefined
      writes.push([blockKey(block.header.number), record])
      writes.push([blockNumberKey(block.hash), uintToBytes(block.header.number, 8)])
      above = block
    }
    // Fewer than BLOCKHASH can ask for only where the chain is that short.
    const isEnough = records.length === EVM_SNAPSHOT_ANCESTORS_MAX || above.header.number === 0n
    return isEnough ? writes : undefined
  }

  /** What makes the state one that an executor opens; only once all pieces are in. */
  head(genesisDigest: Hash): Write[] {
    // Bodies, receipts and logs of this block and of those before it never come.
    const oldest = uintToBytes(this.#head.block.header.number + 1n, 8)
    return [
      ...archiveWrites(this.#head, [], []),
      [metaKey('oldestBlock'), oldest],
      [metaKey('genesis'), genesisDigest],
    ]
  }

  /** Whether everything is there: the account trie, and the storage of each account. */
  async isWhole(store: KeyValueStore): Promise<boolean> {
    if (!equalBytes(storedRoot(accountTrie(this.#state)), this.#root)) return false
    const prefix = accountKey(NOTHING)
    const range = { gte: prefix, lt: Uint8Array.of(prefix[0] ?? 0, (prefix[1] ?? 0) + 1) }
    for await (const [key, value] of store.entries(range)) {
      const address = key.slice(prefix.length)
      const { storageRoot } = decodeAccount(value)
      const root = storedRoot(storageTrie(this.#state, address, INCARNATION))
      if (!equalBytes(root, storageRoot)) return false
    }
    return true
  }

  /** Flat slots and trie of a storage that came whole; nothing for one that comes on its own. */
  #wholeStorage(account: SnapshotAccount): Write[] | undefined {
    const { address, slots, storageRoot } = account
    if (slots.length > EVM_SNAPSHOT_INLINE_SLOTS_MAX) return undefined
    if (slots.length === 0) return []
    const entries = entriesOf(slots)
    if (entries === undefined || !equalBytes(trieRootOf(entries), storageRoot)) return undefined
    const trie = storageTrie(this.#state, address, INCARNATION)
    return [...flatSlots(account, slots), ...trieWrites(EMPTY_TRIE_ROOT, trie, leavesOf(slots))]
  }
}

/** Adds entries to what a trie in the store has already. */
function grow(trie: StateTrie, leaves: readonly TrieChange[]): Write[] {
  return trieWrites(storedRoot(trie), trie, leaves)
}

function trieWrites(root: Hash, trie: StateTrie, leaves: readonly TrieChange[]): Write[] {
  const { writes } = updateTrie(root, leaves, trie)
  return writes.map(({ path, record }): Write => [textBytes(trie.owner + path), record])
}

function leavesOf(slots: readonly SnapshotSlot[]): TrieChange[] {
  return slots.map(({ slot, value }) => [slot, encodeRlp(value)])
}

function flatSlots({ address }: SnapshotAccount, slots: readonly SnapshotSlot[]): Write[] {
  return slots.map(({ slot, value }): Write => [slotKey(address, INCARNATION, slot), value])
}

/** Leaves of a storage trie; undefined if a value is not as a slot holds it. */
function entriesOf(
  slots: readonly SnapshotSlot[],
): (readonly [key: Hash, value: Uint8Array])[] | undefined {
  if (slots.some(({ value }) => value.length === 0 || value[0] === 0)) return undefined
  return slots.map(({ slot, value }) => [keccak256(slot), encodeRlp(value)] as const)
}

/** Undefined if the bytes are not a record: they are a peer's. */
export function readEvmBlock(record: Uint8Array): EvmBlock | undefined {
  try {
    return decodeEvmBlock(record)
  } catch (error) {
    if (error instanceof InvariantError) return undefined
    throw error
  }
}

/** What marks a store as one of this genesis. */
export function evmGenesisDigest(genesis: GenesisEvm, chainId: number): Hash {
  return readGenesis(genesis, chainId).digest
}
