import type { AccountTable } from './accountTable.ts'
import { type ByteReader, corrupt } from './byteCodec.ts'
import type { EntryWriter } from './entryRows.ts'
import { addNonce, checkNonce, type NonceSet, type NonceVerdict } from './nonces.ts'
import { NO_ROW } from './orderArena.ts'
import { NONCES, type User } from './records.ts'
import { CORE_PREFIX, type StoredTable } from './table.ts'

/**
 * Nonces that signers used, by the handles of `AccountTable`: sets that are changed in place, for every action adds to one.
 *
 * Nothing is undone: a nonce stays used when its action fails.
 */
export class NonceTable implements StoredTable {
  readonly tag: number = NONCES.tag
  readonly #accounts: AccountTable
  readonly #sets: (number[] | undefined)[] = []
  readonly #changed = new Set<number>()

  constructor(accounts: AccountTable) {
    this.#accounts = accounts
  }

  get(signer: User): NonceSet | undefined {
    const handle = this.#accounts.find(signer)
    return handle === NO_ROW ? undefined : this.#sets[handle]
  }

  /** Uses a nonce up, when it may be. */
  use(signer: User, nonce: number, timestampMs: number): NonceVerdict {
    const handle = this.#accounts.handleOf(signer)
    const used = this.#sets[handle]
    const verdict = checkNonce(used ?? [], nonce, timestampMs)
    if (verdict !== 'ok') return verdict
    if (used === undefined) this.#put(handle, [nonce])
    else addNonce(used, nonce)
    this.#changed.add(handle)
    return verdict
  }

  drain(out: EntryWriter): void {
    for (const handle of this.#changed) {
      this.#accounts.writeAddress(out.u8(CORE_PREFIX).u8(this.tag), handle)
      out.endKey()
      NONCES.write(out, this.#sets[handle] ?? [])
      out.endValue()
    }
    this.#changed.clear()
  }

  load(key: ByteReader, value: ByteReader): void {
    const signer = NONCES.readKey(key)
    key.end()
    const nonces = NONCES.read(value)
    value.end()
    const handle = this.#accounts.handleOf(signer)
    if (this.#sets[handle] !== undefined) throw corrupt('an entry stands twice')
    this.#put(handle, [...nonces])
  }

  #put(handle: number, nonces: number[]): void {
    // Without holes, or the array would become a map.
    while (this.#sets.length < handle) this.#sets.push(undefined)
    this.#sets[handle] = nonces
  }
}
