import { assert } from '@openliquid/primitives'

/**
 * Takes back a failed action: every change of a table since `begin` leaves here what undoes it.
 *
 * Outside an action nothing is recorded: begin-block work cannot fail.
 */
export class Journal {
  readonly #undo: (() => void)[] = []
  #open = false

  begin(): void {
    assert(!this.#open, 'an action inside an action')
    this.#open = true
  }

  record(undo: () => void): void {
    if (this.#open) this.#undo.push(undo)
  }

  /** Keeps the changes. */
  commit(): void {
    assert(this.#open, 'no action to commit')
    this.#open = false
    this.#undo.length = 0
  }

  /** Takes the changes back, the last one first. */
  rollback(): void {
    assert(this.#open, 'no action to roll back')
    this.#open = false
    for (let undo = this.#undo.pop(); undo !== undefined; undo = this.#undo.pop()) undo()
  }
}
