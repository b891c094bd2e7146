import type { ChannelState } from './networkHealth.ts'

/** A sixteenth of a beat late, 850 ms of silence: it is asked, and has twice that to answer before it is suspect. */
const LATE_AFTER_BEATS = 17 / 16
/** Three sixteenths of a beat late: 950 ms of silence. */
const SUSPECT_AFTER_BEATS = 19 / 16
const DOWN_AFTER_BEATS = 19 / 8
/** Weight of the newest round trip. */
const RTT_WEIGHT = 0.2
const BEATS_REMEMBERED = 8

/**
 * Judges one peer by its heartbeats: connected → suspect → down → recovering. Pure: time comes in.
 *
 * @see docs/spec/network.md, health and partition
 */
export class ConnectionHealth {
  readonly #heartbeatMs: number
  readonly #sentAtMs = new Map<bigint, number>()
  #state: ChannelState = 'recovering'
  #lastSeenMs: number | undefined
  #rttMs: number | undefined
  #failures = 0
  #sequence = 0n
  /** The silence since it was last seen was told once. */
  #wasLate = false

  constructor(heartbeatMs: number) {
    this.#heartbeatMs = heartbeatMs
  }

  get state(): ChannelState {
    return this.#state
  }

  get rttMs(): number | undefined {
    return this.#rttMs
  }

  get failures(): number {
    return this.#failures
  }

  get lastSeenMs(): number | undefined {
    return this.#lastSeenMs
  }

  silentMs(nowMs: number): number | undefined {
    return this.#lastSeenMs === undefined ? undefined : nowMs - this.#lastSeenMs
  }

  /** Both directions of the channel are authenticated. */
  onUp(nowMs: number): void {
    this.#state = 'connected'
    this.onSeen(nowMs)
    this.#sentAtMs.clear()
  }

  /** A direction of the channel is lost. */
  onDown(): void {
    if (this.#state === 'connected' || this.#state === 'suspect') this.#failures++
    this.#state = 'down'
  }

  /** A connection stands again and hellos are under way. */
  onRecovering(): void {
    if (this.#state === 'down') this.#state = 'recovering'
  }

  /** Any byte of an authenticated channel. */
  onSeen(nowMs: number): void {
    this.#lastSeenMs = nowMs
    this.#wasLate = false
  }

  /** Number for the next heartbeat. */
  nextBeat(nowMs: number): bigint {
    this.#sequence++
    this.#sentAtMs.set(this.#sequence, nowMs)
    if (this.#sentAtMs.size > BEATS_REMEMBERED) {
      this.#sentAtMs.delete(this.#sequence - BigInt(BEATS_REMEMBERED))
    }
    return this.#sequence
  }

  onAnswer(sequence: bigint, nowMs: number): void {
    const sentAtMs = this.#sentAtMs.get(sequence)
    if (sentAtMs === undefined) return
    this.#sentAtMs.delete(sequence)
    const sampleMs = nowMs - sentAtMs
    this.#rttMs =
      this.#rttMs === undefined ? sampleMs : this.#rttMs + RTT_WEIGHT * (sampleMs - this.#rttMs)
  }

  /** Nothing can change before: a peer that is heard and not yet late. */
  isSettledUntil(ms: number): boolean {
    return this.#state === 'connected' && this.nextJudgementMs > ms
  }

  /** When silence would be told next; infinite when the state does not come from silence. */
  get nextJudgementMs(): number {
    if (this.#lastSeenMs === undefined) return Number.POSITIVE_INFINITY
    if (this.#state === 'connected') {
      const afterBeats = this.#wasLate ? SUSPECT_AFTER_BEATS : LATE_AFTER_BEATS
      return this.#lastSeenMs + afterBeats * this.#heartbeatMs
    }
    if (this.#state === 'suspect') return this.#lastSeenMs + DOWN_AFTER_BEATS * this.#heartbeatMs
    return Number.POSITIVE_INFINITY
  }

  /**
   * Judges the silence at a beat.
   *
   * @returns the state to go to, 'late' once for who should be asked, `undefined` when nothing changes; 'down' is left to the
   * caller, who closes the channel
   */
  judge(nowMs: number): 'connected' | 'late' | 'suspect' | 'down' | undefined {
    if (this.#state !== 'connected' && this.#state !== 'suspect') return undefined
    const beats = (nowMs - (this.#lastSeenMs ?? nowMs)) / this.#heartbeatMs
    // Suspect comes before down even where a late beat is the first to see the silence.
    if (beats >= DOWN_AFTER_BEATS && this.#state === 'suspect') return 'down'
    const state = beats >= SUSPECT_AFTER_BEATS ? 'suspect' : 'connected'
    if (state !== this.#state) {
      this.#state = state
      return state
    }
    if (state === 'suspect' || beats < LATE_AFTER_BEATS || this.#wasLate) return undefined
    this.#wasLate = true
    return 'late'
  }
}
