import type { Address } from '@openliquid/primitives'
import { decodeAccount } from './account.ts'
import { byteText } from './byteText.ts'
import { accountKey } from './keys.ts'
import { HISTORY_BLOCKS_PER_TURN } from './limits.ts'
import { replacedBy } from './stateHistory.ts'
import type { StoreReader } from './versionedStore.ts'

/**
 * The block in which an account's nonce went beyond a value: the one that holds its transaction with that nonce, if an
 * account that signs had it.
 *
 * Reads what blocks changed from the newest down, and lets others run in between.
 *
 * @returns undefined if the nonce was above the value in the genesis already
 * @throws {EvmError} OL_EVM_HISTORY: it was longer ago than changes are kept
 */
export async function blockOfNonce(
  store: StoreReader,
  head: bigint,
  { sender, nonce }: { readonly sender: Address; readonly nonce: bigint },
): Promise<bigint | undefined> {
  const key = byteText(accountKey(sender))
  for (let number = head; number > 0n; number--) {
    for (const [changed, value] of replacedBy(store, number)) {
      if (changed !== key) continue
      const before = value === undefined ? 0n : decodeAccount(value).nonce
      if (before <= nonce) return number
    }
    if (number % HISTORY_BLOCKS_PER_TURN === 0n) {
      await new Promise((resolve) => setImmediate(resolve))
    }
  }
  return undefined
}
