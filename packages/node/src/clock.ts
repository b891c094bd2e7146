/** Wall clock in milliseconds that never goes back, as the consensus core wants it. */
export type Clock = () => number

/** A step back of the system clock holds this one still until time has caught up. */
export function createClock(): Clock {
  let latestMs = 0
  return () => {
    latestMs = Math.max(latestMs, Date.now())
    return latestMs
  }
}
