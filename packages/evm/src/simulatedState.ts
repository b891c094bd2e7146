import type { Address, Hash } from '@openliquid/primitives'
import { byteText } from './byteText.ts'
import { EvmError } from './errors.ts'
import type { EvmBlock } from './evmBlock.ts'
import { JournaledState, type StateChanges } from './journaledState.ts'
import { SIMULATED_CHANGES_MAX } from './limits.ts'
import type { LruCache } from './lruCache.ts'
import { commitState } from './stateCommit.ts'
import { StateReader } from './stateReader.ts'
import { trieStateOf } from './stateTries.ts'
import type { StoreReader } from './versionedStore.ts'

/** The block that simulated ones follow. */
export interface SimulationBase {
  readonly block: EvmBlock
  /** The flat tables after it; they stay the same while the chain goes on. */
  readonly store: StoreReader
  readonly codes: LruCache
  /**
   * The same with the account trie and the storage tries of some accounts, for as long as no block reaches the disk.
   *
   * @throws {EvmError} OL_EVM_HISTORY, OL_EVM_PROOF
   */
  tries(addresses: readonly Address[]): StoreReader
}

/** The states after simulated blocks: what they wrote, tries and all, in memory over the one they began with. */
export class SimulatedState {
  readonly #base: SimulationBase
  readonly #written = new Map<string, Uint8Array | undefined>()
  #root: Hash
  #changes: number = 0

  constructor(base: SimulationBase) {
    this.#base = base
    this.#root = base.block.header.stateRoot
  }

  get root(): Hash {
    return this.#root
  }

  /** A layer for the changes of the next block. */
  layer(): JournaledState {
    return new JournaledState(new StateReader(this.#over(this.#base.store), this.#base.codes))
  }

  /**
   * Makes the changes of a block part of the state. Nothing may reach the disk meanwhile.
   *
   * @returns the new root
   * @throws {EvmError} OL_EVM_SIMULATION: all changes together are too many; OL_EVM_HISTORY, OL_EVM_PROOF
   */
  commit(changes: StateChanges): Hash {
    this.#changes += changes.accounts.reduce((sum, { slots }) => sum + 1 + slots.length, 0)
    if (this.#changes > SIMULATED_CHANGES_MAX) {
      const text = `${this.#changes} accounts and slots, at most ${SIMULATED_CHANGES_MAX} are changed`
      throw new EvmError(`a simulation of ${text}`, {
        code: 'OL_EVM_SIMULATION',
        size: this.#changes,
        max: SIMULATED_CHANGES_MAX,
      })
    }
    const filled = changes.accounts.filter(({ slots }) => slots.length > 0)
    const store = this.#over(this.#base.tries(filled.map(({ address }) => address)))
    const reader = new StateReader(store, this.#base.codes)
    const commit = commitState(this.#root, changes, {
      ...trieStateOf(store),
      nextIncarnation: (address) => reader.nextIncarnation(address),
    })
    for (const [key, value] of commit.writes) this.#written.set(byteText(key), value)
    this.#root = commit.root
    return commit.root
  }

  #over(store: StoreReader): StoreReader {
    return {
      read: (key) => {
        const text = byteText(key)
        return this.#written.has(text) ? this.#written.get(text) : store.read(key)
      },
    }
  }
}
