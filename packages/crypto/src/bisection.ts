/**
 * Splits items into good and bad with few calls of a test that is true for a list exactly when all its members are good.
 *
 * One call when all are good; at most 2·b·⌈log2 n⌉ + 1 for b bad ones. Order is kept.
 */
export function bisect<T>(
  items: readonly T[],
  allGood: (items: readonly T[]) => boolean,
): { readonly good: readonly T[]; readonly bad: readonly T[] } {
  const good: T[] = []
  const bad: T[] = []

  const visit = (part: readonly T[], knownBad: boolean): boolean => {
    if (part.length === 0) return true
    if (!knownBad && allGood(part)) {
      good.push(...part)
      return true
    }
    if (part.length === 1) {
      bad.push(...part)
      return false
    }
    const middle = part.length >> 1
    const leftGood = visit(part.slice(0, middle), false)
    // A bad whole with a good left half has its fault in the right one: no need to test that again.
    visit(part.slice(middle), leftGood)
    return false
  }

  visit(items, false)
  return { good, bad }
}
