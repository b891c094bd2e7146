/** Bytes of deployed code (EIP-170). */
export const CODE_BYTES_MAX = 24_576
/** Bytes of init code (EIP-3860): twice the code. */
export const INIT_CODE_BYTES_MAX = 49_152
/** Nesting of lists in a transaction: the fields, the access list, its entry, the entry's keys. */
export const TRANSACTION_RLP_DEPTH_MAX = 4
/** Gas of one eth_call or of one run of eth_estimateGas; bounds how long a reader holds the thread. */
export const CALL_GAS_MAX = 50_000_000n
/** Blocks one log query may span when the caller sets no other bound; docs/spec/ecosystem.md §8. */
export const LOGS_BLOCKS_MAX = 10_000
/** Logs one query may return; above it the range must shrink. */
export const LOGS_RESULTS_MAX = 10_000
/** Bytes of data and topics that one log query may return. */
export const LOGS_BYTES_MAX = 33_554_432
/** Blocks that a log query reads before others have their turn. */
export const LOGS_BLOCKS_PER_TURN = 64
/** Positions of a topic filter: a log has at most four topics. */
export const LOG_TOPICS_MAX = 4
/** Blocks in one answer of fee history. */
export const FEE_HISTORY_BLOCKS_MAX = 1_024
/** Percentiles in one request of fee history. */
export const FEE_HISTORY_PERCENTILES_MAX = 100
/** Bytes of trie nodes kept in memory: the top levels of a trie of a million accounts. */
export const TRIE_CACHE_BYTES_MAX = 67_108_864
/** Bytes of contract code kept in memory. */
export const CODE_CACHE_BYTES_MAX = 33_554_432
/** Lanes a chain may have: small and big blocks. */
export const LANES_MAX = 2
/** Blocks whose transactions and receipts stay in memory as read: clients ask for those of the newest one by one. */
export const READ_BLOCKS_MAX = 8
/** Gas that a message of the engine `fast` may have: prices stay exact numbers, and memory below 2 GiB. */
export const FAST_GAS_MAX = 4_398_046_511_104
/** EVM blocks back to which states are kept, unless the caller says otherwise. */
export const KEEP_DIFFS = 128
/** Past states that are kept open between two blocks: each is a map of what has changed since. */
export const PAST_STATES_MAX = 4
/** Accounts, and slots of one account, whose changes are taken back for a proof of a past state: 100 ms of one thread. */
export const PROOF_CHANGES_MAX = 2_000
/** Calls in one sequence. */
export const SIMULATED_CALLS_MAX = 1_000
/** Accounts and slots that simulated blocks change together: their tries take 100 ms, in which no block reaches the disk. */
export const SIMULATED_CHANGES_MAX = 5_000
/** Runs until an access list is the same as the one before. */
export const ACCESS_LIST_RUNS_MAX = 8
/** Instructions in one trace of single steps. */
export const STRUCT_LOGS_MAX = 100_000
/** Bytes of stack, memory and storage in one trace of single steps: as text, twice as many are all that an answer holds. */
export const STRUCT_LOG_BYTES_MAX = 12_582_912
/** Gas after which a trace by the reference engine, ten times as slow as the other, gives way. */
export const TRACE_GAS_PER_TURN = 3_000n
/** Machines that wait for a call; more are made when more calls run at once. */
export const IDLE_MACHINES_MAX = 4
/** Bytes after which a piece of a snapshot ends: an account with the largest code still fits the largest piece. */
export const EVM_SNAPSHOT_CHUNK_BYTES = 262_144
/** Slots that travel with their account; a larger storage has pieces of its own. */
export const EVM_SNAPSHOT_INLINE_SLOTS_MAX = 1_024
/** Blocks below the newest in a snapshot: BLOCKHASH reaches 256 back, its own block included. */
export const EVM_SNAPSHOT_ANCESTORS_MAX = 255
/** Slots of an account that a query in the order of their hashes looks at: a second's work. */
export const STORAGE_RANGE_SLOTS_MAX = 65_536
/** Blocks whose changes are read before others have their turn. */
export const HISTORY_BLOCKS_PER_TURN = 16n
/** Messages of clients that run at a time: each may hold some 5 MB of EVM memory. */
export const CALLS_RUNNING_MAX = 16
/** Messages of clients that wait to be run; more are refused. */
export const CALLS_WAITING_MAX = 1_024
/** Gas after which a message of a client gives way: a third of a millisecond of cheap instructions, 6 of the dearest. */
export const CALL_GAS_PER_TURN = 30_000
