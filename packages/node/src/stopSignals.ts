/** Ctrl-C in a terminal under npm arrives twice: from the terminal and from npm. */
const SAME_PRESS_MS = 500

/**
 * Calls back on the first SIGINT or SIGTERM; a later one ends the process at once with 130 or 143.
 */
export function onStopSignal(onStop: (signal: 'SIGINT' | 'SIGTERM') => void): void {
  let firstAtMs: number | undefined
  for (const [signal, exitCode] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const) {
    process.on(signal, () => {
      if (firstAtMs === undefined) {
        firstAtMs = performance.now()
        onStop(signal)
      } else if (performance.now() - firstAtMs > SAME_PRESS_MS) {
        process.exit(exitCode)
      }
    })
  }
}
