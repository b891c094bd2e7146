import { assert } from '@openliquid/primitives'

/** Leaders are numbered below this. */
const LEADERS = 4
/** With more views the numbers would be too great. */
const VIEWS_MAX = 12

/** Who leads the views 1, 2, …, as far as it is known, and each rest of that as a number. */
export class LeaderLine {
  readonly list: readonly number[]
  readonly #numbers: readonly number[]

  constructor(list: readonly number[]) {
    assert(list.length <= VIEWS_MAX, 'a line of leaders is short')
    this.list = list
    this.#numbers = Array.from({ length: list.length + 1 }, (_, first) =>
      list.slice(first).reduce((number, leader) => number * LEADERS + leader, 1),
    )
  }

  /** Tells apart what leaders there are from the view `first + 1` on. */
  numberFrom(first: number): number {
    return this.#numbers[Math.min(first, this.list.length)] as number
  }
}
