/** Hands the state to many readers or one writer, in the order they came. */
export class ReadLock {
  readonly #waiting: { readonly isWriter: boolean; readonly enter: () => void }[] = []
  #readers = 0
  #isWriting = false

  /** Runs beside other readers, never beside a writer. A reader must not wait for another `read` of its own. */
  async read<T>(run: () => T | Promise<T>): Promise<T> {
    if (this.#isWriting || this.#waiting.length > 0) await this.#queue(false)
    else this.#readers += 1
    try {
      return await run()
    } finally {
      this.#readers -= 1
      this.#admit()
    }
  }

  /** Runs alone. */
  async write<T>(run: () => T | Promise<T>): Promise<T> {
    if (this.#isWriting || this.#readers > 0 || this.#waiting.length > 0) await this.#queue(true)
    else this.#isWriting = true
    try {
      return await run()
    } finally {
      this.#isWriting = false
      this.#admit()
    }
  }

  #queue(isWriter: boolean): Promise<void> {
    return new Promise((enter) => this.#waiting.push({ isWriter, enter }))
  }

  /** Counts a waiter in before it runs, so that nobody slips in between. */
  #admit(): void {
    for (;;) {
      const next = this.#waiting[0]
      if (next === undefined || this.#isWriting) return
      if (next.isWriter && this.#readers > 0) return
      this.#waiting.shift()
      if (next.isWriter) this.#isWriting = true
      else this.#readers += 1
      next.enter()
    }
  }
}
