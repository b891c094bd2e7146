import {
  type Address,
  assert,
  compareBytes,
  equalBytes,
  type Hash,
  keccak256,
} from '@openliquid/primitives'
import { type AccountRecord, EMPTY_CODE_HASH, NO_ACCOUNT } from './account.ts'
import { byteText, textBytes } from './byteText.ts'
import type { StateReader } from './stateReader.ts'
import { EMPTY_TRIE_ROOT } from './trie.ts'

/** Fields of an account that execution sets; the rest belongs to the state. */
export type AccountFields = Pick<AccountRecord, 'nonce' | 'balance' | 'codeHash'>

/** What a block changed, in byte order: accounts by address, slots by slot. */
export interface StateChanges {
  readonly accounts: readonly AccountChange[]
  readonly codes: readonly (readonly [hash: Hash, code: Uint8Array])[]
}

export interface AccountChange {
  readonly address: Address
  readonly before: AccountRecord | undefined
  readonly after: AccountFields | undefined
  /** The storage there was is gone; the slots below are the only ones. */
  readonly cleared: boolean
  /** Slots whose value is another than before; empty is zero. */
  readonly slots: readonly SlotChange[]
}

export interface SlotChange {
  readonly slot: Uint8Array
  readonly before: Uint8Array
  readonly after: Uint8Array
}

/** Slots of one account: what was written, over what the store holds. */
interface SlotTable {
  /** Nothing of the store shows through. */
  readonly cleared: boolean
  readonly values: Map<string, Uint8Array>
}

/** One line of the undo log: puts back what a map held under a key. */
interface Undo {
  readonly map: Map<string, unknown>
  readonly key: string
  readonly had: boolean
  readonly value: unknown
}

const NOTHING: Uint8Array = new Uint8Array(0)

/**
 * State while a block or a call executes: the changes so far over a reader, with checkpoints.
 *
 * Synchronous, and never writes through. Each change leaves a line in the undo log; `revert` plays it back to the last
 * checkpoint.
 */
export class JournaledState {
  readonly #reader: StateReader
  readonly #accounts = new Map<string, AccountRecord | undefined>()
  readonly #slots = new Map<string, SlotTable>()
  readonly #codes = new Map<string, Uint8Array>()
  readonly #undo: Undo[] = []
  readonly #checkpoints: number[] = []
  /** What was read from below: unchanged by execution. */
  readonly #accountsBefore = new Map<string, AccountRecord | undefined>()
  readonly #slotsBefore = new Map<string, Map<string, Uint8Array>>()
  /** Values of slots when the transaction started, of those it has written. */
  readonly #originals = new Map<string, Uint8Array>()

  constructor(reader: StateReader) {
    this.#reader = reader
  }

  account(address: Address): AccountRecord | undefined {
    const key = byteText(address)
    if (this.#accounts.has(key)) return this.#accounts.get(key)
    return this.#before(key, address)
  }

  setAccount(address: Address, { nonce, balance, codeHash }: AccountFields): void {
    const old = this.account(address) ?? NO_ACCOUNT
    this.#put(this.#accounts, byteText(address), { ...old, nonce, balance, codeHash })
  }

  deleteAccount(address: Address): void {
    if (this.account(address) === undefined) return
    this.clearSlots(address)
    this.#put(this.#accounts, byteText(address), undefined)
  }

  /** Empty for none. */
  code(address: Address): Uint8Array {
    const codeHash = this.account(address)?.codeHash
    if (codeHash === undefined) return NOTHING
    return this.#codes.get(byteText(codeHash)) ?? this.#reader.code(codeHash)
  }

  setCode(address: Address, code: Uint8Array): void {
    const codeHash = code.length === 0 ? EMPTY_CODE_HASH : keccak256(code)
    if (code.length > 0) this.#codes.set(byteText(codeHash), code)
    this.setAccount(address, { ...(this.account(address) ?? NO_ACCOUNT), codeHash })
  }

  /** Without leading zeros; empty for zero. */
  slot(address: Address, slot: Uint8Array): Uint8Array {
    const key = byteText(address)
    const table = this.#slots.get(key)
    const written = table?.values.get(byteText(slot))
    if (written !== undefined) return written
    return table?.cleared ? NOTHING : this.#slotBefore(key, address, slot)
  }

  /** @param value - leading zeros do not count */
  setSlot(address: Address, slot: Uint8Array, value: Uint8Array): void {
    const key = byteText(address)
    const slotText = byteText(slot)
    const original = key + slotText
    if (!this.#originals.has(original)) this.#originals.set(original, this.slot(address, slot))
    let table = this.#slots.get(key)
    if (table === undefined) {
      table = { cleared: false, values: new Map() }
      this.#put(this.#slots, key, table)
    }
    this.#put(table.values, slotText, withoutLeadingZeros(value))
  }

  clearSlots(address: Address): void {
    this.#put(this.#slots, byteText(address), { cleared: true, values: new Map() })
    const account = this.account(address)
    if (account === undefined || equalBytes(account.storageRoot, EMPTY_TRIE_ROOT)) return
    this.#put(this.#accounts, byteText(address), { ...account, storageRoot: EMPTY_TRIE_ROOT })
  }

  /** Value of a slot when the transaction started: what EIP-2200 prices compare with. */
  originalSlot(address: Address, slot: Uint8Array): Uint8Array {
    return this.#originals.get(byteText(address) + byteText(slot)) ?? this.slot(address, slot)
  }

  endTransaction(): void {
    this.#originals.clear()
  }

  checkpoint(): void {
    this.#checkpoints.push(this.#undo.length)
  }

  commit(): void {
    assert(this.#checkpoints.length > 0, 'a checkpoint is open')
    this.#checkpoints.pop()
    if (this.#checkpoints.length === 0) this.#undo.length = 0
  }

  revert(): void {
    const length = this.#checkpoints.pop()
    assert(length !== undefined, 'a checkpoint is open')
    while (this.#undo.length > length) {
      const undo = this.#undo.pop() as Undo
      if (undo.had) undo.map.set(undo.key, undo.value)
      else undo.map.delete(undo.key)
    }
  }

  /** All that is different from the reader. */
  changes(): StateChanges {
    assert(this.#checkpoints.length === 0, 'no checkpoint is open')
    const keys = new Set([...this.#accounts.keys(), ...this.#slots.keys()])
    const accounts: AccountChange[] = []
    for (const key of [...keys].sort()) {
      const change = this.#accountChange(key)
      if (change !== undefined) accounts.push(change)
    }
    return { accounts, codes: this.#codesOf(accounts) }
  }

  /** New code that an account ended up with: what a reverted frame deployed is not among it. */
  #codesOf(accounts: readonly AccountChange[]): StateChanges['codes'] {
    const codes = new Map<string, Uint8Array>()
    for (const { after } of accounts) {
      const key = after === undefined ? '' : byteText(after.codeHash)
      const code = this.#codes.get(key)
      if (code !== undefined) codes.set(key, code)
    }
    return [...codes.keys()].sort().map((key) => [textBytes(key), codes.get(key) as Uint8Array])
  }

  #accountChange(key: string): AccountChange | undefined {
    const address = textBytes(key)
    const before = this.#before(key, address)
    const after = this.account(address)
    const table = this.#slots.get(key)
    const cleared = table?.cleared === true && before !== undefined && hasStorage(before)
    const slots: SlotChange[] = []
    // An account that is gone, or never came to be, has no slots.
    const values = after === undefined ? undefined : table?.values
    for (const slotText of [...(values?.keys() ?? [])].sort()) {
      const slot = textBytes(slotText)
      const old = cleared ? NOTHING : this.#slotBefore(key, address, slot)
      const value = values?.get(slotText) ?? NOTHING
      if (!equalBytes(old, value)) slots.push({ slot, before: old, after: value })
    }
    if (!cleared && slots.length === 0 && sameFields(before, after)) return undefined
    return { address, before, after, cleared, slots }
  }

  #before(key: string, address: Address): AccountRecord | undefined {
    if (this.#accountsBefore.has(key)) return this.#accountsBefore.get(key)
    const account = this.#reader.account(address)
    this.#accountsBefore.set(key, account)
    return account
  }

  #slotBefore(key: string, address: Address, slot: Uint8Array): Uint8Array {
    const account = this.#before(key, address)
    if (account === undefined || !hasStorage(account)) return NOTHING
    let known = this.#slotsBefore.get(key)
    if (known === undefined) {
      known = new Map()
      this.#slotsBefore.set(key, known)
    }
    const slotText = byteText(slot)
    const value = known.get(slotText) ?? this.#reader.slot(address, account.incarnation, slot)
    known.set(slotText, value)
    return value
  }

  #put<T>(map: Map<string, T>, key: string, value: T): void {
    if (this.#checkpoints.length > 0) {
      const undo = { map: map as Map<string, unknown>, key, had: map.has(key), value: map.get(key) }
      this.#undo.push(undo)
    }
    map.set(key, value)
  }
}

function hasStorage({ storageRoot }: AccountRecord): boolean {
  return !equalBytes(storageRoot, EMPTY_TRIE_ROOT)
}

function sameFields(a: AccountFields | undefined, b: AccountFields | undefined): boolean {
  if (a === undefined || b === undefined) return a === b
  return (
    a.nonce === b.nonce && a.balance === b.balance && compareBytes(a.codeHash, b.codeHash) === 0
  )
}

function withoutLeadingZeros(value: Uint8Array): Uint8Array {
  let start = 0
  while (start < value.length && value[start] === 0) start++
  return value.slice(start)
}
