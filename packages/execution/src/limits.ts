/** Transactions of both kinds in the mempool; docs/design.md §8. */
export const MEMPOOL_TRANSACTIONS_MAX = 50_000
/** Bytes of all transactions in the mempool; docs/design.md §8. */
export const MEMPOOL_BYTES_MAX = 67_108_864
/** Transactions of one sender in the mempool; docs/design.md §8. */
export const MEMPOOL_SENDER_TRANSACTIONS_MAX = 4_096
/** A transaction that waited longer leaves the mempool; docs/spec/evm.md §9. */
export const MEMPOOL_AGE_MS_MAX = 86_400_000
/** Growth of both fees that a replacement needs, in percent of the old; docs/spec/evm.md §9. */
export const REPLACEMENT_FEE_PERCENT_MIN = 110n
/** Read transactions kept beside the mempool: those of a few full blocks under way. */
export const READ_TRANSACTIONS_MAX = 65_536
/** Bytes of read transactions kept beside the mempool. */
export const READ_TRANSACTION_BYTES_MAX = 67_108_864
/** Bytes of a block that are not its payload: header with the largest certificate, and offsets. */
export const BLOCK_OVERHEAD_BYTES_MAX = 32_768
/** Executed blocks whose transaction ids stay at hand: a header may lag this far before its payload must be empty. */
export const RECENT_BLOCKS_MAX = 16
/** Roots of executed heights kept in memory; older ones are read from the store. */
export const RECENT_ROOTS_MAX = 256
/** Fills one query answers; docs/spec/hyperliquid.md §10. */
export const USER_FILLS_MAX = 2_000
/** How long a request waits for a block with its transaction; docs/design.md §8, "answering a client". */
export const RECEIPT_TIMEOUT_MS = 10_000
/** Requests that wait for receipts at one time. */
export const RECEIPT_WAITERS_MAX = 50_000
/** Orders one query answers; docs/spec/hyperliquid.md §10.1. */
export const USER_ORDERS_MAX = 2_000
/** Items one answer about a range of time holds, beside fills; docs/spec/hyperliquid.md §10.1. */
export const HISTORY_ITEMS_MAX = 500
/** Candles one query answers; docs/spec/hyperliquid.md §10.1. */
export const CANDLES_MAX = 5_000
/** Trades of one market that a query about recent ones answers. */
export const RECENT_TRADES_MAX = 100
/** Bytes of Core entries after which a piece of a snapshot ends. */
export const SNAPSHOT_CORE_CHUNK_BYTES = 262_144
/** Accounts that one block is valued for in the history: each is as much work as a query for its state. */
export const ACCOUNT_VALUES_PER_BLOCK_MAX = 1_000
