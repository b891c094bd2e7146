import { assert } from '@openliquid/primitives'
import { grown } from './growth.ts'

/** Something that changes, and takes its last change back with what it pushed on the journal. */
export interface Undoer {
  takeBack(): void
}

/**
 * Takes back a failed action: every change of a table since `begin` leaves here what undoes it.
 *
 * A change is the undoer, on top of the numbers and values that it pushed and pops again; so a change of a row costs no
 * object. Outside an action nothing is recorded: begin-block work cannot fail.
 */
export class Journal {
  // Stacks that keep their room from action to action.
  readonly #undoers: Undoer[] = []
  #undoerCount = 0
  #numbers = new Float64Array(256)
  #numberCount = 0
  readonly #values: unknown[] = []
  #valueCount = 0
  readonly #endHooks: (() => void)[] = []
  readonly #closures: Undoer = { takeBack: () => (this.popValue() as () => void)() }
  #open = false

  /** Whether changes must be recorded now. */
  get isOpen(): boolean {
    return this.#open
  }

  /** Calls back when an action is over, kept or taken back. */
  onEnd(hook: () => void): void {
    this.#endHooks.push(hook)
  }

  begin(): void {
    assert(!this.#open, 'an action inside an action')
    this.#open = true
  }

  /** Records a change by what undoes it. */
  record(undo: () => void): void {
    if (!this.#open) return
    this.pushValue(undo)
    this.note(this.#closures)
  }

  /** Records a change whose numbers and values were pushed before. Only while `isOpen`. */
  note(undoer: Undoer): void {
    this.#undoers[this.#undoerCount] = undoer
    this.#undoerCount += 1
  }

  pushNumber(value: number): void {
    if (this.#numberCount === this.#numbers.length) this.#numbers = grown(this.#numbers)
    this.#numbers[this.#numberCount] = value
    this.#numberCount += 1
  }

  popNumber(): number {
    this.#numberCount -= 1
    return this.#numbers[this.#numberCount] as number
  }

  pushValue(value: unknown): void {
    this.#values[this.#valueCount] = value
    this.#valueCount += 1
  }

  popValue(): unknown {
    this.#valueCount -= 1
    const value = this.#values[this.#valueCount]
    this.#values[this.#valueCount] = undefined
    return value
  }

  /** Where the action stands now, for `rollbackTo`. */
  mark(): number {
    assert(this.#open, 'a mark outside an action')
    return this.#undoerCount
  }

  /** Takes back what the running action changed since the mark. */
  rollbackTo(mark: number): void {
    assert(this.#open && mark <= this.#undoerCount, 'a mark of another action')
    this.#takeBack(mark)
  }

  /** Keeps the changes. */
  commit(): void {
    assert(this.#open, 'no action to commit')
    this.#undoerCount = 0
    this.#numberCount = 0
    if (this.#valueCount > 0) this.#values.fill(undefined, 0, this.#valueCount)
    this.#valueCount = 0
    this.#end()
  }

  /** Takes the changes back, the last one first. */
  rollback(): void {
    assert(this.#open, 'no action to roll back')
    this.#takeBack(0)
    assert(this.#numberCount + this.#valueCount === 0, 'a change half taken back')
    this.#end()
  }

  #end(): void {
    this.#open = false
    for (const hook of this.#endHooks) hook()
  }

  /** What undoes a change is itself no change to undo. */
  #takeBack(mark: number): void {
    this.#open = false
    while (this.#undoerCount > mark) {
      this.#undoerCount -= 1
      this.#undoers[this.#undoerCount]?.takeBack()
    }
    this.#open = true
  }
}
