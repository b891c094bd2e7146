import { assert } from '@openliquid/primitives'
import type { PoolEntry } from './poolEntry.ts'
import type { ReadEvmTransaction } from './transactionReader.ts'

type EvmEntry = PoolEntry<ReadEvmTransaction>

/** The waiting Ethereum transactions of one sender, by nonce. */
export class EvmQueue {
  readonly #byNonce = new Map<bigint, EvmEntry>()
  readonly #ascending: bigint[] = []
  #cost = 0n

  get size(): number {
    return this.#ascending.length
  }

  /** Wei that all of them together may take from the sender. */
  get cost(): bigint {
    return this.#cost
  }

  get(nonce: bigint): EvmEntry | undefined {
    return this.#byNonce.get(nonce)
  }

  /** By nonce. */
  entries(): EvmEntry[] {
    const entries: EvmEntry[] = []
    for (const nonce of this.#ascending) {
      const entry = this.#byNonce.get(nonce)
      if (entry !== undefined) entries.push(entry)
    }
    return entries
  }

  /** The one with the highest nonce. */
  tail(): EvmEntry | undefined {
    const nonce = this.#ascending.at(-1)
    return nonce === undefined ? undefined : this.#byNonce.get(nonce)
  }

  add(entry: EvmEntry): void {
    const { nonce } = entry.read.transaction
    assert(!this.#byNonce.has(nonce), 'one waiting transaction per nonce')
    let at = this.#ascending.length
    while (at > 0 && (this.#ascending[at - 1] as bigint) > nonce) at -= 1
    this.#ascending.splice(at, 0, nonce)
    this.#byNonce.set(nonce, entry)
    this.#cost += costOf(entry.read)
  }

  remove(nonce: bigint): void {
    const entry = this.#byNonce.get(nonce)
    if (entry === undefined) return
    this.#byNonce.delete(nonce)
    this.#ascending.splice(this.#ascending.indexOf(nonce), 1)
    this.#cost -= costOf(entry.read)
  }

  /** First nonce from `nonce` on that none of them has. */
  firstFree(nonce: bigint): bigint {
    let free = nonce
    while (this.#byNonce.has(free)) free += 1n
    return free
  }
}

/** Wei that a transaction may take from its sender: the value and all of its gas at its highest price. */
export function costOf({ transaction }: ReadEvmTransaction): bigint {
  return transaction.value + transaction.gasLimit * transaction.maxFeePerGas
}

/** Wei per gas left above the base fee; below 0 when the transaction cannot pay it. */
export function tipOf({ transaction }: ReadEvmTransaction, baseFee: bigint): bigint {
  const { maxFeePerGas, maxPriorityFeePerGas } = transaction
  const isCapped = maxFeePerGas < baseFee + maxPriorityFeePerGas
  return isCapped ? maxFeePerGas - baseFee : maxPriorityFeePerGas
}
