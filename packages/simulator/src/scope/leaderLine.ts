import { assert } from '@openliquid/primitives'

/** Leads views that are not to be played yet. */
export const NOBODY = -1
/** A search is of few views. */
const VIEWS_MAX = 12

/** Who leads the views 1, 2, …, as far as it is known. */
export class LeaderLine {
  readonly list: readonly number[]

  constructor(list: readonly number[]) {
    assert(list.length <= VIEWS_MAX, 'a line of leaders is short')
    this.list = list
  }

  of(view: number): number {
    return this.list[view - 1] ?? NOBODY
  }
}
