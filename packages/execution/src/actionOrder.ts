import { actionClass } from '@openliquid/exchange'
import type { Action } from '@openliquid/primitives'

/**
 * The order in which a block executes its actions: by class, and inside a class as the proposer put them.
 *
 * So makers can cancel and post before takers of the same block arrive.
 * @see docs/spec/hyperliquid.md §2
 */
export function orderActions<T extends { readonly action: Action }>(actions: readonly T[]): T[] {
  const classes: readonly [T[], T[], T[]] = [[], [], []]
  for (const entry of actions) classes[actionClass(entry.action) - 1]?.push(entry)
  return classes.flat()
}
