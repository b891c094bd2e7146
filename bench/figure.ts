/** One measured figure, as `pnpm bench` and `pnpm sim` collect it. */
export interface Figure {
  /** Name of the figure, the same as the file's. */
  readonly id: string
  readonly value: number
  readonly unit: string
  readonly op: '<=' | '>='
  readonly target: number
  /** The peer or floor measured in the same run, for ratios. */
  readonly baseline?: { readonly name: string; readonly value: number; readonly unit: string }
  /** Every run's value; `value` is their median unless the figure says otherwise. */
  readonly runs: readonly number[]
}

/** Hands a figure to the collector. */
export function report(figure: Figure): void {
  process.stdout.write(`${JSON.stringify({ figure })}\n`)
}

/** The middle value; the mean of the two middle ones of an even count. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2
}

/** Value below which the share `p` of the values lies. */
export function percentile(values: readonly number[], p: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * p) - 1)] ?? Number.NaN
}

/** CPU time of this process that the work takes, in milliseconds; garbage of before is collected first. */
export async function cpuMs(work: () => void | Promise<void>): Promise<number> {
  ;(globalThis as { gc?: () => void }).gc?.()
  return seriesCpuMs(work)
}

/**
 * `cpuMs` of a step in a series, the collection of garbage included as it falls due. None is collected by force before:
 * that throws optimised code away, and each step would be a cold start.
 */
export async function seriesCpuMs(work: () => void | Promise<void>): Promise<number> {
  const before = process.cpuUsage()
  await work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1_000
}

/** Repeats a measurement after warm-up rounds. */
export async function repeat(
  rounds: number,
  warmUp: number,
  measure: () => number | Promise<number>,
): Promise<number[]> {
  const values: number[] = []
  for (let round = -warmUp; round < rounds; round++) {
    const value = await measure()
    if (round >= 0) values.push(value)
  }
  return values
}
