import {
  type Address,
  bytesToUint,
  concatBytes,
  equalBytes,
  type Hash,
  type SnapshotAccount,
  type SnapshotAccountChunk,
  type SnapshotChunk,
  type SnapshotSlot,
  type SnapshotSlotChunk,
  type StoreSnapshot,
  uintToBytes,
} from '@openliquid/primitives'
import { type AccountRecord, decodeAccount, EMPTY_CODE_HASH, encodeTrieAccount } from './account.ts'
import { BlockArchive, type EvmHead } from './blockArchive.ts'
import { encodeEvmBlock } from './evmBlock.ts'
import { keccak256 } from './keccak.ts'
import { accountKey, codeKey, slotKey } from './keys.ts'
import {
  EVM_SNAPSHOT_ANCESTORS_MAX,
  EVM_SNAPSHOT_CHUNK_BYTES,
  EVM_SNAPSHOT_INLINE_SLOTS_MAX,
} from './limits.ts'
import { accountTrie, storageTrie, type TrieState, trieStateOf } from './stateTries.ts'
import { EMPTY_TRIE_ROOT, proveKey } from './trie.ts'

/** Key range of what stands under a key. */
const ADDRESS_BYTES = 20
const PREFIX_BYTES = 2
const SLOT_BYTES = 32
/** About what an account or a slot takes beside its code. */
const ACCOUNT_BYTES = 140
const SLOT_ENTRY_BYTES = 76

interface HashedAddress {
  readonly hash: Hash
  readonly address: Address
}

interface HashedSlot extends SnapshotSlot {
  readonly hash: Hash
}

/** Where the EVM stands in a store: its newest block and base fees. */
export function evmHeadOf(snapshot: StoreSnapshot): EvmHead | undefined {
  return new BlockArchive({ read: (key) => snapshot.get(key) }).head()
}

/**
 * The EVM's state in pieces that verify alone: accounts in the order of their hashes, storages that are too large for
 * that in pieces of their own, and the records of the blocks that BLOCKHASH can ask for.
 *
 * Equal states give equal pieces.
 *
 * @see docs/spec/evm.md §6
 */
export async function* evmStateChunks(
  snapshot: StoreSnapshot,
  { block }: EvmHead,
): AsyncGenerator<SnapshotChunk> {
  const source = new SnapshotSource(snapshot, block.header.stateRoot)
  const hashed = await source.addresses()
  let pending: SnapshotAccount[] = []
  let codes = new Map<string, Uint8Array>()
  let bytes = 0
  let from = 0
  const large: SnapshotAccount[] = []
  for (const [i, { address }] of hashed.entries()) {
    const record = source.account(address)
    const slots = await source.slots(address, record)
    const isLarge = slots.length > EVM_SNAPSHOT_INLINE_SLOTS_MAX
    const account = snapshotAccount(address, record, isLarge ? [] : slots)
    if (isLarge) large.push(account)
    pending.push(account)
    bytes += ACCOUNT_BYTES + SLOT_ENTRY_BYTES * account.slots.length
    if (!equalBytes(record.codeHash, EMPTY_CODE_HASH)) {
      const code = snapshot.get(codeKey(record.codeHash))
      const text = record.codeHash.join()
      if (code !== undefined && !codes.has(text)) {
        codes.set(text, code)
        bytes += code.length
      }
    }
    const isLast = i === hashed.length - 1
    if (bytes < EVM_SNAPSHOT_CHUNK_BYTES && !isLast) continue
    const accounts: SnapshotAccountChunk = {
      accounts: pending,
      codes: [...codes.values()],
      left: from === 0 ? [] : source.proveAccount(hashed[from]?.address),
      right: isLast ? [] : source.proveAccount(address),
    }
    yield { kind: 'accounts', accounts }
    pending = []
    codes = new Map()
    bytes = 0
    from = i + 1
  }
  for (const account of large) yield* source.storageChunks(account)
  const records = ancestorsOf(snapshot, block.header.number)
  if (records.length > 0) yield { kind: 'evmBlocks', blocks: records }
}

class SnapshotSource {
  readonly #snapshot: StoreSnapshot
  readonly #root: Hash
  readonly #tries: TrieState

  constructor(snapshot: StoreSnapshot, root: Hash) {
    this.#snapshot = snapshot
    this.#tries = trieStateOf({ read: (key) => snapshot.get(key) })
    this.#root = root
  }

  /** Of all accounts, in the order of their hashes. */
  async addresses(): Promise<HashedAddress[]> {
    const found: HashedAddress[] = []
    const prefix = accountKey(new Uint8Array(0))
    for await (const [key] of this.#snapshot.entries(under(prefix))) {
      const address = key.slice(PREFIX_BYTES, PREFIX_BYTES + ADDRESS_BYTES)
      found.push({ hash: keccak256(address), address })
    }
    return found.sort((a, b) => compareHashes(a.hash, b.hash))
  }

  account(address: Address): AccountRecord {
    const stored = this.#snapshot.get(accountKey(address))
    if (stored === undefined) throw new TypeError('an account of the table is in the table')
    return decodeAccount(stored)
  }

  /** In the order of their hashes. */
  async slots(address: Address, record: AccountRecord): Promise<HashedSlot[]> {
    if (equalBytes(record.storageRoot, EMPTY_TRIE_ROOT)) return []
    const prefix = slotKey(address, record.incarnation, new Uint8Array(0))
    const found: HashedSlot[] = []
    for await (const [key, value] of this.#snapshot.entries(under(prefix))) {
      const slot = key.slice(key.length - SLOT_BYTES)
      found.push({ hash: keccak256(slot), slot, value })
    }
    return found.sort((a, b) => compareHashes(a.hash, b.hash))
  }

  proveAccount(address: Address | undefined): readonly Uint8Array[] {
    return address === undefined ? [] : proveKey(this.#root, address, accountTrie(this.#tries))
  }

  async *storageChunks(account: SnapshotAccount): AsyncGenerator<SnapshotChunk> {
    const { address, storageRoot } = account
    const record = this.account(address)
    const all = await this.slots(address, record)
    const trie = storageTrie(this.#tries, address, record.incarnation)
    const prove = (one: HashedSlot | undefined): readonly Uint8Array[] =>
      one === undefined ? [] : proveKey(storageRoot, one.slot, trie)
    const perChunk = Math.floor(EVM_SNAPSHOT_CHUNK_BYTES / SLOT_ENTRY_BYTES)
    for (let from = 0; from < all.length; from += perChunk) {
      const part = all.slice(from, from + perChunk)
      const slots: SnapshotSlotChunk = {
        account,
        proof: this.proveAccount(address),
        slots: part.map(({ slot, value }) => ({ slot, value })),
        left: from === 0 ? [] : prove(part[0]),
        right: from + perChunk >= all.length ? [] : prove(part.at(-1)),
      }
      yield { kind: 'slots', slots }
    }
  }
}

/** Leaf of the account trie. */
export function accountLeaf(account: SnapshotAccount): Uint8Array {
  const { nonce, balance, storageRoot, codeHash } = account
  return encodeTrieAccount({
    nonce,
    balance: bytesToUint(balance),
    storageRoot,
    codeHash,
    incarnation: 0,
  })
}

function snapshotAccount(
  address: Address,
  { nonce, balance, storageRoot, codeHash }: AccountRecord,
  slots: readonly HashedSlot[],
): SnapshotAccount {
  return {
    address,
    nonce,
    balance: uintToBytes(balance, 32),
    storageRoot,
    codeHash,
    slots: slots.map(({ slot, value }) => ({ slot, value })),
  }
}

/** Records of the blocks below one, ascending. */
function ancestorsOf(snapshot: StoreSnapshot, number: bigint): Uint8Array[] {
  const archive = new BlockArchive({ read: (key) => snapshot.get(key) })
  const records: Uint8Array[] = []
  let at = number - 1n
  while (at >= 0n && records.length < EVM_SNAPSHOT_ANCESTORS_MAX) {
    const block = archive.block(at)
    if (block === undefined) break
    // Hashes of transactions are not kept of them: what they name is not part of the state.
    records.push(encodeEvmBlock({ ...block, transactionHashes: [] }))
    at -= 1n
  }
  return records.reverse()
}

function under(prefix: Uint8Array): { readonly gte: Uint8Array; readonly lt: Uint8Array } {
  return { gte: prefix, lt: concatBytes(prefix, new Uint8Array(60).fill(255)) }
}

function compareHashes(a: Hash, b: Hash): number {
  for (let i = 0; i < a.length; i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}
