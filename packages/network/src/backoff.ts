/** Growth of the delay between two attempts. */
const FACTOR = 1.7

/**
 * Delay before the next attempt with full jitter: anywhere between 0 and min(first × 1.7^attempts, last).
 *
 * @param random - uniform in [0, 1)
 */
export function backoffMs(
  attempts: number,
  {
    redialDelayMsMin,
    redialDelayMsMax,
  }: { readonly redialDelayMsMin: number; readonly redialDelayMsMax: number },
  random: number,
): number {
  return Math.min(redialDelayMsMin * FACTOR ** attempts, redialDelayMsMax) * random
}
