import { NONCE_AGE_MS_MAX, NONCE_LEAD_MS_MAX, NONCES_MAX } from './limits.ts'

/** `ok`, or why a nonce is refused; docs/spec/hyperliquid.md §3.5. */
export type NonceVerdict = 'ok' | 'duplicate' | 'tooLow' | 'outOfRange'

/** Ascending, at most `NONCES_MAX`. */
export type NonceSet = readonly number[]

/** Judges a nonce against the highest ones its signer used, at block time. */
export function checkNonce(used: NonceSet, nonce: number, timestampMs: number): NonceVerdict {
  if (nonce <= timestampMs - NONCE_AGE_MS_MAX || nonce >= timestampMs + NONCE_LEAD_MS_MAX) {
    return 'outOfRange'
  }
  const at = lowerBound(used, nonce)
  if (used[at] === nonce) return 'duplicate'
  if (at === 0 && used.length >= NONCES_MAX) return 'tooLow'
  return 'ok'
}

/** Adds a nonce that `checkNonce` accepted; the lowest leaves a full set. */
export function addNonce(used: number[], nonce: number): void {
  let at = lowerBound(used, nonce)
  // By hand: what arrays have for it takes many times as long.
  if (used.length < NONCES_MAX) {
    used.push(nonce)
    for (let i = used.length - 1; i > at; i--) used[i] = used[i - 1] as number
  } else {
    at -= 1
    for (let i = 0; i < at; i++) used[i] = used[i + 1] as number
  }
  used[at] = nonce
}

/** The error texts of §3.5. */
export const NONCE_TEXTS: Readonly<Record<Exclude<NonceVerdict, 'ok'>, string>> = {
  duplicate: 'Invalid nonce: duplicate nonce',
  tooLow: 'Invalid nonce: too low',
  outOfRange: 'Invalid nonce: out of range',
}

/** First position whose nonce is not below the given one. */
function lowerBound(used: NonceSet, nonce: number): number {
  let low = 0
  let high = used.length
  // Mostly a nonce is higher than all before it.
  if (high > 0 && (used[high - 1] as number) < nonce) return high
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((used[middle] as number) < nonce) low = middle + 1
    else high = middle
  }
  return low
}
