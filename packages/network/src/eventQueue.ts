import { EVENTS_QUEUED_MAX } from './limits.ts'
import type { NetworkEvent } from './networkEvent.ts'

/** Hands every event to every reader. A reader that falls behind loses the oldest and learns how many. */
export class EventHub {
  readonly #readers = new Set<EventReader>()

  get hasReaders(): boolean {
    return this.#readers.size > 0
  }

  emit(event: NetworkEvent): void {
    for (const reader of this.#readers) reader.push(event)
  }

  open(signal?: AbortSignal): AsyncIterableIterator<NetworkEvent> {
    const reader = new EventReader(() => this.#readers.delete(reader))
    if (signal?.aborted === true) {
      reader.end()
      return reader
    }
    signal?.addEventListener('abort', () => reader.end(), { once: true })
    this.#readers.add(reader)
    return reader
  }

  end(): void {
    for (const reader of this.#readers) reader.end()
  }
}

type Next = IteratorResult<NetworkEvent, undefined>

class EventReader implements AsyncIterableIterator<NetworkEvent> {
  readonly #onEnd: () => void
  #events: NetworkEvent[] = []
  #lost = 0
  #waiting: ((next: Next) => void)[] = []
  #ended = false

  constructor(onEnd: () => void) {
    this.#onEnd = onEnd
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  push(event: NetworkEvent): void {
    const resolve = this.#waiting.shift()
    if (resolve !== undefined) {
      resolve({ done: false, value: event })
      return
    }
    if (this.#events.length >= EVENTS_QUEUED_MAX) {
      this.#events.shift()
      this.#lost++
    }
    this.#events.push(event)
  }

  /** What is queued can still be read. */
  end(): void {
    if (this.#ended) return
    this.#ended = true
    this.#onEnd()
    for (const resolve of this.#waiting) resolve({ done: true, value: undefined })
    this.#waiting = []
  }

  next(): Promise<Next> {
    if (this.#lost > 0) {
      const count = this.#lost
      this.#lost = 0
      return Promise.resolve({ done: false, value: { kind: 'eventsLost', count } })
    }
    const value = this.#events.shift()
    if (value !== undefined) return Promise.resolve({ done: false, value })
    if (this.#ended) return Promise.resolve({ done: true, value: undefined })
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  return(): Promise<Next> {
    this.#events = []
    this.end()
    return Promise.resolve({ done: true, value: undefined })
  }
}
