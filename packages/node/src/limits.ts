/** Inputs that may wait for the consensus core before messages of peers are dropped: some seconds of traffic. */
export const INPUTS_QUEUED_MAX = 8_192
/** Milliseconds that one turn of the event loop may give to the core. */
export const TURN_MS_MAX = 10
/** Milliseconds after a step of a block in which its next one is awaited: a synced write on a busy disk takes so long. */
export const BLOCK_STEP_MS = 50
/** Calls of clients rest so many times as long as they took, while a block is worked on: they get a fourth of the time. */
export const CALLS_REST_FACTOR = 3
/** Milliseconds that calls of clients may take in small pieces before they rest: timers are no finer. */
export const CALLS_UNRESTED_MS = 2
/** Transactions in one gossip message. */
export const GOSSIP_TRANSACTIONS_MAX = 1_024
/** Between two gossip messages of transactions: far below the time that a block takes to be agreed on. */
export const GOSSIP_PAUSE_MS = 25
/** Bytes of transactions in one gossip message; the frame cap is 256 KiB. */
export const GOSSIP_BYTES_MAX = 196_608
/** Requests for blocks answered at the same time; serving must never slow voting. */
export const BLOCK_REQUESTS_MAX = 4
/** Time a peer has to answer a request for blocks. */
export const FETCH_TIMEOUT_MS = 2_000
/** How long a starting node waits for a quorum before it enters its first view alone. */
export const QUORUM_WAIT_MS = 3_000
/** Executed blocks that /status names. */
export const RECENT_BLOCKS_MAX = 32
/** How long a node that is no validator is sent away for breaking the protocol. */
export const STRANGER_BAN_MS = 600_000
/** Bytes of a proposal that travels by gossip; a larger one goes straight to the validators. */
export const GOSSIP_PROPOSAL_BYTES_MAX = 65_536
/** Announced blocks whose bodies are gone for at a time: a leader makes one, a rotation has a few under way. */
export const ANNOUNCEMENTS_PENDING_MAX = 8
/** How long an announced body may still come by push before it is pulled: a 1 MiB block to a validator takes 25 ms here. */
export const PUSH_WAIT_MS = 200
/** Peers asked for one body. */
export const PULL_ATTEMPTS_MAX = 3
/** Bytes of one block as an answer: the largest payload with its header and evidence. */
export const BLOCK_ANSWER_BYTES_MAX = 4_194_304
/** States of the database held until a committed header names one: a stretch of failed views is longer in few cases. */
export const SNAPSHOTS_HELD_MAX = 64
/** Requests for snapshots answered at the same time; serving must never slow voting. */
export const SNAPSHOT_REQUESTS_MAX = 2
/** Time a peer has to answer a request of state sync. */
export const STATE_SYNC_TIMEOUT_MS = 5_000
/** How often the peers are looked at during state sync. */
export const STATE_SYNC_POLL_MS = 500
/** How long a starting node waits to hear how far validators of a third of the stake are. */
export const HEADS_WAIT_MS = 3_000
/** A block takes at least this long: whose newest is younger than the threshold times this is not behind it. */
export const BLOCK_MS_MIN = 10
/** State sync without any progress for so long is given up for block sync. */
export const STATE_SYNC_IDLE_MS = 30_000
/** So is one that has begun so many states, each gone from its servers before it was whole: they make new ones faster than it fetches. */
export const STATE_SYNC_STATES_MAX = 8
/** Bytes of blocks and states that one peer is served per second; docs/spec/consensus.md §13. */
export const SERVED_BYTES_PER_SECOND_MAX = 4_194_304
/** Bytes of blocks in one answer, one block at least: what is read and encoded in one turn must not delay a vote. */
export const SERVED_BLOCKS_BYTES_MAX = 1_048_576
/** Peers whose served bytes are remembered, least recently served forgotten first. */
export const QUOTA_PEERS_MAX = 1_024
/** How long a peer that did not answer, or wrongly, is asked after all others. */
export const FETCH_DEMOTION_MS = 30_000
/** Bytes of an interchange file: some megabytes hold years of a pedantic exporter. */
export const INTERCHANGE_BYTES_MAX = 16_777_216
/** Items of one list in an interchange file: as many as fit its bytes. */
export const INTERCHANGE_ITEMS_MAX = 250_000
