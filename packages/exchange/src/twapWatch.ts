import type { Twap } from './orderRecords.ts'
import type { Armed } from './triggerBook.ts'

/**
 * The price that a TWAP waits for, as trigger books hold it: the one that starts it, and once it runs the one that
 * stops it, above for a buyer and below for a seller; docs/spec/hyperliquid.md §5.
 */
export function twapWatch({ twapId, isBuy, trigger, isWaiting, stopPx }: Twap): Armed | undefined {
  if (isWaiting && trigger !== undefined) {
    return { oid: twapId, isBuy: true, tpsl: trigger.above ? 'sl' : 'tp', triggerPx: trigger.px }
  }
  return stopPx === 0 ? undefined : { oid: twapId, isBuy, tpsl: 'sl', triggerPx: stopPx }
}
