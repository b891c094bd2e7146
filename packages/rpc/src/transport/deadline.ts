/** A deadline that passed. The work behind it may still be running; its result is dropped. */
export const DEADLINE_PASSED: unique symbol = Symbol('deadline passed')

/** The result of the work, or `DEADLINE_PASSED` when it takes longer than `timeoutMs`. */
export async function withDeadline<T>(
  work: Promise<T>,
  timeoutMs: number,
): Promise<T | typeof DEADLINE_PASSED> {
  let timer: NodeJS.Timeout | undefined
  const deadline = new Promise<typeof DEADLINE_PASSED>((resolve) => {
    timer = setTimeout(() => resolve(DEADLINE_PASSED), timeoutMs)
  })
  try {
    return await Promise.race([work, deadline])
  } finally {
    clearTimeout(timer)
  }
}
