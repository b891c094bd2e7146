import { type Address, equalBytes } from '@openliquid/primitives'
import { type AccountRecord, EMPTY_CODE_HASH } from './account.ts'
import { bytesWord } from './word.ts'

/** Fields of an account that execution sets; the rest belongs to the state. */
export type AccountFields = Pick<AccountRecord, 'nonce' | 'balance' | 'codeHash'>

/** A slot of an account while a block executes. Only the state that it belongs to changes it. */
export interface SlotCell {
  /** What the state below holds. */
  readonly before: bigint
  current: bigint
  /** Value at the start of the transaction `originalIn`; of any other it is `current`. */
  original: bigint
  originalIn: number
  /** The transaction in which it is warm (EIP-2929). */
  warmIn: number
}

/** Slots that were looked at. */
export type SlotTable = ReadonlyMap<bigint, SlotCell>

/** Most accounts of a block have no slot that matters: they share this table. */
export const NO_SLOTS: SlotTable = new Map()

/** An account while a block executes. Only the state that it belongs to changes it. */
export class AccountCell {
  readonly address: Address
  readonly text: string
  readonly before: AccountRecord | undefined
  /** Immutable: a change puts another in its place. */
  record: AccountRecord | undefined
  slots: SlotTable = NO_SLOTS
  /** Nothing of the storage below shows through. */
  cleared: boolean = false
  /** The transactions in which it is warm, was touched (EIP-161), created, destroyed (EIP-6780). */
  warmIn: number = 0
  touchedIn: number = 0
  createdIn: number = 0
  destroyedIn: number = 0
  /** Transient storage of the transaction `transientIn` (EIP-1153). */
  transient: Map<bigint, bigint> | undefined
  transientIn: number = 0
  #word: bigint | undefined

  constructor(address: Address, text: string, record: AccountRecord | undefined) {
    this.address = address
    this.text = text
    this.before = record
    this.record = record
  }

  /** The address as a stack holds it. */
  get word(): bigint {
    this.#word ??= bytesWord(this.address)
    return this.#word
  }

  addSlot(slot: bigint, made: SlotCell): void {
    // Only `NO_SLOTS` is shared; any other table is this account's own.
    if (this.slots === NO_SLOTS) this.slots = new Map([[slot, made]])
    else (this.slots as Map<bigint, SlotCell>).set(slot, made)
  }

  get balance(): bigint {
    return this.record === undefined ? 0n : this.record.balance
  }

  /** Empty as EIP-161 says; an account that is not there is empty. */
  get empty(): boolean {
    const { record } = this
    return (
      record === undefined ||
      (record.balance === 0n && record.nonce === 0n && equalBytes(record.codeHash, EMPTY_CODE_HASH))
    )
  }
}
