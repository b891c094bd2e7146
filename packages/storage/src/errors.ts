import { OpenLiquidError } from '@openliquid/primitives'

/** What can go wrong with the database. None of them is caused by a user or a peer. */
export type StoreFailure =
  | { readonly code: 'OL_STORE_OPEN'; readonly path: string }
  | { readonly code: 'OL_STORE_LOCKED'; readonly path: string }
  | {
      readonly code: 'OL_STORE_SCHEMA'
      readonly path: string
      readonly found: number | 'foreign'
      readonly wanted: number
    }
  | { readonly code: 'OL_STORE_CORRUPT'; readonly key: string }
  | { readonly code: 'OL_STORE_CLOSED' }
  | { readonly code: 'OL_STORE_READ' }
  | { readonly code: 'OL_STORE_WRITE' }

/** Thrown by stores. After OL_STORE_CORRUPT, OL_STORE_READ and OL_STORE_WRITE the process must stop. */
export class StoreError extends OpenLiquidError<StoreFailure> {
  override readonly name: string = 'StoreError'
}

/** What can go wrong with the consensus log. */
export type WalFailure =
  | { readonly code: 'OL_WAL_OPEN'; readonly path: string }
  | {
      readonly code: 'OL_WAL_CORRUPT'
      readonly segment: string
      readonly seq: bigint
      readonly reason: string
    }
  | { readonly code: 'OL_WAL_WRITE'; readonly segment: string }
  | { readonly code: 'OL_WAL_SYNC'; readonly segment: string }
  | { readonly code: 'OL_WAL_CLOSED' }

/**
 * Thrown by the consensus log. All are fatal: after OL_WAL_WRITE or OL_WAL_SYNC nobody knows what is on disk,
 * so the log refuses every later call and the process must exit without another signature.
 */
export class WalError extends OpenLiquidError<WalFailure> {
  override readonly name: string = 'WalError'
}
