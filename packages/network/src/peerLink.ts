import type { PeerId } from '@openliquid/primitives'
import { ConnectionHealth } from './connectionHealth.ts'
import type { InboundChannel } from './inboundChannel.ts'
import type { ChainHead } from './networkConfig.ts'
import type { OutboundChannel } from './outboundChannel.ts'
import type { Pulse } from './pulse.ts'
import { PulseTokens } from './pulseTokens.ts'

/** Both directions of the channel to one peer, and what is known of it. */
export class PeerLink {
  readonly peer: PeerId
  readonly health: ConnectionHealth
  outbound: OutboundChannel | undefined
  inbound: InboundChannel | undefined
  head: ChainHead | undefined
  /** What our last heartbeat told. */
  toldHead: ChainHead | undefined
  tokens: PulseTokens = new PulseTokens()
  /** Where pulses go; looked up with every heartbeat. */
  pulse: Pick<Pulse, 'send'> | undefined
  /** Both directions were live when last looked at. */
  wasLive = false
  isOpening = false
  /** The connection to open on changed meanwhile. */
  isMoving = false
  /** Our direction on the connection that stays, while it says hello. */
  next: OutboundChannel | undefined
  attempts = 0
  reopenTimer: NodeJS.Timeout | undefined
  connectedAtMs: number
  /** Since when a heartbeat of ours is without any answer; judged apart, because a peer can be heard and yet not hear. */
  unansweredSinceMs: number | undefined
  /** When a heartbeat or pulse of the peer, or an answer to one of ours, last came. Other bytes do not count. */
  beatHeardAtMs = 0
  /** When gossip to and from the peer was last complete. */
  gossipAtMs = 0

  constructor(peer: PeerId, heartbeatMs: number, nowMs: number) {
    this.peer = peer
    this.health = new ConnectionHealth(heartbeatMs)
    this.connectedAtMs = nowMs
  }

  get isLive(): boolean {
    return this.outbound?.isLive === true && this.inbound?.isLive === true
  }
}
