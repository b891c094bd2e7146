import { assert, type ConsensusParams } from '@openliquid/primitives'

/**
 * How long a view may last: τ(k) = min(τmax, τ0 · γ^max(0, k − k0)), in whole milliseconds.
 *
 * @param failures - k: views in a row that were entered by a timeout certificate
 * @see docs/spec/consensus.md §5
 */
export function viewTimeoutMs(params: ConsensusParams, failures: number): number {
  const { viewTimeoutMs, viewTimeoutGrowthMilli, viewTimeoutMsMax } = params
  assert(Number.isSafeInteger(failures) && failures >= 0, 'failures are counted')
  let timeoutMs = viewTimeoutMs
  for (let k = params.viewTimeoutFreeFailures; k < failures; k++) {
    if (timeoutMs >= viewTimeoutMsMax) break
    timeoutMs = Math.floor((timeoutMs * viewTimeoutGrowthMilli) / 1_000)
  }
  return Math.min(timeoutMs, viewTimeoutMsMax)
}
