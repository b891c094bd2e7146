import { assert } from '@openliquid/primitives'

/** Tasks at one and the same moment: far more than a cluster has messages. Beyond it, time stands still for ever. */
const TASKS_PER_MOMENT_MAX = 100_000

interface Task {
  readonly atMs: number
  readonly seq: number
  readonly run: () => void
}

/** Virtual time: tasks run in order of time, then of the order in which they were scheduled. */
export class Scheduler {
  readonly #heap: Task[] = []
  #nowMs: number
  #seq = 0
  #tasksNow = 0

  constructor(startMs: number) {
    this.#nowMs = startMs
  }

  get nowMs(): number {
    return this.#nowMs
  }

  /** Runs a task in `delayMs` milliseconds; 0 is still after the current one. */
  after(delayMs: number, run: () => void): void {
    this.at(this.#nowMs + delayMs, run)
  }

  /** Runs a task at a time, or now if that has passed. */
  at(atMs: number, run: () => void): void {
    this.#seq += 1
    this.#push({ atMs: Math.max(atMs, this.#nowMs), seq: this.#seq, run })
  }

  /** Runs the next task; false when none is left or it lies after `untilMs`. */
  runNext(untilMs: number): boolean {
    const next = this.#heap[0]
    if (next === undefined || next.atMs > untilMs) return false
    this.#pop()
    assert(next.atMs >= this.#nowMs, 'time does not go back')
    this.#tasksNow = next.atMs === this.#nowMs ? this.#tasksNow + 1 : 0
    assert(this.#tasksNow <= TASKS_PER_MOMENT_MAX, 'virtual time goes on')
    this.#nowMs = next.atMs
    next.run()
    return true
  }

  /** Lets time pass where nothing happens. */
  advanceTo(untilMs: number): void {
    if (untilMs > this.#nowMs) this.#nowMs = untilMs
  }

  #push(task: Task): void {
    const heap = this.#heap
    let i = heap.push(task) - 1
    while (i > 0) {
      const parent = (i - 1) >> 1
      if (isBefore(heap[parent] as Task, task)) break
      heap[i] = heap[parent] as Task
      i = parent
    }
    heap[i] = task
  }

  #pop(): void {
    const heap = this.#heap
    const task = heap.pop() as Task
    const size = heap.length
    if (size === 0) return
    let i = 0
    for (;;) {
      let child = 2 * i + 1
      if (child >= size) break
      const right = child + 1
      if (right < size && isBefore(heap[right] as Task, heap[child] as Task)) child = right
      if (isBefore(task, heap[child] as Task)) break
      heap[i] = heap[child] as Task
      i = child
    }
    heap[i] = task
  }
}

function isBefore(a: Task, b: Task): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.seq < b.seq)
}
