import type { AccountFields, StateManagerInterface } from '@ethereumjs/common'
import { Account, type Address } from '@ethereumjs/util'
import { assert, InvariantError } from '@openliquid/primitives'
import { NO_ACCOUNT } from './account.ts'
import type { JournaledState } from './journaledState.ts'

/**
 * Shows a `JournaledState` to ethereumjs as its state manager.
 *
 * Every answer is there at once, so nothing ever waits for I/O inside a transaction. Accounts handed out are fresh
 * objects, since the EVM changes them in place.
 *
 * @see docs/spec/evm.md §6
 */
export class StateAdapter implements StateManagerInterface {
  #state: JournaledState | undefined

  readonly originalStorageCache: StateManagerInterface['originalStorageCache'] = {
    get: async (address: Address, key: Uint8Array): Promise<Uint8Array> =>
      this.#current.originalSlot(address.bytes, key),
    clear: (): void => this.#state?.endTransaction(),
  }

  /** Which state the EVM works on from now on. */
  bind(state: JournaledState | undefined): void {
    this.#state = state
  }

  /** What it is bound to, for an engine that does not want to wait. */
  get state(): JournaledState {
    return this.#current
  }

  get #current(): JournaledState {
    assert(this.#state !== undefined, 'the EVM works on a state')
    return this.#state
  }

  async getAccount(address: Address): Promise<Account | undefined> {
    const account = this.#current.account(address.bytes)
    if (account === undefined) return undefined
    const { nonce, balance, storageRoot, codeHash } = account
    return new Account(nonce, balance, storageRoot, codeHash)
  }

  async putAccount(address: Address, account?: Account): Promise<void> {
    if (account === undefined) return this.deleteAccount(address)
    const { nonce, balance, codeHash } = account
    this.#current.setAccount(address.bytes, { nonce, balance, codeHash })
  }

  async deleteAccount(address: Address): Promise<void> {
    this.#current.deleteAccount(address.bytes)
  }

  async modifyAccountFields(address: Address, fields: AccountFields): Promise<void> {
    const old = this.#current.account(address.bytes) ?? NO_ACCOUNT
    const { nonce = old.nonce, balance = old.balance, codeHash = old.codeHash } = fields
    this.#current.setAccount(address.bytes, { nonce, balance, codeHash })
  }

  async putCode(address: Address, value: Uint8Array): Promise<void> {
    this.#current.setCode(address.bytes, value)
  }

  async getCode(address: Address): Promise<Uint8Array> {
    return this.#current.code(address.bytes)
  }

  async getCodeSize(address: Address): Promise<number> {
    return this.#current.code(address.bytes).length
  }

  async getStorage(address: Address, key: Uint8Array): Promise<Uint8Array> {
    return this.#current.slot(address.bytes, key)
  }

  async putStorage(address: Address, key: Uint8Array, value: Uint8Array): Promise<void> {
    this.#current.setSlot(address.bytes, key, value)
  }

  async clearStorage(address: Address): Promise<void> {
    this.#current.clearSlots(address.bytes)
  }

  async checkpoint(): Promise<void> {
    this.#current.checkpoint()
  }

  async commit(): Promise<void> {
    this.#current.commit()
  }

  async revert(): Promise<void> {
    this.#current.revert()
  }

  clearCaches(): void {
    // The only cache is the block's own state, which lives and dies with the block.
  }

  // Roots are made once per block, from the changes; inside a transaction nobody asks.
  getStateRoot(): Promise<Uint8Array> {
    throw new InvariantError('no state root inside a block')
  }

  setStateRoot(): Promise<void> {
    throw new InvariantError('the state moves by blocks only')
  }

  hasStateRoot(): Promise<boolean> {
    throw new InvariantError('the state has one line')
  }

  shallowCopy(): StateManagerInterface {
    throw new InvariantError('a call works on a state of its own')
  }
}
