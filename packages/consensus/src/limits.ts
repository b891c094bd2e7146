/**
 * Views whose verified certificates are remembered, a certificate of each at least; consensus reference §3: a replica
 * sees one QC in proposal, timeouts and AdvanceView, all within a few views of its own, and verifies it once. What is
 * kept for longer grows old on the heap, and the collector then takes a quarter of a replica's time.
 */
export const CERTIFICATE_VIEWS_CACHED_MAX = 64
/** Verified certificates remembered per view and kind: those of one view differ only in their signers. */
export const CERTIFICATES_PER_VIEW_MAX = 4
/** Views ahead of ours whose votes are kept: all other messages prove their view and need no waiting. */
export const VOTE_VIEWS_AHEAD_MAX = 2
/** Votes of one signer kept per view: two are an equivocation, one more place is for a forgery that came first. */
export const VOTES_PER_SIGNER_MAX = 3
/** Peers remembered in an epoch for a bad vote, oldest forgotten first: more than there are validators, and sentries of theirs. */
export const SUSPECTS_MAX = 1_024
/** Uncertified blocks kept per view: two are an equivocation, a third tells nothing new. */
export const UNCERTIFIED_PER_VIEW_MAX = 2
/** Uncertified blocks kept that this replica did not vote for: nobody will miss them. */
export const UNVOTED_BLOCKS_MAX = 64
/** Blocks waiting for an ancestor; consensus reference §13. */
export const ORPHAN_BLOCKS_MAX = 64
/** Bytes of the blocks waiting for an ancestor; consensus reference §13. */
export const ORPHAN_BYTES_MAX = 33_554_432
/** Certified blocks asked for at the same time: forks that matter are few. */
export const FETCH_TARGETS_MAX = 4
/** Wait before a block is asked for again; doubles per failure up to here. */
export const FETCH_RETRY_MS_MAX = 4_000
/** Committed blocks that may wait for execution before block sync pauses. */
export const SYNC_AHEAD_MAX = 256
/** Bytes of the epoch changes sent in one message: well within a frame. */
export const EPOCH_CHANGE_BYTES_MAX = 2_097_152
/** Messages of the next epoch kept until it begins here: the first proposal, and who votes for it. */
export const EARLY_MESSAGES_MAX = 16
/** Epoch changes of this life remembered for peers that are a little behind; older ones come from the store. */
export const EPOCH_CHANGES_KEPT_MAX = 8
/** A timeout is repeated at least this often while its view lasts; consensus reference §13. */
export const REBROADCAST_MS_MAX = 1_000
/** Peers whose last answer is remembered, oldest forgotten first. */
export const PEERS_REMEMBERED_MAX = 1_024
/** Missed slots named in one block's context: a longer stop of the chain charges nobody beyond it. */
export const MISSED_SLOTS_MAX = 1_024
/** Slots of a leader schedule remembered at least: looking back further computes it again from its start. */
export const LEADER_SLOTS_MAX = 2_000
/** Duties done in one step: a few per view, and one step moves through few views. More is our own endless loop. */
export const ACTS_PER_STEP_MAX = 1_000
/** Leader schedules kept for snapshots: a height waits about this long until a header names it. */
export const REPUTATIONS_KEPT_MAX = 64
/** Peers that state sync asks: a third of the stake is among far fewer. */
export const STATE_SYNC_PEERS_MAX = 64
/** Offers of one peer that are looked at: each costs one verification. */
export const STATE_SYNC_OFFERS_PER_PEER_MAX = 4
/** Chunks asked for, or waiting to be restored, at the same time: bounds the memory of a restore. */
export const STATE_SYNC_IN_FLIGHT_MAX = 4
/** Requests about one state that may fail in a row before the peers are asked what they have now. */
export const STATE_SYNC_FAILURES_MAX = 12
/** Pieces of evidence that wait for a block: some blocks full. */
export const EVIDENCE_POOLED_MAX = 256
/** Verifications of contradictions per view: forged votes and timeouts can cost no more than this. */
export const EVIDENCE_CHECKS_PER_VIEW_MAX = 16
/** Epochs back that evidence may be of: with epochs of 90 minutes the unbonding time ends long before. */
export const EVIDENCE_EPOCHS_MAX = 1_024
/** Penalties for one offence of one validator in one epoch: bounds what a chain must remember of a mad validator. */
export const OFFENCES_PER_EPOCH_MAX = 8
/** Epochs whose members a light client remembers, for proofs of older blocks: some weeks. */
export const LIGHT_EPOCHS_KEPT_MAX = 1_024
/** Leader rotations without a signature after an import, a restore, a reset or the loss of the log; docs/design.md §8. */
export const DOPPELGANGER_ROTATIONS = 2
