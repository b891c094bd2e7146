import type { Action } from '@openliquid/primitives'
import type { CoreState } from '../coreState.ts'
import { parseSafeUnits } from '../decimal.ts'
import { isHyperp } from '../hyperps.ts'
import { ORACLE_BUCKET_LAG_MAX, PX_TICKS_MAX } from '../limits.ts'
import { oracleBucketOf } from '../oracleBucket.ts'
import type { User } from '../records.ts'
import { type ActionOutcome, DONE, fault } from './outcome.ts'

/** Takes a validator's prices for a bucket, once; docs/spec/hyperliquid.md §4, §7.1. */
export function applyValidatorOracle(
  state: CoreState,
  signer: User,
  { bucket, prices }: Extract<Action, { type: 'validatorOracle' }>,
): ActionOutcome {
  if (!state.oracleSigners.has(signer)) {
    return fault('OL_ACTION_ORACLE', 'Signer is not the signer of a validator.')
  }
  const { timestampMs, oracleBucket } = state.now
  const current = oracleBucketOf(timestampMs)
  if (bucket > current || bucket + ORACLE_BUCKET_LAG_MAX < current || bucket <= oracleBucket) {
    return fault('OL_ACTION_ORACLE', 'Oracle bucket is not open.')
  }
  if (state.oracleSubmissions.get(signer, bucket) !== undefined) {
    return fault('OL_ACTION_ORACLE', 'Oracle prices were already submitted for this bucket.')
  }
  if (prices.length === 0 || prices.length > state.perps.size) {
    return fault('OL_ACTION_ORACLE', 'Oracle prices must be one per perp.')
  }
  const submission = new Map<number, readonly [perp: number, oraclePx: number, perpPx: number]>()
  for (const [asset, oraclePx, perpPx] of prices) {
    const market = state.markets.get(asset)
    if (market?.kind !== 'perp' || submission.has(asset)) {
      return fault('OL_ACTION_ORACLE', `Oracle price for an unknown or repeated asset: ${asset}.`)
    }
    const px = parseSafeUnits(oraclePx, market.pxDecimals, PX_TICKS_MAX)
    const venuePx =
      perpPx === null ? 0 : (parseSafeUnits(perpPx, market.pxDecimals, PX_TICKS_MAX) ?? 0)
    if (px === undefined || px === 0 || (perpPx !== null && venuePx === 0)) {
      return fault('OL_ACTION_ORACLE', `Invalid oracle price for asset ${asset}.`)
    }
    // A price that nobody outside makes: what a validator says of it counts for nothing.
    if (!isHyperp(market)) submission.set(asset, [asset, px, venuePx])
  }
  state.oracleSubmissions.set(
    signer,
    bucket,
    [...submission.values()].sort(([a], [b]) => a - b),
  )
  return DONE
}
