import type { NetworkTiming } from './networkConfig.ts'

/** Values of network.md, health and partition; framing and limits. */
export const DEFAULT_TIMING: NetworkTiming = {
  heartbeatMs: 800,
  helloTimeoutMs: 3_000,
  dialTimeoutMs: 2_000,
  redialDelayMsMin: 250,
  redialDelayMsMax: 5_000,
  frameTimeoutMs: 5_000,
  batchDelayMs: 2,
  discoveryMs: 10_000,
  answerTimeoutMs: 10_000,
}
