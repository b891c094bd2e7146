import type { Envelope, PeerId } from '@openliquid/primitives'
import { backoffMs } from './backoff.ts'
import { CHANNEL_PROTOCOL, type ChannelContext } from './channelPipe.ts'
import { type PeerFault, peerFault } from './errors.ts'
import { InboundChannel } from './inboundChannel.ts'
import { CHANNEL_DEADLINE_MS, GOSSIP_DEADLINE_MS, PULSE_TOKENS_MAX } from './limits.ts'
import { OutboundChannel } from './outboundChannel.ts'
import type { ByteStream, P2pHost } from './p2pHost.ts'
import { PeerLink } from './peerLink.ts'
import { PulseTokens } from './pulseTokens.ts'

/** Beats without any sign that the peer takes what we send, although we hear it. */
const OUTBOUND_SILENT_BEATS = 8
/** Part of a beat: a judgement due so shortly before the next beat is left to it; an answered beat must not cost a timer. */
const JUDGEMENT_SLACK = 1 / 32
/** Beats of peers that come this much later than the last time are still waited for in one go. */
const LAG_SLACK_MS = 2
/** A beat later than this tells that we slept. */
const ASLEEP_AFTER_BEATS = 1.5
/** Gossip's completeness is looked at this often. */
const GOSSIP_CHECK_EVERY = 4

export interface PeerLinksOptions {
  readonly context: ChannelContext
  /** Undefined before the start. */
  host(): P2pHost | undefined
  random(): number
  /** A peer whose history outlives its connections. */
  isRemembered(peer: PeerId): boolean
  /** False: the peer is over its quota. */
  allow(quota: 'hellos' | 'heartbeats', peer: PeerId): boolean
  onState(link: PeerLink, state: 'connected' | 'suspect' | 'down'): void
  onEnvelope(peer: PeerId, envelope: Envelope): void
  /** A frame of sentries, from a live channel. */
  onControl(peer: PeerId, type: number, body: Uint8Array): void
  onFault(peer: PeerId, fault: PeerFault): void
}

/** The channels to all peers: opens ours, accepts theirs, beats their hearts and judges them. */
export class PeerLinks {
  readonly #options: PeerLinksOptions
  readonly #links = new Map<PeerId, PeerLink>()
  /** Streams that peers opened and whose hello is not done yet. */
  readonly #knocking = new Set<InboundChannel>()
  #lastBeatMs: number | undefined
  #beats = 0
  #judgeImmediate: NodeJS.Immediate | undefined
  #judgeTimer: NodeJS.Timeout | undefined
  /** How long after our beat the last one of the peers came. */
  #lagMs = 0
  #isStopped = false

  constructor(options: PeerLinksOptions) {
    this.#options = options
  }

  get(peer: PeerId): PeerLink | undefined {
    return this.#links.get(peer)
  }

  values(): IterableIterator<PeerLink> {
    return this.#links.values()
  }

  isLive(peer: PeerId): boolean {
    return this.#links.get(peer)?.isLive === true
  }

  /** Peers with a live channel in both directions, sorted. */
  livePeers(): PeerId[] {
    const live: PeerId[] = []
    for (const { peer, isLive } of this.#links.values()) if (isLive) live.push(peer)
    return live.sort()
  }

  onConnected(peer: PeerId): void {
    if (this.#isStopped) return
    const link = this.#linkOf(peer)
    link.connectedAtMs = this.#nowMs()
    link.health.onRecovering()
    this.#open(link)
  }

  /** Our direction starts over on another connection; the old one serves until the new one is live. */
  onMoved(peer: PeerId): void {
    const link = this.#links.get(peer)
    const running = this.#options.host()
    if (this.#isStopped || link === undefined || running === undefined) return
    if (link.isOpening) link.isMoving = true
    if (link.outbound === undefined) return
    const { helloTimeoutMs } = this.#options.context.timing
    running.openStream(peer, CHANNEL_PROTOCOL, helloTimeoutMs).then(
      (stream) => {
        if (this.#isStopped || link.outbound === undefined) stream.abort('not needed')
        else this.#use(link, stream)
      },
      // The old connection's end makes the link open again.
      () => undefined,
    )
  }

  onDisconnected(peer: PeerId): void {
    const link = this.#links.get(peer)
    if (link === undefined) return
    this.#close(link)
    // Its channels may have ended before, while it was still to be hoped that they would be opened anew.
    link.health.onDown()
    if (!this.#options.isRemembered(peer)) this.#links.delete(peer)
  }

  /** Who was remembered as a validator may be none any more. */
  onSet(): void {
    const { host, isRemembered } = this.#options
    for (const { peer } of this.#links.values()) {
      if (host()?.isConnected(peer) !== true && !isRemembered(peer)) this.#links.delete(peer)
    }
  }

  /** A peer opened its direction. */
  accept(peer: PeerId, stream: ByteStream): void {
    const { context, allow, onEnvelope, onControl, onFault } = this.#options
    const channel: InboundChannel = new InboundChannel(context, peer, stream, {
      onLive: ({ head }) => {
        this.#knocking.delete(channel)
        const link = this.#linkOf(peer)
        const older = link.inbound
        // The newest of a direction wins: the older one may hang on a dead connection.
        link.inbound = channel
        older?.close()
        link.head = head
        this.#update(link)
      },
      onEnvelope: (envelope) => onEnvelope(peer, envelope),
      onControl: (type, body) => onControl(peer, type, body),
      onHeartbeat: ({ head }) => {
        const link = this.#links.get(peer)
        if (link === undefined || !allow('heartbeats', peer)) return []
        link.head = head
        link.beatHeardAtMs = this.#nowMs()
        if (this.#options.host()?.pulseOf(peer) === undefined) return []
        return link.tokens.issue(context.randomBytes(4 * PULSE_TOKENS_MAX))
      },
      onSeen: () => this.#links.get(peer)?.health.onSeen(this.#nowMs()),
      onClosed: (fault) => {
        this.#knocking.delete(channel)
        const link = this.#links.get(peer)
        if (link?.inbound === channel) {
          link.inbound = undefined
          this.#update(link)
        }
        if (fault !== undefined) onFault(peer, fault)
      },
    })
    this.#knocking.add(channel)
    if (!allow('hellos', peer)) channel.fail(peerFault('OL_HELLO_RATE', 'too many hellos'))
  }

  /** A sign of life below the channels. What nobody gave, or came before, is none. */
  onPulse(peer: PeerId, token: number): void {
    const link = this.#links.get(peer)
    if (link?.wasLive === true && link.tokens.accept(token)) {
      link.beatHeardAtMs = this.#nowMs()
      link.health.onSeen(link.beatHeardAtMs)
    } else {
      // Tokens bound the number of those that say something.
      this.#options.allow('heartbeats', peer)
    }
  }

  /** One heartbeat or pulse to everybody, and a judgement of what came since the last. */
  beat(): void {
    const at = this.#nowMs()
    const { heartbeatMs } = this.#options.context.timing
    // A late beat tells that we were busy, not that the peers are silent or slow: their bytes wait to be read.
    const sinceMs = at - (this.#lastBeatMs ?? at)
    const sleptMs = Math.max(0, sinceMs - heartbeatMs)
    const wasAsleep = sinceMs > ASLEEP_AFTER_BEATS * heartbeatMs
    this.#lastBeatMs = at
    this.#beats++
    const untilMs = at + heartbeatMs * (1 - JUDGEMENT_SLACK)
    let isSettled = this.#judgeTimer === undefined
    for (const channel of this.#knocking) channel.check(sleptMs)
    for (const link of this.#links.values()) {
      link.outbound?.check(sleptMs)
      link.inbound?.check(sleptMs)
      if (!link.isLive) this.#judgeMissing(link, at)
      else {
        this.#beatLive(link, at, wasAsleep)
        const isAnswered = link.unansweredSinceMs === undefined
        isSettled &&= isAnswered && link.health.isSettledUntil(untilMs)
      }
    }
    if (wasAsleep || isSettled) return
    // Judged when what waits in the sockets is read: a turn that took long must not look like silence.
    this.#judgeImmediate ??= setImmediate(() => this.#judgeAfterBeat())
  }

  stop(): void {
    this.#isStopped = true
    clearImmediate(this.#judgeImmediate)
    clearTimeout(this.#judgeTimer)
    for (const channel of this.#knocking) channel.close()
    for (const link of this.#links.values()) this.#close(link)
  }

  #judgeMissing(link: PeerLink, at: number): void {
    const { host, onFault } = this.#options
    if (at - link.connectedAtMs <= CHANNEL_DEADLINE_MS) return
    if (host()?.isConnected(link.peer) !== true) return
    link.connectedAtMs = at
    onFault(link.peer, peerFault('OL_CHANNEL_MISSING', 'connected without a live channel'))
  }

  #beatLive(link: PeerLink, at: number, wasAsleep: boolean): void {
    const { context } = this.#options
    link.connectedAtMs = at
    // A heartbeat tells and asks; a pulse says only that we are here, and costs a tenth.
    const isNews = link.toldHead !== context.head()
    // It cannot beat while its direction is full of something large; then its answers tell that it is there.
    const isUnheard = at - link.beatHeardAtMs > 1.5 * context.timing.heartbeatMs
    if (isNews || isUnheard || !this.#pulse(link)) this.#heartbeat(link, at)
    if (wasAsleep) {
      link.unansweredSinceMs = undefined
      link.gossipAtMs = at
    } else if (this.#beats % GOSSIP_CHECK_EVERY === 0) this.#judgeGossip(link, at)
  }

  #pulse({ pulse, tokens }: PeerLink): boolean {
    const token = tokens.take()
    return token !== undefined && pulse?.send(token) === true
  }

  #heartbeat(link: PeerLink, at: number): void {
    const { health, outbound } = link
    link.pulse = this.#options.host()?.pulseOf(link.peer)
    link.unansweredSinceMs ??= at
    if (outbound === undefined || !outbound.canBeat) return
    link.toldHead = this.#options.context.head()
    outbound.beat({ sequence: health.nextBeat(at), head: link.toldHead, tokens: [] })
  }

  /** Who is late may be on its way as at the last beat: looked at again when all had come then. */
  #judgeAfterBeat(): void {
    this.#judgeImmediate = undefined
    if (this.#isStopped) return
    this.#arm(Math.min(this.#judge(), this.#nowMs() + this.#lagMs + LAG_SLACK_MS))
  }

  /** At the very moment at which a peer would be late, suspect or down. */
  #judgeWhenDue(): void {
    this.#judgeImmediate = undefined
    if (this.#isStopped) return
    const nextMs = this.#judge()
    this.#lagMs = 0
    for (const { isLive, health } of this.#links.values()) {
      if (!isLive) continue
      this.#lagMs = Math.max(this.#lagMs, (health.lastSeenMs ?? 0) - (this.#lastBeatMs ?? 0))
    }
    this.#arm(nextMs)
  }

  /**
   * A timer for what falls between two beats, when a beat of a peer is missing; the beat judges too.
   *
   * None is ever taken back: Node wakes at the time of a cleared one all the same.
   */
  #arm(atMs: number): void {
    const { heartbeatMs } = this.#options.context.timing
    const delayMs = atMs - this.#nowMs()
    if (this.#judgeTimer !== undefined || delayMs > heartbeatMs * (1 - JUDGEMENT_SLACK)) return
    this.#judgeTimer = setTimeout(
      () => {
        this.#judgeTimer = undefined
        this.#judgeImmediate ??= setImmediate(() => this.#judgeWhenDue())
      },
      Math.max(1, Math.ceil(delayMs)),
    )
  }

  /** Who is silent since when. @returns when the next one would be late, suspect or down */
  #judge(): number {
    const { context, onFault, onState } = this.#options
    const { heartbeatMs } = context.timing
    const at = this.#nowMs()
    let nextMs = Number.POSITIVE_INFINITY
    for (const link of this.#links.values()) {
      if (!link.isLive) continue
      const unansweredMs = at - (link.unansweredSinceMs ?? at)
      const isUnheard = unansweredMs > OUTBOUND_SILENT_BEATS * heartbeatMs
      const state = link.health.judge(at)
      if (state === 'down' || isUnheard) {
        const detail = isUnheard ? 'does not hear us' : 'silent'
        onFault(link.peer, peerFault('OL_CHANNEL_SILENT', detail))
        this.#close(link)
        continue
      }
      // Its timer may be late, and its sockets are not.
      if (state === 'late') this.#heartbeat(link, at)
      else if (state !== undefined) onState(link, state)
      nextMs = Math.min(nextMs, link.health.nextJudgementMs)
    }
    return nextMs
  }

  /** docs/spec/network.md, pitfall 15. */
  #judgeGossip(link: PeerLink, at: number): void {
    if (this.#options.host()?.repairGossip(link.peer) === true) link.gossipAtMs = at
    if (at - link.gossipAtMs <= GOSSIP_DEADLINE_MS) return
    link.gossipAtMs = at
    const fault = peerFault('OL_GOSSIP_MISSING', 'no gossip stream or subscription')
    this.#options.onFault(link.peer, fault)
  }

  #open(link: PeerLink): void {
    const { host, context } = this.#options
    const running = host()
    if (this.#isStopped || running?.isConnected(link.peer) !== true) return
    if (link.isOpening || link.outbound !== undefined) return
    link.isOpening = true
    running.openStream(link.peer, CHANNEL_PROTOCOL, context.timing.helloTimeoutMs).then(
      (stream) => {
        link.isOpening = false
        const { isMoving } = link
        link.isMoving = false
        if (this.#isStopped) stream.abort('stopped')
        else if (isMoving) {
          // It may be on the connection that is about to be closed.
          stream.abort('on another connection')
          this.#open(link)
        } else this.#use(link, stream)
      },
      () => {
        link.isOpening = false
        link.isMoving = false
        this.#reopenLater(link)
      },
    )
  }

  /** Beside a live channel the new one waits until it is live too, takes over what is queued, and the old one ends. */
  #use(link: PeerLink, stream: ByteStream): void {
    const { context, onFault } = this.#options
    const channel: OutboundChannel = new OutboundChannel(context, link.peer, stream, {
      onLive: ({ head }) => {
        const older = link.outbound
        link.outbound = channel
        if (link.next === channel) link.next = undefined
        if (older !== undefined && older !== channel) {
          channel.takeOver(older)
          older.close()
        }
        link.head = head
        link.attempts = 0
        link.unansweredSinceMs = undefined
        this.#update(link)
      },
      onAnswer: ({ sequence, head, tokens }) => {
        link.head = head
        link.tokens.receive(tokens)
        link.beatHeardAtMs = this.#nowMs()
        link.health.onAnswer(sequence, this.#nowMs())
      },
      onProgress: () => {
        link.unansweredSinceMs = undefined
        link.health.onSeen(this.#nowMs())
      },
      onClosed: (fault) => {
        if (link.next === channel) link.next = undefined
        const wasOurs = link.outbound === channel
        if (wasOurs) link.outbound = undefined
        this.#update(link)
        if (fault !== undefined) onFault(link.peer, fault)
        if (wasOurs) this.#reopenLater(link)
      },
    })
    if (link.outbound === undefined) {
      link.outbound = channel
      return
    }
    link.next?.close()
    link.next = channel
  }

  #reopenLater(link: PeerLink): void {
    const { host, context, random } = this.#options
    if (this.#isStopped || link.reopenTimer !== undefined) return
    if (host()?.isConnected(link.peer) !== true) return
    const delayMs = backoffMs(link.attempts, context.timing, random())
    link.attempts++
    link.reopenTimer = setTimeout(() => {
      link.reopenTimer = undefined
      this.#open(link)
    }, delayMs)
  }

  #close(link: PeerLink): void {
    clearTimeout(link.reopenTimer)
    link.reopenTimer = undefined
    link.next?.close()
    link.outbound?.close()
    link.inbound?.close()
  }

  #linkOf(peer: PeerId): PeerLink {
    const known = this.#links.get(peer)
    if (known !== undefined) return known
    const { heartbeatMs } = this.#options.context.timing
    const link = new PeerLink(peer, heartbeatMs, this.#nowMs())
    this.#links.set(peer, link)
    return link
  }

  #update(link: PeerLink): void {
    const { isLive, health } = link
    if (isLive === link.wasLive) return
    link.wasLive = isLive
    if (isLive) {
      link.gossipAtMs = this.#nowMs()
      link.beatHeardAtMs = link.gossipAtMs
      health.onUp(link.gossipAtMs)
      this.#options.onState(link, 'connected')
      return
    }
    link.toldHead = undefined
    link.pulse = undefined
    link.tokens = new PulseTokens()
    health.onDown()
    this.#options.onState(link, 'down')
    if (this.#options.host()?.isConnected(link.peer) === true) health.onRecovering()
  }

  #nowMs(): number {
    return this.#options.context.nowMs()
  }
}
