/** Submissions of one bucket count together; docs/spec/hyperliquid.md §4, §7.1. */
export const ORACLE_BUCKET_MS = 3_000

export function oracleBucketOf(timestampMs: number): number {
  return Math.floor(timestampMs / ORACLE_BUCKET_MS)
}
