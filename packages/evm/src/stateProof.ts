import { type Address, assert, bytesToHex, equalBytes, type Hash } from '@openliquid/primitives'
import { NO_ACCOUNT } from './account.ts'
import type { EvmProof } from './evmView.ts'
import { keccak256 } from './keccak.ts'
import type { StateReader } from './stateReader.ts'
import { accountTrie, storageTrie, trieStateOf } from './stateTries.ts'
import { proveKey } from './trie.ts'
import type { StoreReader } from './versionedStore.ts'
import { bytesWord } from './word.ts'

/**
 * An account and slots of it with their proofs. What is not there is proved not to be.
 *
 * @see docs/spec/evm.md §6
 */
export function proveAccount(
  chain: { readonly store: StoreReader; readonly state: StateReader; readonly root: Hash },
  address: Address,
  slots: readonly Uint8Array[],
): EvmProof {
  const { store, state, root } = chain
  const tries = trieStateOf(store)
  const accountProof = proveKey(root, address, accountTrie(tries))
  assertRoot(accountProof, root)
  const record = state.account(address)
  const { nonce, balance, codeHash, storageRoot, incarnation } = record ?? NO_ACCOUNT
  const storage = storageTrie(tries, address, incarnation)
  const storageProofs = slots.map((slot) => {
    assert(slot.length === 32, 'a slot has 32 bytes')
    const proof = proveKey(storageRoot, slot, storage)
    assertRoot(proof, storageRoot)
    const value = record === undefined ? 0n : bytesWord(state.slot(address, incarnation, slot))
    return { slot, value, proof }
  })
  return { address, nonce, balance, codeHash, storageRoot, accountProof, storageProofs }
}

/** Nodes are kept for the newest state on disk only: whoever asks holds off blocks meanwhile. */
function assertRoot(proof: readonly Uint8Array[], root: Hash): void {
  const [first] = proof
  if (first === undefined) return
  assert(equalBytes(keccak256(first), root), `the trie on disk has the root ${bytesToHex(root)}`)
}
