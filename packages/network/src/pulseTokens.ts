import { PULSE_TOKENS_MAX } from './limits.ts'

/** Tokens of before that may still be under way when new ones are given. */
const UNDER_WAY_MAX = 2

/** The numbers by which two peers know each other's pulses. Each serves once, in order. */
export class PulseTokens {
  /** Of the peer; we show them. */
  #given: readonly number[] = []
  #shown = 0
  /** Ours; the peer shows them, from the next one on. */
  #expected: readonly number[] = []
  #next = 0

  /** New tokens for the peer. @param bytes - random, 4 a token */
  issue(bytes: Uint8Array): readonly number[] {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    const tokens = Array.from({ length: bytes.length / 4 }, (_, i) => view.getUint32(4 * i))
    const underWay = this.#expected.slice(this.#next, this.#next + UNDER_WAY_MAX)
    this.#expected = [...underWay, ...tokens]
    this.#next = 0
    return tokens
  }

  /** Tokens of the peer, in place of those of before. */
  receive(tokens: readonly number[]): void {
    this.#given = tokens.slice(0, PULSE_TOKENS_MAX)
    this.#shown = 0
  }

  /** The next token to show; `undefined` when the peer must be asked for more. */
  take(): number | undefined {
    return this.#given[this.#shown++]
  }

  /** True once for each token, and never for one before the last that was seen. */
  accept(token: number): boolean {
    const at = this.#expected.indexOf(token, this.#next)
    if (at < 0) return false
    this.#next = at + 1
    return true
  }
}
