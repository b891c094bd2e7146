/** Results are integers of 1e-18. */
export const EXP_SCALE = 1_000_000_000_000_000_000n
/** Digits behind the result that absorb the rounding of the series. */
const GUARD = 1_000_000_000_000_000_000n
const ONE = EXP_SCALE * GUARD
/** ln 2 in 1e-36. */
const LN_2 = 693_147_180_559_945_309_417_232_121_458_176_568n
/** From here on e^-x is less than half of 1e-18. */
const EXPONENT_MAX = 43n

/**
 * e^-x for the fraction x = numerator / denominator, in 1e-18, rounded half up: the same on every machine.
 *
 * x is halved into ln 2 steps and a rest below ln 2, whose alternating series ends when a term is below 1e-36.
 *
 * @param numerator - not negative
 * @param denominator - above 0
 * @see docs/spec/hyperliquid.md §7.2
 */
export function expOfMinus(numerator: bigint, denominator: bigint): bigint {
  if (numerator >= EXPONENT_MAX * denominator) return 0n
  const x = (numerator * ONE) / denominator
  const halvings = x / LN_2
  const rest = x - halvings * LN_2
  let sum = ONE
  let term = ONE
  for (let n = 1n; term !== 0n; n++) {
    term = (-term * rest) / (n * ONE)
    sum += term
  }
  const divisor = GUARD << halvings
  return (sum + (divisor >> 1n)) / divisor
}
