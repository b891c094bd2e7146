import { divideHalfEven } from './decimal.ts'
import { EXP_SCALE, expOfMinus } from './fixedExp.ts'

/** An exponential average over irregular steps: weighted sum and sum of weights; docs/spec/hyperliquid.md §7.2. */
export interface MovingAverage {
  /** Sample unit times 1e-9 ms. */
  readonly numerator: bigint
  /** 1e-9 ms; 0 before the first sample. */
  readonly denominator: bigint
  /** Time of the newest sample. */
  readonly atMs: number
}

export const NO_AVERAGE: MovingAverage = { numerator: 0n, denominator: 0n, atMs: 0 }

/** Keeps what decays exact far below a millisecond. */
const WEIGHT_SCALE = 1_000_000_000n

/**
 * The average after one more sample, which stands for the time since the one before.
 *
 * @param firstMs - what the first sample of all stands for
 */
export function withSample(
  average: MovingAverage,
  sample: bigint,
  at: { readonly timestampMs: number; readonly decayMs: number; readonly firstMs: number },
): MovingAverage {
  const isFirst = average.denominator === 0n
  const elapsed = BigInt(isFirst ? at.firstMs : at.timestampMs - average.atMs)
  const decay = isFirst ? 0n : expOfMinus(elapsed, BigInt(at.decayMs))
  const weight = elapsed * WEIGHT_SCALE
  return {
    numerator: divideHalfEven(average.numerator * decay, EXP_SCALE) + sample * weight,
    denominator: divideHalfEven(average.denominator * decay, EXP_SCALE) + weight,
    atMs: at.timestampMs,
  }
}

/** In the unit of the samples, rounded half to even; `undefined` before the first. */
export function averageOf({ numerator, denominator }: MovingAverage): bigint | undefined {
  return denominator === 0n ? undefined : divideHalfEven(numerator, denominator)
}
