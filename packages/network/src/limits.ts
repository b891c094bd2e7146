import { ANNOUNCEMENT_BYTES_MAX, type Lane, MESSAGE_KIND } from '@openliquid/primitives'

const KIB = 1024
const MIB = 1024 * KIB

/** Bytes of the largest frame body: a block of 2 MiB with its certificates fits twice. */
export const FRAME_BODY_BYTES_MAX: number = 4 * MIB
/** Bytes of a message of a kind that has no cap of its own. */
export const OTHER_BODY_BYTES_MAX: number = 64 * KIB
/** Bytes of a hello frame: fixed fields now, delegations of sentries later. */
export const HELLO_BYTES_MAX: number = 4 * KIB
/** Bytes of a control frame that is no hello: proofs, goodbyes, heartbeats with their tokens. */
export const CONTROL_BYTES_MAX = 288
/** Pulses that one heartbeat allows: the next 51 s of an idle connection. A head that changes is told by a heartbeat at once. */
export const PULSE_TOKENS_MAX = 64
/** Bytes of a request: sync requests are some hundred bytes. */
export const REQUEST_BYTES_MAX: number = 64 * KIB
/** Bytes of an answer: one block-sync answer of 4 MiB and its envelope. */
export const ANSWER_BYTES_MAX: number = 4 * MIB + 64 * KIB

/** Cap of a message body on a validator channel by kind; docs/spec/network.md, framing and limits. */
const CHANNEL_BYTES_MAX: ReadonlyMap<number, number> = new Map([
  [MESSAGE_KIND.proposal, FRAME_BODY_BYTES_MAX],
  [MESSAGE_KIND.vote, KIB],
  // Under `consensus.highTip` a certificate may hold a tip, and that the groups of another one.
  [MESSAGE_KIND.timeout, 192 * KIB],
  [MESSAGE_KIND.advanceView, 128 * KIB],
  [MESSAGE_KIND.epochChange, FRAME_BODY_BYTES_MAX],
  [MESSAGE_KIND.transactions, 256 * KIB],
  [MESSAGE_KIND.evidence, 64 * KIB],
  [MESSAGE_KIND.noEndorse, KIB],
  [MESSAGE_KIND.roundRecovery, 128 * KIB],
  [MESSAGE_KIND.tipBlock, FRAME_BODY_BYTES_MAX],
])

/** Cap of a message body on gossip where it differs: large blocks go by channel. */
const GOSSIP_BYTES_MAX: ReadonlyMap<number, number> = new Map([
  [MESSAGE_KIND.proposal, 256 * KIB],
  [MESSAGE_KIND.epochChange, 64 * KIB],
  [MESSAGE_KIND.announcement, ANNOUNCEMENT_BYTES_MAX],
])

/** Largest body of a kind on a validator channel. */
export function channelBytesMax(kind: number): number {
  return CHANNEL_BYTES_MAX.get(kind) ?? OTHER_BODY_BYTES_MAX
}

/** Largest body of a kind on gossip. */
export function gossipBytesMax(kind: number): number {
  return GOSSIP_BYTES_MAX.get(kind) ?? channelBytesMax(kind)
}

/** Bytes of one gossip message, which may carry several transactions frames. */
export const GOSSIP_MESSAGE_BYTES_MAX: number = 257 * KIB
/** Bytes at which a batch of transactions leaves without waiting. */
export const BATCH_BYTES_MAX: number = 64 * KIB
/** Bytes above which a transactions message is not held back for company. */
export const BATCH_MESSAGE_BYTES_MAX: number = 16 * KIB
/** Frames in one gossip message: 64 KiB of the smallest transactions stay below. */
export const GOSSIP_FRAMES_MAX = 1_024

/** Bytes that one write to a stream gathers. */
export const COALESCE_BYTES_MAX: number = 64 * KIB

/** Bytes of a piece of a large frame: what a vote waits for behind a block, 2.6 ms at 100 Mbit/s. */
export const PART_BYTES_MAX: number = 32 * KIB

/** What waits for a slow peer, by lane. Above it the sender is told 'full'. */
export const LANE_LIMITS: Readonly<
  Record<Lane, { readonly frames: number; readonly bytes: number }>
> = {
  consensus: { frames: 1_024, bytes: 4 * MIB },
  blocks: { frames: 64, bytes: 16 * MIB },
  transactions: { frames: 8_192, bytes: 8 * MIB },
}

/** Ids in the own dedupe, over all generations: 45 MB at most. */
export const DEDUPE_IDS_MAX: number = 2 ** 18
/** One generation of the dedupe; three give a window of 60 to 90 s. */
export const DEDUPE_GENERATION_MS = 30_000

/** Bytes of one gossip RPC: every message that one answer to IWANT may hold. */
export const RPC_BYTES_MAX: number = FRAME_BODY_BYTES_MAX + GOSSIP_MESSAGE_BYTES_MAX
/** Beats in which an RPC that began must be complete: five seconds and a half, as a frame of a channel. */
export const RPC_BEATS_MAX = 7
/** Messages in one gossip RPC: as many as are asked for at once. */
export const RPC_MESSAGES_MAX = 256
/** Subscriptions in one gossip RPC: there are three topics. */
export const RPC_SUBSCRIPTIONS_MAX = 64
/** Gossip messages of all peers handled before the sockets are read again: a millisecond; fewer cost more turns than they save. */
export const GOSSIP_TURN_MESSAGES_MAX = 4
/** Gossip messages of a follower handled in one go: what a burst has more waits, and goes on at the pace of the quota. */
export const GOSSIP_AT_ONCE_MAX = 64
/** Between two looks at followers' messages that wait for their pace. */
export const GOSSIP_PACE_MS = 8
/** Bytes of RPCs of a peer that wait for their turn; above it the peer is told of no more room. Room for a burst of messages of 500 B. */
export const INBOX_BYTES_MAX: number = MIB

/** Gossip messages whose verdict is awaited; more are ignored. */
export const VERDICTS_PENDING_MAX = 1_024
/** Requests of one peer answered at a time. */
export const ANSWERS_PER_PEER_MAX = 4
/** Requests answered at a time. */
export const ANSWERS_MAX = 32
/** Own requests under way to one peer. */
export const REQUESTS_PER_PEER_MAX = 16

/** Events that wait for one slow reader. */
export const EVENTS_QUEUED_MAX = 1_024
/** Validators up to which all are gossip's direct peers; above it the mesh alone keeps the traffic linear. */
export const DIRECT_PEERS_MAX = 16
/** Bans kept. */
export const BANS_MAX = 4_096
/** Addresses kept connected to. */
export const DIAL_TARGETS_MAX = 1_024
/** Connections of a node on a public address: 64 followers, 16 of our choice, and every validator with room to spare. */
export const CONNECTIONS_MAX = 320

/** Ban for another chain or genesis: nothing that comes later can be of use. */
export const BAN_WRONG_CHAIN_MS = 3_600_000
/** Ban of a follower for breaking the protocol. Validators are cut off, never banned. */
export const BAN_FAULT_MS = 60_000
/** Followers' worth of quotas that all of them share: 64 who each keep their own could still be more than a core serves. */
export const FOLLOWERS_TOGETHER = 8
/** What is over a quota is only dropped up to so many quotas, and one burst more; beyond, a follower is banned at once. */
export const EXCESS_QUOTAS = 2
/** Penalty points at which a follower is banned, or an address refused; peerScore.ts, halfOpenDials.ts. */
export const PENALTY_BAN = 30
/** Points halve in this time: traffic of three quotas stays below the ban for ever. */
export const PENALTY_HALF_LIFE_MS = 10_000
/** Points of one gossip message or RPC that is malformed or was rejected: twenty at once are a ban. */
export const PENALTY_MALFORMED = 1.5
/** Points of a hello or frame that did not come in time: a slow peer stays below the ban, one that lets many wait does not. */
export const PENALTY_LATE = 5
/** Followers that connected to us: what a node of two cores serves. */
export const FOLLOWERS_INBOUND_MAX = 64
/** Followers behind one address: a household. */
export const FOLLOWERS_PER_ADDRESS_MAX = 2
/** Followers of one /24 (IPv4) or /48 (IPv6): one rented network cannot fill the places. */
export const FOLLOWERS_PER_SUBNET_MAX = 4
/** Time after its connection in which a peer must have a live channel. */
export const CHANNEL_DEADLINE_MS = 10_000
/** Time in which a peer with a live channel must be reachable by gossip too, else its connections start over. */
export const GOSSIP_DEADLINE_MS = 5_000
/** Live peers below which a node looks for more. */
export const PEERS_WANTED = 16
/** Life of a delegation to a sentry; renewed at half of it. */
export const DELEGATION_MS = 3_600_000
/** Longest life of a delegation that is believed: a sentry that is lost to an attacker speaks for a day at most. */
export const DELEGATION_MS_MAX = 86_400_000
/** Validators that one sentry is believed to speak for: an operator has a handful. */
export const DELEGATIONS_PER_SENTRY_MAX = 8
/** Addresses in one answer. */
export const DISCOVERY_ADDRESSES_MAX = 32
/** Dials that one answer can cause. */
export const DISCOVERY_DIALS_MAX = 4
/** The same to validators that are missed: half of an answer, so that a hundred find each other in minutes. */
export const DISCOVERY_VALIDATOR_DIALS_MAX = 16
/** Steps between two questions where nobody has news: eleven minutes; a small network that is complete rests. */
export const DISCOVERY_INTERVAL_MAX = 64
/** Time in which a dial of another must have proved its key. Longer than our own dials take, so that who gives up is not blamed. */
export const HALF_OPEN_MS = 5_000
/** Dials of others under way at a time, of addresses that are not trusted: of libp2p's 32 a quarter stays for those that are. */
export const HALF_OPEN_MAX = 24
/** The same for one address: a node behind it dials once, two that come at the same time are a household. */
export const HALF_OPEN_PER_ADDRESS_MAX = 4
/** Dials of one address in a second: a node behind it redials four times at most. */
export const DIALS_PER_ADDRESS_MAX = 5
/** Addresses remembered for good or for ill, each 100 B. */
export const ADDRESSES_REMEMBERED_MAX = 1_024
/** Peers and addresses with penalty points, some 100 B each; the one that was blamed longest ago is forgotten first. */
export const PENALTIES_MAX = 4_096
/** Characters of one address: DNS name, port, peer id. */
export const ADDRESS_BYTES_MAX = 200
/** Longest wait before a validator is dialled again: a quorum must be back three seconds after the network is. */
export const VALIDATOR_REDIAL_MS_MAX = 1_000
