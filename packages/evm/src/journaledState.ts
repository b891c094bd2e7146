import { type Address, assert, equalBytes, type Hash } from '@openliquid/primitives'
import { type AccountRecord, EMPTY_CODE_HASH, NO_ACCOUNT } from './account.ts'
import { AccountCell, type AccountFields, NO_SLOTS, type SlotCell } from './accountCell.ts'
import { byteText, textBytes } from './byteText.ts'
import { keccak256 } from './keccak.ts'
import { LruCache } from './lruCache.ts'
import { uintToRlp } from './rlp.ts'
import { StateReader, type StateSource } from './stateReader.ts'
import { EMPTY_TRIE_ROOT } from './trie.ts'
import { addressBytes, bytesWord, wordBytes } from './word.ts'

/** What a block changed, in byte order: accounts by address, slots by slot. */
export interface StateChanges {
  readonly accounts: readonly AccountChange[]
  readonly codes: readonly (readonly [hash: Hash, code: Uint8Array])[]
}

export interface AccountChange {
  readonly address: Address
  /** The address, a byte a character. */
  readonly text: string
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

// Lines of the undo log: what kind of thing to put back, whose, and its old value.
const RECORD = 0
const STORAGE = 1
const SLOT = 2
const WARM = 3
const WARM_SLOT = 4
const TOUCHED = 5
const CREATED = 6
const DESTROYED = 7
const TRANSIENT = 8

const NOTHING: Uint8Array = new Uint8Array(0)
const NO_CHANGES: readonly SlotChange[] = []
/** Stands for the root of a storage that is not empty. */
const UNKNOWN_ROOT: Hash = new Uint8Array(32).fill(1)
const ADDRESS_MASK = (1n << 160n) - 1n

/**
 * State while a block or a call executes: the changes so far over a reader, with checkpoints.
 *
 * Synchronous, and never writes through. Each change leaves a line in the undo log; `revert` plays it back to the last
 * checkpoint. Accounts and slots are cells that are found once and then used directly.
 *
 * @see docs/spec/evm.md §6
 */
export class JournaledState {
  readonly #reader: StateSource
  readonly #cells = new Map<string, AccountCell>()
  readonly #cellsByWord = new Map<bigint, AccountCell>()
  readonly #codes = new Map<string, Uint8Array>()
  /** Three entries a line. */
  readonly #undo: unknown[] = []
  readonly #checkpoints: number[] = []
  #transaction: number = 1
  #touched: AccountCell[] = []
  #destroyed: AccountCell[] = []

  constructor(reader: StateSource) {
    this.#reader = reader
  }

  account(address: Address): AccountRecord | undefined {
    return this.cell(address).record
  }

  setAccount(address: Address, fields: AccountFields): void {
    this.setFields(this.cell(address), fields)
  }

  deleteAccount(address: Address): void {
    this.deleteCell(this.cell(address))
  }

  /** Empty for none. */
  code(address: Address): Uint8Array {
    return this.codeOf(this.cell(address))
  }

  setCode(address: Address, code: Uint8Array): void {
    this.setCodeOf(this.cell(address), code)
  }

  /** Without leading zeros; empty for zero. */
  slot(address: Address, slot: Uint8Array): Uint8Array {
    return uintToRlp(this.slotCell(this.cell(address), bytesWord(slot)).current)
  }

  /** @param value - leading zeros do not count */
  setSlot(address: Address, slot: Uint8Array, value: Uint8Array): void {
    this.setSlotCell(this.slotCell(this.cell(address), bytesWord(slot)), bytesWord(value))
  }

  clearSlots(address: Address): void {
    this.clearSlotsOf(this.cell(address))
  }

  /** Value of a slot when the transaction started: what EIP-2200 prices compare with. */
  originalSlot(address: Address, slot: Uint8Array): Uint8Array {
    return uintToRlp(this.originalOf(this.slotCell(this.cell(address), bytesWord(slot))))
  }

  cell(address: Address): AccountCell {
    const text = byteText(address)
    return this.#cells.get(text) ?? this.#newCell(text, address)
  }

  /** The account at the low 20 bytes of a word of a stack. */
  cellAt(word: bigint): AccountCell {
    const known = this.#cellsByWord.get(word)
    if (known !== undefined) return known
    const found = this.cell(addressBytes(word & ADDRESS_MASK))
    this.#cellsByWord.set(word, found)
    return found
  }

  setFields(cell: AccountCell, { nonce, balance, codeHash }: AccountFields): void {
    const { storageRoot, incarnation } = cell.record ?? NO_ACCOUNT
    this.#setRecord(cell, { nonce, balance, codeHash, storageRoot, incarnation })
  }

  setBalance(cell: AccountCell, balance: bigint): void {
    const { nonce, codeHash } = cell.record ?? NO_ACCOUNT
    this.setFields(cell, { nonce, balance, codeHash })
  }

  setNonce(cell: AccountCell, nonce: bigint): void {
    const { balance, codeHash } = cell.record ?? NO_ACCOUNT
    this.setFields(cell, { nonce, balance, codeHash })
  }

  deleteCell(cell: AccountCell): void {
    if (cell.record === undefined) return
    this.clearSlotsOf(cell)
    this.#setRecord(cell, undefined)
  }

  /** Empty for none. */
  codeOf({ record }: AccountCell): Uint8Array {
    if (record === undefined) return NOTHING
    const { codeHash } = record
    if (codeHash === EMPTY_CODE_HASH) return NOTHING
    return this.#codes.get(byteText(codeHash)) ?? this.#reader.code(codeHash)
  }

  setCodeOf(cell: AccountCell, code: Uint8Array): void {
    const codeHash = code.length === 0 ? EMPTY_CODE_HASH : keccak256(code)
    if (code.length > 0) this.#codes.set(byteText(codeHash), code)
    const { nonce, balance } = cell.record ?? NO_ACCOUNT
    this.setFields(cell, { nonce, balance, codeHash })
  }

  slotCell(cell: AccountCell, slot: bigint): SlotCell {
    const known = cell.slots.get(slot)
    if (known !== undefined) return known
    const before = this.#slotBefore(cell, slot)
    const made = { before, current: before, original: before, originalIn: 0, warmIn: 0 }
    cell.addSlot(slot, made)
    return made
  }

  setSlotCell(slot: SlotCell, value: bigint): void {
    if (slot.originalIn !== this.#transaction) {
      slot.original = slot.current
      slot.originalIn = this.#transaction
    }
    if (this.#checkpoints.length > 0) this.#undo.push(SLOT, slot, slot.current)
    slot.current = value
  }

  originalOf(slot: SlotCell): bigint {
    return slot.originalIn === this.#transaction ? slot.original : slot.current
  }

  clearSlotsOf(cell: AccountCell): void {
    const { slots, cleared } = cell
    if (this.#checkpoints.length > 0) this.#undo.push(STORAGE, cell, { slots, cleared })
    cell.slots = NO_SLOTS
    cell.cleared = true
    // What is warm stays so: an access list may name slots of a contract that is made only now.
    for (const [slot, { warmIn }] of slots) {
      if (warmIn === this.#transaction) this.slotCell(cell, slot).warmIn = warmIn
    }
    const { record } = cell
    if (record === undefined || equalBytes(record.storageRoot, EMPTY_TRIE_ROOT)) return
    this.#setRecord(cell, { ...record, storageRoot: EMPTY_TRIE_ROOT })
  }

  /** Makes an account warm. @returns whether it was cold */
  warm(cell: AccountCell): boolean {
    if (cell.warmIn === this.#transaction) return false
    if (this.#checkpoints.length > 0) this.#undo.push(WARM, cell, cell.warmIn)
    cell.warmIn = this.#transaction
    return true
  }

  /** Makes a slot warm. @returns whether it was cold */
  warmSlot(slot: SlotCell): boolean {
    if (slot.warmIn === this.#transaction) return false
    if (this.#checkpoints.length > 0) this.#undo.push(WARM_SLOT, slot, slot.warmIn)
    slot.warmIn = this.#transaction
    return true
  }

  isSlotWarm(slot: SlotCell): boolean {
    return slot.warmIn === this.#transaction
  }

  /** EIP-161: if it is empty when the transaction ends, it goes. */
  touch(cell: AccountCell): void {
    if (cell.touchedIn === this.#transaction) return
    if (this.#checkpoints.length > 0) this.#undo.push(TOUCHED, cell, cell.touchedIn)
    cell.touchedIn = this.#transaction
    this.#touched.push(cell)
  }

  /** The account is a contract that the transaction makes. */
  markCreated(cell: AccountCell): void {
    if (this.#checkpoints.length > 0) this.#undo.push(CREATED, cell, cell.createdIn)
    cell.createdIn = this.#transaction
  }

  isCreated(cell: AccountCell): boolean {
    return cell.createdIn === this.#transaction
  }

  /** The contract has destroyed itself; if the transaction made it, it goes when that ends. */
  markDestroyed(cell: AccountCell): void {
    if (cell.destroyedIn === this.#transaction) return
    if (this.#checkpoints.length > 0) this.#undo.push(DESTROYED, cell, cell.destroyedIn)
    cell.destroyedIn = this.#transaction
    this.#destroyed.push(cell)
  }

  transientSlot(cell: AccountCell, slot: bigint): bigint {
    return cell.transientIn === this.#transaction ? (cell.transient?.get(slot) ?? 0n) : 0n
  }

  setTransientSlot(cell: AccountCell, slot: bigint, value: bigint): void {
    if (cell.transientIn !== this.#transaction || cell.transient === undefined) {
      cell.transient = new Map()
      cell.transientIn = this.#transaction
    }
    const map = cell.transient
    if (this.#checkpoints.length > 0) {
      this.#undo.push(TRANSIENT, { map, slot }, map.get(slot) ?? 0n)
    }
    map.set(slot, value)
  }

  /**
   * Ends a transaction of an engine that keeps its warm, touched, created and destroyed accounts here: removes contracts
   * that it made and destroyed, and accounts that it touched and left empty.
   */
  settleTransaction(): void {
    for (const cell of this.#destroyed) {
      if (cell.destroyedIn === this.#transaction && this.isCreated(cell)) this.deleteCell(cell)
    }
    for (const cell of this.#touched) {
      if (cell.touchedIn === this.#transaction && cell.record !== undefined && cell.empty) {
        this.deleteCell(cell)
      }
    }
    this.endTransaction()
  }

  endTransaction(): void {
    this.#transaction++
    this.#touched = []
    this.#destroyed = []
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
    const undo = this.#undo
    for (let at = undo.length - 3; at >= length; at -= 3) {
      putBack(undo[at] as number, undo[at + 1], undo[at + 2])
    }
    undo.length = length
  }

  /** Warm accounts and slots of the running transaction, in byte order: an access list for one like it. */
  warmed(): readonly { readonly cell: AccountCell; readonly slots: readonly bigint[] }[] {
    const transaction = this.#transaction
    return this.#sortedCells().flatMap((cell) => {
      const slots = [...cell.slots].flatMap(([slot, { warmIn }]) =>
        warmIn === transaction ? [slot] : [],
      )
      if (cell.warmIn !== transaction && slots.length === 0) return []
      return [{ cell, slots: slots.sort(ascending) }]
    })
  }

  /** This state as what another one stands on; it must not change meanwhile. */
  asSource(): StateSource {
    return {
      account: (address) => {
        const { record, slots } = this.cell(address)
        const isNew = record !== undefined && !hasStorage(record)
        if (!isNew || ![...slots.values()].some(({ current }) => current !== 0n)) return record
        // Its root is made at the end of the block only; that there is a storage has to show before.
        return { ...record, storageRoot: UNKNOWN_ROOT }
      },
      slot: (address, _incarnation, slot) => this.slot(address, slot),
      code: (codeHash) => this.#codes.get(byteText(codeHash)) ?? this.#reader.code(codeHash),
    }
  }

  /** All accounts and slots that were looked at, in byte order, with what they were before. */
  seen(): readonly { readonly cell: AccountCell; readonly slots: readonly bigint[] }[] {
    return this.#sortedCells().map((cell) => ({
      cell,
      slots: [...cell.slots.keys()].sort(ascending),
    }))
  }

  /** All that is different from the reader. */
  changes(): StateChanges {
    assert(this.#checkpoints.length === 0, 'no checkpoint is open')
    const accounts: AccountChange[] = []
    for (const cell of this.#sortedCells()) {
      const change = accountChange(cell)
      if (change !== undefined) accounts.push(change)
    }
    return { accounts, codes: this.#codesOf(accounts) }
  }

  #sortedCells(): AccountCell[] {
    return [...this.#cells.values()].sort((a, b) => (a.text < b.text ? -1 : 1))
  }

  #newCell(text: string, address: Address): AccountCell {
    const cell = new AccountCell(address, text, this.#reader.account(address))
    this.#cells.set(text, cell)
    return cell
  }

  #setRecord(cell: AccountCell, record: AccountRecord | undefined): void {
    if (this.#checkpoints.length > 0) this.#undo.push(RECORD, cell, cell.record)
    cell.record = record
  }

  #slotBefore({ address, before, cleared }: AccountCell, slot: bigint): bigint {
    if (cleared || before === undefined || !hasStorage(before)) return 0n
    return bytesWord(this.#reader.slot(address, before.incarnation, wordBytes(slot)))
  }

  /** New code that an account ended up with: what a reverted frame deployed is not among it. */
  #codesOf(accounts: readonly AccountChange[]): StateChanges['codes'] {
    const codes = new Map<string, Uint8Array>()
    if (this.#codes.size === 0) return []
    for (const { after } of accounts) {
      const key = after === undefined ? '' : byteText(after.codeHash)
      const code = this.#codes.get(key)
      if (code !== undefined) codes.set(key, code)
    }
    return [...codes.keys()].sort().map((key) => [textBytes(key), codes.get(key) as Uint8Array])
  }
}

/** A state over nothing. */
export function emptyState(): JournaledState {
  return new JournaledState(new StateReader({ read: () => undefined }, new LruCache(0)))
}

function putBack(kind: number, what: unknown, old: unknown): void {
  switch (kind) {
    case RECORD:
      ;(what as AccountCell).record = old as AccountRecord | undefined
      break
    case STORAGE: {
      const { slots, cleared } = old as Pick<AccountCell, 'slots' | 'cleared'>
      ;(what as AccountCell).slots = slots
      ;(what as AccountCell).cleared = cleared
      break
    }
    case SLOT:
      ;(what as SlotCell).current = old as bigint
      break
    case WARM:
      ;(what as AccountCell).warmIn = old as number
      break
    case WARM_SLOT:
      ;(what as SlotCell).warmIn = old as number
      break
    case TOUCHED:
      ;(what as AccountCell).touchedIn = old as number
      break
    case CREATED:
      ;(what as AccountCell).createdIn = old as number
      break
    case DESTROYED:
      ;(what as AccountCell).destroyedIn = old as number
      break
    case TRANSIENT: {
      const { map, slot } = what as { map: Map<bigint, bigint>; slot: bigint }
      map.set(slot, old as bigint)
      break
    }
    default:
      assert(false, 'every line of the undo log has a kind')
  }
}

function accountChange(cell: AccountCell): AccountChange | undefined {
  const { address, text, before, record: after } = cell
  const cleared = cell.cleared && before !== undefined && hasStorage(before)
  // An account that is gone, or never came to be, has no slots.
  const slots = after === undefined ? NO_CHANGES : slotChanges(cell)
  if (!cleared && slots.length === 0 && sameFields(before, after)) return undefined
  return { address, text, before, after, cleared, slots }
}

function slotChanges({ slots }: AccountCell): readonly SlotChange[] {
  if (slots === NO_SLOTS) return NO_CHANGES
  const changed: bigint[] = []
  for (const [slot, { before, current }] of slots) if (before !== current) changed.push(slot)
  return changed.sort(ascending).map((slot) => {
    const { before, current } = slots.get(slot) as SlotCell
    return { slot: wordBytes(slot), before: uintToRlp(before), after: uintToRlp(current) }
  })
}

function ascending(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function hasStorage({ storageRoot }: AccountRecord): boolean {
  return !equalBytes(storageRoot, EMPTY_TRIE_ROOT)
}

function sameFields(a: AccountFields | undefined, b: AccountFields | undefined): boolean {
  if (a === b || a === undefined || b === undefined) return a === b
  return a.nonce === b.nonce && a.balance === b.balance && equalBytes(a.codeHash, b.codeHash)
}
