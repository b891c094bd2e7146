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

  /** Where the action stands now, for `rollbackTo`. */
  mark(): number {
    assert(this.#open, 'a mark outside an action')
    return this.#undo.length
  }

  /** Takes back what the running action changed since the mark. */
  rollbackTo(mark: number): void {
    assert(this.#open && mark <= this.#undo.length, 'a mark of another action')
    this.#takeBack(mark)
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
    this.#takeBack(0)
    this.#open = false
  }

  /** What undoes a change is itself no change to undo. */
  #takeBack(mark: number): void {
    this.#open = false
    while (this.#undo.length > mark) this.#undo.pop()?.()
    this.#open = true
  }
}
