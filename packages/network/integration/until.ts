import { vi } from 'vitest'

/** Waits for what nodes come to by themselves; ten seconds are patience, not an expectation. */
export function until(condition: () => boolean): Promise<void> {
  return vi.waitUntil(condition, { timeout: 10_000, interval: 5 }).then(() => undefined)
}
