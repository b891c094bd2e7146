import { type Address, assert, equalBytes, type Hash } from '@openliquid/primitives'
import { decodeAccount, encodeTrieAccount } from './account.ts'
import { byteText, textBytes } from './byteText.ts'
import { EvmError } from './errors.ts'
import { accountKey, slotKey } from './keys.ts'
import { PROOF_CHANGES_MAX } from './limits.ts'
import { encodeRlp } from './rlp.ts'
import { replacedSince, storeAt } from './stateHistory.ts'
import { accountTrie, type StateTrie, storageTrie, trieStateOf } from './stateTries.ts'
import { storedRoot, type TrieChange, updateTrie } from './trie.ts'
import type { StoreReader } from './versionedStore.ts'

const NOTHING = new Uint8Array(0)

/**
 * The store as it was after a past block, with the account trie and the storage tries of some accounts as they were then:
 * the newest ones, in which the changes of the blocks since are taken back.
 *
 * @param chain - `root` is that of the past block
 * @throws {EvmError} OL_EVM_HISTORY: changes since are not kept; OL_EVM_PROOF: there are too many of them
 */
export function triesAt(
  store: StoreReader,
  addresses: readonly Address[],
  chain: { readonly number: bigint; readonly head: bigint; readonly root: Hash },
): StoreReader {
  const replaced = replacedSince(store, chain)
  const past = storeAt(store, chain)
  const newest = trieStateOf(store)
  const nodes = new Map<string, Uint8Array | undefined>()
  const takeBack = (trie: StateTrie, changes: readonly TrieChange[]): Hash => {
    assertFew(changes, chain.number)
    const { root, writes } = updateTrie(storedRoot(trie), changes, trie)
    for (const { path, record } of writes) nodes.set(trie.owner + path, record)
    return root
  }

  const accounts = changesUnder(accountKey(NOTHING), replaced, (value) =>
    encodeTrieAccount(decodeAccount(value)),
  )
  const root = takeBack(accountTrie(newest), accounts)
  assert(
    equalBytes(root, chain.root),
    'with the changes taken back the trie is the one of its block',
  )

  for (const address of addresses) {
    const value = past.read(accountKey(address))
    if (value === undefined) continue
    const { incarnation, storageRoot } = decodeAccount(value)
    const slots = changesUnder(slotKey(address, incarnation, NOTHING), replaced, encodeRlp)
    const storage = takeBack(storageTrie(newest, address, incarnation), slots)
    assert(equalBytes(storage, storageRoot), 'and so is the storage of the account')
  }
  return {
    read: (key) => {
      const text = byteText(key)
      return nodes.has(text) ? nodes.get(text) : past.read(key)
    },
  }
}

/** What stood under a prefix, by what follows it: as the leaf of a trie, undefined where nothing stood. */
function changesUnder(
  prefix: Uint8Array,
  replaced: ReadonlyMap<string, Uint8Array | undefined>,
  leafOf: (value: Uint8Array) => Uint8Array,
): TrieChange[] {
  const start = byteText(prefix)
  const changes: TrieChange[] = []
  for (const [key, value] of replaced) {
    if (!key.startsWith(start)) continue
    changes.push([textBytes(key.slice(start.length)), value === undefined ? value : leafOf(value)])
  }
  return changes
}

function assertFew({ length }: readonly TrieChange[], number: bigint): void {
  if (length <= PROOF_CHANGES_MAX) return
  throw new EvmError(
    `more than ${PROOF_CHANGES_MAX} entries have changed since block ${number}; ask for a newer one`,
    { code: 'OL_EVM_PROOF', number, max: PROOF_CHANGES_MAX },
  )
}
