import type { KeyValueStore } from '@openliquid/primitives'
import { StoreError } from '../errors.ts'

/** What happens to the next batch: it is lost, or it is on disk and the caller never learns. */
export type StoreFault = 'lost' | 'writtenThenCrash'

export interface FaultyStore extends KeyValueStore {
  failNext(fault: StoreFault): void
}

/** A store whose next batch fails on demand with OL_STORE_WRITE, after or instead of being written. */
export function faultyStore(inner: KeyValueStore): FaultyStore {
  let next: StoreFault | undefined
  return {
    get: (key) => inner.get(key),
    getMany: (keys) => inner.getMany(keys),
    entries: (range) => inner.entries(range),
    close: () => inner.close(),
    failNext(fault) {
      next = fault
    },
    async batch(writes, options) {
      const fault = next
      next = undefined
      if (fault !== 'lost') await inner.batch(writes, options)
      if (fault !== undefined) {
        throw new StoreError('the disk failed on demand', { code: 'OL_STORE_WRITE' })
      }
    },
  }
}
