import type { Write } from './stateMachine.ts'

/** Keys from `gte` (inclusive) to `lt` (exclusive), compared as bytes. */
export interface KeyRange {
  readonly gte?: Uint8Array
  readonly lt?: Uint8Array
  readonly reverse?: boolean
  readonly limit?: number
}

/** Ordered bytes to bytes. A batch is atomic; with `sync` it is on disk when the promise resolves. */
export interface KeyValueStore {
  get(key: Uint8Array): Uint8Array | undefined
  getMany(keys: readonly Uint8Array[]): Promise<(Uint8Array | undefined)[]>
  entries(range: KeyRange): AsyncIterable<readonly [key: Uint8Array, value: Uint8Array]>
  batch(writes: readonly Write[], options: { readonly sync: boolean }): Promise<void>
  close(): Promise<void>
}

/** What a store held at one moment, for as long as it is open; later writes do not show. */
export interface StoreSnapshot {
  get(key: Uint8Array): Uint8Array | undefined
  entries(range: KeyRange): AsyncIterable<readonly [key: Uint8Array, value: Uint8Array]>
  close(): Promise<void>
}
