import { randomBytes } from 'node:crypto'
import { RpcError } from '../errors.ts'
import type { LogQuery } from './logFilter.ts'

/** A filter that a client polls. It keeps no results: each poll reads the blocks since `nextNumber`. */
export interface InstalledFilter {
  readonly query: LogQuery | 'blocks' | 'pending'
  /** First block, or number of the first waiting transaction, that the client has not been told of. */
  nextNumber: bigint
  usedMs: number
}

/** What the registry needs; see `FilterRegistry`. */
export interface FilterRegistryOptions {
  readonly filtersMax: number
  readonly filterIdleMs: number
  readonly nowMs: () => number
}

/** The filters of eth_newFilter, eth_newBlockFilter and eth_newPendingTransactionFilter, for all clients. Ids are not guessable. */
export class FilterRegistry {
  readonly #options: FilterRegistryOptions
  readonly #filters = new Map<string, InstalledFilter>()

  constructor(options: FilterRegistryOptions) {
    this.#options = options
  }

  /** @throws {RpcError} OL_RPC_FILTERS_FULL */
  install(query: InstalledFilter['query'], nextNumber: bigint): string {
    this.#dropIdle()
    const max = this.#options.filtersMax
    if (this.#filters.size >= max) {
      throw new RpcError(`${max} filters are installed already; uninstall some`, {
        code: 'OL_RPC_FILTERS_FULL',
        max,
      })
    }
    const id = `0x${randomBytes(16).toString('hex')}`
    this.#filters.set(id, { query, nextNumber, usedMs: this.#options.nowMs() })
    return id
  }

  /** @throws {RpcError} OL_RPC_FILTER_UNKNOWN */
  use(id: string): InstalledFilter {
    this.#dropIdle()
    const filter = this.#filters.get(id)
    if (filter === undefined) {
      // Clients match on these words to install their filter again.
      throw new RpcError('filter not found', { code: 'OL_RPC_FILTER_UNKNOWN', id: id.slice(0, 66) })
    }
    filter.usedMs = this.#options.nowMs()
    // Re-inserting keeps the map in order of last use.
    this.#filters.delete(id)
    this.#filters.set(id, filter)
    return filter
  }

  uninstall(id: string): boolean {
    return this.#filters.delete(id)
  }

  #dropIdle(): void {
    const idleSinceMs = this.#options.nowMs() - this.#options.filterIdleMs
    for (const [id, filter] of this.#filters) {
      if (filter.usedMs > idleSinceMs) return
      this.#filters.delete(id)
    }
  }
}
