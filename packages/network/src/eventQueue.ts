import { EVENTS_QUEUED_MAX } from './limits.ts'
import type { NetworkEvent, NetworkEventOf } from './networkEvent.ts'
import { rethrow } from './rethrow.ts'

type Kind = NetworkEvent['kind']
type Listener = (event: NetworkEvent) => void

/** Hands every event to every reader and listener. A reader that falls behind loses the oldest and learns how many. */
export class EventHub {
  readonly #readers = new Set<EventReader>()
  readonly #listeners = new Map<Kind, Set<Listener>>()
  #hasEnded = false

  /** Somebody would get an event of this kind. */
  isWanted(kind: Kind): boolean {
    return this.#readers.size > 0 || this.#listeners.has(kind)
  }

  emit(event: NetworkEvent): void {
    for (const reader of this.#readers) reader.push(event)
    for (const listener of this.#listeners.get(event.kind) ?? []) {
      try {
        listener(event)
      } catch (cause) {
        // Its bug, and no reason for the others to miss the event.
        rethrow(cause)
      }
    }
  }

  /** Calls the listener for each event of the kind, in the turn in which it happens, until the function returned is called. */
  on<K extends Kind>(kind: K, listener: (event: NetworkEventOf<K>) => void): () => void {
    // An own function each time: the same listener twice is called twice.
    const own: Listener = (event) => listener(event as NetworkEventOf<K>)
    const listeners = this.#listeners.get(kind) ?? new Set<Listener>()
    listeners.add(own)
    this.#listeners.set(kind, listeners)
    return () => {
      listeners.delete(own)
      if (listeners.size === 0 && this.#listeners.get(kind) === listeners) {
        this.#listeners.delete(kind)
      }
    }
  }

  open(signal?: AbortSignal): AsyncIterableIterator<NetworkEvent> {
    const reader = new EventReader(() => this.#readers.delete(reader))
    if (signal?.aborted === true || this.#hasEnded) {
      reader.end()
      return reader
    }
    signal?.addEventListener('abort', () => reader.end(), { once: true })
    this.#readers.add(reader)
    return reader
  }

  end(): void {
    this.#hasEnded = true
    for (const reader of this.#readers) reader.end()
    this.#listeners.clear()
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
